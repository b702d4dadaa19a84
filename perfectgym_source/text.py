"""Words for people: counts with the right plural, lists that stay short, text that is safe to show.

What the API sends is in none of them before it went through `printable` or `one_line`: control
characters would move a terminal's cursor, change its title, or forge a line of a log.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

MOST_NAMES = 10
"""So many names of a list are shown; the others are counted."""

LONGEST_NAME = 100
"""So many characters of a name are shown."""

LONGEST_TEXT = 2000
"""So many characters of an error are shown."""

# C0 and C1 controls but tab and newline, the separators of lines, and what turns text around.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]+"
)
_BLANK = re.compile(f"(?:{_CONTROL.pattern}|[\t\n])+")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    Args:
        number: How many there are.
        noun: The noun in the singular.
        plural: Its plural, where that does not end in s.

    >>> counted(1, "request"), counted(2000, "request"), counted(0, "sign-in")
    ('1 request', '2,000 requests', '0 sign-ins')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(names: Collection[object], most: int = MOST_NAMES) -> str:
    """Return names with commas; of a long list the first ones, and how many more there are.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    shown = [shortened(str(name)) for name, _ in zip(names, range(most))]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def capped(lines: Collection[str]) -> list[str]:
    """Return the first lines, and one that says how many more there are.

    >>> capped(["line"] * 12)[-2:]
    ['line', '... and 2 more']
    """
    shown = [line for line, _ in zip(lines, range(MOST_NAMES))]
    more = len(lines) - len(shown)
    return [*shown, f"... and {more:,} more"] if more else shown


def shortened(text: str, most: int = LONGEST_NAME) -> str:
    """Return text on one line, cut after so many characters; by default those of a name."""
    text = one_line(text)
    return text if len(text) <= most else f"{text[:most]}..."


def duration(seconds: float) -> str:
    """Return a time in words, in full minutes from ten minutes on.

    >>> duration(8), duration(283), duration(3000), duration(4000), duration(8000)
    ('8 s', '4 min 43 s', '50 min', '1 h 7 min', '2 h 13 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 10:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def printable(text: str) -> str:
    """Return text without control characters except tab and newline, and without surrogates.

    >>> printable("a\\x1b[31mb")
    'a [31mb'
    """
    return _encodable(_CONTROL.sub(" ", text))


def one_line(text: str) -> str:
    """Return text without any control character, line breaks included."""
    return _encodable(_BLANK.sub(" ", text))


def _encodable(text: str) -> str:
    # A lone half of a surrogate pair cannot be written anywhere.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def unique(texts: Iterable[str]) -> list[str]:
    """Return texts without those that were there before, in their order."""
    return list(dict.fromkeys(texts))
