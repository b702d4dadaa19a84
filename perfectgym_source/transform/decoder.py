"""Rows of responses to Arrow tables: one column at a time, typed by the catalog.

Every column is first built in one call, which succeeds where the API sends what it documents. Only
where that fails are its values read one by one, with the odd spellings that `catalog.coerce` knows.
A value that cannot be read as its column's type leaves NULL there; what was sent is kept in the
row's `_unreadable` column, as JSON by column name; so is an unknown field whose column name is
reserved.

The rows of a child table carry the key of their root row. A root row that comes with an empty array
gives the child table a row that only says so (`_removed`): while loading, all older rows with that
key are deleted, and those that came with it stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..api.paging.pages import ColumnarPage, Page
from ..catalog import Endpoint, TableLayout, Write
from ..catalog.model import INSTALLATION
from ..catalog.pii import OPEN, Privacy
from ..catalog.tables import REMOVED, TAKEN_AT, UNREADABLE
from .columns import ARROW_TYPES, INSTANT
from .flatten import Flattener, UnknownFields
from .objects import EMPTY, ColumnarObjects, Lists, Objects, ParsedObjects
from .table_builder import TableBuilder
from .time_zones import ClubClocks


@dataclass
class Batch:
    """Decoded rows of one endpoint.

    Attributes:
        tables: An Arrow table for the root table and for each child table that has rows.
        rows: How many rows each table has, without those that only remove older ones.
        deleted: How many rows of the endpoint's own table are flagged as deleted, or are removed
            because they are missing from a full list.
        removed: How many of these leave the table.
        unreadable: How many values could not be read, by `table.column`.
        unknown_fields: Columns of unknown fields that no earlier run named, as `table.column`.
        without_instant: The clubs of rows with a local time that has no instant; None for rows of
            no club.
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    unknown_fields: set[str] = field(default_factory=set)
    without_instant: set[int | None] = field(default_factory=set)


def arrow_schema(endpoint: Endpoint, table: TableLayout) -> pa.Schema:
    """Return the columns of a table as decoded rows have them, without unknown fields.

    Args:
        endpoint: The endpoint.
        table: Its root table or one of its child tables, by the rules for personal data.
    """
    types = {key.name: ARROW_TYPES[key.kind] for key in table.keys}
    types |= dict.fromkeys(table.positions, pa.int64())
    for column in table.layout.columns():
        types.setdefault(column.name, ARROW_TYPES[column.kind])
        if column.kind == "datetime":
            types[column.utc_name] = INSTANT
    types[UNREADABLE] = pa.string()
    if endpoint.write is Write.APPEND:
        types[TAKEN_AT] = INSTANT
    elif table.level or endpoint.marks_removed:
        types[REMOVED] = pa.bool_()
    return pa.schema(types)


@dataclass(eq=False)
class Decoder:
    """Decodes the rows of one endpoint. Threads may share it.

    Attributes:
        endpoint: The endpoint.
        clocks: The clubs' time zones.
        unknown_fields: What earlier runs found of them.
        taken_at: For snapshots, when they are taken (with a time zone).
        fresh: Tables that hold nothing yet, so that nothing has to be removed from them.
        removes_deleted: Whether rows that are flagged as deleted leave nothing in child tables.
        privacy: The rules for personal data.
        installation: The installation's name, if the endpoint's tables hold several.
    """

    endpoint: Endpoint
    clocks: ClubClocks
    unknown_fields: UnknownFields = field(default_factory=UnknownFields)
    taken_at: datetime | None = None
    fresh: Collection[str] = ()
    removes_deleted: bool = False
    privacy: Privacy = OPEN
    installation: str = ""

    @cached_property
    def layout(self) -> TableLayout:
        """Return the layout of the tables, by the rules for personal data."""
        return self.privacy.layout(self.endpoint)

    def decode(
        self,
        pages: Sequence[Page],
        requests: Sequence[Mapping[str, Any]],
        emptied: Sequence[Mapping[str, Any]] = (),
    ) -> Batch:
        """Decode rows.

        Args:
            pages: The rows.
            requests: For each row, the key columns that its request gives (`club_id`).
            emptied: What is to be deleted: key columns of parents whose full list is empty now, or
                whose details are no longer there; or ids of rows that are missing from a full list.

        Raises:
            ValueError: A row is neither an object nor a scalar that its type allows.
        """
        builder = BatchBuilder(self, [*requests, *emptied], len(emptied))
        builder.add_root(self._objects(pages, emptied))
        return builder.batch

    def _objects(self, pages: Sequence[Page], emptied: Sequence[Mapping[str, Any]]) -> Objects:
        columnar = [page for page in pages if isinstance(page, ColumnarPage)]
        has_same_fields = len({tuple(page.columns) for page in columnar}) == 1
        if has_same_fields and len(columnar) == len(pages) and not emptied:
            return ColumnarObjects.of_pages(columnar)
        end = {str(self.endpoint.deleted_field): True} if self.endpoint.is_detail else EMPTY
        ends = emptied if self.endpoint.removes_missing else [end] * len(emptied)
        rows = (row for page in pages for row in page.elements)
        return ParsedObjects([*map(self._root_object, rows), *ends])

    def _root_object(self, row: Any) -> Mapping[str, Any]:
        if isinstance(row, dict):
            return row
        if self.layout.layout.scalar_field and not isinstance(row, list):
            return {self.layout.layout.scalar_field: row}
        raise ValueError("a row is not an object")


@dataclass
class _ChildRows:
    """Where the rows of a child table belong.

    Attributes:
        roots: The index of each row's root row.
        positions: Its position in the arrays down to it, one column for each level; NULL for rows
            that only delete.
    """

    roots: pa.Array
    positions: Sequence[pa.Array] = ()

    def below(self, lengths: Sequence[int]) -> _ChildRows:
        """Return where the elements of arrays belong that these rows have, by their lengths."""
        ends = pa.array(accumulate(lengths, initial=0), pa.int32())
        indexes = pa.array(range(ends[-1].as_py()), pa.int32())
        parents = pc.list_parent_indices(pa.ListArray.from_arrays(ends, indexes))
        inner = pc.subtract(indexes, ends.take(parents)).cast(pa.int64())
        positions = [*(outer.take(parents) for outer in self.positions), inner]
        return _ChildRows(self.roots.take(parents), positions)

    def followed_by(self, roots: Sequence[int]) -> _ChildRows:
        """Return these rows and, of each of some root rows, one that only deletes."""
        if not roots:
            return self
        nothing = pa.nulls(len(roots), pa.int64())
        return _ChildRows(
            pa.concat_arrays([self.roots, pa.array(roots, pa.int64())]),
            [pa.concat_arrays([positions, nothing]) for positions in self.positions],
        )


class BatchBuilder:
    """Builds the tables of one batch."""

    def __init__(
        self, decoder: Decoder, requests: Sequence[Mapping[str, Any]], emptied: int
    ) -> None:
        self.batch = Batch()
        self._decoder = decoder
        self._endpoint = decoder.endpoint
        self._requests = requests
        self._emptied = emptied
        self._flattener = Flattener(
            decoder.privacy, decoder.unknown_fields, self.batch.unknown_fields
        )
        self._clubs: pa.Array | None = None
        self._root_keys: list[pa.Array] = []

    def add_root(self, objects: Objects) -> None:
        """Add the endpoint's own rows, and what is in their arrays."""
        table = self._decoder.layout
        size = len(objects)
        builder = self._builder(table, size)
        own: dict[str, list[Any]] = {INSTALLATION: [self._decoder.installation] * size}
        keys = {
            column.name: own.get(column.name)
            or [request.get(column.name) for request in self._requests]
            for column in table.keys
        }
        for column in table.keys:
            builder.read(column, keys[column.name])
        is_fixed = self._endpoint.write is Write.REPLACE
        self._flattener.flatten(builder, table.layout, objects, keys, is_fixed)
        self._root_keys = [
            builder.arrays.get(name, pa.nulls(size, pa.int64())) for name in self._endpoint.key
        ]
        if self._endpoint.time_zone is not None:
            self._clubs = builder.arrays[self._endpoint.time_zone]
        deleted: set[int] = set()
        flagged = self._endpoint.deleted_column
        if self._decoder.removes_deleted and flagged in builder.arrays:
            flags = builder.arrays[flagged].to_pylist()
            deleted = {row for row, flag in enumerate(flags) if flag}
        removing: list[bool | None] | None = None
        if self._endpoint.marks_removed:
            removing = [None] * (size - self._emptied) + [True] * self._emptied
            if self._endpoint.removes_missing:
                removing = [True if row in deleted else flag for row, flag in enumerate(removing)]
        self._note_deleted(table, builder)
        self._finish(table, builder, self._clubs, removing)
        if self._endpoint.is_detail:
            self.batch.rows[table.name] -= self._emptied
        place = _ChildRows(pa.array(range(size), pa.int64()))
        for array in table.layout.arrays:
            self._add_child(array.table, builder.lists[array.names[0]].without(deleted), place)

    def _note_deleted(self, table: TableLayout, builder: TableBuilder) -> None:
        deleted = self._emptied if self._endpoint.removes_missing else 0
        flagged = 0
        column = self._endpoint.deleted_column
        if column in builder.arrays:
            received = builder.arrays[column].slice(0, builder.size - self._emptied)
            flagged = pc.sum(received).as_py() or 0
        self.batch.deleted[table.name] += deleted + flagged
        self.batch.removed[table.name] += deleted + (
            flagged if self._decoder.removes_deleted else 0
        )

    def _builder(self, table: TableLayout, size: int) -> TableBuilder:
        keys = {key.name for key in table.keys}
        return TableBuilder(table.name, size, keys, privacy=self._decoder.privacy)

    def _add_child(self, table: TableLayout, lists: Lists, above: _ChildRows) -> None:
        objects = lists.elements
        place = above.below(lists.lengths)
        removing = self._removing(table, place)
        place = place.followed_by(removing)
        if not len(place.roots):
            return
        builder = self._builder(table, len(place.roots))
        for column, values in zip(table.keys, self._root_keys):
            builder.arrays[column.name] = values.take(place.roots)
        builder.arrays.update(zip(table.positions, place.positions))
        self._flattener.flatten(builder, table.layout, objects.padded(len(removing)))
        clubs = None if self._clubs is None else self._clubs.take(place.roots)
        flags = [None] * len(objects) + [True] * len(removing)
        self._finish(table, builder, clubs, None if self._endpoint.write is Write.APPEND else flags)
        for array in table.layout.arrays:
            self._add_child(array.table, builder.lists[array.names[0]], place)

    def _removing(self, table: TableLayout, place: _ChildRows) -> list[int]:
        """Return root rows whose older rows in a child table are deleted, without new ones."""
        if self._endpoint.write is Write.APPEND or table.name in self._decoder.fresh:
            return []
        filled = set(pc.unique(place.roots).to_pylist())
        roots = range(len(self._requests))
        if self._endpoint.write is Write.MERGE:
            return [root for root in roots if root not in filled]
        # The rows of the same parents are replaced together.
        parents = [tuple(request.values()) for request in self._requests]
        filled_parents = {parents[root] for root in filled}
        first = {parents[root]: root for root in reversed(roots)}
        return sorted(root for each, root in first.items() if each not in filled_parents)

    def _finish(
        self,
        table: TableLayout,
        builder: TableBuilder,
        clubs: pa.Array | None,
        removing: Sequence[bool | None] | None,
    ) -> None:
        """Add the columns that are not the API's, and put the table into the batch."""
        for name, count in builder.unreadable.items():
            self.batch.unreadable[f"{table.name}.{name}"] += count
        for name, local in builder.moments.items():
            found = self._decoder.clocks.to_utc(clubs, local)
            if name in builder.offsets:
                found = pc.coalesce(pc.subtract(local, builder.offsets[name]), found)
            builder.arrays[f"{name}_utc"] = found.cast(INSTANT)
            if found.null_count > local.null_count:
                lacking = pc.and_(local.is_valid(), found.is_null())
                whose = [None] if clubs is None else pc.unique(clubs.filter(lacking)).to_pylist()
                self.batch.without_instant.update(whose)
        builder.arrays[UNREADABLE] = builder.unreadable_values()
        if removing is not None:
            builder.arrays[REMOVED] = pa.array(removing, pa.bool_())
        if self._endpoint.write is Write.APPEND:
            taken = [self._decoder.taken_at] * builder.size
            builder.arrays[TAKEN_AT] = pa.array(taken, INSTANT)
        if builder.size:
            self.batch.tables[table.name] = pa.table(builder.arrays)
            self.batch.rows[table.name] += builder.size - sum(map(bool, removing or ()))
