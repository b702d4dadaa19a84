"""The errors of the connector: what went wrong, for which request, and what to do about it.

Every error carries its facts as fields, so that the command line can turn it into words and an
exit code in one place. None of them holds a secret, and of a response none holds more than the
messages of the API's errors envelope: bodies hold personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Optional


class PerfectGymError(Exception):
    """Anything that the connector itself reports.

    Args:
        message: What went wrong.
        hint: What to do about it.
        resource: The resource that was being read.
        request: The request that failed, with its parameters (ids and dates) and no secret.

    Example:
        >>> print(PerfectGymError("The list ended early", hint="Run again.", resource="clubs"))
        The list ended early (clubs). Run again.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        resource: Optional[str] = None,
        request: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.resource = resource
        self.request = request

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.resource, self.request) if part)
        text = self.message.rstrip(". ") + (f" ({where})." if where else ".")
        return f"{text} {self.hint}" if self.hint else text


class ConfigurationError(PerfectGymError):
    """A setting is missing or wrong."""

    exit_code = 2


class SignInError(PerfectGymError):
    """The API does not let the account in."""

    exit_code = 3


class ApiError(PerfectGymError):
    """The API did not answer as it should."""

    exit_code = 4


class RequestRefused(ApiError):
    """The API understood the request and says no.

    Args:
        status: The HTTP status.
        errors: The entries of the errors envelope: `code`, `property`, `message`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        errors: Iterable[Mapping[str, Any]] = (),
        hint: str = "",
        resource: Optional[str] = None,
        request: Optional[str] = None,
    ) -> None:
        super().__init__(message, hint=hint, resource=resource, request=request)
        self.status = status
        self.errors: list[dict[str, Any]] = [dict(error) for error in errors]


class Unavailable(ApiError):
    """The API gave no usable answer, however often it was asked.

    Args:
        attempts: How often it was asked.
    """

    def __init__(
        self,
        message: str,
        *,
        attempts: int = 1,
        hint: str = "",
        resource: Optional[str] = None,
        request: Optional[str] = None,
    ) -> None:
        super().__init__(message, hint=hint, resource=resource, request=request)
        self.attempts = attempts


class PagingError(ApiError):
    """A list cannot be read to its end: its cursor does not advance, or its pages repeat."""


class DestinationError(PerfectGymError):
    """The rows could not be written."""

    exit_code = 5


class DestinationLocked(DestinationError):
    """Another program has the database open that the rows go to."""

    exit_code = 7


class LockedError(PerfectGymError):
    """Another run is at work on the same data."""

    exit_code = 6


class Cancelled(Exception):
    """The run was told to stop while it waited or read: no failure, and nothing to report."""
