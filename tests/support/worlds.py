"""Worlds of the sandbox, made once: a test that wants one like another gets a copy of it.

The same goes for the sets of API v2.2 of a world that nobody has edited. Most tests read a few of
the tables: the others are not even copied.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any

from perfectgym_source.sandbox import world
from perfectgym_source.sandbox.store.rows import Table
from perfectgym_source.sandbox.v22 import sets as sets_module
from perfectgym_source.sandbox.v22.tables import RowTable

if TYPE_CHECKING:
    from perfectgym_source.sandbox.v22.sets import Sets


def keep_worlds() -> None:
    """Make `World` copy the rows of one that was made before with the same arguments."""
    world.generate = _copying(world.generate)
    sets_module.generate = _copying_sets(sets_module.generate)


class _Copies:
    """Copies of the attributes of tables, made when one of them is asked for."""

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._copies: dict[str, dict[str, Any]] = {}

    def of(self, table: str) -> dict[str, Any]:
        """Copy the attributes of a table."""
        self._copies = self._copies or pickle.loads(self._packed)
        return self._copies[table]


class _Copy:
    """A table with the attributes of another one, copied when the first of them is read."""

    def __init__(self, name: str, copies: _Copies) -> None:
        self._given = (name, copies)

    def __getattr__(self, name: str) -> Any:
        with COPYING:
            if given := vars(self).get("_given"):
                table, copies = given
                vars(self).update(copies.of(table), _given=None)
        try:
            return vars(self)[name]
        except KeyError:
            raise AttributeError(name) from None


class TableCopy(_Copy, Table):
    """A copy of a table of the world."""


class RowTableCopy(_Copy, RowTable):
    """A copy of the rows of a type of API v2.2."""


COPYING = RLock()
TOGETHER = {"users": "contracts"}
"""Tables that are copied with another one, whose very rows they show."""


def _packed(value: Any) -> bytes:
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _packed_tables(tables: dict[str, Any]) -> dict[str, bytes]:
    """The attributes of tables, by the first of those that are copied together."""
    groups: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        groups.setdefault(TOGETHER.get(name, name), {})[name] = vars(table)
    return {name: _packed(group) for name, group in groups.items()}


def _copies(kind: Callable[..., Any], names: Iterable[str], packed: dict[str, bytes]) -> Any:
    groups = {name: _Copies(group) for name, group in packed.items()}
    return {name: kind(name, groups[TOGETHER.get(name, name)]) for name in names}


def _copying(generate: Callable[..., Any]) -> Callable[..., Any]:
    @lru_cache(maxsize=16)
    def made(size: str, seed: int, quirks: bool, until: date | None) -> tuple[bytes, Any]:
        tables = {name: world.Table(spec) for name, spec in world.SPECS.items()}
        result = generate(size, seed, quirks, tables, until)
        return _packed(result), _packed_tables(tables)

    def copied(
        size: str, seed: int, quirks: bool, tables: dict[str, Any], until: date | None
    ) -> Any:
        result, packed = made(size, seed, quirks, until)
        tables.update(_copies(TableCopy, world.SPECS, packed))
        return pickle.loads(result)

    return copied


def _copying_sets(generate: Callable[..., Any]) -> Callable[..., Any]:
    made: dict[Any, tuple[dict[str, bytes], bytes]] = {}

    def copied(sets: Sets) -> Any:
        of = sets.world
        if of.version or of.size == "chain":  # its rows are its own
            return generate(sets)
        key = (of.size, of.seed, of.quirks, of.timestamp)
        if key not in made:
            values = generate(sets)
            rest = _packed((sets.relations._related, sets._sources, values))
            made[key] = _packed_tables(sets.tables), rest
            return values
        packed, rest = made[key]
        sets.tables = _copies(RowTableCopy, packed, packed)
        sets.relations = sets_module.Relations(sets.tables)
        sets.relations._related, sets._sources, values = pickle.loads(rest)
        sets.installation = sets.installation  # shows these relations
        return values

    return copied
