"""Worlds of the sandbox, made once: a test that wants one like another gets a copy of it.

The same goes for the sets of API v2.2 of a world that nobody has edited.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from perfectgym_source.sandbox import world
from perfectgym_source.sandbox.v22 import sets as sets_module

if TYPE_CHECKING:
    from perfectgym_source.sandbox.v22.sets import Sets


def keep_worlds() -> None:
    """Make `World` copy the rows of one that was made before with the same arguments."""
    world.generate = _copying(world.generate)
    sets_module.generate = _copying_sets(sets_module.generate)


def _copying(generate: Callable[..., Any]) -> Callable[..., Any]:
    @lru_cache(maxsize=16)
    def made(size: str, seed: int, quirks: bool, until: date | None) -> bytes:
        tables = {name: world.Table(spec) for name, spec in world.SPECS.items()}
        result = generate(size, seed, quirks, tables, until)
        return pickle.dumps((result, tables), pickle.HIGHEST_PROTOCOL)

    def copied(
        size: str, seed: int, quirks: bool, tables: dict[str, Any], until: date | None
    ) -> Any:
        result, copies = pickle.loads(made(size, seed, quirks, until))
        tables.update(copies)
        return result

    return copied


def _copying_sets(generate: Callable[..., Any]) -> Callable[..., Any]:
    made: dict[Any, bytes] = {}

    def copied(sets: Sets) -> Any:
        of = sets.world
        if of.version or of.size == "chain":  # its rows are its own
            return generate(sets)
        key = (of.size, of.seed, of.quirks, of.timestamp)
        if key not in made:
            values = generate(sets)
            parts = (sets.tables, sets.relations, sets._sources, values)
            made[key] = pickle.dumps(parts, pickle.HIGHEST_PROTOCOL)
            return values
        sets.tables, sets.relations, sets._sources, values = pickle.loads(made[key])
        sets.installation = sets.installation  # shows these relations
        return values

    return copied
