"""Locks: one run at a time for each target, and the database that nobody else may open meanwhile.

Both are the kernel's and end with the process that holds them, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import duckdb
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_fixed,
)

from ..errors import DestinationError, DestinationLocked, LockedError

logger = logging.getLogger(__name__)

LOCK_FILE = "run.lock"
_HELD = "held_by_a_file"
MOST_THREADS = 4
MEGABYTES_PER_THREAD = 125
"""What DuckDB may take: as much as its documentation asks for."""


@dataclass(frozen=True)
class RunUnderWay:
    """A run that holds the lock of a working folder.

    Attributes:
        process: The process, with its host.
        since: When it began; None if that is not known yet.
    """

    process: str
    since: datetime | None

    def is_longer_than(self, hours: float) -> bool:
        """Return whether it has been under way for so many hours; 0 is no limit."""
        if not hours or self.since is None:
            return False
        return (datetime.now(timezone.utc) - self.since).total_seconds() > hours * 3600

    def __str__(self) -> str:
        if self.since is None:
            return "A run has just begun"
        since = self.since.astimezone(timezone.utc)
        return f"A run is under way since {since:%Y-%m-%d %H:%M} UTC ({self.process})"


def run_under_way(folder: Path) -> RunUnderWay | None:
    """Return the run that holds the lock of a working folder, without disturbing it.

    The lock is tried only if the file says that somebody runs, so that a run which begins at this
    moment is not refused.
    """
    try:
        with open(folder / LOCK_FILE, encoding="utf-8") as file:
            if not file.read(1):
                return None
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _holder(file.name)
            return None  # left by a run that was killed
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def run_lock(folder: Path) -> Iterator[bool]:
    """Hold the lock of a working folder.

    The lock file says who is running, and it is emptied at the end: what stands in it at the
    beginning was left by a run that was killed, or by a machine that lost power.

    Yields:
        Whether the run before ended like that.

    Raises:
        LockedError: Another run holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK_FILE, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held = _holder(file.name)
            since = held.since and held.since.isoformat(timespec="seconds")
            raise LockedError(
                "Another run is loading into the same place: "
                f"{f'{held.process}, since {since}' if since else 'it has just begun'}.",
                hint="Nothing was done; it does not have to be repeated.",
            ) from None
        file.seek(0)
        was_killed = bool(file.read())
        file.truncate(0)
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "started": started}, file)
        file.flush()
        os.fsync(file.fileno())
        try:
            yield was_killed
        finally:
            file.truncate(0)


@contextlib.contextmanager
def database_lock(file: Path, wait: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """Keep a DuckDB file open, so that no other process can open it.

    dlt opens it too: connections of one process share the lock.

    Args:
        file: The file.
        wait: Seconds to wait for another process to close it.

    Raises:
        DestinationLocked: Another process still has it open.
        DestinationError: It cannot be opened at all.
    """

    def tell(state: RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome is not None:
            who = _user_of(state.outcome.exception())
            logger.warning("%s is open in %s; waiting up to %g s for it.", file, who, wait)

    retrying = Retrying(
        retry=retry_if_exception(_is_locked),
        stop=stop_after_delay(wait),
        wait=wait_fixed(0.2),
        before_sleep=tell,
        reraise=True,
    )
    try:
        connection = retrying(duckdb.connect, str(file))
    except duckdb.Error as error:
        if _is_locked(error):
            raise DestinationLocked(
                f"{file} is open in {_user_of(error)}",
                hint="Close it there and run again; nothing is lost. The published file may stay "
                "open.",
            ) from None
        raise DestinationError(
            f"{file} cannot be opened: {str(error).splitlines()[0]}",
            hint=f"If it is damaged, move it and {file.name}.wal away: the next run starts from "
            "the published file.",
        ) from None
    with connection:
        # DuckDB would take most of the machine's memory. With less it is hardly slower: it writes
        # what does not fit to a folder beside the file, and the rows' order does not matter.
        threads = min(os.cpu_count() or 1, MOST_THREADS)
        connection.execute(f"SET threads = {threads}")
        connection.execute(f"SET memory_limit = '{MEGABYTES_PER_THREAD * threads}MB'")
        connection.execute("SET preserve_insertion_order = false")
        yield connection


def read_only(file: Path) -> duckdb.DuckDBPyConnection | None:
    """Open a DuckDB file for reading; None if it is not there, or another process writes it.

    The tables are views in a database in memory, because DuckDB cannot tell a schema from a file of
    the same name, as the published file and its dataset are by default.

    Raises:
        DestinationError: It is there, and cannot be read.
    """
    connection = duckdb.connect()
    path = str(file).replace("'", "''")
    try:
        connection.execute(f"ATTACH '{path}' AS {_HELD} (READ_ONLY)")
    except duckdb.Error as error:
        connection.close()
        if _is_locked(error) or not file.exists():
            return None
        raise DestinationError(
            f"{file} cannot be read: {str(error).splitlines()[0]}", hint="Nothing was changed."
        ) from None
    tables = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ?", [_HELD]
    ).fetchall()
    for schema in {schema for schema, _ in tables}:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    for schema, table in tables:
        name = f'"{schema}"."{table}"'
        connection.execute(f"CREATE VIEW {name} AS FROM {_HELD}.{name}")
    return connection


def _is_locked(error: BaseException) -> bool:
    """Whether DuckDB says that another process has the file open."""
    return isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)


def _user_of(error: BaseException | None) -> str:
    """The program that has the file open, as DuckDB names it."""
    found = re.search(r"held in (.+? \(PID \d+\))", str(error))
    return found[1] if found else "another program"


def _holder(path: str) -> RunUnderWay:
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8"))
        since = datetime.fromisoformat(held["started"])
        return RunUnderWay(f"process {held['pid']} on {held['host']}", since.astimezone())
    except (OSError, ValueError, KeyError, TypeError):
        return RunUnderWay("", None)
