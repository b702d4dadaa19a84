"""Locks: one run at a time for each target, and the database that nobody else may open meanwhile.

Both are the kernel's and end with the process that holds them, however it ends.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO, TypeVar

import duckdb
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_fixed,
)

from ..errors import DestinationError, DestinationLocked, LockedError, SystemFailure

logger = logging.getLogger(__name__)
T = TypeVar("T")

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
def run_lock(folder: Path, max_run_hours: float = 0) -> Iterator[bool]:
    """Hold the lock of a working folder.

    The lock file says who is running, and it is emptied at the end: what stands in it at the
    beginning was left by a run that was killed, or by a machine that lost power.

    Args:
        folder: The working folder.
        max_run_hours: How long a run may take before it counts as hanging; 0 for no limit.

    Yields:
        Whether the run before ended like that.

    Raises:
        LockedError: Another run holds the lock.
        SystemFailure: The folder cannot be made, or not be written.
    """
    with _lock_file(folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held = _holder(file.name)
            since = held.since and held.since.isoformat(timespec="seconds")
            hint = "Nothing was done; it does not have to be repeated."
            if held.is_longer_than(max_run_hours):
                hint = (
                    "Nothing was done. That is longer than max_run_hours allows: if it hangs, end "
                    f"{held.process}; the next run completes what it began."
                )
            raise LockedError(
                "Another run is loading into the same place: "
                f"{f'{held.process}, since {since}' if since else 'it has just begun'}.",
                hint=hint,
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


def _lock_file(folder: Path) -> TextIO:
    """The lock file, in a folder that only its owner may look into: rows are kept in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            with contextlib.suppress(PermissionError):  # it is another user's, and shared
                folder.chmod(0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open(folder / LOCK_FILE, "a+", encoding="utf-8")
    except OSError as error:
        raise SystemFailure(
            f"The working folder {folder} cannot be used: {error.strerror or error}",
            hint="DLT_DATA_DIR names another place for working folders.",
        ) from None


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
    try:
        check_header(file)
        connection = when_unlocked(file, wait, lambda: duckdb.connect(str(file)))
    except DestinationLocked as error:
        error.hint = (
            "Close it there and run again; nothing is lost. The published file may stay open."
        )
        raise
    except DamagedDatabase as error:
        error.hint = (
            f"If you move it and {file.name}.wal away, the next run starts from the published file."
        )
        raise
    with connection:
        limit(connection)
        yield connection


def limit(connection: duckdb.DuckDBPyConnection) -> None:
    """Limit what DuckDB takes of the machine.

    It would take most of the memory. With less it is hardly slower: it writes what does not fit to
    a folder beside the file, and the rows' order does not matter.
    """
    threads = min(os.cpu_count() or 1, MOST_THREADS)
    connection.execute(f"SET threads = {threads}")
    connection.execute(f"SET memory_limit = '{MEGABYTES_PER_THREAD * threads}MB'")
    connection.execute("SET preserve_insertion_order = false")


def when_unlocked(file: Path, wait: float, opening: Callable[[], T]) -> T:
    """Open a DuckDB file as soon as no other process keeps it from being opened.

    Args:
        file: The file.
        wait: Seconds to wait for another process to close it.
        opening: Opens it.

    Raises:
        DestinationLocked: Another process still has it open.
        DamagedDatabase: It holds no database, or a damaged one.
        DestinationError: It cannot be opened for another reason.
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
        return retrying(opening)
    except duckdb.Error as error:
        raise why_not_opened(file, error) from None


def check_header(file: Path) -> None:
    """Make sure that a file begins as a DuckDB database does.

    DuckDB takes other databases for something that one of its extensions might read, and asks the
    network for the extension. It must not be open in this process: closing it here would end the
    lock on it.

    Args:
        file: The file; there need not be one.

    Raises:
        DamagedDatabase: It is no DuckDB database.
        DestinationError: It cannot be read.
    """
    try:
        with open(file, "rb") as opened:
            head = opened.read(12)
    except FileNotFoundError:
        return
    except IsADirectoryError:
        raise DestinationError(f"{file} is a folder, where a DuckDB file has to be") from None
    except OSError as error:
        raise DestinationError(
            f"{file} cannot be read: {error.strerror}",
            hint="The user that runs this needs the permission to read and write it."
            if isinstance(error, PermissionError)
            else "",
        ) from None
    if head[8:12] != b"DUCK":
        raise DamagedDatabase(
            f"{file} is no DuckDB database" + ("" if head else ": it is empty"),
        )


def why_not_opened(file: Path, error: duckdb.Error) -> DestinationError:
    """The error that says why DuckDB cannot open a file, from DuckDB's own."""
    text = " ".join(str(error).split())
    if _is_locked(error):
        return DestinationLocked(f"{file} is open in {_user_of(error)}")
    version = re.search(r"version number (\d+), but we can only read .*?(\d+)\.", text)
    if version and int(version[1]) > int(version[2]):
        return DestinationError(
            f"{file} was written by a newer DuckDB (storage version {version[1]}); the one that is "
            f"installed here, {duckdb.__version__}, reads up to {version[2]}",
            hint="pip install -U duckdb",
        )
    if version:
        return DestinationError(
            f"{file} was written by a DuckDB that is too old (storage version {version[1]})",
            hint="EXPORT DATABASE of that version and IMPORT DATABASE of this one bring it over.",
        )
    if "without a key" in text:
        return DestinationError(
            f"{file} is encrypted, and the pipeline has no key for it",
            hint="Name another file with --database.",
        )
    if "Permission denied" in text:
        return DestinationError(
            f"{file} cannot be opened: permission denied",
            hint="The user that runs this needs the permission to read and write it.",
        )
    if "WAL" in text:
        return DamagedDatabase(
            f"{file}.wal, the write-ahead log of {file.name}, cannot be read: {text[:200]}"
        )
    if "Corrupt database" in text or "Could not read enough bytes" in text:
        return DamagedDatabase(f"{file} is damaged: {text[:200]}")
    return DestinationError(f"{file} cannot be opened: {text[:300]}")


class DamagedDatabase(DestinationError):
    """A file that has to be a DuckDB database is none, or is known to be damaged."""


def read_only(file: Path, is_needed: bool = False) -> duckdb.DuckDBPyConnection | None:
    """Open a DuckDB file for reading; None if it is not there, or another process writes it.

    Args:
        file: The file.
        is_needed: Whether one that another process writes is an error.

    The tables are views in a database in memory, because DuckDB cannot tell a schema from a file of
    the same name, as the published file and its dataset are by default.

    Raises:
        DestinationLocked: Another process writes it, and it is needed.
        DestinationError: It is there, and cannot be read.
    """
    connection = duckdb.connect()
    path = str(file).replace("'", "''")
    try:
        connection.execute(f"ATTACH '{path}' AS {_HELD} (READ_ONLY)")
    except duckdb.Error as error:
        connection.close()
        if is_needed and _is_locked(error):
            locked = why_not_opened(file, error)
            locked.hint = "Close it there, or open it read-only, and ask again."
            raise locked from None
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
