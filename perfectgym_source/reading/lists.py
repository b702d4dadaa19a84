"""Reads one list of the API for all who need it."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from ..catalogue import Endpoint, table_layout
from ..errors import ApiError, RequestRefused, SignInError
from ..paging import Fetch, keyset_pages, numbered_pages, stable_list, unpaged_list
from ..rows import Rows, Shape, row_id
from ..values import is_blank
from .consumers import Consumer, Unit, unit_key
from .parameters import request_parameters
from .receiving import Receiver

if TYPE_CHECKING:
    from .run import ReadingRun

UNITS_UNDER_WAY = 4
"""For each connection: enough to keep it busy, few enough to let other lists in between."""

NOT_FOUND = frozenset((400, 404, 410))
"""How the API may refuse a request for what belongs to a parent that is deleted."""


class ListReader:
    """Reads the list of one endpoint, for its table and for endpoints that take its ids.

    Args:
        run: The run that it is a part of.
        endpoint: The endpoint; in user mode the member's own details stand for the list of users.
    """

    def __init__(self, run: ReadingRun, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.receiver = Receiver(run, endpoint)
        self.error: ApiError | SignInError | None = None
        self.unread: list[Unit] = []
        self.done = threading.Event()
        self._run = run
        self._settings = run.settings
        self._needs_all = False
        self._seen = 0
        self._postponed: list[Unit] = []
        self._doubts: dict[str, list[Unit]] = {}
        # Other lists are small, or are compared as a whole with what was loaded last.
        self._shape = Shape(table_layout(endpoint).layout) if endpoint.is_keyset else None

    def attach(self, consumer: Consumer, needs_all: bool) -> None:
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
            if self.receiver.outbox is not None:
                self.receiver.outbox.close()

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
        limit = UNITS_UNDER_WAY * self._settings.concurrency
        under_way: set[Future[None]] = set()
        units, count = self._units()
        self._run.began(self.endpoint.name, count)
        for unit in units:
            if self._run.is_stopped:
                return
            if self._has_enough:
                break
            if self._run.has_given_up(self.endpoint.name):
                self._postpone(unit)
                continue
            under_way.add(self._run.submit(self._read_unit, unit))
            if len(under_way) >= limit:
                _, under_way = wait(under_way, return_when="FIRST_COMPLETED")
        wait(under_way)
        if self._postponed:
            self._run.report_postponed(self.endpoint.name, len(self._postponed))
        for doubt, doubtful in self._doubts.items():
            which = ", ".join("|".join(map(str, unit)) for unit in sorted(doubtful)[:5] if unit)
            more = ", ..." if len(doubtful) > 5 else ""
            self._run.warn(
                f"{self.endpoint.name}{f' of {which}{more}' if which else ''} ends with a full "
                f"page, and {doubt}: whether there are more rows is not known."
            )
        if self.receiver.outbox is not None:
            self.receiver.outbox.flush()

    def _failed_last(self, units: Iterable[Unit]) -> list[Unit]:
        """Put the units that failed the last time behind all others: after a number of failures,
        the rest is left for the next run."""
        order: dict[Unit, int] = {}
        for consumer in self.receiver.consumers():
            for place, unit in enumerate(consumer.pending.get(self.endpoint.name, ()), 1):
                order[unit] = max(place, order.get(unit, 0))
        return sorted(units, key=lambda unit: order.get(unit, 0)) if order else list(units)

    def _units(self) -> tuple[Iterable[Unit], int]:
        """The parents' ids for which requests are made, and how many there are."""
        if self._run.is_own(self.endpoint):
            return [()], 1
        if self.endpoint.pairs_from:
            above = self._run.reader(self.endpoint.pairs_from).receiver
            if self.receiver.table is not None:
                self.receiver.clear(self.receiver.table.forget_units(above.pairs, above.read))
            return self._failed_last(above.pairs), len(above.pairs)
        parents = [self._run.reader(parent.table) for parent in self.endpoint.parents]
        if self._run.comes_in_every_run(self.endpoint):
            ids = [reader.receiver.ids for reader in parents]
            return self._failed_last(itertools.product(*ids)), math.prod(map(len, ids))
        units: dict[Unit, None] = {}
        for consumer in self.receiver.consumers():
            for place, reader in enumerate(parents):
                new = reader.receiver.found.get(consumer.endpoint.name, {})
                others = [
                    new if i == place else other.receiver.ids for i, other in enumerate(parents)
                ]
                units.update(dict.fromkeys(itertools.product(*others)))
            units.update(dict.fromkeys(consumer.pending.get(self.endpoint.name, ())))
        return self._failed_last(units), len(units)

    @property
    def _has_enough(self) -> bool:
        """Whether a sample has as many rows as were asked for."""
        return self._run.limit is not None and self._seen >= self._run.limit

    def _read_unit(self, unit: Unit) -> None:
        if self._run.is_stopped:
            return
        if self._run.has_given_up(self.endpoint.name):
            self._postpone(unit)
            return
        try:
            with self._run.turns:
                self._read_variants(unit)
        except RequestRefused as error:
            # Nothing but the parent's own list says that the parent is gone.
            if not (error.status in NOT_FOUND and self._is_gone(unit)):
                self._failed(unit, error)
        except SignInError as error:
            self._failed(unit, error)
        except ApiError as error:
            if error.resource is None:
                error.resource = self.endpoint.name
            self._failed(unit, error)
        except RecursionError:
            name = self.endpoint.name
            self._failed(unit, ApiError("A row is nested too deeply.", resource=name))
        except BaseException as error:
            self._run.stop(error)
        else:
            self._run.succeeded(self.endpoint.name)
        finally:
            self._run.unit_done(self.endpoint.name)

    def _failed(self, unit: Unit, error: ApiError | SignInError) -> None:
        self._leave(unit, error)
        self._run.failed(self.endpoint.name, unit, error)

    def _postpone(self, unit: Unit) -> None:
        """Leave a unit for the next run without a request."""
        error = ApiError("It was not requested.", resource=self.endpoint.name)
        self._leave(unit, error, is_postponed=True)
        self._postponed.append(unit)

    def _leave(self, unit: Unit, error: ApiError | SignInError, is_postponed: bool = False) -> None:
        is_gone = self._is_gone(unit)
        for consumer in self.receiver.consumers():
            consumer.fail(self.endpoint.name, unit, is_gone, is_postponed)
        if not self.endpoint.parents or self._run.is_own(self.endpoint):
            self.error = error
        self.unread.append(unit)

    def _is_gone(self, unit: Unit) -> bool:
        """Whether a parent's own list says, or said, that the parent is gone."""
        said = [
            self._run.reader(parent.table).receiver.is_gone(identity)
            if self._run.has_reader(parent.table)
            else None
            for parent, identity in zip(self.endpoint.parents, unit)
        ]
        if None in said and any(
            unit in consumer.gone.get(self.endpoint.name, ())
            for consumer in self.receiver.consumers()
        ):
            return True
        return True in said

    def _read_variants(self, unit: Unit) -> None:
        whole: list[Any] = []
        is_stable = True
        for number, variant in enumerate(self.endpoint.variants):
            params = request_parameters(
                self.endpoint,
                unit,
                variant,
                self._settings,
                self._run.now.date(),
                self._run.own_id(self.endpoint),
            )

            def fetch(paging: Mapping[str, str], params: Mapping[str, str] = params) -> Rows:
                rows = self._run.client.get_rows(
                    self.endpoint.path, {**params, **paging}, self.endpoint.name, self._shape
                )
                self._run.note_answer()
                return rows

            if self.endpoint.is_keyset:
                key = unit_key(unit, number)
                is_stable &= self._start(key) == 0
                for page in self._keyset_pages(fetch, key):
                    self.receiver.receive(unit, key, page)
                    self._seen += len(page)
                    if self._has_enough:
                        return
                    self._run.turns.pass_on()
            elif self.endpoint.paging == "page":
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
                    self._doubts.setdefault(doubt, []).append(unit)
        if self.endpoint.is_keyset:
            self.receiver.is_complete = is_stable and not self.endpoint.parents
        else:
            self.receiver.receive_whole(unit, whole, is_stable)
            self._seen += len(whole)
        if self.endpoint.is_whole and is_stable:
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
