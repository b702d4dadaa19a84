"""The DuckDB file that analysts open, apart from the one that is being loaded.

DuckDB lets one process write a file, and a reader in another process locks the writer out. So rows
are loaded into a file of the pipeline's own beside it, and the finished file takes the place of the
published one in a single step (`rename`, POSIX): whoever has the old one open keeps reading it, and
whoever opens it anew sees a complete run.

Both files have the storage version of the setting `storage_version`. What others made in the
published file is carried over (`foreign_objects`), and so are its owner, mode and attributes
(`replacement`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb

from ...errors import DestinationError
from .database_objects import drop_staging, loaded_state
from .foreign_objects import COPY, PUBLISHED, CannotCarryOver, carry_over
from .loading_file import (
    LATEST,
    catalog_of,
    has_content,
    loading_file,
    published_session,
    storage_version_of,
)
from .replacement import copy_file, replacing, sql_text

_HEADERS = 3 * 4096
"""Bytes of a DuckDB file's three headers: they change with everything that is written into it."""


def is_published(database: Path, connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the published file is the one that was made of the rows in the loading file.

    A marker beside both says so: the loads and the number of rows in the loading file when it was
    published, and the published file's size, time and headers. Where they differ, as after `touch`
    or when a backup was put back, or without a marker, the answer is no: `publish` compares the
    files, and writes only the marker if they are equal.

    Args:
        database: The published file.
        connection: Open on the loading file.
    """
    try:
        marker = _marker_file(database).read_bytes()
    except OSError:
        return False
    return database.exists() and marker == _marker(database, _state(connection))


def publish(database: Path, connection: duckdb.DuckDBPyConnection, wait: float = 0) -> None:
    """Replace the published file by the loaded one, unless it holds the same rows already.

    Args:
        database: The published file.
        connection: Open on the loaded one. It keeps other processes out until the copy is made.
        wait: Seconds to wait for another process that has the published file open for writing.

    Raises:
        DestinationLocked: Another process still has it open for writing.
        DestinationError: It cannot be opened, or others made something in it that cannot be
            carried over.
    """
    # Bring what the write-ahead log holds into the file.
    connection.execute("CHECKPOINT")
    state = _state(connection)
    with published_session(database, wait) as session:
        # It may hold the same: others wrote into it, or there is no marker.
        if not (has_content(database) and _is_current(session, state)):
            _replace(database, session)
    # Never worth failing for: without a marker, the next run compares the files.
    with contextlib.suppress(OSError):
        _marker_file(database).write_bytes(_marker(database, state))


def _replace(database: Path, session: duckdb.DuckDBPyConnection) -> None:
    """Put a copy of the loading file in the place of the published one.

    Args:
        database: The published file.
        session: The published file is attached to it, if there is one.
    """
    with replacing(database, mode=0o640) as copy:
        copy_file(loading_file(database), copy)
        session.execute(f"ATTACH {sql_text(copy)} AS {COPY}")
        drop_staging(session, COPY)
        if has_content(database):
            _carry_over(session, database)
        session.execute(f"DETACH {COPY}")


def _marker_file(database: Path) -> Path:
    return database.with_name(f".{database.name}.published")


def _marker(database: Path, state: dict[str, Any]) -> bytes:
    """Return what identifies both files: the loading one by its state, the published one itself."""
    with open(database, "rb") as file:
        headers = hashlib.sha256(file.read(_HEADERS)).hexdigest()
    published = [database.stat().st_size, database.stat().st_mtime_ns, headers]
    return json.dumps({**state, "published": published}, sort_keys=True).encode()


def _state(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the rows and the storage version of the loading file."""
    catalog = catalog_of(connection)
    return {
        "loaded": loaded_state(connection, catalog),
        "storage_version": storage_version_of(connection, catalog),
    }


def _carry_over(session: duckdb.DuckDBPyConnection, database: Path) -> None:
    try:
        carry_over(session)
    except CannotCarryOver as error:
        ways = ""
        if "storage version" in str(error):
            ways = f", or set {LATEST}"
        raise DestinationError(
            f"{database} was not published anew, because it holds what others made in it, and what "
            f"cannot be carried over: {error}",
            hint=f"Nothing is lost: all that was read is in {loading_file(database).name}. Move "
            f"these objects into a DuckDB file of their own{ways}; the next run publishes.",
        ) from None


def _is_current(session: duckdb.DuckDBPyConnection, state: dict[str, Any]) -> bool:
    """Return whether the published file has the storage version and the rows of the loaded one."""
    if storage_version_of(session, PUBLISHED) != state["storage_version"]:
        return False
    loaded: dict[str, Any] = state["loaded"]
    return loaded_state(session, PUBLISHED, among=loaded) == loaded
