"""Open a DuckDB file once no other process has it open, or say why it cannot be opened."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import duckdb
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_delay,
    wait_fixed,
)

from ...errors import DestinationError, DestinationLocked, LockedError
from .limits import limit

logger = logging.getLogger(__name__)
T = TypeVar("T")

CLOSE_IT = "Close it there and run again; nothing is lost. The published file may stay open."


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
        error.hint = CLOSE_IT
        raise
    except DamagedDatabase as error:
        error.hint = (
            f"If you move it and {file.name}.wal away, the next run starts from the published file."
        )
        raise
    with connection:
        limit(connection)
        yield connection


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

    def warn(state: RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome is not None:
            who = _user_of(state.outcome.exception())
            logger.warning("%s is open in %s; waiting up to %g s for it.", file, who, wait)

    retrying = Retrying(
        retry=retry_if_exception(_is_locked),
        stop=stop_after_delay(wait),
        wait=wait_fixed(0.2),
        before_sleep=warn,
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
    """Return the error that says why DuckDB cannot open a file, from DuckDB's own."""
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
    """A file that is no DuckDB database, or a damaged one."""


def read_only(file: Path, is_needed: bool = False) -> duckdb.DuckDBPyConnection | None:
    """Open a DuckDB file for reading; None if it is not there, or another process writes it.

    Args:
        file: The file.
        is_needed: Whether one that another process writes is an error.

    Raises:
        DestinationLocked: Another process writes it, and it is needed.
        DestinationError: It is there, and cannot be read.
    """
    try:
        return duckdb.connect(str(file), read_only=True)
    except duckdb.Error as error:
        if is_needed and _is_locked(error):
            locked = why_not_opened(file, error)
            locked.hint = "Close it there, or open it read-only, and ask again."
            raise locked from None
        if _is_locked(error) or not file.exists():
            return None
        raise DestinationError(
            f"{file} cannot be read: {str(error).splitlines()[0]}", hint="Nothing was changed."
        ) from None


def _is_locked(error: BaseException) -> bool:
    """Return whether another process has the file open, or holds its lock."""
    is_open = isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)
    return is_open or isinstance(error, LockedError)


def _user_of(error: BaseException | None) -> str:
    """Return the program that has the file open, as DuckDB names it."""
    found = re.search(r"held in (.+? \(PID \d+\))|(process \d+ on [^,]+)", str(error))
    return (found[1] or found[2]) if found else "another program"
