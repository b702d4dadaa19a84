"""Reads one list of the API for all who need it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from ..catalogue import Endpoint, Write, table_layout
from ..cursors import Version
from ..decoding.values import to_bool
from ..errors import ApiError, PagingError, RequestRefused
from ..paging import Fetch, keyset_pages, numbered_pages, row_version, stable_list
from .consumers import Consumer, Unit, is_versioned, row_id, unit_key
from .outbox import Outbox
from .parameters import request_parameters

if TYPE_CHECKING:
    from .run import ReadingRun

MAY_VANISH = 20
"""So many rows may vanish from a list at once, and beyond that up to half of it."""
UNITS_UNDER_WAY = 4
"""For each connection: enough to keep it busy, few enough to let other lists in between."""


class ListReader:
    """Reads the list of one endpoint, for its table and for endpoints that take its ids.

    Args:
        run: The run that it is a part of.
        endpoint: The endpoint; in user mode the member's own details stand for the list of users.
    """

    def __init__(self, run: ReadingRun, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.table: Consumer | None = None
        self.outbox: Outbox | None = None
        self.ids: dict[int, None] = {}
        self.error: ApiError | None = None
        self.done = threading.Event()
        self._run = run
        self._settings = run.settings
        self._needs_all = False
        self._children: dict[str, Consumer] = {}
        self._found: dict[str, dict[int, None]] = {}
        self._has_children = bool(table_layout(endpoint).children())
        self._had: dict[str, dict[int, int]] = {}
        self._seen = 0

    def attach(self, consumer: Consumer, needs_all: bool) -> None:
        """Collect the ids of this list for an endpoint that takes them."""
        self._children[consumer.endpoint.name] = consumer
        self._found.setdefault(consumer.endpoint.name, {})
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
            self._run.failed(self.endpoint.name, (), error)
        except BaseException as error:  # handed to the thread that waits for the batches
            self._run.stop(error)
        finally:
            self.done.set()
            if self.outbox is not None:
                self.outbox.close()

    def _read(self) -> None:
        for table in self._run.lists_before(self.endpoint):
            before = self._run.reader(table)
            before.done.wait()
            if before.error is not None:
                raise ApiError(
                    f"The list {table!r}, on which it depends, could not be read.",
                    resource=self.endpoint.name,
                )
        limit = UNITS_UNDER_WAY * self._settings.concurrency
        under_way: set[Future[None]] = set()
        for unit in self._units():
            if self._run.is_stopped:
                return
            if self._has_enough:
                break
            under_way.add(self._run.submit(self._read_unit, unit))
            if len(under_way) >= limit:
                _, under_way = wait(under_way, return_when="FIRST_COMPLETED")
        wait(under_way)
        if self.outbox is not None:
            self.outbox.flush()

    def _units(self) -> Iterable[Unit]:
        """The parents' ids for which requests are made."""
        parents = [self._run.reader(parent.table) for parent in self.endpoint.parents]
        if self._run.is_own(self.endpoint):
            return [()]
        if self._comes_in_every_run:
            return itertools.product(*(reader.ids for reader in parents))
        units: dict[Unit, None] = {}
        for consumer in self._consumers():
            for place, reader in enumerate(parents):
                new = reader._found.get(consumer.endpoint.name, {})
                others = [new if i == place else other.ids for i, other in enumerate(parents)]
                units.update(dict.fromkeys(itertools.product(*others)))
            if consumer is self.table:
                units.update(dict.fromkeys(sorted(consumer.pending)))
        return units

    @property
    def _has_enough(self) -> bool:
        """Whether a sample has as many rows as were asked for."""
        return self._run.limit is not None and self._seen >= self._run.limit

    @property
    def _comes_in_every_run(self) -> bool:
        return self.endpoint.every_run or self._run.is_own_parent(self.endpoint)

    def _consumers(self) -> list[Consumer]:
        return [*([self.table] if self.table else []), *self._children.values()]

    def _read_unit(self, unit: Unit) -> None:
        if self._run.is_stopped:
            return
        try:
            self._read_variants(unit)
        except RequestRefused as error:
            # A parent that is gone by now has nothing to give; anything else is a failure.
            if not (error.status == 404 and self.endpoint.parents):
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
            self._run.succeeded()

    def _failed(self, unit: Unit, error: ApiError) -> None:
        if self.table is not None:
            self.table.failed.add(unit)
        if not self.endpoint.parents:
            self.error = error
        self._run.failed(self.endpoint.name, unit, error)

    def _read_variants(self, unit: Unit) -> None:
        whole: list[Any] = []
        is_stable = True
        for number, variant in enumerate(self.endpoint.variants):
            params = request_parameters(
                self.endpoint, unit, variant, self._settings, self._run.now.date()
            )

            def fetch(paging: Mapping[str, str], params: Mapping[str, str] = params) -> list[Any]:
                return self._run.client.get(
                    self.endpoint.path, {**params, **paging}, self.endpoint.name
                )

            if self.endpoint.is_keyset:
                key = unit_key(unit, number)
                for page in self._keyset_pages(fetch, key):
                    self._receive(unit, key, page)
                    self._seen += len(page)
                    if self._has_enough:
                        return
            elif self.endpoint.paging == "page":
                rows, stable = self._page_list(fetch)
                is_stable &= stable
                whole += rows
            else:
                whole += fetch({})
        if not self.endpoint.is_keyset:
            self._receive_whole(unit, whole)
            self._seen += len(whole)
        if self.endpoint.is_whole and is_stable:
            self._remove_missing(whole)

    def _keyset_pages(self, fetch: Fetch, key: str) -> Iterator[list[Any]]:
        """The pages from the cursor on; all pages if the API has gone back behind it."""
        pages = keyset_pages(fetch, self._start(key))
        first = next(pages)
        if self._restart(key, [(row_version(row), row_id(row)) for row in first]):
            pages = keyset_pages(fetch, 0)
        else:
            yield first
        yield from pages

    def _restart(self, key: str, versions: Sequence[Version]) -> bool:
        """Begin the list again for all who read it, if one of them is ahead of the API."""
        overlap = self._settings.timestamp_overlap
        cursors = [consumer.cursor(self.endpoint.name) for consumer in self._consumers()]
        is_ahead = any(cursor[key].is_ahead(versions, overlap) for cursor in cursors)
        if is_ahead:
            self._run.warn(
                f"{self.endpoint.name}: the rows that were read last are gone from the list "
                f"{key or 'of the company'}; it is read from its beginning."
            )
            for cursor in cursors:
                cursor.restart(key)
        return is_ahead

    def _page_list(self, fetch: Fetch) -> tuple[list[Any], bool]:
        """The rows of a page-number list, and whether they are all there is."""
        if self._run.limit is not None:
            pages = numbered_pages(fetch, 1)
            return list(
                itertools.islice(itertools.chain.from_iterable(pages), self._run.limit)
            ), False
        rows, is_stable = stable_list(fetch, self._settings.concurrency, self._identity)
        if not is_stable:
            self._run.warn(f"{self.endpoint.name} grew faster than it could be read.")
        return rows, is_stable

    def _start(self, key: str) -> int:
        if self._needs_all:
            return 0
        overlap = self._settings.timestamp_overlap
        return min(c.cursor(self.endpoint.name)[key].start(overlap) for c in self._consumers())

    def _identity(self, row: Any) -> Any:
        """What tells two rows of one answer apart: the id, or all of a row that has none."""
        return row_id(row) or repr(row)

    def _receive(self, unit: Unit, key: str, rows: Sequence[Any]) -> None:
        """Take rows of a versioned list: each consumer gets what is new to it."""
        versions = [(row_version(row), row_id(row)) for row in rows]
        if self.endpoint.name == "clubs":
            self._run.note_clubs(rows)
        self._collect(key, versions)
        if self.table is None:
            return
        overlap = self._settings.timestamp_overlap
        cursor = self.table.cursor(self.endpoint.name)[key]
        had = self._had.setdefault(key, {})
        new, received = [], []
        for row, (version, identity) in zip(rows, versions):
            if identity == 0:
                raise PagingError(
                    f"A row with timestamp {version} has no id.", resource=self.endpoint.name
                )
            if self._has_children:
                if identity in had:
                    # It changed while the list was read. Its child rows can be loaded only once in
                    # a run, so its new version is left for the next one.
                    if had[identity] != version:
                        cursor.hold_below(version)
                    continue
                had[identity] = version
            received.append((version, identity))
            is_new = cursor.is_new(version, identity, overlap) or (
                self.endpoint.is_whole and identity not in self.table.known
            )
            if is_new and not (cursor.is_at_start and self._is_too_old(row)):
                new.append(row)
        cursor.receive(received, overlap)
        self._send(new, self._keys(unit))

    def _receive_whole(self, unit: Unit, rows: Sequence[Any]) -> None:
        """Take a list that came as a whole."""
        key = unit_key(unit)
        if is_versioned(self.endpoint):
            self._restart(key, [(row_version(row), row_id(row)) for row in rows])
            self._receive(unit, key, rows)
            return
        decoder = None if self.outbox is None else self.outbox.decoder
        allows_bare = decoder is not None and decoder.layout.layout.bare is not None
        if not allows_bare and not all(isinstance(row, dict) and row for row in rows):
            raise ApiError("An element of the list is not an object, or an empty one.")
        self._collect(
            key, [(row_version(r) if isinstance(r, dict) else 0, row_id(r)) for r in rows]
        )
        if self.table is None:
            return
        if self.endpoint.write is Write.SCOPE:
            if self._settings.deleted_rows == "remove":
                rows = [row for row in rows if not _is_deleted(row)]
            if self._comes_in_every_run and not self._is_changed(self.table, unit, rows):
                return
            self._send(rows, self._keys(unit), [] if rows else [self._keys(unit)])
            return
        is_detail = self.endpoint.paging == "none" and self.endpoint.write is Write.ROWS
        if is_detail and self._comes_in_every_run and not self._is_changed(self.table, unit, rows):
            return
        self._send(rows, self._keys(unit))

    def _is_changed(self, consumer: Consumer, unit: Unit, rows: Sequence[Any]) -> bool:
        return consumer.is_changed(unit, self._settings.pii.picture(self.endpoint, rows))

    def _remove_missing(self, rows: Sequence[Any]) -> None:
        """Remove from the table what a list that was read as a whole no longer holds."""
        if self.table is None:
            return
        ids = {row_id(row) for row in rows}
        gone = self.table.known - ids
        too_many = len(gone) > max(MAY_VANISH, len(self.table.known) // 2)
        if too_many and not self.table.is_full_refresh:
            raise ApiError(
                f"{len(gone)} of {len(self.table.known)} rows have vanished from the list at once: "
                "none of them is removed.",
                hint="Is the account still allowed to see them? If it is right, load this resource "
                "with --full-refresh.",
                resource=self.endpoint.name,
            )
        self.table.known = ids
        self._send([], {}, [{"id": identity} for identity in sorted(gone)])

    def _collect(self, key: str, versions: Sequence[Version]) -> None:
        """Note the ids for the endpoints that take them as parents."""
        if not self._children:
            return
        self.ids.update((identity, None) for _, identity in versions if identity)
        overlap = self._settings.timestamp_overlap
        for name, consumer in self._children.items():
            cursor = consumer.cursor(self.endpoint.name)[key]
            self._found[name].update(
                (identity, None)
                for version, identity in versions
                if identity and cursor.is_new(version, identity, overlap)
            )
            cursor.receive(versions, overlap)

    def _send(
        self,
        elements: Sequence[Any],
        keys: Mapping[str, Any],
        emptied: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        if self.outbox is not None:
            self.outbox.add(elements, keys, emptied)

    def _keys(self, unit: Unit) -> dict[str, int]:
        parents = self.endpoint.parents
        if not unit and self._run.is_own(self.endpoint):
            return {}
        return {parent.column: identity for parent, identity in zip(parents, unit)}

    def _is_too_old(self, row: Any) -> bool:
        first, name = self._settings.start_date, self.endpoint.dated_by
        if first is None or name is None:
            return False
        moment = row.get(name)
        return isinstance(moment, str) and moment[:10] < first.isoformat() and moment[:1].isdigit()


def _is_deleted(row: Any) -> bool:
    try:
        return isinstance(row, dict) and to_bool(row.get("isDeleted")) is True
    except ValueError:
        return False


def club_zone(row: Any) -> tuple[int, str] | None:
    """The id and the zone's name of a club's row, if it has both."""
    if not isinstance(row, dict):
        return None
    zone = row.get("timeZone") or row.get("timezone")
    identity = row_id(row)
    return (identity, zone) if identity and isinstance(zone, str) and zone != "null" else None
