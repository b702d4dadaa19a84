"""Progress on a terminal: lines that are drawn anew, below all that is printed meanwhile."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from .progress import SECONDS, StepCollector
from .rendering.progress import StepProgress, screen_lines


def screen_collector() -> ScreenCollector | None:
    """Return a collector that draws on standard error; None on a terminal that cannot."""
    console = _SteadyConsole(
        file=sys.stderr, soft_wrap=True, markup=False, emoji=False, highlight=False
    )
    return ScreenCollector(console) if console.is_interactive else None


class _SteadyConsole(Console):
    """A console on which one thread at a time draws.

    Rich would write what another thread has drawn between the two steps of a print: where it moves
    the cursor up to, and the text. That could overwrite a line that was to stay.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._drawing = threading.RLock()

    def __enter__(self) -> Console:
        self._drawing.acquire()
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        try:
            super().__exit__(*error)
        finally:
            self._drawing.release()

    def show_cursor(self, show: bool = True) -> bool:
        """Leave the cursor as it is: a program that is killed could not bring it back."""
        return False


class ScreenCollector(StepCollector):
    """Draws lines on the terminal, below all that is printed meanwhile; none of them stays."""

    def __init__(self, console: Console) -> None:
        super().__init__(SECONDS)
        self._console = console
        self._live: Live | None = None

    def show(self, progress: StepProgress) -> None:
        """Draw the lines."""
        width, height = terminal_size()
        lines = screen_lines(progress, width - 1, height)
        text = Text("\n".join(lines), no_wrap=True, overflow="ignore")
        text.stylize("bold", len(text) - len(lines[-1]))
        if self._live is not None:
            with self._console:  # first, as a print does: otherwise each could wait for the other
                self._live.update(text, refresh=True)

    def _start(self, step: str) -> None:
        # What is written to standard error meanwhile is printed above.
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False
        )
        with self._console:
            self._live.start()
        super()._start(step)

    def _stop(self) -> None:
        try:
            super()._stop()
        finally:
            if self._live is not None:
                with self._console:
                    self._live.stop()


def terminal_size() -> tuple[int, int]:
    """Return the columns and lines of the terminal on standard error, as they are now."""
    try:
        size = os.get_terminal_size(2)
    except OSError:
        size = os.terminal_size((0, 0))
    return size.columns or 80, size.lines or 24
