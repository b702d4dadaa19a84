"""What an answer means that is no success: ask again, or an error that says what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union
from urllib.parse import urlencode

import requests

from perfectgym_source.answers import errors_of, parse
from perfectgym_source.errors import ApiError, PerfectGymError, RequestRefused, SignInError
from perfectgym_source.retrying import Again, is_transient, retry_after

_HINTS = {
    403: "The account may not read this: check mode and the account's permissions.",
    404: "This installation does not know the address: check base_url (or subdomain).",
}


@dataclass(frozen=True)
class Call:
    """What is asked for.

    Attributes:
        path: The path below the base URL.
        params: The query parameters.
        resource: Whose request it is.
        quotes: Whether the API's own words may be quoted: they may name a member.
    """

    path: str
    params: Mapping[str, str]
    resource: str
    quotes: bool = True

    @property
    def text(self) -> str:
        """The request in an error: method, path and query, which hold no secrets."""
        query = urlencode(self.params)
        return f"GET {self.path}?{query}" if query else f"GET {self.path}"

    def __str__(self) -> str:
        return f"{self.resource}, {self.text}"


def refusal(
    response: requests.Response, content: bytes, call: Call
) -> Union[Again, PerfectGymError]:
    """What an answer that is no success means: ask again, or give up with this error."""
    status = response.status_code
    if is_transient(status):
        return Again(f"status {status}", retry_after(response.headers.get("Retry-After")), status)
    if status < 400:
        return ApiError(
            f"The API redirects (status {status}) instead of answering",
            hint="Check base_url (or subdomain).",
            resource=call.resource,
            request=call.text,
        )
    if status == 401:
        return SignInError(
            "The API refuses a token that it has just given",
            hint="Check mode, and whether the account may use the API.",
            resource=call.resource,
            request=call.text,
        )
    return refused(status, parse(content), call)


def refused(status: int, body: Any, call: Call) -> RequestRefused:
    """The error for an answer with the API's envelope of errors, or with an error's status."""
    errors = errors_of(body)
    if not call.quotes:
        errors = [{k: v for k, v in error.items() if k != "message"} for error in errors]
    listed = "; ".join(", ".join(error.values()) for error in errors if error)
    return RequestRefused(
        f"The API refuses the request with status {status}" + (f": {listed}" if listed else ""),
        status=status,
        errors=errors,
        hint=_HINTS.get(status, ""),
        resource=call.resource,
        request=call.text,
    )
