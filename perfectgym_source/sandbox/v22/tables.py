"""The rows of one type, found by key, in any order, and by what they refer to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..store.rows import Key, Row

_OWN_KEYS: dict[str, tuple[str, ...]] = {
    "MemberAddress": ("memberId",),
    "MemberCredentials": ("memberId",),
    "MemberMarketingInfo": ("memberId",),
    "ContractCommitmentEndDate": ("contractId",),
}
"""Keys of types that have neither a set nor an `id`."""


def sortable(value: Any) -> tuple[Any, ...]:
    """A value as something to sort by: nulls first."""
    if isinstance(value, tuple):
        return tuple(sortable(part) for part in value)
    return (value is not None, value)


class RowTable:
    """The rows of a type.

    Attributes:
        name: the type.
        key: the properties that identify a row; none where rows have no identity to show.
        rows: the rows by key, in the order in which they came.
    """

    def __init__(self, name: str, key: Sequence[str] | None, has_id: bool) -> None:
        self.name = name
        implied = ("id",) if has_id else _OWN_KEYS.get(name, ())
        self.key = tuple(key) if key is not None else implied
        self.rows: dict[Key, Row] = {}
        self._highest = 0
        self._ordered: dict[str, tuple[list[Any], list[Row]]] = {}
        self._referring: dict[str, dict[Any, list[Row]]] = {}

    def next_id(self) -> int:
        """An identifier above every one that this table has ever held or given out."""
        self._highest += 1
        return self._highest

    def reserve(self) -> None:
        """Leave identifiers free for rows that show others; new ones do not fit into a double."""
        self._highest += 2**53

    def key_of(self, fields: dict[str, Any]) -> Key:
        """The key of a row with these fields; a new number where the type has none."""
        if not self.key:
            return self.next_id()
        parts = tuple(fields[name] for name in self.key)
        return parts if len(parts) > 1 else parts[0]

    def put(self, row: Row) -> None:
        """Make a row visible.

        Raises:
            ValueError: a row with that key is there already.
        """
        if row.key in self.rows:
            raise ValueError(f"{self.name} already holds a row with the key {row.key!r}")
        if isinstance(row.key, int):
            self._highest = max(self._highest, row.key)
        self.rows[row.key] = row
        self.forget()

    def remove(self, row: Row) -> None:
        """Take a row out."""
        del self.rows[row.key]
        self.forget()

    def forget(self) -> None:
        """Forget every order, after an edit."""
        self._ordered = {}
        self._referring = {}

    def ordered(self, name: str = "") -> tuple[list[Any], list[Row]]:
        """The rows by a property and then by key, and the values of that property beside them.

        Without a property they are ordered by key. Both lists are kept: do not change them.
        """
        if name not in self._ordered:
            rows = list(self.rows.values())
            _sort(rows, lambda row: row.key)
            if name:
                _sort(rows, lambda row: row.get(name))
            self._ordered[name] = ([row.get(name) for row in rows], rows)
        return self._ordered[name]

    def referring(self, name: str, value: Any) -> list[Row]:
        """The rows of which a property has a value, by key."""
        if name not in self._referring:
            index: dict[Any, list[Row]] = {}
            for row in self.ordered()[1]:
                index.setdefault(row.get(name), []).append(row)
            self._referring[name] = index
        return self._referring[name].get(value, [])


def _sort(rows: list[Row], value: Callable[[Row], Any]) -> None:
    """Sort rows by a value; numbers, of which most orders are, take the short way."""
    if all(type(value(row)) is int for row in rows):
        rows.sort(key=value)
    else:
        rows.sort(key=lambda row: sortable(value(row)))
