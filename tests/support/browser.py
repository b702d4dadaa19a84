"""A real browser without a window, driven by the DevTools protocol.

Chromium is looked for under its usual names; `CHROMIUM` names another one.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def chromium() -> str | None:
    """Return the path of Chromium; None if there is none."""
    names = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else NAMES
    return next(filter(None, map(shutil.which, names)), None)


class Page:
    """A page, and what happened on it.

    Attributes:
        errors: What the console and the page reported as errors.
        requested: The addresses of all requests.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.errors: list[str] = []
        self.requested: list[str] = []
        self._connection = connection
        self._ids = itertools.count(1)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, and return its result."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        self._connection.send(json.dumps(message))
        while True:
            found: dict[str, Any] = json.loads(self._connection.recv(60))
            if found.get("id") == number:
                assert "error" not in found, found
                return dict(found["result"])
            self._note(found.get("method", ""), found.get("params", {}))

    def open(
        self, address: str, width: int = 1280, height: int = 900, is_dark: bool = False
    ) -> None:
        """Open an address in a window of a size, and forget what happened before."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        self.errors.clear()
        self.requested.clear()
        self.command("Page.navigate", url=address)

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression of JavaScript."""
        found = self.command(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, script: str, seconds: float = 60) -> Any:
        """Return the value of an expression as soon as it is true."""
        end = time.monotonic() + seconds
        while not (found := self.evaluate(script)):
            assert time.monotonic() < end, (script, self.errors, self.text())
            time.sleep(0.1)
        return found

    def text(self) -> str:
        """Return the text of the page."""
        return str(self.evaluate("document.body.innerText"))

    def click(self, script: str) -> None:
        """Click the middle of the element that an expression returns, as a mouse does."""
        box = f"(() => {{ const b = ({script}).getBoundingClientRect();"
        x, y = self.evaluate(f"{box} return [b.x + b.width / 2, b.y + b.height / 2] }})()")
        for kind in ("mousePressed", "mouseReleased"):
            self.command(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    def _note(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requested.append(parameters["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requested.append(parameters["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(parameters["exceptionDetails"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(json.dumps(parameters["entry"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert"):
            self.errors.append(json.dumps(parameters["args"]))


@contextmanager
def page(executable: str) -> Iterator[Page]:
    """Open a browser with an empty page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        words = [
            *(executable, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-dev-shm-usage", "--disable-background-networking"),
            *("--hide-scrollbars", "--remote-debugging-port=0", f"--user-data-dir={folder}"),
            "about:blank",
        ]
        with subprocess.Popen(
            words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        ) as process:
            try:
                port = _port(Path(folder, "DevToolsActivePort"))
                with urlopen(f"http://127.0.0.1:{port}/json/list") as response:
                    found = json.load(response)
                [address] = [e["webSocketDebuggerUrl"] for e in found if e["type"] == "page"]
                with connect(address, max_size=None) as connection:
                    yield Page(connection)
            finally:
                process.terminate()


def _port(file: Path) -> str:
    end = time.monotonic() + 30
    while not (file.exists() and (lines := file.read_text().splitlines())):
        assert time.monotonic() < end, "Chromium did not start"
        time.sleep(0.05)
    return lines[0]
