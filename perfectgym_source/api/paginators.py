"""How the API's lists continue: by row version, by page number, or in a single response.

A page has 100 rows, and the vendor's documentation ends a list with the first page that has fewer.
A server that hides rows after it has cut the page would end every list too early by that rule, so
a page that is at least half full is followed by one more request.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from ..errors import PagingError, RequestRefused
from .pages import Rows

PAGE_SIZE = 100
SURELY_LAST = PAGE_SIZE // 2
"""A page with fewer rows ends its list without another request."""
LONG_LIST = 1_000
"""After so many pages the current end of a list is looked up: it might grow faster than it is
read."""
MAX_PASSES = 5
MAX_DOUBLINGS = 20
LAST_VERSION = 2**63 - 1

Fetch = Callable[[Mapping[str, str]], Rows]
"""Sends one request with these paging parameters and returns its rows."""


def keyset_pages(fetch: Fetch, start: int) -> Iterator[Rows]:
    """Yield the pages of a `timestamp` list, from the first row version after `start` to the end.

    Row versions are unique by the API's documentation. Should a list break that, rows may share
    the version of a page's last row and not be on that page, and no page shows that. The next
    request therefore begins with that version again, and rows that were already read are left out;
    so are rows of the version `start` itself, which a server with an inclusive filter returns.

    A list of more than 1,000 pages ends at a row version beyond which it had no row when they had
    been read. What is added to it later is left for the next run.

    Raises:
        PagingError: The versions of a page fall, a row has none, or a full page holds a single
            version: continuing would loop for ever or leave rows out.
    """
    cursor, end = start, LAST_VERSION
    had: set[tuple[int, int | None]] = set()
    for number in count(1):
        rows = fetch({"timestamp": str(cursor)})
        versions = rows.versions
        if any(later < earlier for earlier, later in zip([cursor, *versions], versions)):
            raise PagingError(
                f"The rows after timestamp {cursor} are not in the order of their timestamps."
            )
        if 0 in versions:
            raise PagingError(f"A row after timestamp {cursor} has no timestamp.")
        first, last = bisect_right(versions, cursor), bisect_right(versions, end)
        again = bisect_right(versions, cursor + 1) if had else first
        new = [
            index
            for index in range(first, last)
            if index >= again or (versions[index], rows.ids[index]) not in had
        ]
        yield rows.take(new)
        is_full = len(rows) >= PAGE_SIZE
        if last < len(rows) or len(rows) < SURELY_LAST or not (new or is_full):
            return
        highest = versions[-1]
        if highest <= cursor + 1:
            if is_full:
                raise PagingError(f"A full page holds nothing but rows of timestamp {highest}.")
            return
        if number == LONG_LIST:
            end = _version_beyond(fetch, highest, max(1, highest - versions[0]))
        cursor = highest - 1
        first = bisect_left(versions, highest)
        had = {pair for pair in zip(versions[first:], rows.ids[first:]) if pair[1] is not None}


def _version_beyond(fetch: Fetch, version: int, step: int) -> int:
    """Return a row version after which a list has no row now, looked for in growing steps."""
    while version + step < LAST_VERSION:
        version, step = version + step, step * 2
        if fetch({"timestamp": str(version)}).versions[-1:] <= [version]:
            return version
    return LAST_VERSION


def numbered_pages(fetch: Fetch, connections: int) -> Iterator[Rows]:
    """Yield the pages of one pass over a page-number list, in order, the next ones read ahead.

    The first page is read alone, so that a short list costs one request. A refusal ends the list
    behind a page that was not full, because the documentation ends it there too; behind a full
    page it is a failure.

    Args:
        fetch: Sends one request. It is called from several threads.
        connections: How many pages may be requested at once.
    """
    rows = fetch({"page": "1"})
    yield rows
    ahead, page, end = 1, 2, 0
    with ThreadPoolExecutor(connections, thread_name_prefix="perfectgym-pages") as pool:
        while len(rows) >= SURELY_LAST and not 0 < end < page:
            numbers = range(page, page + min(ahead, connections))
            pages = pool.map(lambda number: fetch({"page": str(number)}), numbers)
            for _ in numbers:
                try:
                    following = next(pages)
                except RequestRefused:
                    if len(rows) < PAGE_SIZE:
                        return
                    raise
                rows = following
                yield rows
                if len(rows) < SURELY_LAST:
                    return
            if page <= LONG_LIST < numbers.stop:
                end = _page_beyond(fetch, numbers.stop)
            page, ahead = numbers.stop, ahead * 2


def _page_beyond(fetch: Fetch, page: int) -> int:
    """Return the number of a page at or behind the current end of a list."""
    before: Sequence[Any] = ()
    for _ in range(MAX_DOUBLINGS):
        try:
            rows = fetch({"page": str(page)}).elements
        except RequestRefused:
            break
        # A server may return its last page for all that follow.
        if len(rows) < SURELY_LAST or list(rows) == list(before):
            break
        before, page = rows, page * 2
    return page


def stable_list(
    fetch: Fetch, connections: int, key: Callable[[Any], Any]
) -> tuple[list[Any], bool]:
    """Return all rows of a page-number list that may shift while it is read.

    A row that is deleted moves the rows behind it to earlier pages, past the reader. A list of
    more than one page is therefore read again until a pass brings nothing that was not seen before.

    Args:
        fetch: Sends one request. It is called from several threads.
        connections: How many pages may be requested at once.
        key: Returns what identifies a row.

    Returns:
        The rows, each in its latest form, and whether the last pass brought nothing new (False
        after 5 passes over a list that grows faster than it can be read).

    Raises:
        PagingError: A full page brings nothing but rows of earlier pages: the list might never end.
    """
    seen: dict[Any, Any] = {}
    for passes in range(MAX_PASSES):
        current: dict[Any, Any] = {}
        with_new_rows = 0
        for number, rows in enumerate(numbered_pages(fetch, connections), 1):
            before = len(current)
            current.update((key(row), row) for row in rows.elements)
            if len(current) > before:
                with_new_rows += 1
            elif len(rows) >= PAGE_SIZE:
                raise PagingError(f"Page {number} repeats rows of earlier pages and nothing else.")
            else:
                break
        is_new = not current.keys() <= seen.keys()
        # A row that only earlier passes saw may just have been passed over: it stays.
        seen.update(current)
        is_single_page = with_new_rows <= 1 and len(current) < PAGE_SIZE
        if is_single_page or (passes and not is_new):
            return list(seen.values()), True
    return list(seen.values()), False


def unpaged_list(
    fetch: Fetch, connections: int, key: Callable[[Any], Any]
) -> tuple[list[Any], bool, str]:
    """Return the rows of a list of which the documentation names no paging.

    A response of exactly a page's size is not believed to be the whole list: page 2 is requested
    too, and if it has more rows, the list is read as a page-number list.

    Args:
        fetch, connections, key: As for `stable_list`.

    Returns:
        The rows; as for `stable_list`, whether they are stable; and why there may be more of them
        (empty if they are known to be all).
    """
    rows = fetch({})
    elements = list(rows.elements)
    if len(rows) != PAGE_SIZE:
        return elements, True, ""
    try:
        second = fetch({"page": "2"})
    except RequestRefused as error:
        return elements, True, f"page 2 is refused with status {error.status}"
    if not len(second):
        return elements, True, ""
    if {key(row) for row in second.elements} <= {key(row) for row in elements}:
        return elements, True, "page 2 repeats page 1"
    try:
        return (*stable_list(fetch, connections, key), "")
    except (PagingError, RequestRefused):
        return _pages_until_refused(fetch, key)


def _pages_until_refused(fetch: Fetch, key: Callable[[Any], Any]) -> tuple[list[Any], bool, str]:
    """Return what an undocumented list has before its first page that is refused or repeats."""
    seen: dict[Any, Any] = {}
    for page in count(1):
        try:
            rows = fetch({"page": str(page)})
        except RequestRefused as error:
            return list(seen.values()), True, f"page {page} is refused with status {error.status}"
        new = {key(row): row for row in rows.elements}
        if new and new.keys() <= seen.keys():
            return list(seen.values()), True, f"page {page} repeats rows of earlier pages"
        seen.update(new)
        if len(rows) < PAGE_SIZE:
            break
    return list(seen.values()), True, ""
