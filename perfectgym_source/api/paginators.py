"""How the pages of an endpoint follow each other: by row version, page number or link.

Each paginator has the three verbs of dlt's `rest_client` paginators: `init_request` prepares the
request for the first page, `update_state` notes a page, `update_request` prepares the request for
the next one, as long as `has_next_page` says that there is one.

The vendor's documentation ends a list with the first page that is not full. A server that hides
rows after it has cut the page would end every list too early by that rule, so a page that is at
least half full is followed by one more request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urljoin

from ..errors import PagingError
from .pages import Page
from .signing import is_below

LONG_LIST = 1_000
"""After so many pages the current end of a list is looked up: it might grow faster than it is
read."""

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

    Example:
        >>> request = PageRequest()
        >>> paginator.init_request(request)
        >>> while True:
        ...     rows = paginator.update_state(fetch(request))
        ...     if not paginator.has_next_page:
        ...         break
        ...     paginator.update_request(request)
    """

    has_next_page = True

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
        end: The page with which the list ends, where that was looked up; otherwise 0.
        may_end: Whether the list may have ended with the last page, because that was not full.

    Example:
        >>> paginator = PageNumberPaginator("page", 100)
        >>> paginator.init_request(request := PageRequest())
        >>> request.params
        {'page': '1'}
    """

    def __init__(self, parameter: str, page_size: int) -> None:
        self._parameter = parameter
        self._page_size = page_size
        self.page = 1
        self.end = 0
        self.may_end = False

    def init_request(self, request: PageRequest) -> None:
        """See `Paginator`."""
        self.update_request(request)

    def update_state(self, page: Page) -> Page:
        """See `Paginator`."""
        self.page += 1
        self.may_end = len(page) < self._page_size
        is_last = self.is_surely_last(page) or 0 < self.end < self.page
        self.has_next_page = not is_last
        return page

    def update_request(self, request: PageRequest) -> None:
        """See `Paginator`."""
        request.params[self._parameter] = str(self.page)

    def is_surely_last(self, page: Page) -> bool:
        """Return whether a page ends the list without another request."""
        return len(page) < self._page_size // 2

    def request_for(self, number: int) -> PageRequest:
        """Return the request for a page, to read it ahead."""
        return PageRequest({self._parameter: str(number)})


class Links:
    """The links to next pages of one pass over a list.

    Args:
        base_url: The address of the API. A link that does not lead below it is an error: requests
            carry credentials, and these may open more than lists.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = f"{base_url.rstrip('/')}/"
        self._followed: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._followed)

    def follow(self, link: str) -> str:
        """Return the address that a link leads to.

        Raises:
            PagingError: It leads out of the API, or to a page of this list that was read.
        """
        url = urljoin(self._base_url, link)
        if not is_below(url, self._base_url):
            raise PagingError(
                "A page links to a next page on another server, or outside of the API: it is not "
                "requested."
            )
        if url in self._followed:
            raise PagingError("A page links to itself or to an earlier page.")
        self._followed.add(url)
        return url


class NextLinkPaginator(Paginator):
    """Lists whose pages hold the address of the next one.

    Rows may have versions: the list then begins after one, and has to be in their order.

    Args:
        base_url: The address of the API: see `Links`.
        parameters: Query parameters of the first request, with `{after}` in place of `start`.
        start: The row version after which the list begins.
        version_field: The field that holds the row version; None where rows have none.

    Example:
        >>> paginator = NextLinkPaginator("https://demo.example/odata")
        >>> _ = paginator.update_state(Page([], "https://demo.example/odata/Clubs?$skip=500"))
        >>> paginator.update_request(request := PageRequest())
        >>> request.url
        'https://demo.example/odata/Clubs?$skip=500'
    """

    def __init__(
        self,
        base_url: str,
        parameters: Mapping[str, str] | None = None,
        start: int = 0,
        version_field: str | None = None,
    ) -> None:
        self._parameters = {} if parameters is None else parameters
        self._cursor = start
        self._version_field = version_field
        self._link: str | None = None
        self._links = Links(base_url)

    def init_request(self, request: PageRequest) -> None:
        """See `Paginator`."""
        for name, text in self._parameters.items():
            request.params[name] = text.format(after=self._cursor)

    def update_state(self, page: Page) -> Page:
        """See `Paginator`."""
        self._link = page.next_link
        self.has_next_page = bool(self._link)
        if self._version_field is None:
            return page
        versions = page.versions(self._version_field)
        start = self._cursor
        check_order(versions, start, self._version_field, 0 in versions)
        self._cursor = max([start, *versions[-1:]])
        if self._links:
            return page  # rows may share the version of the last page's last row
        return page.take(range(bisect_right(versions, start), len(versions)))

    def update_request(self, request: PageRequest) -> None:
        """See `Paginator`."""
        request.url = self._links.follow(self._link or "")


def check_order(versions: Sequence[int], cursor: int, name: str, is_missing: bool) -> None:
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
    if any(later < earlier for earlier, later in pairwise(versions)):
        raise PagingError(f"The rows{after} are not in the order of their {name}s.")
