"""Requests to a sandbox of API v1 without a connection: half of the time of small ones goes there.

For loads of which only the rows matter. Faults that need a connection do not work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from perfectgym_source.sandbox import Sandbox


@contextmanager
def answered_directly(sandbox: Sandbox) -> Iterator[None]:
    """Have all requests of this process answered by a sandbox."""

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **_: Any) -> Any:
        url = urlsplit(str(request.url))
        assert url.port == sandbox.port
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        environ: dict[str, Any] = {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in request.headers.items()
        }
        environ |= {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote(url.path, "latin-1"),
            "QUERY_STRING": url.query,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
        answer: list[Any] = []
        parts = sandbox(environ, lambda *given: answer.extend(given))  # type: ignore[arg-type]
        status, headers = answer
        raw = HTTPResponse(
            BytesIO(b"".join(parts)), headers, int(status[:3]), preload_content=False
        )
        return adapter.build_response(request, raw)

    with patch.object(HTTPAdapter, "send", send):
        yield
