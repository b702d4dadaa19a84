"""Builds the columns of one table from raw values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

import pyarrow as pa

from ..api.json_text import parsed
from ..catalog import Column, Kind
from ..catalog.coerce import (
    COERCIONS,
    Inexact,
    is_blank,
    to_json,
    utc_offset_us,
)
from ..catalog.pii import OPEN, Privacy
from ..catalog.tables import ObjectLayout
from .columns import ARROW_TYPES, CANNOT_BUILD, LOCAL, in_one_call, moments_of
from .nested import parsed_lists, parsed_objects
from .objects import EMPTY, Lists, Objects, ParsedObjects

_KINDS: Mapping[pa.DataType, Kind] = {
    pa.int64(): "long",
    pa.string(): "string",
    pa.date32(): "date",
    LOCAL: "datetime",
}
"""A kind of the columns that may be keys, by Arrow type."""


@dataclass(eq=False)
class TableBuilder:
    """The columns of one table in the making.

    Attributes:
        name: The table.
        size: How many rows it will have.
        keys: Columns that come from the request.
        taken: Other columns that exist besides those that are built here.
        privacy: The rules for personal data.
        arrays: The columns that are done.
        moments: Local times as microseconds, by column; their instants are still to be found.
        offsets: Offsets that came with local times, in microseconds, by column.
        lists: The objects in the rows' arrays, by field.
        unreadable: How many values could not be read, by column.
    """

    name: str
    size: int
    keys: Collection[str] = ()
    taken: Collection[str] = ()
    privacy: Privacy = OPEN
    arrays: dict[str, pa.Array] = field(default_factory=dict)
    moments: dict[str, pa.Array] = field(default_factory=dict)
    offsets: dict[str, pa.Array] = field(default_factory=dict)
    lists: dict[str, Lists] = field(default_factory=dict)
    unreadable: Counter[str] = field(default_factory=Counter)
    _raw: dict[int, dict[str, tuple[Any, str]]] = field(default_factory=dict)

    def read(self, column: Column, values: Sequence[Any] | None) -> None:
        """Build a column from raw values; None where no row has one."""
        try:
            if values is None:
                array = pa.nulls(self.size, ARROW_TYPES[column.kind])
            else:
                array = in_one_call(column.kind, values)
        except CANNOT_BUILD:
            array = self._one_by_one(column, values or ())
        self.arrays[column.name] = array
        if column.kind == "datetime":
            self.moments[column.name] = array.cast(pa.int64())
            self.arrays[column.utc_name] = array  # holds the place beside its local time

    def repeat(self, part: TableBuilder, indexes: Sequence[int]) -> None:
        """Take over the columns of embedded objects that were decoded once for many rows.

        Args:
            part: Their columns, a row for each distinct object.
            indexes: For each row, which of them it has.
        """
        taken = pa.array(indexes, pa.int64())
        self.arrays.update((name, array.take(taken)) for name, array in part.arrays.items())
        for name in part.moments:
            self.moments[name] = self.arrays[name].cast(pa.int64())
        self.offsets.update((name, array.take(taken)) for name, array in part.offsets.items())
        if part._raw:
            for row, index in enumerate(indexes):
                for name, (value, counted_as) in part._raw.get(index, EMPTY).items():
                    self.keep(row, name, value, counted_as)

    def as_objects(self, name: str, values: Sequence[Any], layout: ObjectLayout) -> Objects:
        """Return embedded objects from what was sent in their place."""
        if (found := parsed_objects(layout, values)) is not None:
            return found
        objects = (
            self._as_object(row, name, parsed(value), layout.scalar_field)
            for row, value in enumerate(values)
        )
        return ParsedObjects(list(objects))

    def _as_object(
        self, row: int, name: str, value: Any, scalar_field: str | None
    ) -> Mapping[str, Any]:
        if type(value) is dict:
            return value
        single = value
        if isinstance(value, list) and len(value) <= 1:
            single = value[0] if value else None
        if is_blank(single):
            return EMPTY
        if isinstance(single, dict):
            return single
        if scalar_field and not isinstance(single, list):
            return {scalar_field: single}
        self.keep(row, name, value)
        return EMPTY

    def as_lists(self, name: str, values: Sequence[Any] | None, layout: ObjectLayout) -> Lists:
        """Return the lists of objects in each row: a single object counts as a list of one."""
        if values is None:
            return Lists([0] * self.size, ParsedObjects([]))
        if (found := parsed_lists(layout, values)) is not None:
            return found
        lists = [
            self._as_list(row, name, parsed(value), layout.scalar_field)
            for row, value in enumerate(values)
        ]
        return Lists(list(map(len, lists)), ParsedObjects([o for found in lists for o in found]))

    def _as_list(
        self, row: int, name: str, value: Any, scalar_field: str | None
    ) -> Sequence[Mapping[str, Any]]:
        if is_blank(value):
            return ()
        found = []
        for element in value if isinstance(value, list) else [value]:
            if isinstance(element, dict):
                found.append(element)
            elif scalar_field and not isinstance(element, list) and element is not None:
                found.append({scalar_field: element})
            elif element is not None:
                self.keep(row, name, value)
        return found

    def unreadable_values(self) -> pa.Array:
        """Return the `_unreadable` column: NULL, or what was sent by column name, as JSON, as far
        as it may be kept."""
        if not self._raw:
            return pa.nulls(self.size, pa.string())
        texts = {
            row: to_json({name: self.privacy.raw(value) for name, (value, _) in sent.items()})
            for row, sent in self._raw.items()
        }
        return pa.array(map(texts.get, range(self.size)), pa.string())

    def keep(self, row: int, name: str, value: Any, counted_as: str = "") -> None:
        """Keep a value that no column takes, for the row's `_unreadable`.

        Args:
            row: The index of the row.
            name: The name of the value there.
            value: The value as it was sent.
            counted_as: Its name in the counts, if it is another one.
        """
        counted_as = counted_as or name
        self.unreadable[counted_as] += 1
        kept = self._raw.setdefault(row, {})
        # Several values may have one name: a column's own, and an unknown field's.
        names = (f"{name} ({number})" if number > 1 else name for number in count(1))
        free = next(n for n in names if n not in kept or kept[n][0] is value)
        kept[free] = value, counted_as

    def keep_all(self, name: str, values: Sequence[Any], counted_as: str = "") -> None:
        """Keep the values of all rows that have one; see `keep`."""
        for row, value in enumerate(values):
            if value is not None:
                self.keep(row, name, value, counted_as)

    def unlike(self, column: str, kind: Kind | None, values: Sequence[Any]) -> Sequence[Any]:
        """Return raw values, None in place of blanks and of those that a column has anyway.

        Args:
            column: The column, which is built.
            kind: Its kind, if it is known.
            values: The raw values of a field, one for each row.
        """
        array = self.arrays[column]
        read = COERCIONS[kind or _KINDS.get(array.type, "string")]
        own = array.cast(pa.int64()) if array.type == LOCAL else array

        def differs(value: Any, held: Any) -> bool:
            try:
                return bool(read(value) != held)
            except (ValueError, RecursionError):
                return True

        return [
            value if not is_blank(value) and differs(value, held) else None
            for value, held in zip(values, own.to_pylist())
        ]

    def _one_by_one(self, column: Column, values: Sequence[Any]) -> pa.Array:
        if column.kind == "datetime":
            return self._moments(column, values)
        found: list[Any] = [None] * len(values)
        self._read_rows(column, values, range(len(values)), found)
        return pa.array(found, ARROW_TYPES[column.kind])

    def _moments(self, column: Column, values: Sequence[Any]) -> pa.Array:
        found, offsets, rows = moments_of(values)
        if rows:
            one_by_one, own = found.to_pylist(), offsets.to_pylist()
            for row in self._read_rows(column, values, rows, one_by_one):
                own[row] = utc_offset_us(values[row])
            found, offsets = pa.array(one_by_one, pa.int64()), pa.array(own, pa.int64())
        if offsets.null_count < len(offsets):
            self.offsets[column.name] = offsets
        return found.cast(LOCAL)

    def _read_rows(
        self, column: Column, values: Sequence[Any], rows: Iterable[int], found: list[Any]
    ) -> list[int]:
        """Read the values of some rows one by one; return those that could be read."""
        read = self.privacy.reader(column.kind)
        done = []
        for row in rows:
            try:
                found[row] = read(values[row])
                done.append(row)
            except (ValueError, RecursionError) as error:
                found[row] = error.value if isinstance(error, Inexact) else None
                self.keep(row, column.name, values[row])
        return done


def kind_of(first: Any, values: Sequence[Any]) -> Kind:
    """Return the kind of an unknown field, judged by its values.

    Objects and arrays are text: a dataset's schema does not tell JSON from other text later.
    """
    if isinstance(first, bool):
        return "bool"
    if isinstance(first, (int, float, Decimal)):
        return "double" if any(isinstance(v, (float, Decimal)) for v in values) else "long"
    return "string"
