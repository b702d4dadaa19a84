"""Builds the columns of one table from raw values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..catalogue import Column, Kind
from .values import (
    DECIMAL_PRECISION,
    DECIMAL_SCALE,
    READERS,
    is_blank,
    offset_of,
    to_json,
    to_moment,
)

LOCAL = pa.timestamp("us")
INSTANT = pa.timestamp("us", tz="UTC")

ARROW_TYPES: Mapping[str, pa.DataType] = {
    "long": pa.int64(),
    "int": pa.int64(),
    "decimal": pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "datetime": LOCAL,
    "json": pa.string(),
}
"""The Arrow type of each kind."""

_CANNOT_BUILD = (
    pa.ArrowInvalid,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    OverflowError,
    TypeError,
    UnicodeEncodeError,
)
_YEAR_1 = to_moment("0001-01-01") or 0
_NOTHING = type(None)
_TAKEN_AS_THEY_ARE: Mapping[str, set[type]] = {
    "long": {int, _NOTHING},
    "int": {int, _NOTHING},
    "double": {float, int, _NOTHING},
    "bool": {bool, _NOTHING},
    "string": {str, _NOTHING},
}
EMPTY: Mapping[str, Any] = {}
Objects = Sequence[Mapping[str, Any]]


class TableBuilder:
    """The columns of one table in the making."""

    def __init__(self, name: str, size: int, keys: Collection[str] = ()) -> None:
        self.name = name
        self.keys = keys
        self.size = size
        self.arrays: dict[str, pa.Array] = {}
        self.moments: dict[str, list[int | None]] = {}
        self.offsets: dict[str, dict[int, int]] = {}
        self.lists: dict[str, list[Sequence[Any]]] = {}
        self.unreadable: Counter[str] = Counter()
        self._raw: dict[int, dict[str, Any]] = {}

    def read(self, column: Column, values: Sequence[Any]) -> None:
        """Build a column from raw values."""
        try:
            array = _in_one_call(column.kind, values)
        except _CANNOT_BUILD:
            array = self._one_by_one(column, values)
        self.arrays[column.name] = array
        if column.kind == "datetime":
            self.moments[column.name] = array.cast(pa.int64()).to_pylist()
            self.arrays[column.utc_name] = array  # holds the place beside its local time

    def as_object(self, row: int, name: str, value: Any, bare: str | None) -> Mapping[str, Any]:
        """An embedded object from what came in its place."""
        single = value
        if isinstance(value, list) and len(value) <= 1:
            single = value[0] if value else None
        if is_blank(single):
            return EMPTY
        if isinstance(single, dict):
            return single
        if bare and not isinstance(single, list):
            return {bare: single}
        self.keep(row, name, value)
        return EMPTY

    def as_list(self, row: int, name: str, value: Any, bare: str | None) -> list[Any]:
        """A list of objects from what came in its place: a bare object counts as a list of one."""
        if is_blank(value):
            return []
        found = []
        for element in value if isinstance(value, list) else [value]:
            if isinstance(element, dict):
                found.append(element)
            elif bare and not isinstance(element, list) and element is not None:
                found.append({bare: element})
            elif element is not None:
                self.keep(row, name, value)
        return found

    def unreadable_values(self) -> pa.Array:
        """The `_unreadable` column: NULL, or what was sent by column name, as JSON."""
        if not self._raw:
            return pa.nulls(self.size, pa.string())
        return pa.array(
            [to_json(self._raw[row]) if row in self._raw else None for row in range(self.size)],
            pa.string(),
        )

    def keep(self, row: int, column: str, value: Any) -> None:
        """Keep what no column could take, for the row's `_unreadable`."""
        self.unreadable[column] += 1
        self._raw.setdefault(row, {})[column] = value

    def _one_by_one(self, column: Column, values: Sequence[Any]) -> pa.Array:
        read = READERS[column.kind]
        found: list[Any] = []
        for row, value in enumerate(values):
            try:
                found.append(read(value))
            except (ValueError, RecursionError):
                found.append(None)
                self.keep(row, column.name, value)
                continue
            if column.kind == "datetime" and (offset := offset_of(value)) is not None:
                self.offsets.setdefault(column.name, {})[row] = offset
        if column.kind == "datetime":
            return pa.array(found, pa.int64()).cast(LOCAL)
        return pa.array(found, ARROW_TYPES[column.kind])


def _in_one_call(kind: str, values: Sequence[Any]) -> pa.Array:
    if all(value is None for value in values):
        return pa.nulls(len(values), ARROW_TYPES[kind])
    if kind in ("decimal", "json", "date"):
        raise TypeError("such values are read one by one")
    if kind == "datetime":
        array = pa.array(values, pa.string()).cast(LOCAL)
        if pc.min(array.cast(pa.int64())).as_py() < _YEAR_1:
            raise TypeError("Arrow knows a year 0, Python and most databases do not")
        return array
    if not set(map(type, values)) <= _TAKEN_AS_THEY_ARE[kind]:
        raise TypeError("Arrow would take True and 1.5 for 1")
    return pa.array(values, ARROW_TYPES[kind])


def instants(micros: list[int | None]) -> pa.Array:
    """A column of instants from microseconds since the epoch."""
    return pa.array(micros, pa.int64()).cast(INSTANT)


def pick(objects: Objects, names: tuple[str, ...]) -> list[Any]:
    """The value of each object under the first of the names that has one."""
    values = [o.get(names[0]) for o in objects]
    for alias in names[1:]:
        values = [
            o.get(alias, v) if v is None or v == "" or v == "null" else v
            for o, v in zip(objects, values)
        ]
    return values


def kind_of(first: Any, values: Sequence[Any]) -> Kind:
    """What an unknown field holds, judged by its values."""
    if isinstance(first, bool):
        return "bool"
    if isinstance(first, (dict, list)):
        return "json"
    if isinstance(first, (int, float)):
        return "double" if any(isinstance(v, float) for v in values) else "long"
    return "string"
