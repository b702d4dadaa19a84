"""From one row to those behind its links, and the many-to-many relations between rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..store.rows import Key, Row
from . import facts
from .tables import RowTable, sortable

_HUB = 260


class Relations:
    """The links between the rows of all types.

    Args:
        tables: the rows by type.
    """

    def __init__(self, tables: Mapping[str, RowTable]) -> None:
        self._tables = tables
        self._related: dict[tuple[str, str], dict[Key, dict[Key, None]]] = {}

    def one(self, name: str, row: Row, link: str) -> Row | None:
        """The row behind a link that leads to one row at most."""
        found = facts.links()[name][link]
        table = self._tables[found.type]
        if found.own:
            key = row.get(found.own)
            return None if key is None else table.rows.get(key)
        rows = table.referring(found.other, row.key)
        return rows[0] if rows else None

    def many(self, name: str, row: Row, link: str) -> list[Row]:
        """The rows behind a link that leads to a list, by key."""
        found = facts.links()[name][link]
        table = self._tables[found.type]
        if found.other:
            return table.referring(found.other, row.key)
        keys = self._related.get((name, link), {}).get(row.key, {})
        rows = [table.rows[key] for key in keys if key in table.rows]
        return sorted(rows, key=lambda other: sortable(other.key))

    def referring(self, name: str, own: str, value: Key) -> list[Row]:
        """The rows of a type of which a property has a value."""
        return self._tables[name].referring(own, value)

    def relate(self, name: str, key: Key, link: str, others: Iterable[Key]) -> None:
        """Make a many-to-many relation of a row lead to exactly these rows, both ways.

        Raises:
            ValueError: the link is no such relation.
        """
        found = facts.links()[name].get(link)
        if found is None or not found.is_relation or not found.many:
            raise ValueError(f"{name}.{link} is not a many-to-many relation")
        here = self._related.setdefault((name, link), {})
        back = self._related.setdefault((found.type, found.inverse), {}) if found.inverse else {}
        for other in here.get(key, {}):
            back.get(other, {}).pop(key, None)
        here[key] = dict.fromkeys(others)
        for other in here[key]:
            back.setdefault(other, {})[key] = None

    def fill(self) -> None:
        """Relate the rows of every relation that is still empty, one row of it to very many."""
        for name, links in facts.links().items():
            for link, found in links.items():
                if found.is_relation and found.many and (name, link) not in self._related:
                    self._fill(name, link, found.type)

    def _fill(self, name: str, link: str, target: str) -> None:
        others = list(self._tables[target].rows)
        self._related[name, link] = {}
        if not others:
            return
        for place, key in enumerate(self._tables[name].rows):
            chosen = others[:_HUB] if place == 0 else []
            chosen = [others[0]] * (place % 10 != 9) + chosen
            chosen += [
                others[(place * 7 + turn * 3 + 1) % len(others)] for turn in range(place % 3)
            ]
            self.relate(name, key, link, [o for o in chosen if name != target or o != key])
