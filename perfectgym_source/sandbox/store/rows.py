"""Rows and tables of the sandbox's world: dictionaries with a key, grouped by parent.

A `Row` is the JSON object that the API gives, with a few facts beside it. A `Table` finds
rows by key and keeps, for each of its groupings, the rows of every parent in the order in
which the API serves them. Nothing here locks: `World` does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from ..encoding import encode

Key = int | str | tuple[int | str, ...]
"""What identifies a row in its table: one value, or a tuple for a composite key."""

Params = Mapping[str, Any]
"""Request parameters by their documented name, for example `{"clubId": 3}`."""


_NOTHING: Mapping[str, Any] = {}


class Row(dict[str, Any]):
    """One stored row: the fields of its list as the API spells them, and facts beside them.

    Attributes:
        key: its identity in its table, even when the payload carries no `id`.
        params: the parents under which it is listed, `{"clubId": 3}`.
        detail: the fields which only the single-resource endpoint adds.
        hidden: facts which the API uses and never shows (clubs of a plan, target of a product).
        order: its place in its lists: the `timestamp`, or a serial number without one.

    Treat it as read-only and edit through `World`, which also moves the `timestamp`.
    """

    __slots__ = ("_json", "detail", "hidden", "key", "order", "params")

    def __init__(
        self,
        fields: Mapping[str, Any],
        key: Key,
        params: Params,
        detail: dict[str, Any] | None = None,
        hidden: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(fields)
        self.key = key
        self.params = params
        self.detail = detail
        self.hidden: Mapping[str, Any] = hidden if hidden is not None else _NOTHING
        self.order = 0
        self._json: bytes | None = None

    def json(self) -> bytes:
        """The row as JSON bytes, serialised once and kept until `forget_json`."""
        if self._json is None:
            self._json = encode(self)
        return self._json

    def forget_json(self) -> None:
        """Drop the kept JSON, after an edit."""
        self._json = None


_order = attrgetter("order")


def rows_after(rows: Sequence[Row], cursor: int) -> int:
    """The position of the first row whose `timestamp` is strictly greater than `cursor`."""
    return bisect_right(rows, cursor, key=_order)


@dataclass(frozen=True)
class TableSpec:
    """What a stored table is.

    Attributes:
        name: its name in the facts.
        key: what identifies a row: its fields, and its parents' parameters marked with "@".
        groupings: the sets of parent parameters by which its rows are listed.
        versioned: whether its rows carry a `timestamp`.
        keyset: whether its lists are ordered by `timestamp`.
    """

    name: str
    key: tuple[str, ...] = ("id",)
    groupings: tuple[tuple[str, ...], ...] = ((),)
    versioned: bool = False
    keyset: bool = False

    def key_of(self, fields: Mapping[str, Any], params: Params) -> Key:
        """The key of a row with these fields and parents.

        Raises:
            KeyError: a part of the key is missing.
        """
        parts = tuple(
            params[part[1:]] if part.startswith("@") else fields[part] for part in self.key
        )
        return parts if len(parts) > 1 else parts[0]


class Table:
    """The rows of one stored table.

    Rows come in by `put` and leave by `remove`; `select` lists those of one parent. The list
    that `select` returns is the live one.
    """

    def __init__(self, spec: TableSpec) -> None:
        self.spec = spec
        self.rows: dict[Key, Row] = {}
        self._groups: dict[tuple[str, ...], dict[tuple[Any, ...], list[Row]]] = {
            grouping: {} for grouping in spec.groupings
        }
        self._serial = 0
        self._highest_id = 0

    def next_id(self) -> int:
        """A new identifier, above every one that this table has ever held or given out."""
        self._highest_id += 1
        return self._highest_id

    def put(self, row: Row) -> None:
        """Make a row visible, at the place that its `order` gives it.

        Raises:
            ValueError: a row with that key is there already.
        """
        if row.key in self.rows:
            raise ValueError(f"{self.spec.name} already holds a row with the key {row.key!r}")
        if not self.spec.keyset:
            self._serial += 1
            row.order = self._serial
        if isinstance(row.key, int) and row.key > self._highest_id:
            self._highest_id = row.key
        self.rows[row.key] = row
        self._list(row)

    def remove(self, row: Row) -> None:
        """Take a row out of the table and of all its lists."""
        del self.rows[row.key]
        self._unlist(row)

    def move(self, row: Row, order: int) -> None:
        """Give a row of a keyset table its new place in every list."""
        self._unlist(row)
        row.order = order
        self._list(row)

    def select(self, grouping: tuple[str, ...], values: tuple[Any, ...]) -> list[Row]:
        """The rows of one parent in serving order; an unknown parent has none."""
        return self._groups[grouping].get(values, [])

    def _list(self, row: Row) -> None:
        for grouping, groups in self._groups.items():
            rows = groups.setdefault(tuple([row.params[name] for name in grouping]), [])
            if not rows or rows[-1].order < row.order:
                rows.append(row)
            else:
                insort(rows, row, key=_order)

    def _unlist(self, row: Row) -> None:
        for grouping, groups in self._groups.items():
            rows = groups[tuple([row.params[name] for name in grouping])]
            del rows[bisect_left(rows, row.order, key=_order)]
