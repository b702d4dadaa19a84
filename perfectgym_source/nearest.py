"""The right name for a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, right: Iterable[str]) -> str:
    """The name that is nearest to a word, as the end of a clause; empty if none is near.

    >>> nearest("employe", ("employee", "user"))
    " (did you mean 'employee'?)"
    """
    lower = {name.lower(): name for name in right}
    found = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.5)
    return f" (did you mean {lower[found[0]]!r}?)" if found else ""
