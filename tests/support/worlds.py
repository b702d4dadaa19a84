"""Worlds of the sandbox, made once: a test that wants one like another gets a copy of it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from perfectgym_source.sandbox import world


def keep_worlds() -> None:
    """Make `World` copy the rows of one that was made before with the same arguments."""
    world.generate = _copying(world.generate)


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
