"""Routes rows: new ones to the endpoint's table, ids to the endpoints that take them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import date
from typing import Any

from ...api.paging.pages import Page
from ...catalog import Endpoint, Write, table_layout
from ...catalog.coerce import is_true
from ...errors import ApiError
from ..batch_queue import BatchQueue
from ..context import ExtractContext
from ..deletion_guard import refusal
from ..partitions import Partition, partition_key
from ..state.cursors import Version
from ..state.resource_state import ResourceState
from .parent_ids import ParentIds


class RowRouter:
    """Routes the rows of one endpoint.

    Args:
        context: The context.
        endpoint: The endpoint.

    Attributes:
        table: The state of the endpoint's own resource, if its table is loaded.
        batch_queue: Takes the rows for the table.
        parent_ids: The ids of the rows, for the resources that take them.
    """

    def __init__(self, context: ExtractContext, endpoint: Endpoint) -> None:
        self.table: ResourceState | None = None
        self.batch_queue: BatchQueue | None = None
        self.parent_ids = ParentIds(context, endpoint)
        self._endpoint = endpoint
        self._context = context
        self._settings = context.settings
        self._cursor_field = endpoint.cursor_field
        self._sends_once = endpoint.is_full_list or bool(table_layout(endpoint).children())
        self._sent: dict[Partition, dict[int, Version]] = {}

    def release(self) -> None:
        """Forget all rows, after the state has been written."""
        self.parent_ids.release()
        self._sent = {}
        for state in self.states():
            state.release()

    def states(self) -> list[ResourceState]:
        """Return the states of all resources that need the endpoint, its own first."""
        return [*([self.table] if self.table else []), *self.parent_ids.children.values()]

    def read_as(self, endpoint: Endpoint) -> None:
        """Take the rows of the endpoint as one that is read in another way."""
        self._cursor_field = endpoint.cursor_field
        if self.table is not None and endpoint.has_sweeps:
            self.table.begin(endpoint)

    @property
    def reloads(self) -> bool:
        """Return whether all rows are read, and those that changed have no sign of it."""
        is_by_id = self._cursor_field == self._endpoint.id_field
        return is_by_id and self.table is not None and self.table.is_sweep

    def restart(self, key: str, highest: int) -> bool:
        """Put all cursors of a partition at the beginning, if the API's versions fell.

        Args:
            key: The partition's key in the state.
            highest: Its highest row version; 0 if there is none after the cursors.

        Returns:
            Whether it has to be read from the beginning.
        """
        overlap = self._settings.timestamp_overlap
        endpoint = self._endpoint
        cursors = [state.cursor(endpoint.name) for state in self.states()]
        has_versions = self._cursor_field == endpoint.version_field
        may_vanish = endpoint.is_full_list or not has_versions or len(endpoint.request_variants) > 1
        is_ahead = any(cursor[key].is_ahead(highest, overlap, may_vanish) for cursor in cursors)
        if is_ahead:
            self._context.failures.warn(
                f"{endpoint.name}: rows that were read last are gone from the list "
                f"{key or 'of the company'}, or have lower row versions than before; it is read "
                "from its beginning."
            )
            for cursor in cursors:
                cursor.restart(key)
        return is_ahead

    def undo(self, key: str) -> None:
        """Leave the cursors of a full list where they were: rows below may be missing.

        Args:
            key: The partition's key in the state.
        """
        for state in self.states():
            state.cursor(self._endpoint.name).undo(key)
        if self.table is not None:
            self.table.loaded_ids.update(self._sent.get((), ()))

    def expected(self) -> Set[int]:
        """Return the ids of the rows that were there before, as far as all resources that need
        them know them; empty if one does not."""
        if self.table is not None:
            return frozenset() if self.table.is_full_refresh else self.table.loaded_ids
        return self.parent_ids.known()

    def receive(self, partition: Partition, key: str, rows: Page) -> None:
        """Route rows of an endpoint with ids: to each resource those that are new to it.

        Args:
            partition: The parents' ids.
            key: The partition's key in the state.
            rows: Some or all of its rows. Those without an id are left out, and counted: their
                table could not tell them apart.
        """
        if self._context.has_zones(self._endpoint):
            self._context.record_zones(rows.elements)
        loaded = frozenset() if self.table is None else self.table.loaded_ids
        self.parent_ids.collect(partition, key, rows, self._cursor_field, loaded)
        if self.table is not None:
            new = self._new_rows(self.table, partition, key, rows)
            self._send(rows.take(new), self._keys(partition))

    def _new_rows(
        self, table: ResourceState, partition: Partition, key: str, rows: Page
    ) -> list[int]:
        """Return the indexes of the rows that are new to the table, and move its cursor."""
        cursor = table.cursor(self._endpoint.name)[key]
        versions, ids = rows.versions(self._cursor_field), rows.ids(self._endpoint.identity)
        are_new = self._are_new(table, key, rows, list(zip(versions, ids)))
        new: list[int] = []
        received: list[Version] = []
        # A row may move to another partition, unless the parent's id is part of its key.
        parents = [id for name, id in self._keys(partition).items() if name in self._endpoint.key]
        sent = self._sent.setdefault(tuple(parents), {})
        last: Version | None = None
        for index, (version, identity) in enumerate(zip(versions, ids)):
            if identity is None:
                self._context.record_without_id(self._endpoint.name)
                continue
            if (version, identity) == last:
                continue  # some lists have rows twice
            last = version, identity
            # In one step: another thread may be receiving the row in another partition.
            keep = sent.setdefault if self._sends_once and are_new[index] else sent.get
            first = keep(identity, last)
            if first[0] != version:
                # It changed while the endpoint was read. Its child rows can be loaded only once in
                # a run, so its new version is left for the next one.
                cursor.hold_below(version)
                if not self._context.reads_all(self._endpoint):
                    table.fail(self._endpoint.name, partition, is_deleted=False)
                continue
            received.append(last)
            if are_new[index] and first is last:
                new.append(index)
        cursor.receive(received, self._settings.timestamp_overlap)
        return new

    def _are_new(
        self,
        table: ResourceState,
        key: str,
        rows: Page,
        versions: Sequence[tuple[int, int | None]],
    ) -> list[bool]:
        """Return for each row whether the table lacks it in this version, and is to have it."""
        cursor = table.cursor(self._endpoint.name)[key]
        if self.reloads and versions:
            are_new = [self._is_changed_page(table, rows)] * len(versions)
        else:
            are_new = cursor.are_new(versions, table.overlap)
            if self._endpoint.is_full_list:
                known = table.loaded_ids
                are_new = [new or row[1] not in known for new, row in zip(are_new, versions)]
            for index in self._let_in(rows, table.loaded_from):
                are_new[index] = True
        if cursor.is_at_start:
            # A list that is read from its beginning again brings what changed since.
            former = table.former_cursor(key)
            for index in self._before(rows, self._settings.start_date):
                version, identity = versions[index]
                are_new[index] = not former.is_at_start and former.is_new(
                    version, identity or 0, table.overlap
                )
        return are_new

    def _is_changed_page(self, state: ResourceState, rows: Page) -> bool:
        """Return whether a page differs from the one loaded last, and record it."""
        first = next((id for id in rows.ids(self._endpoint.id_field) if id is not None), 0)
        picture = self._settings.pii.picture(self._endpoint, rows.elements)
        return state.is_changed_page(first, picture)

    def receive_full_list(
        self, partition: Partition, elements: Sequence[Any], is_stable: bool = True
    ) -> None:
        """Route all elements of a list that replaces those of its partition, or is sent as a whole.

        Args:
            partition: The parents' ids.
            elements: The elements.
            is_stable: Whether they are all there are.

        Raises:
            ApiError: An element is no object.
        """
        rows = Page(elements)
        decoder = None if self.batch_queue is None else self.batch_queue.decoder
        allows_scalars = decoder is not None and decoder.layout.layout.scalar_field is not None
        if not allows_scalars and not all(isinstance(row, dict) and row for row in elements):
            raise ApiError("An element of the list is not an object, or an empty one.")
        if not allows_scalars:
            key = partition_key(partition)
            self.parent_ids.collect(partition, key, rows, self._cursor_field)
            if is_stable and None not in rows.ids(self._endpoint.id_field):
                self.parent_ids.read.add(partition)
                self.parent_ids.is_complete = not self._endpoint.parents
        if self.table is None:
            return
        if self._endpoint.write is Write.REPLACE:
            if self._settings.deleted_rows == "remove":
                flag = self._endpoint.deleted_field
                elements = [
                    row
                    for row in elements
                    if not (isinstance(row, dict) and is_true(row.get(flag)))
                ]
            is_guarded = not self._endpoint.is_volatile and self._context.limit is None
            if is_guarded and self.table.counts.hold(partition, elements):
                return
        self._send_list(self.table, partition, elements)

    def send_held(self) -> None:
        """Send the lists that lost most of their rows, when all lists have been read."""
        if self.table is not None:
            for partition, elements in self.table.counts.release():
                self._send_list(self.table, partition, elements)

    def _send_list(
        self, state: ResourceState, partition: Partition, elements: Sequence[Any]
    ) -> None:
        replaces = self._endpoint.write is Write.REPLACE
        emptied = [self._keys(partition)] if replaces and not elements else []
        may_be_same = self._endpoint.is_detail or replaces
        if not (may_be_same and self._is_same(state, partition, elements)):
            self._send(Page(elements), self._keys(partition), emptied)

    def _is_same(self, state: ResourceState, partition: Partition, elements: Sequence[Any]) -> bool:
        """Return whether a list that each run reads is as it was loaded last, and record it."""
        if not self._context.reads_all(self._endpoint):
            return False
        return not state.is_changed(partition, self._settings.pii.picture(self._endpoint, elements))

    def clear(self, partitions: Iterable[Partition]) -> None:
        """Remove the rows of partitions whose parents no longer belong together."""
        self._send(Page([]), {}, [self._keys(partition) for partition in partitions])

    def remove(self, partition: Partition) -> None:
        """Remove what was read for a deleted parent, if deleted rows are removed.

        The rows of a keyset list stay: only `repair` knows which of them are in the table.
        """
        is_replaced = self._endpoint.is_detail or self._endpoint.write is Write.REPLACE
        if self.table is not None and is_replaced and self._settings.deleted_rows == "remove":
            self.table.forget_partition(partition)
            self.clear([partition])

    def remove_missing(self, ids: set[int]) -> None:
        """Remove from the table the rows that are missing.

        Args:
            ids: The ids of all rows that the API has.

        Raises:
            ApiError: They are so many that the account may have lost a permission.
        """
        if self.table is None:
            return
        missing = self.table.loaded_ids - ids
        error = refusal(self._endpoint, len(missing), len(self.table.loaded_ids))
        if error and not self.table.is_full_refresh:
            if self._endpoint.is_full_list:
                self.table.loaded_ids |= ids  # those that are new are loaded
            raise error
        self.table.loaded_ids = ids
        field = str(self._endpoint.id_field)
        self._send(Page([]), {}, [{field: identity} for identity in sorted(missing)])

    def _send(
        self,
        rows: Page,
        keys: Mapping[str, Any],
        emptied: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        if self.batch_queue is None:
            return
        try:
            self.batch_queue.add(rows, keys, emptied)
        except BaseException:
            # The batch held rows of other partitions too, whose cursors have moved.
            if self.table is not None:
                self.table.abandon()
            raise

    def _keys(self, partition: Partition) -> dict[str, int]:
        parents = self._endpoint.parents
        if not partition and self._context.is_own_row(self._endpoint):
            return {}
        return {parent.column: identity for parent, identity in zip(parents, partition)}

    def _let_in(self, rows: Page, loaded_from: date | None) -> Collection[int]:
        """Return the indexes of rows that an earlier `start_date` left out and today's does not."""
        if loaded_from is None:
            return ()
        return self._before(rows, loaded_from) - self._before(rows, self._settings.start_date)

    def _before(self, rows: Page, day: date | None) -> set[int]:
        """Return the indexes of rows that belong to a time before a day."""
        name = self._endpoint.backfill_date_field
        if day is None or name is None:
            return set()
        start = day.isoformat()
        return {
            index
            for index, moment in enumerate(rows.values(name))
            if isinstance(moment, str) and moment[:10] < start and moment[:1].isdigit()
        }
