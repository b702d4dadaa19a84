"""Requests that the OData part of the API refuses."""

from __future__ import annotations


class ODataError(Exception):
    """A request that is answered with an OData error body.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
