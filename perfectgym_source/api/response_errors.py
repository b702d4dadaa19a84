"""Responses that are no success: a failure that may pass, or an error that says what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests

from ..errors import ApiError, PerfectGymError, RequestRefused
from .responses import errors_of, parse
from .retry import (
    CHECK_ADDRESS,
    SESSION_ENDED,
    RetryableFailure,
    is_transient,
    retry_after,
)

_CHECK_ROLE = (
    "A role may be missing: check mode and the account's permissions, or leave the resource out. "
    "If every request is refused so, ask PerfectGym whether the account may use the API."
)

_HINTS = {
    **dict.fromkeys(SESSION_ENDED, _CHECK_ROLE),
    403: "The account may not read this: check mode and the account's permissions.",
    404: "If every request is refused so, check base_url (or subdomain).",
}


@dataclass(frozen=True)
class Call:
    """A request of a resource.

    Attributes:
        path: The path below the base URL.
        params: The query parameters.
        resource: The resource that the request is for.
        quotes: Whether the API's texts may be quoted: they may name a member.
        url: The whole address, where the API has given it; `params` do not count then.
    """

    path: str
    params: Mapping[str, str]
    resource: str
    quotes: bool = True
    url: str | None = None

    @property
    def text(self) -> str:
        """Return method, path and query, for errors; they hold no secrets."""
        if self.url is not None:
            return f"GET {self.path} (the address of a next page)"
        query = urlencode(self.params)
        return f"GET {self.path}?{query}" if query else f"GET {self.path}"

    def __str__(self) -> str:
        return f"{self.resource}, {self.text}"


def error_from_response(
    response: requests.Response, content: bytes, call: Call
) -> RetryableFailure | PerfectGymError:
    """Return whether to request again, or the error of a response that is no success."""
    status = response.status_code
    body = parse(content)
    if is_transient(status):
        found = f"status {status}{_listed(_quotable(body, call))}"
        return RetryableFailure(found, retry_after(response.headers.get("Retry-After")), status)
    if status < 400:
        return ApiError(
            f"The API redirects (status {status}) instead of answering",
            hint=CHECK_ADDRESS,
            resource=call.resource,
            request=call.text,
        )
    return error_from_body(status, body, call)


def error_from_body(status: int, body: Any, call: Call) -> RequestRefused:
    """Return the error of a response with the API's error envelope, or with an error's status."""
    errors = _quotable(body, call)
    # The account is let in: only the token endpoint may say that it is not.
    fresh = ", also with a fresh token" if status in SESSION_ENDED else ""
    return RequestRefused(
        f"The API refuses the request with status {status}{fresh}{_listed(errors)}",
        status=status,
        errors=errors,
        hint=_HINTS.get(status, ""),
        resource=call.resource,
        request=call.text,
    )


def _quotable(body: Any, call: Call) -> list[dict[str, str]]:
    """Return the entries of the error envelope, as far as the API's texts may be quoted."""
    errors = errors_of(body)
    if call.quotes:
        return errors
    codes = [{k: v for k, v in error.items() if k != "message"} for error in errors]
    return [error for error in codes if error]


def _listed(errors: list[dict[str, str]]) -> str:
    """Return the entries of the error envelope as text, to end a message with."""
    listed = "; ".join(", ".join(error.values()) for error in errors)
    return f": {listed}" if listed else ""
