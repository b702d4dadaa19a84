"""Flattens JSON objects to columns: by the catalog's layout, unknown fields after the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ..api.json_text import parsed
from ..catalog import Column, Kind
from ..catalog.coerce import COERCIONS, is_blank
from ..catalog.naming import snake_case
from ..catalog.pii import Privacy
from ..catalog.tables import (
    LOAD_ID,
    REMOVED,
    TAKEN_AT,
    UNREADABLE,
    ArrayField,
    ObjectField,
    ObjectLayout,
    ScalarField,
)
from .objects import EMPTY, Objects, distinct
from .table_builder import TableBuilder, kind_of

_RESERVED = frozenset((UNREADABLE, REMOVED, TAKEN_AT, "_dlt_id", LOAD_ID))
MOST_UNKNOWN = 500
"""So many columns a table gets for unknown fields; the memory that DuckDB and dlt take for a wide
table grows with the square of its columns. Further fields are kept in `_unreadable`."""
FURTHER = "(further fields)"
"""How their values are counted: by one name, because they may have any number of names."""


class UnknownFields:
    """The kinds of the columns that unknown fields have got. Threads may share it.

    Args:
        kinds: Those of earlier runs, by table and column: a column keeps its kind from then on.
        named: Other columns that earlier runs named, though they were not loaded, as
            `table.column`.
    """

    def __init__(
        self, kinds: Mapping[str, Mapping[str, Kind]] = EMPTY, named: Collection[str] = ()
    ) -> None:
        self._kinds: dict[str, dict[str, Kind]] = {t: dict(c) for t, c in kinds.items()}
        self._earlier = {*named, *(f"{t}.{c}" for t, columns in kinds.items() for c in columns)}
        self._first: set[str] = set()
        self._most = max(0, MOST_UNKNOWN - len(named))
        self._lock = threading.Lock()

    def is_first(self, name: str) -> bool:
        """Return whether a column, as `table.column`, is one that no earlier run named."""
        with self._lock:
            if name not in self._earlier and len(self._first) < self._most:
                self._first.add(name)
            return name in self._first

    def kind(self, table: str, column: str, values: Sequence[Any]) -> Kind | None:
        """Return the kind of an unknown field's column: as first met, by its first value; None if
        the table has as many such columns as it may have."""
        with self._lock:
            kinds = self._kinds.setdefault(table, {})
            if column not in kinds:
                if len(kinds) >= MOST_UNKNOWN:
                    return None
                kinds[column] = kind_of(next(v for v in values if v is not None), values)
            return kinds[column]


class Flattener:
    """Flattens objects to the columns of tables in the making.

    Args:
        privacy: The rules for personal data.
        unknown_fields: The kinds of unknown fields.
        found: Takes the columns of unknown fields that no earlier run named, as `table.column`.
    """

    def __init__(self, privacy: Privacy, unknown_fields: UnknownFields, found: set[str]) -> None:
        self._privacy = privacy
        self._unknown_kinds = unknown_fields
        self._found = found

    def flatten(
        self,
        builder: TableBuilder,
        layout: ObjectLayout,
        objects: Objects,
        keys: Mapping[str, Sequence[Any]] = EMPTY,
        is_fixed: bool = False,
    ) -> None:
        """Build the columns of one layer of objects.

        Args:
            builder: The table in the making.
            layout: The layer.
            objects: One object for each row.
            keys: Columns that the request gives; they count where an object leaves them blank.
            is_fixed: Whether they count in any case, because rows are replaced by them.
        """
        for scalar, values in zip(layout.scalars, objects.pick(layout.scalars)):
            if scalar.column.name in keys:
                given = keys[scalar.column.name]
                if is_fixed and values is not None:
                    others = builder.unlike(scalar.column.name, scalar.column.kind, values)
                    others = [None if g is None else other for other, g in zip(others, given)]
                    builder.keep_all(scalar.column.name, others)
                    values = [v if g is None else g for v, g in zip(values, given)]
                else:
                    values = [g if is_blank(v) else v for v, g in zip(values or given, given)]
            if scalar.protect is not None and values is not None:
                values = list(map(scalar.protect, values))
            builder.read(scalar.column, values)
            self._keep_other_names(builder, scalar, objects, scalar.column.name, layout.prefix)
        for embedded, values in zip(layout.objects, objects.pick(layout.objects)):
            self._flatten_embedded(builder, embedded.layout, values)
            name = embedded.layout.prefix.rstrip("_")
            self._keep_other_names(builder, embedded, objects, name, layout.prefix)
        for array, values in zip(layout.arrays, objects.pick(layout.arrays)):
            name = array.table.name.rpartition("__")[2]
            builder.lists[array.names[0]] = builder.as_lists(name, values, array.table.layout)
            self._keep_other_names(builder, array, objects, name, layout.prefix)
        for name, unknown in objects.unknown(layout.known).items():
            column = self._add_unknown(builder, layout.prefix, name, unknown)
            # Of a type without documented fields, every column is unknown: that is nothing new.
            if column and layout.known and self._unknown_kinds.is_first(f"{builder.name}.{column}"):
                self._found.add(f"{builder.name}.{column}")

    def _flatten_embedded(
        self, builder: TableBuilder, layout: ObjectLayout, values: Sequence[Any] | None
    ) -> None:
        """Build the columns of an embedded object, given what each row has in its place."""
        found: tuple[Sequence[Any], Sequence[int] | None] = [EMPTY], [0] * builder.size
        if values is not None:
            found = distinct(values)
        few, indexes = found
        part = builder
        if indexes is not None:
            taken = {*builder.taken, *builder.arrays}
            part = TableBuilder(builder.name, len(few), builder.keys, taken, self._privacy)
        name = layout.prefix.rstrip("_")
        self.flatten(part, layout, part.as_objects(name, few, layout))
        if indexes is not None:
            builder.repeat(part, indexes)

    def _keep_other_names(
        self,
        builder: TableBuilder,
        field: ScalarField | ObjectField | ArrayField,
        objects: Objects,
        column: str,
        prefix: str,
    ) -> None:
        """Keep what an object has under another name of a field, where it is another value."""
        if len(field.names) == 1:
            return
        scalar = field if isinstance(field, ScalarField) else None
        read = COERCIONS[scalar.column.kind if scalar and not scalar.protect else "json"]
        found = [(name, v) for name in field.names if (v := objects.named(name)) is not None]
        if len(found) < 2:
            return
        for row, values in enumerate(zip(*(map(parsed, values) for _, values in found))):
            sent = [(name, v) for (name, _), v in zip(found, values) if not _is_empty(v)]
            for name, value in sent[1:]:
                if not _is_same(read, value, sent[0][1]):
                    kept = scalar.protect(value) if scalar and scalar.protect else value
                    builder.keep(row, prefix + name, kept, column)

    def _add_unknown(
        self, builder: TableBuilder, prefix: str, name: str, values: Sequence[Any]
    ) -> str | None:
        """Take an unknown field; return its column, also one that is left out, if it has one."""
        column = prefix + snake_case(name)
        if column in builder.keys and column in builder.arrays:
            values = builder.unlike(column, None, values)
        if all(v is None for v in values):
            return None
        is_taken = column in builder.arrays or column in builder.taken or column in _RESERVED
        rule = self._privacy.unknown_rule(builder.name, column)
        if rule == "drop":
            return None if is_taken else column
        if rule == "hash":
            values = list(map(self._privacy.hash, values))
        kind = None if is_taken else self._unknown_kinds.kind(builder.name, column, values)
        if kind is None:
            builder.keep_all(prefix + name, values, column if is_taken else FURTHER)
            return None
        builder.read(Column(column, kind, ""), values)
        return column


def _is_empty(value: Any) -> bool:
    """Return whether a value stands for nothing."""
    return is_blank(value) or value == [] or value == {}


def _is_same(read: Callable[[Any], Any], value: Any, other: Any) -> bool:
    """Return whether two raw values are one value, in whatever spelling."""
    try:
        return value == other or bool(read(value) == read(other))
    except (ValueError, RecursionError):
        return False
