"""Responses: the rows or the error that a body holds, or that it holds neither."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import requests

from ..errors import ApiError, PerfectGymError, RequestRefused, Unavailable
from .error_envelope import errors_of
from .json_text import BadUtf8, NotJson, parse_json
from .retry import (
    CHECK_ADDRESS,
    RUN_LATER,
    SESSION_ENDED,
    RetryableFailure,
    is_transient,
    limit_hint,
    retry_after,
)

_REPORT = "Run again later; if it stays so, report the request to PerfectGym."

NOT_JSON = RetryableFailure("the response is not the promised JSON", hint=_REPORT)
WEB_PAGE = RetryableFailure(
    "the response is a web page, not the promised JSON",
    hint="Maintenance, or a proxy or sign-in page of this network? Run again later; if it stays "
    "so, check base_url (or subdomain).",
)
BAD_UTF8 = RetryableFailure("the response is not valid UTF-8")

_CHECK_ROLE = (
    "A role may be missing: check mode and the account's permissions, or leave the resource out. "
    "If every request is refused so, ask PerfectGym whether the account may use the API."
)

_HINTS = {
    **dict.fromkeys(SESSION_ENDED, _CHECK_ROLE),
    403: "The account may not read this: check mode and the account's permissions.",
    404: "If every request is refused so, check base_url (or subdomain).",
}

_KEY_HINTS = {
    **dict.fromkeys(
        (401, 403), "The API client may not read this: check its rights, or leave the resource out."
    ),
    404: _HINTS[404],
}
"""Hints where requests are signed with keys: no session can end."""

COMPLETE = {200, 203}
"""Statuses of whole responses: that of another success may hold a part of them, or nothing."""

READ_BYTES = 1 << 17


def read_body(response: requests.Response, most: int, seconds: float) -> bytes | None:
    """Return the unpacked body of a streamed response.

    Args:
        response: The response; of its body nothing has been read.
        most: How many bytes are read at most.
        seconds: How long it may take. The read timeout does not limit that: it begins anew with
            every byte.

    Returns:
        The body, or None if it is longer.

    Raises:
        requests.ReadTimeout: It takes longer.
        urllib3.exceptions.HTTPError: It breaks off, or cannot be unpacked.
    """
    body = BytesIO()
    end = time.monotonic() + seconds
    # `read1` gives what has arrived, where `read` would wait until so many bytes are there.
    while part := response.raw.read1(READ_BYTES, decode_content=True):
        body.write(part)
        if body.tell() > most:
            return None
        if time.monotonic() > end:
            raise requests.ReadTimeout
    return body.getvalue()


def parse(content: bytes) -> Any:
    """Return the value of a body, or a `RetryableFailure`. Numbers keep all their digits."""
    try:
        return parse_json(content)
    except BadUtf8:
        return BAD_UTF8
    except NotJson:
        return WEB_PAGE if content.lstrip()[:1] == b"<" else NOT_JSON


def rows_of(body: Any, rows_field: str) -> list[Any] | RetryableFailure:
    """Return the rows of a parsed body; a single object in their place is a list of one.

    An empty object is neither that nor an empty list.
    """
    if isinstance(body, RetryableFailure):
        return body
    if not isinstance(body, dict):
        return _no_list(f"it is {_kind(body)}, not an object")
    rows = body.get(rows_field)
    if isinstance(rows, list):
        return rows
    if isinstance(rows, dict) and rows:
        return [rows]
    return _no_list(
        f"{rows_field} is {_kind(rows)}" if rows_field in body else f"it has no {rows_field}"
    )


def text_of(body: Any, field: str | None) -> str | None:
    """Return what is in a field of a parsed body, as text, if there is anything.

    OData has other spellings for its fields: `@nextLink` since 4.01, `odata.nextLink` until 3.0;
    what a server or a proxy makes of their case is not relied on.
    """
    if field is None or not isinstance(body, dict):
        return None
    values = (body.get(field), *(v for name, v in body.items() if _bare(name) == _bare(field)))
    return next((str(value) for value in values if value), None)


def _bare(name: str) -> str:
    return name.rpartition(".")[2].lstrip("@").lower()


def _no_list(why: str) -> RetryableFailure:
    return RetryableFailure(f"the response holds no list: {why}", hint=_REPORT)


def _kind(value: Any) -> str:
    """Return what a parsed value is, without its content."""
    for kind, name in ((bool, "true or false"), (str, "text"), (list, "a list")):
        if isinstance(value, kind):
            return name
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    return "null" if value is None else "a number"


@dataclass(frozen=True)
class Call:
    """A request of a resource.

    Attributes:
        path: The path below the base URL.
        params: The query parameters.
        resource: The resource that the request is for.
        quotes: Whether the API's texts may be quoted: they may name a member.
        url: The whole address, where the API has given it; `params` do not count then.
        has_token: Whether it is signed with a token, which may end.
        secrets: Returns what is sent with it and is hidden where the API quotes it.
    """

    path: str
    params: Mapping[str, str]
    resource: str
    quotes: bool = True
    url: str | None = None
    has_token: bool = True
    secrets: Callable[[], Iterable[str]] = tuple

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
    """Return whether to request again, or the error of a response that is not complete."""
    status = response.status_code
    body = parse(content)
    if 200 <= status < 300:
        found = f"status {status}, not 200: there may be more"
        return RetryableFailure(found, status=status, hint=_REPORT)
    if is_transient(status):
        found = f"status {status}{_listed(_quotable(body, call))}"
        wait = retry_after(response.headers.get("Retry-After"))
        return RetryableFailure(found, wait, status, limit_hint(status, wait))
    if status < 400:
        return ApiError(
            f"The API redirects (status {status}) instead of responding",
            hint=CHECK_ADDRESS,
            resource=call.resource,
            request=call.text,
        )
    return error_from_body(status, body, call)


def error_from_body(status: int, body: Any, call: Call) -> RequestRefused:
    """Return the error of a response with the API's error envelope, or with an error's status."""
    errors = _quotable(body, call)
    # The account is let in: only the token endpoint may say that it is not.
    has_ended = status in SESSION_ENDED and call.has_token
    fresh = ", also with a fresh token" if has_ended else ""
    return RequestRefused(
        f"The API refuses the request with status {status}{fresh}{_listed(errors)}",
        status=status,
        errors=errors,
        hint=_HINTS.get(status, "") if call.has_token else _KEY_HINTS.get(status, ""),
        resource=call.resource,
        request=call.text,
    )


def unavailable(call: Call, failure: RetryableFailure, attempts: int) -> Unavailable:
    """Return the error of a request that failed with each attempt, by the last failure."""
    return Unavailable(
        f"No usable response in {attempts} attempts, the last time: {failure.reason}",
        attempts=attempts,
        status=failure.status,
        hint=failure.hint or RUN_LATER,
        resource=call.resource,
        request=call.text,
    )


def _quotable(body: Any, call: Call) -> list[dict[str, str]]:
    """Return the entries of the error envelope, as far as the API's texts may be quoted."""
    errors = errors_of(body, call.secrets())
    if call.quotes:
        return errors
    codes = [{k: v for k, v in error.items() if k != "message"} for error in errors]
    return [error for error in codes if error]


def _listed(errors: list[dict[str, str]]) -> str:
    """Return the entries of the error envelope as text, to end a message with."""
    listed = "; ".join(", ".join(error.values()) for error in errors)
    return f": {listed}" if listed else ""
