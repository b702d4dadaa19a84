"""Spreads JSON objects over columns: by the catalogue's layout, unknown fields after the rest."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ..catalogue import Column, Kind
from ..catalogue.columns import REMOVED, TAKEN_AT, UNREADABLE, ObjectLayout, snake_case
from ..values import is_blank
from .building import TableBuilder, kind_of
from .objects import EMPTY, Objects, Parsed, distinct
from .privacy import Privacy

_RESERVED = frozenset((UNREADABLE, REMOVED, TAKEN_AT))
MOST_NEWS = 500
"""So many columns a table gets for unknown fields; the memory that DuckDB and dlt take for a wide
table grows with the square of its columns. Further fields are kept in `_unreadable`."""
FURTHER = "(further fields)"
"""How their values are counted: by one name, because they may have any number of names."""


class News:
    """The kinds of the columns that unknown fields have got. Threads may share it.

    Args:
        kinds: Those of earlier runs, by table and column.
    """

    def __init__(self, kinds: Mapping[str, Mapping[str, Kind]]) -> None:
        self._kinds: dict[str, dict[str, Kind]] = {t: dict(c) for t, c in kinds.items()}
        self._lock = threading.Lock()

    def kind(self, table: str, column: str, values: Sequence[Any]) -> Kind | None:
        """The kind of an unknown field's column: as first met, by its first value; None if the
        table has as many such columns as it may have."""
        with self._lock:
            kinds = self._kinds.setdefault(table, {})
            if column not in kinds:
                if len(kinds) >= MOST_NEWS:
                    return None
                kinds[column] = kind_of(next(v for v in values if v is not None), values)
            return kinds[column]


class Spreader:
    """Spreads objects over the columns of tables in the making.

    Args:
        privacy: What becomes of personal data.
        news: The kinds of unknown fields.
        found: Takes the columns of unknown fields, as `table.column`.
    """

    def __init__(self, privacy: Privacy, news: News, found: set[str]) -> None:
        self._privacy = privacy
        self._news = news
        self._found = found

    def spread(
        self,
        builder: TableBuilder,
        layout: ObjectLayout,
        objects: Objects,
        keys: Mapping[str, Sequence[Any]] = EMPTY,
    ) -> None:
        """Build the columns of one layer of objects.

        Args:
            builder: The table in the making.
            layout: The layer.
            objects: One object for each row.
            keys: Columns that the request gives; they count where an object leaves them blank.
        """
        for scalar, values in zip(layout.scalars, objects.pick(layout.scalars)):
            if scalar.column.name in keys:
                given = keys[scalar.column.name]
                values = [g if is_blank(v) else v for v, g in zip(values or given, given)]
            if scalar.protect is not None and values is not None:
                values = list(map(scalar.protect, values))
            builder.read(scalar.column, values)
        for embedded, values in zip(layout.objects, objects.pick(layout.objects)):
            self._spread_embedded(builder, embedded.layout, values)
        for array, values in zip(layout.arrays, objects.pick(layout.arrays)):
            bare = array.table.layout.bare
            name = array.table.name.rpartition("__")[2]
            builder.lists[array.names[0]] = builder.as_lists(name, values, bare)
        for name, unknown in objects.unknown(layout.known).items():
            self._add_news(builder, layout.prefix, name, unknown)

    def _spread_embedded(
        self, builder: TableBuilder, layout: ObjectLayout, values: Sequence[Any] | None
    ) -> None:
        """Build the columns of an embedded object, given what stands in its place in each row."""
        found: tuple[Sequence[Any], Sequence[int] | None] = [EMPTY], [0] * builder.size
        if values is not None:
            found = distinct(values)
        few, places = found
        part = builder
        if places is not None:
            taken = {*builder.taken, *builder.arrays}
            part = TableBuilder(builder.name, len(few), builder.keys, taken, self._privacy)
        name = layout.prefix.rstrip("_")
        objects = [part.as_object(row, name, v, layout.bare) for row, v in enumerate(few)]
        self.spread(part, layout, Parsed(objects))
        if places is not None:
            builder.repeat(part, places)

    def _add_news(
        self, builder: TableBuilder, prefix: str, name: str, values: Sequence[Any]
    ) -> None:
        column = prefix + snake_case(name)
        if column in builder.keys or all(v is None for v in values):
            return
        rule = self._privacy.news_rule(builder.name, column)
        if rule == "drop":
            self._found.add(f"{builder.name}.{column}")
            return
        if rule == "hash":
            values = list(map(self._privacy.hash, values))
        is_taken = column in builder.arrays or column in builder.taken or column in _RESERVED
        kind = None if is_taken else self._news.kind(builder.name, column, values)
        if kind is None:
            counted_as = column if is_taken else FURTHER
            for row, value in enumerate(values):
                if value is not None:
                    builder.keep(row, prefix + name, value, counted_as)
            return
        builder.read(Column(column, kind, ""), values)
        self._found.add(f"{builder.name}.{column}")
