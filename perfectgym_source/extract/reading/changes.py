"""Read the rows after the cursors of one endpoint, and from time to time all of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...api.paging.pages import Page
from ...catalog import Endpoint
from ...text import counted
from ..context import ExtractContext
from ..partitions import Partition, partition_key
from ..state.resource_state import ResourceState
from .page_requests import PageRequester
from .row_router import RowRouter
from .ways import WayFinder, begun

_Attempt = tuple[Endpoint, str, Iterator[Page]]
"""The endpoint as it is read, the key of the cursor in the state, and the pages."""


class ChangeReader:
    """Reads the rows of one endpoint from its cursors.

    Args:
        context: The context.
        endpoint: The endpoint.
        router: Routes its rows.

    Attributes:
        needs_all: Whether all rows are read, whatever the cursors say.
        is_complete: Whether all rows were read.
    """

    def __init__(self, context: ExtractContext, endpoint: Endpoint, router: RowRouter) -> None:
        self.needs_all = False
        self.is_complete = not endpoint.parents
        self._context = context
        self._endpoint = endpoint
        self._router = router
        self._read: Endpoint = endpoint
        self._ways = WayFinder(context, endpoint, router)
        self._seen: set[int] = set()
        self._key = ""

    def pages(
        self, partition: Partition, number: int, params: Mapping[str, str]
    ) -> Iterator[tuple[str, Page]]:
        """Yield pages with the key of their cursor in the state.

        Args:
            partition: The parents' ids.
            number: The index of the request variant.
            params: See `request_parameters`.

        Raises:
            RequestRefused: The API refuses each way to read the endpoint.
        """

        def attempt(endpoint: Endpoint, params: Mapping[str, str]) -> _Attempt:
            by_id = endpoint is not self._endpoint
            key = partition_key(partition, number + by_id * len(self._endpoint.request_variants))
            self._read_as(endpoint)
            return endpoint, key, begun(self._pages(endpoint, params, key))

        lacked_links = self._ways.lacks_links
        endpoint, key, found = self._ways.read(params, attempt)
        self._read_as(endpoint)
        self._key = key
        table = self._router.table
        if table is not None and lacked_links and not self._ways.lacks_links:
            # The rows that were read without the links have to be read again.
            table.cursor(self._endpoint.name).restart(key)
            endpoint, key, found = attempt(endpoint, params)
        for page in found:
            self._note(page)
            yield key, page

    def finish(self) -> None:
        """Remove the rows that are missing, if all rows were read because it was time to.

        Raises:
            ApiError: They are so many that the account may have lost a permission.
        """
        table = self._router.table
        if table is None or not (self._read.has_sweeps and self._read.id_field):
            return
        if not table.is_sweep:
            return
        # A row that was received and is gone by now counts as one that went after the sweep.
        ids, missed = self._seen, 0
        if self._read.version_field is not None:
            # Rows up to this version are not requested by the next run.
            start = table.cursor(self._endpoint.name)[self._key].value - table.overlap
            ids = set(ids)
            for version, identity in PageRequester(self._context, self._read).all_versions():
                ids.add(identity)
                missed += version <= start and identity not in table.loaded_ids
        if self._endpoint.removes_missing:
            self._router.remove_missing(ids)
        table.swept()
        if missed:
            self._reread_next(table, missed)

    def _reread_next(self, table: ResourceState, missed: int) -> None:
        """Have the next run read all rows: some are there again under row versions of the past."""
        name = self._endpoint.name
        self._context.failures.warn(
            f"{name}: {counted(missed, 'row')} of the list {'are' if missed > 1 else 'is'} not in "
            "the table, with old row versions; the next run reads it from its beginning."
        )
        table.cursor(name).restart(self._key)

    def _read_as(self, endpoint: Endpoint) -> None:
        self._read = endpoint
        self._router.read_as(endpoint)

    def _note(self, page: Page) -> None:
        """Record the ids of a page, at once: what was received is loaded, whatever fails later."""
        table = self._router.table
        if table is not None and self._read.has_sweeps and self._read.id_field:
            ids = [identity for identity in page.ids(self._read.id_field) if identity is not None]
            self._seen.update(ids)
            table.loaded_ids.update(ids)

    def _pages(self, endpoint: Endpoint, params: Mapping[str, str], key: str) -> Iterator[Page]:
        """Yield the pages after the cursor; then all pages, if the API's versions fell below it."""
        requester = PageRequester(self._context, endpoint)
        start = self._start(key)
        self.is_complete &= start == 0
        highest = 0
        for page in requester.pages_after(start, params):
            highest = max([highest, *page.versions(endpoint.cursor_field)[-1:]])
            yield page
        if self._router.restart(key, highest):
            yield from requester.pages_after(0, params)

    def _start(self, key: str) -> int:
        table = self._router.table
        if self._router.reloads:
            assert table is not None
            table.cursor(self._endpoint.name).restart(key)
            return 0
        if self.needs_all or (table is not None and table.loaded_from is not None):
            return 0
        overlap = self._context.settings.timestamp_overlap
        return min(
            state.cursor(self._endpoint.name)[key].start(overlap) for state in self._router.states()
        )
