"""Passes over a list that may shift while it is read, until nothing new is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any

from ...errors import PagingError
from .pages import Page

MAX_PASSES = 5

Keys = Callable[[Page], Sequence[Any]]
"""Returns what identifies each row of a page."""


class StableReading:
    """Reads a list that may shift while it is read, and holds no row of it.

    A row that is deleted moves the rows behind it to earlier pages, past the reader. A list of
    more than one page is therefore read again until a pass brings nothing that was not seen before,
    at most 5 times. One pass is enough where it brings all rows that were there before: then it
    passed over none but perhaps rows that are new since.

    Args:
        one_pass: Returns the pages of one pass over the list.
        page_size: The number of rows of a full page.
        keys: Returns what identifies the rows of a page.
        expected: What identifies the rows that were there before; empty if that is not known.

    Attributes:
        seen: What identifies the rows of all pages so far.
        is_stable: Whether the last pass found nothing new.
    """

    def __init__(
        self,
        one_pass: Callable[[], Iterator[Page]],
        page_size: int,
        keys: Keys,
        expected: Set[Any] = frozenset(),
    ) -> None:
        self.seen: set[Any] = set()
        self.is_stable = False
        self._one_pass = one_pass
        self._page_size = page_size
        self._keys = keys
        self._expected = expected

    def read(self) -> Iterator[Page]:
        """Yield the pages of all passes.

        Raises:
            PagingError: A full page brings nothing but rows of earlier pages: the list might never
                end.
        """
        for passes in range(MAX_PASSES):
            seen_before = len(self.seen)
            with_new_rows = number = rows = 0
            last: Sequence[Any] = ()
            for number, page in enumerate(self._one_pass(), 1):
                before, found = len(self.seen), self._keys(page)
                # A row that only earlier passes saw may just have been passed over: it stays.
                self.seen.update(found)
                rows += len(page)
                is_known = len(self.seen) == before
                if passes and found:  # the ids of each pass would take as much memory again
                    is_known = found == last or rows > 2 * len(self.seen) + self._page_size
                if not is_known:
                    with_new_rows += 1
                elif len(page) >= self._page_size:
                    raise PagingError(
                        f"Page {number} repeats rows of earlier pages and nothing else."
                    )
                elif page.next_link is None:
                    break
                last = found
                yield page
            is_short = with_new_rows <= 1 and rows < self._page_size
            is_expected = bool(self._expected) and self._expected <= self.seen
            if number <= 1 or is_short or is_expected or (passes and len(self.seen) == seen_before):
                self.is_stable = True
                return
