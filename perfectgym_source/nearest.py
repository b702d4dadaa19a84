"""The right name for a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, right: Iterable[str]) -> str:
    """Return the name that is nearest to a word as the end of a clause; empty if none is near.

    >>> nearest("employe", ("employee", "user"))
    " (did you mean 'employee'?)"
    """
    found = near_miss(word, right, 0.5)
    return f" (did you mean {found!r}?)" if found else ""


def near_miss(word: str, right: Iterable[str], cutoff: float = 0.8) -> str | None:
    """Return the name that a word resembles, without regard to case.

    Args:
        word: The word.
        right: The names.
        cutoff: How much the two have to resemble each other, from 0 to 1 for equal.

    >>> near_miss("Pipeline", ("pipelines", "alerts"))
    'pipelines'
    """
    lower = {name.lower(): name for name in right}
    found = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=cutoff)
    return lower[found[0]] if found else None
