"""Progress of a run: lines that are drawn anew on a terminal, a line in the log elsewhere.

dlt's own collectors do not replace it: they know neither requests nor what is left, they print in
`update` only, so that they stand still while a request or a load hangs, and they show a line for
each table, more than a terminal has.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Any

from ..extract.progress import ExtractCollector, ExtractProgress, Pace
from ..pipeline.logs import PROGRESS
from .rendering.progress import LONG, StepProgress, estimate_line, log_line

logger = logging.getLogger(PROGRESS)

SECONDS = 0.5
"""The interval at which a terminal is drawn anew."""

LOOK_SECONDS = 1.0
"""The interval at which an extraction is looked at, for its estimate."""

NOT_TABLES = frozenset(("Resources", "Files", "Items", "Jobs"))
"""What dlt counts besides the rows of tables."""


class StepCollector(ExtractCollector):
    """A dlt progress collector that shows each step in a thread of its own.

    Args:
        seconds: The interval.
    """

    def __init__(self, seconds: float) -> None:
        self.step = ""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._rows: Counter[str] = Counter()
        self._jobs = self._all_jobs = 0
        self._extraction: Callable[[], ExtractProgress] | None = None
        self._pace = Pace()
        self._started = 0.0
        self._has_estimated = self._has_estimated_all = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def update(
        self,
        name: str,
        inc: int = 1,
        total: int | None = None,
        inc_total: int | None = None,
        message: str | None = None,
        label: str | None = None,
    ) -> None:
        """Count rows and jobs of dlt."""
        with self._lock:
            if name == "Jobs" and not label:
                self._jobs += inc
                self._all_jobs += (total or 0) + (inc_total or 0)
            elif name not in NOT_TABLES and not name.startswith("_dlt"):
                self._rows[name] += inc

    def follow(self, progress: Callable[[], ExtractProgress]) -> None:
        """Show an extraction until the step ends."""
        self._pace = Pace()
        self._started = time.monotonic()
        self._has_estimated = self._has_estimated_all = False
        self._extraction = progress

    def look(self) -> StepProgress:
        """Return how far the step is."""
        now = time.monotonic()
        follow = self._extraction
        extraction = follow() if follow else None
        with self._lock:
            return StepProgress(
                self.step.partition(" ")[0].lower(),
                now - self._started,
                extraction,
                self._pace.observe(now, extraction) if extraction else None,
                +self._rows,
                self._jobs,
                self._all_jobs,
            )

    @abstractmethod
    def show(self, progress: StepProgress) -> None:
        """Show how far the step is."""

    def estimate(self, progress: StepProgress) -> None:
        """Log how long a long extraction will take, and again when all its lists are known."""
        extraction, pace = progress.extraction, progress.pace
        if extraction is None or pace is None or self._has_estimated_all:
            return
        if self._has_estimated and extraction.has_waiting:
            return
        left = extraction.left
        if left.count / pace < LONG:
            return
        self._has_estimated, self._has_estimated_all = True, not extraction.has_waiting
        logger.info("Still to come: %s.", estimate_line(left, pace))

    def _start(self, step: str) -> None:
        if not step.startswith("Load"):
            self._rows.clear()  # those of `normalize` are what is loaded next
        self._jobs = self._all_jobs = 0
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(self._ended,), daemon=True)
        self._thread.start()

    def _stop(self) -> None:
        self._ended.set()
        self._extraction = None
        if self.step.startswith("Load"):
            self._rows.clear()
        if self._thread is not None:
            self._thread.join(10)

    def _watch(self, ended: threading.Event) -> None:
        last = time.monotonic()
        while not ended.wait(min(self._seconds, LOOK_SECONDS)):
            progress = self.look()
            self.estimate(progress)
            if time.monotonic() >= last + self._seconds:
                last = time.monotonic()
                self.show(progress)


class LineCollector(StepCollector):
    """Logs a line at intervals."""

    def show(self, progress: StepProgress) -> None:
        """Log a line."""
        logger.info("%s", log_line(progress))


def collector(choice: str, seconds: float, is_terminal: bool) -> Any:
    """Return the dlt progress collector of a choice, or None.

    Args:
        choice: `auto` for bars on a terminal and lines elsewhere, `bars`, `log`, or `off`.
        seconds: The interval of lines.
        is_terminal: Whether standard error is a terminal that bars may be drawn on.
    """
    if choice == "off":
        return None
    if choice != "log" and is_terminal:
        # Only a terminal needs it.
        from .screen import screen_collector

        found = screen_collector()
        if found is not None:
            return found
    return LineCollector(seconds)
