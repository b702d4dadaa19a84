"""Read an endpoint of which each run receives all rows, page by page: no row of it is held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from ...api.paging.pages import Page
from ...api.paging.stable_reading import StableReading
from ...catalog import Endpoint
from ..context import ExtractContext
from ..partitions import Partition, partition_key
from .page_requests import PageRequester
from .row_router import RowRouter
from .ways import WayFinder, begun


class FullListReader:
    """Reads all rows of one endpoint, and removes those that are missing.

    Args:
        context: The context.
        endpoint: The endpoint.
        router: Routes its rows.
    """

    def __init__(self, context: ExtractContext, endpoint: Endpoint, router: RowRouter) -> None:
        self._context = context
        self._endpoint = endpoint
        self._router = router
        self._ways = WayFinder(context, endpoint, router)
        self._highest = 0
        is_single = len(endpoint.request_variants) == 1
        self._expected: Set[int] = router.expected() if is_single else frozenset()

    def read(self, partition: Partition, variants: Sequence[Mapping[str, str]]) -> None:
        """Read a partition.

        Args:
            partition: The parents' ids.
            variants: The parameters of each request variant: see `request_parameters`.

        Raises:
            RequestRefused: The API refuses each way to read the endpoint.
            ApiError: It could not be read, or so many rows are missing that the account may have
                lost a permission.
        """
        key = partition_key(partition)
        try:
            found = [self._read(partition, key, params) for params in variants]
            if self._context.limit is None and self._router.restart(key, self._highest):
                found += [self._read(partition, key, params) for params in variants]
        except BaseException:
            # The rows are not in the order of their versions: the cursor tells nothing yet.
            self._router.undo(key)
            raise
        if not all(reading.is_stable for reading in found):
            if self._context.limit is None:
                name = self._endpoint.name
                self._context.failures.warn(f"{name} grew faster than it could be read.")
                self._router.undo(key)
            return
        ids = found[0].seen
        for reading in found[1:]:
            ids |= reading.seen
        without_id = [row for row in ids if not isinstance(row, int)]
        ids.difference_update(without_id)
        self._router.parent_ids.is_complete = not without_id
        self._router.remove_missing(ids)

    def _read(self, partition: Partition, key: str, params: Mapping[str, str]) -> StableReading:
        """Read the rows of one request variant."""

        def attempt(
            endpoint: Endpoint, params: Mapping[str, str]
        ) -> tuple[StableReading, Iterator[Page]]:
            requester = PageRequester(self._context, endpoint)
            reading = requester.stable_reading(params, self._expected)
            return reading, begun(reading.read())

        reading, pages = self._ways.read(params, attempt)
        received, limit = 0, self._context.limit
        for page in pages:
            new = len(reading.seen) - received
            if limit is not None:
                new = min(new, limit - received)
                page = page.take(range(new))
            self._router.receive(partition, key, page)
            self._highest = max([self._highest, *page.versions(self._endpoint.cursor_field)])
            self._context.record_received(self._endpoint.name, new)
            received += new
            if self._context.has_enough(self._endpoint.name):
                break
        return reading
