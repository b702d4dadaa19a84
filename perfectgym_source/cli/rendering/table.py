"""The printer of text tables, and lines that fit the terminal."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from ...text import one_line
from .style import HEAD, KEEP, WORDS, styled, unstyled

GAP = "  "
NARROWEST = 8
"""Columns are not made narrower than this, in characters."""


def table(
    rows: Sequence[Sequence[str]], right: Sequence[int] = (), width: int | None = None
) -> list[str]:
    """Return the lines of a table.

    Columns whose cells are all empty are left out. Where the table is too wide, long cells are
    wrapped in their column: between words as far as possible, so that nothing is cut off.

    Args:
        rows: The head and the rows, each with a cell for each column.
        right: The indexes of the columns that are aligned to the right: numbers.
        width: The most characters of a line; by default those of the terminal, and without limit
            if the output is no terminal.
    """
    limit = terminal_width() if width is None else width
    cells = [[one_line(cell) for cell in row] for row in rows]
    bodies = list(zip(*(cells[1:] or cells)))
    kept = [index for index, column in enumerate(bodies) if any(column)]
    cells = [[row[index] for index in kept] for row in cells]
    widths = _widths(list(zip(*cells)), limit)
    lines = []
    for row in cells:
        wrapped = [_wrapped(cell, wide) for cell, wide in zip(row, widths)]
        for parts in zip_longest(*wrapped, fillvalue=""):
            shown = [
                f"{part:>{wide}}" if index in right else f"{part:<{wide}}"
                for index, part, wide in zip(kept, parts, widths)
            ]
            if row is cells[0]:
                lines.append(styled(GAP.join(shown).rstrip(), HEAD))
            else:
                lines.append(GAP.join(_colored(shown)).rstrip())
    return lines


def fitted(text: str, width: int | None = None) -> str:
    """Return text with its long lines wrapped between words, with their indent.

    Args:
        text: Lines.
        width: The most characters of a line; by default those of the terminal.
    """
    limit = terminal_width() if width is None else width
    return "\n".join(_fitted(line, limit) for line in text.split("\n")) if limit else text


def terminal_width(descriptor: int = 1) -> int:
    """Return the characters of a line on the terminal; 0 if there is none.

    Args:
        descriptor: The stream that may be one, by default standard output.
    """
    if descriptor == 1:
        return shutil.get_terminal_size((0, 0)).columns
    try:
        return os.get_terminal_size(descriptor).columns
    except OSError:
        return 0


def _colored(cells: Sequence[str]) -> list[str]:
    """Return cells with the color of those that hold nothing but a word that has one."""
    found = []
    for cell in cells:
        word = cell.strip()
        found.append(cell.replace(word, styled(word, WORDS[word])) if word in WORDS else cell)
    return found


def _widths(columns: Sequence[Sequence[str]], limit: int) -> list[int]:
    """Return the width of each column: as wide as its cells, or narrower down to the limit."""
    widths = [max(map(len, column)) for column in columns]
    if not limit:
        return widths
    words = [max(len(word) for cell in column for word in _words(cell)) for column in columns]
    for least in (words, [NARROWEST] * len(widths)):
        while sum(widths) + len(GAP) * (len(widths) - 1) > limit:
            wide = [index for index, width in enumerate(widths) if width > least[index]]
            if not wide:
                break
            widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _words(cell: str) -> list[str]:
    indent = len(cell) - len(cell.lstrip())
    first, *others = cell.split() or [""]
    return [" " * indent + first, *others]


def _wrapped(cell: str, width: int) -> list[str]:
    if len(cell) <= width:
        return [cell]
    return textwrap.wrap(cell, width, break_on_hyphens=False)


def _fitted(line: str, limit: int) -> str:
    if len(unstyled(line)) <= limit or line.startswith(KEEP):
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    # Names of files and addresses stay in one piece.
    return textwrap.fill(
        line, limit, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
