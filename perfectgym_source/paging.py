"""The two ways in which the API's lists go on: by row version and by page number.

Both end with a page of fewer than 100 elements (section "Paging" of the API's documentation).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .errors import PagingError
from .rows import Rows

PAGE_SIZE = 100
MAX_PASSES = 5

Fetch = Callable[[Mapping[str, str]], Rows]
"""Sends one request with these paging parameters and gives its rows."""


def keyset_pages(fetch: Fetch, start: int) -> Iterator[Rows]:
    """Pages of a `timestamp` list, from the first row version after `start` to the end.

    Row versions are unique by the API's documentation. Should a list break that, rows may share
    the version of a full page's last row and not be on that page, and no page shows that. The
    next page therefore begins with that version again; what was there already is left out.

    Raises:
        PagingError: The versions of a page fall, or a full page holds a single version: going on
            would loop for ever or leave rows out.
    """
    cursor = start
    had: set[tuple[int, int]] = set()
    while True:
        rows = fetch({"timestamp": str(cursor)})
        versions = rows.versions
        if any(later < earlier for earlier, later in zip([cursor, *versions], versions)):
            raise PagingError(
                f"The rows after timestamp {cursor} are not in the order of their timestamps."
            )
        if versions and versions[0] <= cursor:
            raise PagingError(f"The cursor does not advance: asked for rows after {cursor}.")
        again = bisect_right(versions, cursor + 1) if had else 0
        repeated = {p for p in range(again) if (versions[p], rows.ids[p]) in had}
        yield rows.take([place for place in range(len(rows)) if place not in repeated])
        if len(rows) < PAGE_SIZE:
            return
        last = versions[-1]
        if last == cursor + 1:
            raise PagingError(f"A full page holds nothing but rows of timestamp {last}.")
        cursor = last - 1
        first = bisect_left(versions, last)
        had = {pair for pair in zip(versions[first:], rows.ids[first:]) if pair[1]}


def numbered_pages(fetch: Fetch, connections: int) -> Iterator[Rows]:
    """Pages of one pass over a page-number list, in order, the next ones read ahead.

    The first page is read alone, so that a list of one page costs one request.

    Args:
        fetch: Sends one request. It is called from several threads.
        connections: How many pages may be under way at once.
    """
    first = fetch({"page": "1"})
    yield first
    if len(first) < PAGE_SIZE:
        return
    ahead, page = 1, 2
    with ThreadPoolExecutor(connections, thread_name_prefix="perfectgym-pages") as pool:
        while True:
            numbers = range(page, page + min(ahead, connections))
            answers = pool.map(lambda number: fetch({"page": str(number)}), numbers)
            for rows in answers:
                yield rows
                if len(rows) < PAGE_SIZE:
                    return
            page, ahead = numbers.stop, ahead * 2


def stable_list(
    fetch: Fetch, connections: int, key: Callable[[Any], Any]
) -> tuple[list[Any], bool]:
    """All rows of a page-number list that may shift while it is read.

    A row that is deleted moves the rows behind it to earlier pages, past the reader. A list of
    more than one page is therefore read again until a pass brings nothing that was not seen before.

    Args:
        fetch: Sends one request. It is called from several threads.
        connections: How many pages may be under way at once.
        key: What identifies a row.

    Returns:
        The rows, each in its latest form, and whether the last pass brought nothing new (False
        after 5 passes over a list that grows faster than it can be read).

    Raises:
        PagingError: A full page brings nothing but rows of earlier pages: the list might never end.
    """
    seen: dict[Any, Any] = {}
    for passes in range(MAX_PASSES):
        current: dict[Any, Any] = {}
        pages = 0
        for rows in numbered_pages(fetch, connections):
            pages += 1
            before = len(current)
            current.update((key(row), row) for row in rows.elements)
            if len(rows) >= PAGE_SIZE and len(current) == before:
                raise PagingError(f"Page {pages} repeats rows of earlier pages and nothing else.")
        news = current.keys() - seen.keys()
        # A row that only earlier passes saw may just have been passed over: it stays.
        seen.update(current)
        if pages == 1 or (passes and not news):
            return list(seen.values()), True
    return list(seen.values()), False
