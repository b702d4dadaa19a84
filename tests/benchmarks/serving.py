"""Starts the page server as a process, talks to its controls, and measures how fast it can be."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import Request, urlopen

from data import Shape

_PROGRAM = Path(__file__).with_name("server.py")
_AT_ONCE = 20


class Serving:
    """A running page server; stops at the end of the `with` block.

    Args:
        shape: How much there is to read.
        delay: Seconds before each answer.
        zipped: Whether answers are compressed.

    Attributes:
        shape: As given.
    """

    def __init__(self, shape: Shape, delay: float = 0.0, zipped: bool = False) -> None:
        self.shape = shape
        options = {**asdict(shape), "delay": delay, "gzip": zipped}
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        if not first:
            raise RuntimeError("The page server did not start.")
        self._port = int(first)

    @property
    def base_url(self) -> str:
        """The API's base address."""
        return f"http://127.0.0.1:{self._port}/Api"

    def statistics(self) -> dict[str, dict[str, float]]:
        """Requests since the last time, by path: `count`, and the moments `first` and `last`."""
        taken: dict[str, dict[str, float]] = self._control("statistics")
        return taken

    def change_classes(self, count: int) -> None:
        """Change so many classes."""
        self._control(f"change?count={count}")

    def ceiling(self, target: str) -> float:
        """Requests per second that a client gets which sends many at once and reads no answer."""
        head = f"GET /Api/{target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer benchmark\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self._port)) as connection:
            connection.sendall(head.encode())
            first = connection.recv(1 << 16)
            size = first.index(b"\r\n\r\n") + 4
            size += int(first.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
            _skip(connection, size - len(first))
            done, started = 0, time.monotonic()
            while time.monotonic() - started < 1:
                connection.sendall(head.encode() * _AT_ONCE)
                _skip(connection, size * _AT_ONCE)
                done += _AT_ONCE
            return done / (time.monotonic() - started)

    def __enter__(self) -> Serving:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()

    def _control(self, what: str) -> Any:
        request = Request(f"http://127.0.0.1:{self._port}/control/{what}", method="POST")
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)


def _skip(connection: socket.socket, size: int) -> None:
    buffer = memoryview(bytearray(1 << 20))
    while size:
        received = connection.recv_into(buffer, min(size, len(buffer)))
        if not received:
            raise ConnectionError("The page server closed the connection.")
        size -= received
