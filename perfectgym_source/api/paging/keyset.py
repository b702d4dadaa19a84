"""The paginator of lists that are read by row version, or by id."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from ...catalog.model import Identity
from ...errors import PagingError
from . import paginators
from .pages import Page
from .paginators import BEGINNING, Links, PageRequest, Paginator, check_order, may_be_cut

LAST_VERSION = 2**63 - 1


class KeysetPaginator(Paginator):
    """Lists in the order of their row versions, from the first version after `start` to the end.

    Row versions are unique by the API's documentation. Should a list break that, rows may share
    the version of a page's last row and not be on that page, and no page shows that. The next
    request therefore begins with that version again, and rows that were already read are left out;
    so are rows of the version `start` itself, which a server with an inclusive filter returns.

    By default, a list of more than 1,000 pages ends at a row version beyond which it had no row
    when they had been read. What is added to it later is left for the next run.

    Args:
        start: The row version; `BEGINNING` for a request without those parameters that name it.
        parameters: The query parameters, with `{after}` in place of the version.
        page_size: The number of rows of a full page.
        version_field: The field that holds the row version.
        identity: The field that holds the id, or the fields that identify a row together.
        base_url: The address of the API. A link of a page to the next one says that the list goes
            on; it is followed only from a page that holds nothing but rows of one version.
            Otherwise, rows that change while the list is read would shift the pages.
        is_capped: Whether a long list ends where it ended when 1,000 pages had been read.

    Example:
        >>> paginator = KeysetPaginator(20, {"timestamp": "{after}"}, 100, "timestamp", "id")
        >>> paginator.init_request(request := PageRequest())
        >>> request.params
        {'timestamp': '20'}
    """

    def __init__(
        self,
        start: int,
        parameters: Mapping[str, str],
        page_size: int,
        version_field: str,
        identity: Identity,
        base_url: str = "",
        is_capped: bool = True,
    ) -> None:
        self._parameters = parameters
        self._page_size = page_size
        self._version_field = version_field
        self._identity = identity
        self._links = Links(base_url)
        self._cursor, self._end = start, LAST_VERSION
        self._had: set[tuple[int, int | None]] = set()
        self._link: str | None = None
        self._longest = 0
        self._is_full = self._is_beyond = self._is_back = self._is_repeated = False
        self._doubted: int | None = None
        self._last_page: tuple[list[int], list[int | None]] = ([], [])
        self._pages = 0 if is_capped else paginators.LONG_LIST
        self._probe: int | None = None
        self._step = 0

    def init_request(self, request: PageRequest) -> None:
        """See `Paginator`."""
        self._request_after(request, self._cursor)

    def update_state(self, page: Page) -> Page | None:
        """See `Paginator`."""
        versions, ids = page.versions(self._version_field), page.ids(self._identity)
        if self._probe is not None:
            self._look_further(self._probe, is_end=versions[-1:] <= [self._probe])
            return None
        cursor = self._cursor
        is_missing = None in ids if self._version_field == self._identity else 0 in versions
        check_order(versions, cursor, self._version_field, is_missing)
        first, last = bisect_right(versions, cursor), bisect_right(versions, self._end)
        again = min(last, bisect_right(versions, cursor + 1)) if self._had else first
        seen = zip(versions[first:again], ids[first:again])
        new = [index for index, row in enumerate(seen, first) if row not in self._had]
        new += range(again, last)
        if self._is_beyond and new:
            if self._doubted == cursor:
                raise self._is_stuck_at(cursor)
            # They may have come since: then they follow that version on the same page.
            self._doubted, self._is_beyond, self._is_back = cursor, False, True
            return None
        self._pages += 1
        self._last_page, self._link = (versions, ids), page.next_link
        self._is_full = len(page) >= self._page_size or page.next_link is not None
        is_cut = not self._is_beyond and may_be_cut(len(page), self._page_size, self._longest)
        self._longest = max(self._longest, len(page))
        is_stuck = max([cursor, *versions[-1:]]) <= cursor + 1
        # The page begins with the last row of the one before: without it, it is doubted once.
        was_doubted = self._is_beyond or self._is_repeated
        self._is_repeated = bool(self._had) and not (len(page) or self._is_full or was_doubted)
        self.has_next_page = last == len(page) and (self._is_full or is_cut or self._is_repeated)
        if self.has_next_page and not is_stuck and self._pages == paginators.LONG_LIST:
            self._step = max(1, versions[-1] - versions[0])
            self._look_further(versions[-1], is_end=False)
        return page.take(new)

    def update_request(self, request: PageRequest) -> None:
        """See `Paginator`."""
        if self._probe is not None:
            self._request_after(request, self._probe)
            return
        if self._is_repeated:
            return
        if self._is_back:
            self._cursor, self._is_back = self._cursor - 1, False
            self._request_after(request, self._cursor)
            return
        versions, ids = self._last_page
        highest = max([self._cursor, *versions[-1:]])
        first = bisect_left(versions, highest)
        had = {pair for pair in zip(versions[first:], ids[first:]) if pair[1] is not None}
        if highest > self._cursor + 1:
            self._cursor, self._had, request.url = highest - 1, had, None
            self._request_after(request, self._cursor)
        elif self._link is not None:
            self._had |= had
            request.url = self._links.follow(self._link)
        elif self._is_full:
            raise self._is_stuck_at(highest)
        else:  # the page may have been cut among rows of one version: not if none follow these
            self._cursor, self._had, self._is_beyond = highest, self._had | had, True
            self._request_after(request, highest)

    def _is_stuck_at(self, version: int) -> PagingError:
        return PagingError(
            f"A full page holds nothing but rows of {self._version_field} {version}: there may be "
            "more of them than can be requested."
        )

    def _request_after(self, request: PageRequest, version: int) -> None:
        for name, text in self._parameters.items():
            if version > BEGINNING or text == text.format(after=""):
                request.params[name] = text.format(after=version)

    def _look_further(self, version: int, is_end: bool) -> None:
        """Look for a row version after which the list has no row now, in growing steps."""
        if is_end:
            self._end, self._probe = version, None
        elif version + self._step < LAST_VERSION:
            self._probe, self._step = version + self._step, self._step * 2
        else:
            self._end, self._probe = LAST_VERSION, None
