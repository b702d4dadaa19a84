"""Lists, page by page: which requests are made, and when a list is known to be complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count, islice
from typing import Any

from ...catalog import ApiVersion, Endpoint
from ...errors import PagingError, RequestRefused
from . import paginators
from .keyset import KeysetPaginator
from .pages import Page
from .paginators import (
    BEGINNING,
    NextLinkPaginator,
    PageNumberPaginator,
    PageRequest,
    Paginator,
    SinglePagePaginator,
)
from .stable_reading import StableReading

MAX_DOUBLINGS = 20
MAX_EMPTY_PAGES = 1_000
"""Links may lead to pages without rows, but not for ever."""

Fetch = Callable[[PageRequest], Page]
"""Sends one request for a page and returns it."""
Key = Callable[[Any], Any]
"""Returns what identifies a row."""


@dataclass(frozen=True)
class FullList:
    """All rows of a list.

    Attributes:
        rows: The rows, each in its latest form.
        is_stable: Whether the last pass over the list found nothing new; False for a sample, and
            for a list that grows faster than it can be read.
        doubt: Why there may be more rows; empty if they are known to be all.
    """

    rows: list[Any]
    is_stable: bool = True
    doubt: str = ""


def make_paginator(
    api: ApiVersion, endpoint: Endpoint, base_url: str, start: int = 0, is_capped: bool = True
) -> Paginator:
    """Return the paginator of an endpoint, for one pass over a list.

    A list that is read from a cursor begins after `start`: a row version, or an id. For `is_capped`
    see `KeysetPaginator`.
    """
    field = endpoint.version_field if endpoint.paginator == "keyset" else endpoint.id_field
    if endpoint.paginator in ("keyset", "id"):
        assert field is not None
        named = api.cursor_parameters if endpoint.paginator == "keyset" else api.id_parameters
        parameters = {name: text.replace("{field}", field) for name, text in named.items()}
        ids = endpoint.identity
        if endpoint.paginator == "id":
            start = start or BEGINNING
        return KeysetPaginator(start, parameters, api.page_size, field, ids, base_url, is_capped)
    if endpoint.paginator == "link":
        return NextLinkPaginator(base_url, api.page_size, api.skip_parameter)
    if endpoint.paginator == "page":
        return PageNumberPaginator(api.page_parameter, api.page_size)
    return SinglePagePaginator()


def read_full_list(
    api: ApiVersion,
    endpoint: Endpoint,
    base_url: str,
    fetch: Fetch,
    connections: int,
    key: Key,
    limit: int | None = None,
) -> FullList:
    """Return all rows of an endpoint that is not read from a cursor.

    Args:
        api, endpoint, base_url: As for `make_paginator`.
        fetch: Sends one request. It is called from several threads.
        connections: How many pages may be requested at once.
        key: Returns what identifies a row.
        limit: For a sample, about how many rows are read.

    Raises:
        PagingError: The list might never end.
    """

    if endpoint.paginator == "single":
        return unpaged_list(api, fetch, connections, key)
    if limit is not None:
        found = one_pass(api, endpoint, base_url, fetch, 1)
        rows = chain.from_iterable(page.elements for page in found)
        return FullList(list(islice(rows, limit)), is_stable=False)
    if endpoint.paginator == "link":
        return linked_list(api, base_url, fetch, key)
    one = partial(one_pass, api, endpoint, base_url, fetch, connections)
    if endpoint.paginator == "id":  # the next page begins after a row, not after so many rows
        return FullList([*{key(row): row for page in one() for row in page.elements}.values()])
    return stable_list(one, api.page_size, key)


def one_pass(
    api: ApiVersion, endpoint: Endpoint, base_url: str, fetch: Fetch, connections: int
) -> Iterator[Page]:
    """Return the pages of one pass over a list; the arguments are those of `read_full_list`."""
    paginator = make_paginator(api, endpoint, base_url)
    if isinstance(paginator, PageNumberPaginator):
        return numbered_pages(fetch, paginator, connections)
    return pages(fetch, paginator)


def pages(fetch: Fetch, paginator: Paginator) -> Iterator[Page]:
    """Yield the pages that a paginator selects, one request after the other.

    Raises:
        PagingError: See `Paginator`; or so many pages without rows follow each other that the list
            might never end.
    """
    request = PageRequest()
    paginator.init_request(request)
    empty = 0
    while True:
        try:
            received = fetch(request)
        except RequestRefused as error:
            paginator.end(error)
            return
        empty = 0 if len(received) else empty + 1
        if empty > MAX_EMPTY_PAGES:
            raise PagingError(f"{empty} pages without rows follow each other.")
        page = paginator.update_state(received)
        if page is not None:
            yield page
        if not paginator.has_next_page:
            return
        paginator.update_request(request)


def numbered_pages(
    fetch: Fetch, paginator: PageNumberPaginator, connections: int
) -> Iterator[Page]:
    """Yield the pages of one pass over a page-number list, in order, the next ones read ahead.

    The first page is read alone, so that a short list costs one request. A refusal ends the list
    behind a page that was not full, because the documentation ends it there too; behind a full
    page it is a failure.

    Args:
        fetch: Sends one request. It is called from several threads.
        paginator: The paginator of the list.
        connections: How many pages may be requested at once.
    """
    yield paginator.update_state(fetch(paginator.request_for(1)))
    ahead = 1
    with ThreadPoolExecutor(connections, thread_name_prefix="perfectgym-pages") as pool:
        while paginator.has_next_page:
            numbers = range(paginator.page, paginator.page + min(ahead, connections))
            following = pool.map(fetch, map(paginator.request_for, numbers))
            for _ in numbers:
                try:
                    page = next(following)
                except RequestRefused as error:
                    paginator.end(error)
                    return
                yield paginator.update_state(page)
                if not paginator.has_next_page:
                    return
            if numbers.start <= paginators.LONG_LIST < numbers.stop:
                paginator.last = _page_beyond(fetch, paginator)
            ahead *= 2


def _page_beyond(fetch: Fetch, paginator: PageNumberPaginator) -> int:
    """Return the number of a page at or behind the current end of a list."""
    before: Sequence[Any] = ()
    number = paginator.page
    for _ in range(MAX_DOUBLINGS):
        try:
            page = fetch(paginator.request_for(number))
        except RequestRefused:
            break
        # A server may return its last page for all that follow.
        if paginator.is_surely_last(page) or list(page.elements) == list(before):
            break
        before, number = page.elements, number * 2
    return number


def stable_list(one_pass: Callable[[], Iterator[Page]], page_size: int, key: Key) -> FullList:
    """Return all rows of a list that may shift while it is read: see `StableReading`."""

    def keys(page: Page) -> Sequence[Any]:
        return [key(row) for row in page.elements]

    reading = StableReading(one_pass, page_size, keys)
    rows: dict[Any, Any] = {}
    for page in reading.read():
        rows.update(zip(keys(page), page.elements))
    return FullList(list(rows.values()), reading.is_stable)


def linked_list(api: ApiVersion, base_url: str, fetch: Fetch, key: Key) -> FullList:
    """Return all rows of a list whose pages lead from one to the next."""
    passes: list[NextLinkPaginator] = []

    def one_pass() -> Iterator[Page]:
        passes.append(NextLinkPaginator(base_url, api.page_size, api.skip_parameter))
        return pages(fetch, passes[-1])

    return replace(stable_list(one_pass, api.page_size, key), doubt=passes[-1].doubt)


def unpaged_list(api: ApiVersion, fetch: Fetch, connections: int, key: Key) -> FullList:
    """Return the rows of a list of which the documentation names no paging.

    A response of exactly a page's size is not believed to be the whole list: page 2 is requested
    too, and if it has more rows, the list is read as a page-number list.
    """

    def numbered() -> PageNumberPaginator:
        return PageNumberPaginator(api.page_parameter, api.page_size)

    elements = list(fetch(PageRequest()).elements)
    if len(elements) != api.page_size:
        return FullList(elements)
    try:
        second = fetch(numbered().request_for(2))
    except RequestRefused as error:
        return FullList(elements, doubt=f"page 2 is refused with status {error.status}")
    if not len(second):
        return FullList(elements)
    if {key(row) for row in second.elements} <= {key(row) for row in elements}:
        return FullList(elements, doubt="page 2 repeats page 1")
    try:
        return stable_list(
            lambda: numbered_pages(fetch, numbered(), connections), api.page_size, key
        )
    except (PagingError, RequestRefused):
        return _pages_until_refused(fetch, numbered(), api.page_size, key)


def _pages_until_refused(
    fetch: Fetch, paginator: PageNumberPaginator, page_size: int, key: Key
) -> FullList:
    """Return what an undocumented list has before its first page that is refused or repeats."""
    seen: dict[Any, Any] = {}
    for number in count(1):
        try:
            page = fetch(paginator.request_for(number))
        except RequestRefused as error:
            doubt = f"page {number} is refused with status {error.status}"
            return FullList(list(seen.values()), doubt=doubt)
        new = {key(row): row for row in page.elements}
        if new and new.keys() <= seen.keys():
            doubt = f"page {number} repeats rows of earlier pages"
            return FullList(list(seen.values()), doubt=doubt)
        seen.update(new)
        if len(page) < page_size:
            break
    return FullList(list(seen.values()))
