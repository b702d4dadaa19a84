"""Standard output and error that may be closed, a broken pipe, or short of characters."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO

import click

from ..text import printable
from .rendering.style import BAD, painted, styled
from .rendering.table import fitted, terminal_width


class _Forgiving(io.FileIO):
    """A file that discards what cannot be written, and stores the reason.

    The reader may have ended (`| head -1`), or the disk may be full. That changes neither the run
    nor its exit code.
    """

    problem: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write bytes, and return how many were accepted."""
        if self.problem is None:
            try:
                return super().write(data)
            except OSError as error:
                self.problem = error
        return memoryview(data).nbytes


def prepare_streams() -> None:
    """Make standard output and error such that writing to them does not fail.

    A closed descriptor gets the null device: otherwise a database file could be opened under its
    number, which libraries write to. A character that the encoding lacks is written as an escape.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # `open` uses the lowest free number.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _forgiving(sys.stdout, 1)
    sys.stderr = _forgiving(sys.stderr, 2)


def output_problem() -> str | None:
    """Return why standard output could not be written; None if it could, or if its reader ended."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    error = raw.problem if isinstance(raw, _Forgiving) else None
    return None if error is None or isinstance(error, BrokenPipeError) else error.strerror


def say(text: str, err: bool = False, fits: bool = False) -> None:
    """Print text without control characters, and with color on a terminal that has it.

    Args:
        text: What to print; a newline follows.
        err: Whether it goes to standard error.
        fits: Whether long lines are wrapped, where the terminal is narrower.
    """
    text = printable(text)
    if fits:
        text = fitted(text, terminal_width(2 if err else 1))
    click.echo(painted(text), err=err, color=None if _allows_color() else False)


def say_error(text: str, err: bool = True) -> None:
    """Print what went wrong.

    Args:
        text: What went wrong.
        err: Whether it goes to standard error.
    """
    say(f"{styled('Error:', BAD)} {text}", err, fits=True)


def _allows_color() -> bool:
    """Return whether nobody has asked for text without color."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _forgiving(stream: TextIO | None, number: int) -> TextIO:
    encoding = "utf-8" if stream is None else stream.encoding
    return io.TextIOWrapper(
        io.BufferedWriter(_Forgiving(number, "w", closefd=False)),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=True,
    )
