"""How the pages of an endpoint follow each other: by row version, page number or link.

Each paginator has the three verbs of dlt's `rest_client` paginators: `init_request` prepares the
request for the first page, `update_state` notes a page, `update_request` prepares the request for
the next one, as long as `has_next_page` says that there is one.

The vendor's documentation ends a list of API v1 with the first page that is not full, one of API
v2.2 with the first page that has no link to a next one. A server that hides rows of a page, has
smaller pages, or leaves links out would end lists too early by these rules: see `may_be_cut`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from ...errors import PagingError, RequestRefused
from ..auth.signing import is_below
from .pages import Page

LONG_LIST = 1_000
"""After so many pages the current end of a list is looked up: it might grow faster."""

ROUND = (10, 25)
"""Servers cut pages at round numbers of rows: at multiples of one of these."""

NO_SUCH_PAGE = frozenset((400, 404, 410))
"""How the API may refuse a request for a page behind the end."""

BEGINNING = -(2**63)
"""Comes before every id: ids may be 0 or less, row versions may not."""


@dataclass
class PageRequest:
    """What a paginator adds to a request to select a page.

    Attributes:
        params: Query parameters.
        url: The whole address, where the API has given it; `params` do not count then.
    """

    params: dict[str, str] = field(default_factory=dict)
    url: str | None = None


class Paginator(ABC):
    """Selects the pages of one list, one after the other.

    Attributes:
        has_next_page: Whether there may be another page, after those noted so far.
        may_end: Whether the list may have ended, by the documentation, with the page noted last.

    Example:
        request = PageRequest()
        paginator.init_request(request)
        while True:
            rows = paginator.update_state(fetch(request))
            if not paginator.has_next_page:
                break
            paginator.update_request(request)
    """

    has_next_page = True
    may_end = False

    def init_request(self, request: PageRequest) -> None:  # noqa: B027
        """Prepare the request for the first page."""

    @abstractmethod
    def update_state(self, page: Page) -> Page | None:
        """Note a page.

        Returns:
            Its rows without those of earlier pages; None if it was requested only to find the end.

        Raises:
            PagingError: The page cannot be one of this list.
        """

    def update_request(self, request: PageRequest) -> None:  # noqa: B027
        """Prepare the request for the next page.

        Raises:
            PagingError: Continuing would loop for ever or leave rows out.
        """

    def end(self, refused: RequestRefused) -> None:
        """End the list, because the request for the next page was refused.

        Raises:
            RequestRefused: By the documentation, the list has a next page; or the refusal says
                nothing about that.
        """
        if not self.may_end or refused.status not in NO_SUCH_PAGE:
            raise refused
        self.has_next_page = False


def may_be_cut(rows: int, page_size: int, longest: int = 0) -> bool:
    """Return whether rows may follow a page although nothing says so: one more request tells.

    They may behind a page that is at least half full, that is as long as each page before it, or
    that is the first one and has a round number of rows.

    Args:
        rows: The number of its rows.
        page_size: The number of rows of a full page.
        longest: The number of rows of the longest page before it.
    """
    is_long = rows >= longest if longest else any(rows % number == 0 for number in ROUND)
    return rows > 0 and (is_long or rows >= page_size // 2)


class SinglePagePaginator(Paginator):
    """Endpoints whose response holds all rows.

    Example:
        >>> paginator = SinglePagePaginator()
        >>> len(paginator.update_state(Page([{"id": 1}]))), paginator.has_next_page
        (1, False)
    """

    def update_state(self, page: Page) -> Page:
        """See `Paginator`."""
        self.has_next_page = False
        return page


class PageNumberPaginator(Paginator):
    """Lists whose pages have numbers, from 1.

    Args:
        parameter: The query parameter.
        page_size: The number of rows of a full page.

    Attributes:
        page: The number of the next page.
        last: The page with which the list ends, where that was looked up; otherwise 0.

    Example:
        >>> paginator = PageNumberPaginator("page", 100)
        >>> paginator.init_request(request := PageRequest())
        >>> request.params
        {'page': '1'}
    """

    def __init__(self, parameter: str, page_size: int) -> None:
        self._parameter = parameter
        self._page_size = page_size
        self._longest = 0
        self.page = 1
        self.last = 0

    def init_request(self, request: PageRequest) -> None:
        """See `Paginator`."""
        self.update_request(request)

    def update_state(self, page: Page) -> Page:
        """See `Paginator`."""
        self.page += 1
        self.may_end = len(page) < self._page_size
        is_last = self.is_surely_last(page) or 0 < self.last < self.page
        self._longest = max(self._longest, len(page))
        self.has_next_page = not is_last
        return page

    def update_request(self, request: PageRequest) -> None:
        """See `Paginator`."""
        request.params[self._parameter] = str(self.page)

    def is_surely_last(self, page: Page) -> bool:
        """Return whether a page ends the list without another request."""
        return not may_be_cut(len(page), self._page_size, self._longest)

    def request_for(self, number: int) -> PageRequest:
        """Return the request for a page, to read it ahead."""
        return PageRequest({self._parameter: str(number)})


class Links:
    """The links to next pages of one pass over a list.

    Args:
        base_url: The address of the API. A link that leads elsewhere is an error: requests carry
            credentials, which may open more.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = f"{base_url.rstrip('/')}/"
        self._followed: set[str] = set()

    def follow(self, link: str) -> str:
        """Return the address that a link leads to.

        Raises:
            PagingError: It leads out of the API, or to a page of this list that was read.
        """
        try:
            url = urljoin(self._base_url, link)
            is_followed = is_below(url, self._base_url)
        except ValueError:  # it is no address
            is_followed = False
        if not is_followed:
            raise PagingError(
                "A page links to another server, or outside of the API: it is not requested.",
                hint="Is base_url the address under which the API knows itself (https, host)?",
            )
        if url in self._followed:
            raise PagingError("A page links to itself or to an earlier page.")
        self._followed.add(url)
        return url


class NextLinkPaginator(Paginator):
    """Lists whose pages hold the address of the next one, and whose rows are in no known order.

    Behind a page without one that may have been cut, the rows after those that were read are
    requested.

    Args:
        base_url: The address of the API: see `Links`.
        page_size: The number of rows of a full page.
        skip: The query parameter that takes how many rows are left out.

    Attributes:
        doubt: Why there may be more rows; empty if those that were read are known to be all.

    Example:
        >>> paginator = NextLinkPaginator("https://demo.example/odata", 500, "$skip")
        >>> _ = paginator.update_state(Page([], "https://demo.example/odata/Clubs?$skip=500"))
        >>> paginator.update_request(request := PageRequest())
        >>> request.url
        'https://demo.example/odata/Clubs?$skip=500'
    """

    def __init__(self, base_url: str, page_size: int, skip: str) -> None:
        self._page_size = page_size
        self._skip = skip
        self._links = Links(base_url)
        self._link: str | None = None
        self._first: Sequence[Any] | None = None
        self._rows = self._read = self._longest = 0
        self._is_skipping = False
        self.doubt = ""

    def update_state(self, page: Page) -> Page | None:
        """See `Paginator`."""
        if self._is_skipping and page.elements == self._first:
            self._stop("a request for the rows after it brings the first ones")
            return None
        if self._first is None:
            self._first = page.elements
        rows, self._link = len(page), page.next_link
        self.has_next_page = bool(self._link) or may_be_cut(rows, self._page_size, self._longest)
        self.may_end = not self._link
        self._rows, self._longest = rows, max(self._longest, rows)
        self._read += rows
        return page

    def update_request(self, request: PageRequest) -> None:
        """See `Paginator`."""
        self._is_skipping = self.may_end
        request.url = self._links.follow(self._link) if self._link else None
        request.params[self._skip] = str(self._read)

    def end(self, refused: RequestRefused) -> None:
        """See `Paginator`; a full page without an address may be the last one, but is in doubt."""
        super().end(refused)
        self._stop(f"a request for the rows after it is refused with status {refused.status}")

    def _stop(self, why: str) -> None:
        self.has_next_page = False
        if self._rows >= self._page_size:
            self.doubt = why


def check_order(versions: list[int], cursor: int, name: str, is_missing: bool) -> None:
    """Raise unless all rows have versions that do not fall.

    Args:
        versions: The versions.
        cursor: The one after which the rows were requested.
        name: The field.
        is_missing: Whether a row has none.
    """
    after = f" after {name} {cursor}" if cursor > BEGINNING else ""
    if is_missing:
        raise PagingError(f"A row{after} has no {name}.")
    if versions and versions[0] < cursor:
        raise PagingError(
            f"The rows{after} begin with {name} {versions[0]}: the API does not filter them as "
            "the request asks."
        )
    if sorted(versions) != versions:
        raise PagingError(f"The rows{after} are not in the order of their {name}s.")
