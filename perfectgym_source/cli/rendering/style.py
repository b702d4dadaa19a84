"""Color for terminals.

Text is marked with noncharacters of Unicode, which no text of the API may hold, and which take no
part in `printable`: escape sequences that the API sends never reach a terminal.
"""

from __future__ import annotations

import re

import click

HEAD, GOOD, BAD, WARN = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
_END = "\ufdd4"
KEEP = "\ufdd5"
"""At the beginning of a line that is not wrapped: it is there to be copied."""
_STYLES = {
    HEAD: {"bold": True},
    GOOD: {"fg": "green"},
    BAD: {"fg": "red", "bold": True},
    WARN: {"fg": "yellow"},
}
_MARK = re.compile(f"[{HEAD}-{KEEP}]")

WORDS = {"ok": GOOD, "FAILED": BAD, "OVERDUE": BAD}
"""The styles of cells of tables that hold nothing but a word."""


def styled(text: str, style: str) -> str:
    """Return text with the marks of a style."""
    return f"{style}{text}{_END}" if text else text


def painted(text: str) -> str:
    """Return text with escape sequences in place of marks."""
    return _MARK.sub(lambda found: _sequence(found.group()), text)


def unstyled(text: str) -> str:
    """Return text without marks."""
    return _MARK.sub("", text)


def _sequence(mark: str) -> str:
    if mark == KEEP:
        return ""
    if mark == _END:
        return click.style("", reset=True)
    return click.style("", reset=False, **_STYLES[mark])  # type: ignore[arg-type]
