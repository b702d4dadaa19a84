"""A receiver of alerts on a port of this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "T0KEN-of-the-hook"


class Receiver:
    """Takes what is sent, and answers with a status; keeps callers waiting until it is released."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/{TOKEN}"
        self.received: list[tuple[str, str, Any]] = []
        self.status = 200
        self.is_released = threading.Event()
        self.is_released.set()

    @property
    def paths(self) -> list[str]:
        return [path.removeprefix(f"/{TOKEN}") for _, path, _ in self.received]

    @property
    def texts(self) -> list[str]:
        return [body["text"] for _, _, body in self.received if body]


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(size)) if size else None
            receiver.received.append((self.command, self.path, body))
            receiver.is_released.wait(20)
            self.send_response(receiver.status)
            self.send_header("Location", f"{receiver.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Prints nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.is_released.set()
        server.shutdown()
        thread.join()
        server.server_close()
