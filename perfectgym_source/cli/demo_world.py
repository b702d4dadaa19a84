"""Which world the demo loads: a file holds one of them, and a chain ends on one day."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from .options import DEMO_SIZE

DEMO_DATABASES = {"v1": Path("demo.duckdb"), "v2.2": Path("demo_v22.duckdb")}
"""The DuckDB file of `--demo` by generation of the API: rows of the sandbox and one's own do not
meet, nor do those of two generations."""


@contextlib.contextmanager
def demo_world(options: Mapping[str, Any]) -> Iterator[tuple[str, date | None]]:
    """Yield the size of the world and, of a chain, its last day; note it beside the DuckDB file.

    A file that was loaded before goes on with its own last day: the same ids are those of other
    rows in a chain that ends on another day.

    Args:
        options: The options of the call by name.

    Raises:
        ConfigurationError: The file holds another world.
    """
    database = Path(options.get("database") or DEMO_DATABASES[options["demo_api"]])
    note = database.with_name(f".{database.name}.world")
    size, until = options["demo_size"], options["demo_until"]
    if until is not None and size != DEMO_SIZE:
        raise ConfigurationError(
            f"The last day of the world {size!r} cannot be chosen.",
            hint=f"--demo-until (of perfectgym demo: --until) goes with the size {DEMO_SIZE}.",
        )
    is_file = options.get("destination") in (None, "duckdb")
    loaded = _noted(note) if is_file and database.exists() else None
    if loaded is not None and loaded[0] == size:
        until = until or loaded[1]
    elif size == DEMO_SIZE:
        until = until or date.today() - timedelta(1)
    if loaded is not None and loaded != (size, until):
        raise ConfigurationError(
            f"{database} holds the world {_words(*loaded)!r}: cannot load "
            f"{_words(size, until)!r} into it.",
            hint=f"Delete {database}, or load into another database.",
        )
    try:
        yield size, until
    finally:
        if is_file and loaded is None and database.exists():
            with contextlib.suppress(OSError):
                note.write_text(_words(size, until), "utf-8")


def _words(size: str, until: date | None) -> str:
    return size if until is None else f"{size} {until}"


def _noted(note: Path) -> tuple[str, date | None] | None:
    try:
        size, _, day = note.read_text("utf-8").partition(" ")
        return size, date.fromisoformat(day) if day else None
    except (OSError, ValueError):
        return None
