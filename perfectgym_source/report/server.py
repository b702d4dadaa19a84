"""Serve the report to a browser on this machine, to whoever has the token of its address."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path

from ..errors import ConfigurationError
from .reading import PublishedMarts

HOST = "127.0.0.1"
_APP = Path(__file__).with_name("app.py")
_SETTINGS = '[display]\ntheme = "system"\n'
"""Of marimo: light or dark, as the browser has it."""

_served: list[PublishedMarts] = []


def marts() -> PublishedMarts:
    """Return the marts that this process serves, for the app."""
    return _served[-1]


def serve(
    shown: PublishedMarts, port: int, opens_browser: bool, say: Callable[[str], None]
) -> None:
    """Serve the report until Ctrl-C.

    Args:
        shown: The marts.
        port: The port; 0 for a free one.
        opens_browser: Whether to open a browser, where there is a desktop.
        say: Is called with the address.

    Raises:
        ConfigurationError: The port is in use.
    """
    _served.append(shown)
    token = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="perfectgym-") as folder, _listening(port) as listening:
        # marimo neither reads nor writes anything of the user's.
        for kind in ("CONFIG", "STATE", "CACHE"):
            os.environ[f"XDG_{kind}_HOME"] = folder
        settings = Path(folder, "marimo", "marimo.toml")
        settings.parent.mkdir()
        settings.write_text(_SETTINGS, encoding="utf-8")
        import marimo
        import uvicorn

        served = marimo.create_asgi_app(quiet=True, include_code=False, token=token)
        config = uvicorn.Config(
            served.with_app(path="/", root=str(_APP)).build(),
            log_level="error",
            timeout_graceful_shutdown=1,
        )
        address = f"http://{HOST}:{listening.getsockname()[1]}/?access_token={token}"
        say(address)
        if opens_browser and _has_desktop():
            webbrowser.open(address)
        uvicorn.Server(config).run(sockets=[listening])


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ConfigurationError(
            f"The port {port} cannot be used: {error.strerror}",
            hint="--port names another one; without it, a free one is taken.",
        ) from None


def _has_desktop() -> bool:
    """Return whether a browser has a window: one of the terminal would be in the way."""
    return sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
