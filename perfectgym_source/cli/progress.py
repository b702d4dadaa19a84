"""Progress without a terminal: one line in the log at intervals.

dlt's `LogCollector` does not replace it: it logs a block of lines at intervals and at the start and
end of each step, so that a run of seconds fills a scheduler's mail; it logs in `update` only, so
that it is silent while a request or a load hangs; and it has no rate of all rows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import Any

from dlt.common.runtime.collector import TqdmCollector
from dlt.common.runtime.collector_base import Collector

from ..pipeline.logs import PROGRESS

logger = logging.getLogger(PROGRESS)


class LineCollector(Collector):
    """A dlt progress collector that logs a line at intervals.

    Args:
        seconds: The interval.
    """

    def __init__(self, seconds: float) -> None:
        self.step = ""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._messages: dict[str, str] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._started = 0.0

    def update(
        self,
        name: str,
        inc: int = 1,
        total: int | None = None,
        inc_total: int | None = None,
        message: str | None = None,
        label: str | None = None,
    ) -> None:
        """Count rows of dlt, and store the message of a resource about its pages."""
        with self._lock:
            self._counts[name] += inc
            if message:
                self._messages[name] = message

    def line(self) -> str:
        """Return the counts of the step, the highest first, and the rate."""
        with self._lock:
            counts = [
                (name, n) for name, n in self._counts.most_common() if n or name in self._messages
            ]
            messages = {name: f" ({message})" for name, message in self._messages.items()}
        seconds = time.monotonic() - self._started
        rows = sum(n for name, n in counts if name not in ("Resources", "Jobs", "Files", "Items"))
        parts = [f"{name} {n:,}{messages.get(name, '')}" for name, n in counts[:5]]
        if len(counts) > len(parts):
            parts.append(f"{len(counts) - len(parts)} more")
        pace = f", {rows / seconds:,.0f} rows/s" if rows and seconds >= 1 else ""
        return f"{self.step}, {seconds:,.0f} s: {', '.join(parts) or 'nothing yet'}{pace}"

    def _start(self, step: str) -> None:
        self._counts.clear()
        self._messages.clear()
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._log, args=(self._ended,), daemon=True)
        self._thread.start()

    def _stop(self) -> None:
        self._ended.set()

    def _log(self, ended: threading.Event) -> None:
        while not ended.wait(self._seconds):
            logger.info("%s", self.line())


def collector(choice: str, seconds: float, is_terminal: bool) -> Any:
    """Return the dlt progress collector of a choice, or None.

    Args:
        choice: `auto` for bars on a terminal and lines elsewhere, `tqdm`, `log`, or `off`.
        seconds: The interval of lines.
        is_terminal: Whether standard error is a terminal.
    """
    if choice == "tqdm" or (choice == "auto" and is_terminal):
        return TqdmCollector()
    return None if choice == "off" else LineCollector(seconds)
