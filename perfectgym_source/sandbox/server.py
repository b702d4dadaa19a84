"""The sandbox on a port: a threaded Werkzeug server that keeps connections alive."""

from __future__ import annotations

import socket
from datetime import date
from threading import Lock, Thread
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .service import Service
from .sign_in import NINETY_DAYS, Absent
from .v22.schema import Installation
from .world import World


class _Handler(WSGIRequestHandler):
    """Serves requests of one connection, one after another, each answer in a single send
    unless it is made while it is sent.

    Werkzeug closes the connection after every answer, because it cannot know whether the
    application read the whole request; the sandbox always does.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 512 * 1024

    def setup(self) -> None:
        super().setup()
        _service(self.server).connections.add(self.connection)

    def finish(self) -> None:
        _service(self.server).connections.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        self.environ = environ = self.make_environ()
        head: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            head.append(f"{self.protocol_version} {status}")
            head.extend(f"{name}: {value}" for name, value in headers)
            self.close_connection |= ("Connection", "close") in headers
            head.append(f"Date: {self.date_time_string()}\r\n\r\n")

        try:
            parts = self.server.app(environ, start_response)
            self.wfile.write("\r\n".join(head).encode("latin-1"))
            for part in () if self.command == "HEAD" else parts:
                self.wfile.write(part)
                self.wfile.flush()
            self.wfile.flush()
        except OSError:  # dropped, by order or by the client
            self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: requests are kept in `Sandbox.requests`."""


class _Connections:
    """The open connections, so that `stop` can close them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: set[socket.socket] = set()

    def add(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def discard(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def close(self) -> None:
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class Sandbox(Service):
    """A PerfectGym installation on a port of this machine, started by `with` or `start()`.

    Args:
        size: of the world: `empty`, `tiny`, `small`, `medium` or `chain`.
        seed: the same seed gives the same world and the same credentials.
        quirks: whether payloads have the odd spellings of real ones.
        expires_in: what the token answer says, see `Service`.
        token_lifetime: how long tokens really hold, in seconds, if not as long as that.
        delay: seconds that each request waits.
        host, port: where to listen; port 0 takes a free one.
        world: a world to serve, instead of making one of `size`, `seed` and `quirks`.
        api: `v1` or `v2.2`, see `Service`.
        installation: how an installation of v2.2 differs from the facts; it stays with the world.

    Example:
        >>> with Sandbox(size="tiny", seed=1) as sandbox:
        ...     sandbox.base_url.startswith("http://127.0.0.1:")
        True
    """

    def __init__(
        self,
        size: str = "tiny",
        seed: int = 1,
        quirks: bool = True,
        expires_in: float | str | Absent | None = NINETY_DAYS,
        token_lifetime: float | None = None,
        delay: float = 0.0,
        host: str = "127.0.0.1",
        port: int = 0,
        world: World | None = None,
        api: str = "v1",
        installation: Installation | None = None,
        until: date | None = None,
    ) -> None:
        served = World(size, seed, quirks, until) if world is None else world
        super().__init__(served, expires_in, token_lifetime, delay, api)
        if installation is not None:
            served.sets.installation = installation
        self.host = host
        self.port = port
        self.connections = _Connections()
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    @property
    def base_url(self) -> str:
        """The address below which the API answers: `http://127.0.0.1:PORT/Api`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/Api"

    def start(self) -> Sandbox:
        """Listen, and answer in threads of its own from now on.

        Raises:
            OSError: the port is taken or the address is not one of this machine.
            RuntimeError: it is running already.
        """
        if self._server is not None:
            raise RuntimeError("the sandbox is running already")
        try:
            server = make_server(
                self.host, self.port, self, threaded=True, request_handler=_Handler
            )
        except SystemExit:
            raise OSError(f"cannot listen on {self.host}, port {self.port}") from None
        self.port = server.port
        self._server = server
        self._thread = Thread(
            target=server.serve_forever, args=(0.01,), name="sandbox", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and close all connections; the records stay readable."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._server = self._thread = None
        server.shutdown()
        thread.join()
        server.server_close()
        self.connections.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _service(server: Any) -> Sandbox:
    app = server.app
    assert isinstance(app, Sandbox)
    return app
