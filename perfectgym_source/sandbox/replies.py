"""Answers as bytes: envelopes, compression, and the broken answers of faults."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from .encoding import encode
from .faults import Fault

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"

_COMPRESS_ABOVE = 1024
_MAINTENANCE = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>"
    "<h1>We will be back soon</h1><p>PerfectGym is being updated.</p></body></html>"
)


@dataclass
class Reply:
    """An answer on its way out.

    Attributes:
        status: the HTTP status.
        body: the bytes of the body.
        headers: headers beside those of every answer, or in place of them.
        content_type: of the body.
        dropped: close the connection before any byte.
        truncated: send half of the body and close.
        compressed: the body is gzip already.
        parts: of a body that is made while it is sent, in place of `body`.
    """

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    content_type: str = JSON
    dropped: bool = False
    truncated: bool = False
    compressed: bool = False
    parts: Iterable[bytes] | None = None

    @property
    def status_line(self) -> str:
        """The status with its reason, as WSGI wants it."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"{self.status} Unknown"

    def compress(self) -> Reply:
        """The same answer, its body compressed if that is worth it."""
        if (
            not self.compressed
            and not self._has("Content-Encoding")
            and (len(self.body) > _COMPRESS_ABOVE)
        ):
            self.body = squeeze(self.body)
            self.compressed = True
        return self

    def wire(self) -> tuple[list[tuple[str, str]], Iterable[bytes]]:
        """All headers, and the bytes to send in their parts."""
        length = ("Content-Length", str(len(self.body)))
        is_chunked = self.parts is not None and not self._has("Content-Length")
        headers = [
            ("Content-Type", self.content_type),
            ("Transfer-Encoding", "chunked") if is_chunked else length,
            ("Cache-Control", "no-cache"),
            ("Server", "Microsoft-IIS/10.0"),
        ]
        headers = [header for header in headers if not self._has(header[0])] + self.headers
        if self.compressed:
            headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        if self.parts is not None:
            return headers, _chunks(self.parts) if is_chunked else self.parts
        if self.truncated:
            headers.append(("Connection", "close"))
            return headers, [self.body[: len(self.body) // 2]]
        return headers, [self.body]

    def _has(self, name: str) -> bool:
        return any(given.lower() == name.lower() for given, _ in self.headers)


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def squeeze(body: bytes) -> bytes:
    """Gzip at the fastest level, without a date, so that the same body gives the same bytes."""
    return gzip.compress(body, compresslevel=1, mtime=0)


def json_reply(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """Any value as a JSON answer."""
    return Reply(status, encode(value), list((headers or {}).items()))


def envelope(status: int, code: str, property: str | None, message: str, **more: Any) -> Reply:
    """An errors envelope with one error."""
    error = {"code": code, "property": property, "message": message, **more}
    return json_reply(status, {"errors": [error]})


def odata_error(status: int, message: str) -> Reply:
    """An error as OData has it."""
    return json_reply(
        status,
        {
            "error": {
                "code": "" if status == 400 else str(status),
                "message": f"The query specified in the URI is not valid. {message}"
                if status == 400
                else message,
                "details": [],
                "innererror": {"message": message, "type": "Microsoft.OData.ODataException"},
            }
        },
    )


def unauthorized() -> Reply:
    """401 as the API gives it without a valid token."""
    return json_reply(
        401,
        {"message": "Authorization has been denied for this request."},
        {"WWW-Authenticate": "Bearer"},
    )


def not_found(path: str) -> Reply:
    """404 for a path that is no endpoint."""
    return json_reply(404, {"message": f"No HTTP resource was found at '{path}'."})


def broken(fault: Fault, is_odata: bool = False) -> Reply | None:
    """The answer of a fault that needs nothing of the real one; None for the other kinds."""
    if fault.kind == "status":
        default = odata_error(fault.status, "An error has occurred.").body if is_odata else None
        reply = _with_body(fault, fault.status, b"" if fault.status == 304 else default)
    elif fault.kind == "drop":
        reply = Reply(0, dropped=True)
    elif fault.kind == "html":
        reply = _with_body(fault, 200, _MAINTENANCE.encode())
        reply.content_type = HTML
    elif fault.kind == "garbage":
        start = (
            b'{"value":[{"id":1,"version":' if is_odata else b'{"elements":[{"id":1,"timestamp":'
        )
        reply = _with_body(fault, 200, start)
    elif fault.kind == "empty":
        reply = Reply(200)
    elif fault.kind == "no_elements":
        reply = Reply(200, b"{}")
    elif fault.kind == "redirect":
        reply = Reply(302, headers=[("Location", fault.location)])
    elif fault.kind == "envelope":
        status = 499 if is_odata else 400
        if isinstance(fault.body, Mapping):
            reply = json_reply(status, {"errors": [dict(fault.body)]})
        else:
            text = fault.body if isinstance(fault.body, str) else "The request was refused."
            reply = envelope(status, "BusinessRule", None, text)
    else:
        return None
    reply.headers.extend(fault.headers.items())
    if fault.retry_after is not None:
        reply.headers.append(("Retry-After", fault.retry_after))
    return reply


def _with_body(fault: Fault, status: int, default: bytes | None) -> Reply:
    if isinstance(fault.body, bytes):
        return Reply(status, fault.body)
    if isinstance(fault.body, str):
        return Reply(status, fault.body.encode())
    if callable(fault.body):
        return Reply(status, parts=fault.body())
    if fault.body is not None:
        return json_reply(status, dict(fault.body))
    if default is not None:
        return Reply(status, default)
    return json_reply(status, {"message": "An error has occurred."})
