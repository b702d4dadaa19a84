"""Responses: the rows or the error that a body holds, or that it holds neither."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import requests

from ..errors import ApiError, PerfectGymError, RequestRefused, Unavailable
from .json_text import BadUtf8, NotJson, parse_json
from .retry import CHECK_ADDRESS, SESSION_ENDED, RetryableFailure, is_transient, retry_after

_REPORT = "Run again later; if it stays so, report the request to PerfectGym."

NOT_JSON = RetryableFailure("the response is not the promised JSON", hint=_REPORT)
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

MOST_ERRORS = 10
"""So many entries of an error envelope are kept."""

MOST_LETTERS = 300
"""So many letters of each text in an entry are kept."""

MOST_SCANNED = 10 * MOST_LETTERS

_SHORTEST_HIDDEN = 4
"""Letters; a shorter secret is hidden where it stands as a word."""

_CODE = re.compile(r"[A-Za-z0-9_:-]{1,100}")
_ENTRY = {"code", "property", "message"}


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
        return NOT_JSON


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


def link_of(body: Any, next_link_field: str | None) -> str | None:
    """Return the address of the next page that a parsed body gives, if it gives one."""
    link = body.get(next_link_field) if next_link_field and isinstance(body, dict) else None
    return link if isinstance(link, str) and link else None


def _no_list(why: str) -> RetryableFailure:
    return RetryableFailure(f"the response holds no list: {why}", hint=_REPORT)


def holds_errors(body: Any) -> bool:
    """Return whether a parsed body says that something went wrong, even beside rows."""
    fields = _lowered(body) if isinstance(body, dict) else {}
    return bool(fields.get("errors") or fields.get("error"))


def is_error(last: list[Any]) -> bool:
    """Return whether an error stands in place of the last row: the API failed while it sent rows.

    Args:
        last: The last row, if there is one.
    """
    return any(isinstance(row, dict) and len(row) == 1 and holds_errors(row) for row in last)


def errors_of(body: Any, hidden: Iterable[str] = ()) -> list[dict[str, str]]:
    """Return the entries of the error envelope in a parsed body: `code`, `property`, `message`.

    The documented envelope is `{"errors": [{"code", "property", "message"}]}`. ASP.NET and its
    sign-in have others: `Message`, `ModelState`, `error` with `error_description`; names in any
    case. Only these fields are kept, and not at any length: the rest may be personal data.

    Args:
        body: The parsed body.
        hidden: Texts to be replaced by `***`.
    """
    if not isinstance(body, dict):
        return []
    fields = _lowered(body)
    found = list(_entries(fields.get("errors")))
    error, why = fields.get("error"), fields.get("error_description")
    if isinstance(error, dict):
        found += _entries(error)
    elif isinstance(error, str) and _CODE.fullmatch(error):
        found.append({"code": error, "message": why})
    else:
        found += [{"message": error}, {"message": why}]
    found.append({"message": fields.get("message")})
    found += _properties(fields.get("modelstate"))
    entries = [
        {key: text for key, value in entry.items() if (text := _words(value, hidden))}
        for entry in found[:MOST_ERRORS]
    ]
    return [entry for entry in entries if entry]


def _entries(errors: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries of `errors`: of a list, of a single one, or of the names of properties."""
    if isinstance(errors, dict) and not _ENTRY.intersection(_lowered(errors)):
        yield from _properties(errors)
        return
    for entry in errors if isinstance(errors, list) else [errors]:
        fields = _lowered(entry) if isinstance(entry, dict) else {"message": entry}
        yield {key: fields.get(key) for key in ("code", "property", "message")}


def _properties(state: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries of an object with the messages about each property, as `ModelState`."""
    for name, texts in state.items() if isinstance(state, dict) else ():
        for text in texts if isinstance(texts, list) else [texts]:
            yield {"property": name, "message": text}


def _lowered(fields: Mapping[str, Any]) -> dict[str, Any]:
    lowered: dict[str, Any] = {}
    for name, value in fields.items():
        if not lowered.get(name.lower()):
            lowered[name.lower()] = value
    return lowered


def _words(value: Any, hidden: Iterable[str]) -> str:
    """Return a text of the API on one line, with nothing that could steer a terminal."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    text = str(value)
    for secret in sorted(hidden, key=len, reverse=True):
        pattern = re.escape(secret)
        if len(secret) < _SHORTEST_HIDDEN:  # it would be found in most words
            pattern = rf"(?<!\w){pattern}(?!\w)"
        text = re.sub(pattern, "***", text, flags=re.IGNORECASE)
    # Cut last: a part of what is hidden would not be found.
    plain = "".join(letter if letter.isprintable() else " " for letter in text[:MOST_SCANNED])
    return " ".join(plain.split())[:MOST_LETTERS]


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
        return RetryableFailure(found, retry_after(response.headers.get("Retry-After")), status)
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
        hint=failure.hint or "The API cannot be reached or is overloaded; run again later.",
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
