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

World = tuple[str, "date | None"]
"""Its size and, of a chain, its last day."""


@contextlib.contextmanager
def demo_world(options: Mapping[str, Any]) -> Iterator[World]:
    """Yield the size of the world and, of a chain, its last day; note it beside the DuckDB file.

    A file that was loaded before goes on with its own world and last day: the same ids are those
    of other rows in another world, and in a chain that ends on another day.

    Args:
        options: The options of the call by name.

    Raises:
        ConfigurationError: The file holds another world.
    """
    database, note, loaded, (size, until) = _worlds(options)
    if until is not None and size != DEMO_SIZE:
        raise ConfigurationError(
            f"The last day of the world {size!r} cannot be chosen.",
            hint=f"--demo-until (of perfectgym demo: --until) goes with the size {DEMO_SIZE}.",
        )
    if loaded is not None and loaded != (size, until):
        raise ConfigurationError(
            f"{database} holds the world {_words(*loaded)!r}, not {_words(size, until)!r}.",
            hint=f"Delete {database}, or load into another database.",
        )
    try:
        yield size, until
    finally:
        if note and loaded is None and database.exists():
            with contextlib.suppress(OSError):
                note.write_text(_words(size, until), "utf-8")


def last_day(options: Mapping[str, Any]) -> date | None:
    """Return the last day of the demo's chain; None of a world of another kind.

    Args:
        options: The options of the call by name.
    """
    until: date | None = _worlds(options)[-1][1]
    return until


def _worlds(options: Mapping[str, Any]) -> tuple[Path, Path | None, World | None, World]:
    """Return the file, the note beside it, the world that was loaded, and the one to load.

    Only a DuckDB file has a note.
    """
    database = Path(options.get("database") or DEMO_DATABASES[options["demo_api"]])
    is_file = options.get("destination") in (None, "duckdb")
    note = database.with_name(f".{database.name}.world") if is_file else None
    loaded = _noted(note) if note and database.exists() else None
    size, until = options.get("demo_size"), options.get("demo_until")
    size = size or (loaded[0] if loaded else DEMO_SIZE)
    if loaded is not None and loaded[0] == size:
        until = until or loaded[1]
    elif size == DEMO_SIZE:
        until = until or date.today() - timedelta(1)
    return database, note, loaded, (size, until)


def _words(size: str, until: date | None) -> str:
    return size if until is None else f"{size} {until}"


def _noted(note: Path) -> World | None:
    try:
        size, _, day = note.read_text("utf-8").partition(" ")
        return size, date.fromisoformat(day) if day else None
    except (OSError, ValueError):
        return None
