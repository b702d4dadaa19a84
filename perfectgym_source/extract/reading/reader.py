"""Read the partitions of one endpoint, for its table and for the endpoints that take its ids."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...catalog import Endpoint
from ...errors import ApiError, RequestRefused, SignInError
from ...text import listed
from ..context import ExtractContext
from ..partitions import Partition, partition_key
from ..state.resource_state import ResourceState
from .changes import ChangeReader
from .full_lists import FullListReader
from .page_requests import PageRequester, request_parameters
from .row_router import RowRouter
from .ways import WayFinder

PARTITIONS_UNDER_WAY = 4
"""For each connection: enough to keep it busy, few enough to let other lists in between."""

NOT_FOUND = frozenset((400, 404, 410))
"""How the API may refuse a request for what belongs to a parent that is deleted."""


class EndpointReader:
    """Reads one endpoint, for its table and for the endpoints that take its ids.

    Args:
        context: The context.
        endpoint: The endpoint.
        readers: The readers of the extraction, by endpoint.
        pool: Reads the partitions.
    """

    def __init__(
        self,
        context: ExtractContext,
        endpoint: Endpoint,
        readers: Mapping[str, EndpointReader],
        pool: ThreadPoolExecutor,
    ) -> None:
        self.endpoint = endpoint
        self.router = RowRouter(context, endpoint)
        self.error: ApiError | SignInError | None = None
        self.unread: list[Partition] = []
        self.done = threading.Event()
        self._context = context
        self._failures = context.failures
        self._settings = context.settings
        self._readers = readers
        self._pool = pool
        self._needs_all = False
        self._postponed: list[Partition] = []
        self._doubts: dict[str, list[Partition]] = {}
        self._requester = PageRequester(context, endpoint)
        self._ways = WayFinder(context, endpoint, self.router)

    def _reader(self, name: str) -> EndpointReader:
        """Return the reader of another endpoint, or of its stand-in."""
        return self._readers[self._context.read_for(name).name]

    def _before(self) -> set[str]:
        """Return the endpoints that must have been read before this one."""
        before = set(self._context.parents(self.endpoint))
        if own := self._context.own_parent(self.endpoint):
            before.add(own)
        zones = self._settings.api.zones
        if zones and zones.endpoint in self._readers:
            before.add(zones.endpoint)
        return before - {self.endpoint.name}

    def attach(self, state: ResourceState, needs_all: bool) -> None:
        """Collect the ids for a resource that takes them."""
        self.router.parent_ids.attach(state)
        self._needs_all |= needs_all

    def need_all(self) -> None:
        """Read the endpoint from the beginning, whatever its cursors say."""
        self._needs_all = True

    def read(self) -> None:
        """Read all partitions; run in a thread for each endpoint."""
        try:
            self._read()
        except ApiError as error:
            self.error = error
            if self.router.table is not None:
                self.router.table.abandon()
            self._failures.report(self.endpoint.name, (), error)
        except BaseException as error:  # handed to the thread that waits for the batches
            self._failures.stop(error)
        finally:
            self.done.set()
            if self.router.batch_queue is not None:
                self.router.batch_queue.close()

    def _read(self) -> None:
        for table in self._before():
            before = self._reader(table)
            before.done.wait()
            if before.error is not None:
                raise self._depends_on(table)
            if before.unread:
                error = self._depends_on(table, " completely")
                self._failures.report(self.endpoint.name, before.unread[0], error)
        limit = PARTITIONS_UNDER_WAY * self._settings.concurrency
        free = threading.Semaphore(limit)
        partitions = self._failed_last(self._partitions())
        self._context.began(self.endpoint.name, len(partitions))
        for partition in partitions:
            if self._failures.is_stopped:
                return
            if self._context.has_enough(self.endpoint.name):
                break
            if self._failures.has_given_up(self.endpoint.name):
                self._postpone(partition)
                continue
            free.acquire()
            self._pool.submit(self._read_partition, partition).add_done_callback(
                lambda _: free.release()
            )
        for _ in range(limit):
            free.acquire()
        if self._postponed:
            self._failures.report_postponed(self.endpoint.name, len(self._postponed))
        for doubt, partitions in self._doubts.items():
            which = listed([partition_key(each) for each in sorted(partitions) if each], most=5)
            self._failures.warn(
                f"{self.endpoint.name}{which and f' of {which}'} ends with a full page, and "
                f"{doubt}: whether there are more rows is not known."
            )
        if self.router.batch_queue is not None:
            self.router.batch_queue.flush()  # what was received is loaded, whatever is kept
            self._send_held()
            self.router.batch_queue.flush()

    def _send_held(self) -> None:
        """Send the lists that lost most of their rows, or leave them for the next run.

        The other lists are in the table, and the state says so.
        """
        table = self.router.table
        error = table.counts.refusal(self.endpoint) if table is not None else None
        if table is None or error is None:
            self.router.send_held()
            return
        for partition in table.counts.drop():
            self._leave(partition, error)
        self.error = error
        self._failures.report(self.endpoint.name, (), error)

    def _depends_on(self, table: str, how: str = "") -> ApiError:
        return ApiError(
            f"The list {table!r}, on which it depends, could not be read{how}.",
            resource=self.endpoint.name,
        )

    def _failed_last(self, partitions: Iterable[Partition]) -> list[Partition]:
        """Put the partitions that failed the last time behind all others: after a number of
        failures, the rest is left for the next run."""
        order: dict[Partition, int] = {}
        for state in self.router.states():
            for index, partition in enumerate(state.pending.get(self.endpoint.name, ()), 1):
                order[partition] = max(index, order.get(partition, 0))
        return sorted(partitions, key=lambda partition: order.get(partition, 0))

    def _partitions(self) -> Iterable[Partition]:
        """Return the partitions to request."""
        table = self.router.table
        if self.endpoint.is_periodic and table is not None and not table.is_sweep:
            return table.pending.get(self.endpoint.name, ())
        if self._context.is_own_row(self.endpoint):
            return [()]
        if self.endpoint.pairs_from:
            above = self._reader(self.endpoint.pairs_from).router.parent_ids
            if table is not None:
                self.router.clear(table.forget_partitions(above.pairs, above.read))
            return above.pairs
        parents = [self._reader(parent.table).router.parent_ids for parent in self.endpoint.parents]
        every = [parent.ids for parent in parents]
        if self._context.reads_all(self.endpoint):
            return itertools.product(*every)
        partitions: dict[Partition, None] = {}
        for state in self.router.states():
            for index, parent in enumerate(parents):
                new = parent.found.get(state.endpoint.name, {})
                some = itertools.product(*every[:index], new, *every[index + 1 :])
                partitions.update(dict.fromkeys(some))
            partitions.update(dict.fromkeys(state.pending.get(self.endpoint.name, ())))
        return partitions

    def _read_partition(self, partition: Partition) -> None:
        if self._failures.is_stopped:
            return
        if self._failures.has_given_up(self.endpoint.name):
            self._postpone(partition)
            return
        try:
            self._read_variants(partition)
        except RequestRefused as error:
            # Only the parent's own endpoint says that the parent is deleted.
            if not (error.status in NOT_FOUND and self._is_deleted(partition)):
                self._failed(partition, error)
            elif self._is_flagged(partition):  # a list may lack it for other reasons
                self.router.remove(partition)
        except (ApiError, SignInError) as error:
            if isinstance(error, ApiError):
                error.resource = error.resource or self.endpoint.name
            self._failed(partition, error)
        except RecursionError:
            name = self.endpoint.name
            self._failed(partition, ApiError("A row is nested too deeply.", resource=name))
        except BaseException as error:
            self._failures.stop(error)
        else:
            self._failures.succeeded(self.endpoint.name)
        finally:
            self._context.partition_done(self.endpoint.name)

    def _failed(self, partition: Partition, error: ApiError | SignInError) -> None:
        self._leave(partition, error)
        self._failures.failed(self.endpoint.name, partition, error)

    def _postpone(self, partition: Partition) -> None:
        """Leave a partition for the next run without a request."""
        error = ApiError("It was not requested.", resource=self.endpoint.name)
        self._leave(partition, error, is_postponed=True)
        self._postponed.append(partition)

    def _leave(
        self, partition: Partition, error: ApiError | SignInError, is_postponed: bool = False
    ) -> None:
        is_deleted = self._is_deleted(partition)
        for state in self.router.states():
            state.fail(self.endpoint.name, partition, is_deleted, is_postponed)
        if not self.endpoint.parents or self._context.is_own_row(self.endpoint):
            self.error = error
        self.unread.append(partition)

    def _is_deleted(self, partition: Partition) -> bool:
        """Return whether a parent's own endpoint says, or said, that the parent is deleted."""
        said = [
            self._reader(parent.table).router.parent_ids.is_deleted(identity)
            if self._context.read_for(parent.table).name in self._readers
            else None
            for parent, identity in zip(self.endpoint.parents, partition)
        ]
        was_deleted = any(
            partition in state.deleted.get(self.endpoint.name, ()) for state in self.router.states()
        )
        return True in said or (None in said and was_deleted)

    def _is_flagged(self, partition: Partition) -> bool:
        """Return whether a parent's own endpoint flags the parent as deleted, in this run."""
        return any(
            self._reader(parent.table).router.parent_ids.is_flagged(identity)
            for parent, identity in zip(self.endpoint.parents, partition)
            if self._context.read_for(parent.table).name in self._readers
        )

    def _read_variants(self, partition: Partition) -> None:
        """Read a partition with each of the endpoint's request variants."""
        if self.endpoint.is_keyset:
            self._read_changes(partition)
            return
        if self.endpoint.is_full_list:
            variants = [self._params(partition, each) for each in self.endpoint.request_variants]
            FullListReader(self._context, self.endpoint, self.router).read(partition, variants)
            return
        rows, is_stable = self._full_list(partition)
        self.router.receive_full_list(partition, rows, is_stable)
        self._context.record_received(self.endpoint.name, len(rows))

    def _read_changes(self, partition: Partition) -> None:
        """Read the rows after the cursors."""
        changes = ChangeReader(self._context, self.endpoint, self.router)
        changes.needs_all = self._needs_all
        for number, variant in enumerate(self.endpoint.request_variants):
            params = self._params(partition, variant)
            for key, page in changes.pages(partition, number, params):
                self.router.receive(partition, key, page)
                self._context.record_received(self.endpoint.name, len(page))
                if self._context.has_enough(self.endpoint.name):
                    return
        changes.finish()
        self.router.parent_ids.is_complete = changes.is_complete

    def _full_list(self, partition: Partition) -> tuple[list[Any], bool]:
        """Return all rows of a partition, and whether they are known to be complete."""
        rows: list[Any] = []
        is_stable = True
        for variant in self.endpoint.request_variants:
            params = self._params(partition, variant)
            found = self._ways.read(params, lambda _, each: self._requester.full_list(each))
            is_stable &= found.is_stable and not found.doubt
            rows += found.rows
            if found.doubt:
                self._doubts.setdefault(found.doubt, []).append(partition)
            elif not found.is_stable and self._context.limit is None:
                self._failures.warn(f"{self.endpoint.name} grew faster than it could be read.")
                for state in self.router.states():
                    state.fail(self.endpoint.name, partition, is_deleted=False)
        if len(self.endpoint.request_variants) > 1:  # a row may move from one to the next
            rows = list({self._requester.identity(row): row for row in rows}.values())
        return rows, is_stable

    def _params(self, partition: Partition, variant: Mapping[str, str]) -> dict[str, str]:
        own = self._context.own_parent(self.endpoint)
        own_id = next(iter(self._readers[own].router.parent_ids.ids), None) if own else None
        today = self._context.today(self.endpoint, partition)
        return request_parameters(self.endpoint, partition, variant, self._settings, today, own_id)
