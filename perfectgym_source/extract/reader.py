"""Reads one list of the API for all who need it."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from ..api.pages import RowParser, Rows, row_id
from ..api.paginators import Fetch, keyset_pages, numbered_pages, stable_list, unpaged_list
from ..catalog import Endpoint, table_layout
from ..catalog.coerce import is_blank
from ..errors import ApiError, RequestRefused, SignInError
from .partitions import Partition, partition_key
from .receiver import Receiver
from .request_params import request_parameters
from .resource_state import ResourceState

if TYPE_CHECKING:
    from .extraction import Extraction

PARTITIONS_UNDER_WAY = 4
"""For each connection: enough to keep it busy, few enough to let other lists in between."""

NOT_FOUND = frozenset((400, 404, 410))
"""How the API may refuse a request for what belongs to a parent that is deleted."""


class ListReader:
    """Reads the list of one endpoint, for its table and for endpoints that take its ids.

    Args:
        run: The run that it is a part of.
        endpoint: The endpoint; in user mode the member's own details stand for the list of users.
    """

    def __init__(self, run: Extraction, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.receiver = Receiver(run, endpoint)
        self.error: ApiError | SignInError | None = None
        self.unread: list[Partition] = []
        self.done = threading.Event()
        self._run = run
        self._settings = run.settings
        self._needs_all = False
        self._seen = 0
        self._postponed: list[Partition] = []
        self._doubts: dict[str, list[Partition]] = {}
        # Other lists are small, or are compared as a whole with what was loaded last.
        self._row_parser = RowParser(table_layout(endpoint).layout) if endpoint.is_keyset else None

    def attach(self, consumer: ResourceState, needs_all: bool) -> None:
        """Collect the ids of this list for an endpoint that takes them."""
        self.receiver.attach(consumer)
        self._needs_all |= needs_all

    def need_all(self) -> None:
        """Read the list from its beginning, whatever is new in it."""
        self._needs_all = True

    def read(self) -> None:
        """Read the whole list; to be run in a thread of its own."""
        try:
            self._read()
        except ApiError as error:
            self.error = error
            if self.receiver.table is not None:
                self.receiver.table.abandon()
            self._run.report_failure(self.endpoint.name, (), error)
        except BaseException as error:  # handed to the thread that waits for the batches
            self._run.stop(error)
        finally:
            self.done.set()
            if self.receiver.batch_queue is not None:
                self.receiver.batch_queue.close()

    def _read(self) -> None:
        for table in self._run.lists_before(self.endpoint):
            before = self._run.reader(table)
            before.done.wait()
            if before.error is not None:
                raise ApiError(
                    f"The list {table!r}, on which it depends, could not be read.",
                    resource=self.endpoint.name,
                )
            if before.unread:
                error = ApiError(
                    f"The list {table!r}, on which it depends, could not be read completely.",
                    resource=self.endpoint.name,
                )
                self._run.report_failure(self.endpoint.name, before.unread[0], error)
        limit = PARTITIONS_UNDER_WAY * self._settings.concurrency
        under_way: set[Future[None]] = set()
        partitions, count = self._partitions()
        self._run.began(self.endpoint.name, count)
        for partition in partitions:
            if self._run.is_stopped:
                return
            if self._has_enough:
                break
            if self._run.has_given_up(self.endpoint.name):
                self._postpone(partition)
                continue
            under_way.add(self._run.submit(self._read_partition, partition))
            if len(under_way) >= limit:
                _, under_way = wait(under_way, return_when="FIRST_COMPLETED")
        wait(under_way)
        if self._postponed:
            self._run.report_postponed(self.endpoint.name, len(self._postponed))
        for doubt, doubtful in self._doubts.items():
            which = ", ".join(
                "|".join(map(str, partition)) for partition in sorted(doubtful)[:5] if partition
            )
            more = ", ..." if len(doubtful) > 5 else ""
            self._run.warn(
                f"{self.endpoint.name}{f' of {which}{more}' if which else ''} ends with a full "
                f"page, and {doubt}: whether there are more rows is not known."
            )
        if self.receiver.batch_queue is not None:
            self.receiver.batch_queue.flush()

    def _failed_last(self, partitions: Iterable[Partition]) -> list[Partition]:
        """Put the partitions that failed the last time behind all others: after a number of
        failures,
        the rest is left for the next run."""
        order: dict[Partition, int] = {}
        for consumer in self.receiver.consumers():
            for place, partition in enumerate(consumer.pending.get(self.endpoint.name, ()), 1):
                order[partition] = max(place, order.get(partition, 0))
        return (
            sorted(partitions, key=lambda partition: order.get(partition, 0))
            if order
            else list(partitions)
        )

    def _partitions(self) -> tuple[Iterable[Partition], int]:
        """The parents' ids for which requests are made, and how many there are."""
        if self._run.is_own(self.endpoint):
            return [()], 1
        if self.endpoint.pairs_from:
            above = self._run.reader(self.endpoint.pairs_from).receiver
            if self.receiver.table is not None:
                self.receiver.clear(self.receiver.table.forget_partitions(above.pairs, above.read))
            return self._failed_last(above.pairs), len(above.pairs)
        parents = [self._run.reader(parent.table) for parent in self.endpoint.parents]
        if self._run.comes_in_every_run(self.endpoint):
            ids = [reader.receiver.ids for reader in parents]
            return self._failed_last(itertools.product(*ids)), math.prod(map(len, ids))
        partitions: dict[Partition, None] = {}
        for consumer in self.receiver.consumers():
            for place, reader in enumerate(parents):
                new = reader.receiver.found.get(consumer.endpoint.name, {})
                others = [
                    new if i == place else other.receiver.ids for i, other in enumerate(parents)
                ]
                partitions.update(dict.fromkeys(itertools.product(*others)))
            partitions.update(dict.fromkeys(consumer.pending.get(self.endpoint.name, ())))
        return self._failed_last(partitions), len(partitions)

    @property
    def _has_enough(self) -> bool:
        """Whether a sample has as many rows as were asked for."""
        return self._run.limit is not None and self._seen >= self._run.limit

    def _read_partition(self, partition: Partition) -> None:
        if self._run.is_stopped:
            return
        if self._run.has_given_up(self.endpoint.name):
            self._postpone(partition)
            return
        try:
            with self._run.turns:
                self._read_variants(partition)
        except RequestRefused as error:
            # Nothing but the parent's own list says that the parent is gone.
            if not (error.status in NOT_FOUND and self._is_gone(partition)):
                self._failed(partition, error)
        except SignInError as error:
            self._failed(partition, error)
        except ApiError as error:
            if error.resource is None:
                error.resource = self.endpoint.name
            self._failed(partition, error)
        except RecursionError:
            name = self.endpoint.name
            self._failed(partition, ApiError("A row is nested too deeply.", resource=name))
        except BaseException as error:
            self._run.stop(error)
        else:
            self._run.succeeded(self.endpoint.name)
        finally:
            self._run.partition_done(self.endpoint.name)

    def _failed(self, partition: Partition, error: ApiError | SignInError) -> None:
        self._leave(partition, error)
        self._run.failed(self.endpoint.name, partition, error)

    def _postpone(self, partition: Partition) -> None:
        """Leave a partition for the next run without a request."""
        error = ApiError("It was not requested.", resource=self.endpoint.name)
        self._leave(partition, error, is_postponed=True)
        self._postponed.append(partition)

    def _leave(
        self, partition: Partition, error: ApiError | SignInError, is_postponed: bool = False
    ) -> None:
        is_gone = self._is_gone(partition)
        for consumer in self.receiver.consumers():
            consumer.fail(self.endpoint.name, partition, is_gone, is_postponed)
        if not self.endpoint.parents or self._run.is_own(self.endpoint):
            self.error = error
        self.unread.append(partition)

    def _is_gone(self, partition: Partition) -> bool:
        """Whether a parent's own list says, or said, that the parent is gone."""
        said = [
            self._run.reader(parent.table).receiver.is_gone(identity)
            if self._run.has_reader(parent.table)
            else None
            for parent, identity in zip(self.endpoint.parents, partition)
        ]
        if None in said and any(
            partition in consumer.deleted.get(self.endpoint.name, ())
            for consumer in self.receiver.consumers()
        ):
            return True
        return True in said

    def _read_variants(self, partition: Partition) -> None:
        whole: list[Any] = []
        is_stable = True
        for number, variant in enumerate(self.endpoint.request_variants):
            params = request_parameters(
                self.endpoint,
                partition,
                variant,
                self._settings,
                self._run.now.date(),
                self._run.own_id(self.endpoint),
            )

            def fetch(paging: Mapping[str, str], params: Mapping[str, str] = params) -> Rows:
                rows = self._run.client.get_rows(
                    self.endpoint.path, {**params, **paging}, self.endpoint.name, self._row_parser
                )
                self._run.note_answer()
                return rows

            if self.endpoint.is_keyset:
                key = partition_key(partition, number)
                is_stable &= self._start(key) == 0
                for page in self._keyset_pages(fetch, key):
                    self.receiver.receive(partition, key, page)
                    self._seen += len(page)
                    if self._has_enough:
                        return
                    self._run.turns.yield_slot()
            elif self.endpoint.paginator == "page":
                rows, stable = self._page_list(fetch)
                is_stable &= stable
                whole += rows
            else:
                rows, stable, doubt = unpaged_list(
                    fetch, self._settings.concurrency, self._identity
                )
                is_stable &= stable and not doubt
                whole += rows
                if doubt:
                    self._doubts.setdefault(doubt, []).append(partition)
        if self.endpoint.is_keyset:
            self.receiver.is_complete = is_stable and not self.endpoint.parents
        else:
            self.receiver.receive_whole(partition, whole, is_stable)
            self._seen += len(whole)
        if self.endpoint.is_full_list and is_stable:
            self.receiver.remove_missing(whole)

    def _keyset_pages(self, fetch: Fetch, key: str) -> Iterator[Rows]:
        """The pages from the cursor on; then all pages if the API has gone back behind it."""
        highest = 0
        for page in keyset_pages(fetch, self._start(key)):
            highest = max([highest, *page.versions[-1:]])
            yield page
        if self.receiver.restart(key, highest):
            yield from keyset_pages(fetch, 0)

    def _page_list(self, fetch: Fetch) -> tuple[list[Any], bool]:
        """The rows of a page-number list, and whether they are all there is."""
        if self._run.limit is not None:
            pages = numbered_pages(fetch, 1)
            elements = itertools.chain.from_iterable(page.elements for page in pages)
            return list(itertools.islice(elements, self._run.limit)), False
        rows, is_stable = stable_list(fetch, self._settings.concurrency, self._identity)
        if not is_stable:
            self._run.warn(f"{self.endpoint.name} grew faster than it could be read.")
        return rows, is_stable

    def _start(self, key: str) -> int:
        table = self.receiver.table
        if self._needs_all or (table is not None and table.loaded_from is not None):
            return 0
        overlap = self._settings.timestamp_overlap
        return min(
            c.cursor(self.endpoint.name)[key].start(overlap) for c in self.receiver.consumers()
        )

    def _identity(self, row: Any) -> Any:
        """What tells two rows of one answer apart: the id, or all of a row that has none."""
        identity = row_id(row)
        return repr(row) if identity is None else identity


def club_zone(row: Any) -> tuple[int, str | None] | None:
    """Return the id and the zone's name of a club's row; None if it has no id."""
    if not isinstance(row, dict) or (identity := row_id(row)) is None:
        return None
    names = (row.get("timeZone"), row.get("timezone"))
    return identity, next((n for n in names if isinstance(n, str) and not is_blank(n)), None)
