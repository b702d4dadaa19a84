"""The DuckDB file into which a pipeline loads, beside the published one.

It is made from the published file where it is missing, and has the storage version of the setting
`storage_version`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ...errors import ConfigurationError, DestinationError, DestinationLocked
from ..names import STORAGE_VERSION
from .database_lock import DamagedDatabase, check_header, database_lock, when_unlocked
from .database_objects import contents, names
from .foreign_objects import PUBLISHED, CannotCarryOver, drop_of_others
from .limits import limit
from .replacement import copy_file, replacing, sql_text, temporary, write_ahead_log

logger = logging.getLogger(__name__)

LATEST = 'storage_version = "latest"'
_NO_FILES = (":memory:", "md:", "motherduck:")
"""What DuckDB takes for no path, where it is the whole of it; a token may follow."""
_LOADING = "_loading"


def loading_file(database: Path) -> Path:
    """Return the path of the loading file, beside the published one.

    Raises:
        ConfigurationError: There is no such folder, or the path cannot be that of a DuckDB file.
    """
    if database.name.startswith(_NO_FILES):
        raise ConfigurationError(
            "--database names a database in memory or of MotherDuck, and has to name a file.",
            hint="For MotherDuck: --destination motherduck.",
        )
    # The finished file is put in the place of whatever has the name, such as /dev/null.
    if database.exists() and not database.is_file():
        kind = "folder" if database.is_dir() else "pipe or a device"
        raise ConfigurationError(f"{database} is a {kind}: --database has to name a DuckDB file.")
    if not database.parent.is_dir():
        raise ConfigurationError(f"There is no folder {database.parent} for --database.")
    # A backslash would be taken for a slash, which leads to another folder.
    for sign, name in (("?", "question mark"), ("\\", "backslash")):
        if sign in str(database):
            raise ConfigurationError(
                f"DuckDB cannot take a path with a {name}, such as {database} of --database."
            )
    if database.stem.lower().endswith(_LOADING):
        raise ConfigurationError(
            f"{database.name} has the name of a file into which a pipeline loads.",
            hint="--database has to name the file that is published: without '_loading'.",
        )
    # `gym` and `gym.db`, beside `gym.duckdb`, have others.
    own = database.with_name(f"{database.stem}{_LOADING}{database.suffix}")
    if max(len(os.fsencode(temporary(file).name)) for file in (own, database)) > 250:
        raise ConfigurationError(f"The file name {database.name!r} of --database is too long.")
    return own


@contextlib.contextmanager
def opened(
    database: Path, wait: float, storage_version: str = STORAGE_VERSION
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Keep the loading file open, in the storage version that it is to have.

    Args:
        database: The published file.
        wait: Seconds to wait for another process that has one of the files open.
        storage_version: A version of DuckDB that can read both files, or `latest`.

    Raises:
        ConfigurationError: There is no such folder, it cannot be written, or DuckDB cannot take the
            path.
        DestinationLocked: Another process still has it open.
        DestinationError: One of the files cannot be opened, or not be converted.
    """
    if not os.access(loading_file(database).parent, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"The folder {database.parent} cannot be written",
            hint="The user that runs this needs the permission: the write-ahead log and the new "
            "DuckDB file are made in it.",
        )
    own = prepare(database, wait, storage_version)
    with database_lock(own, wait) as connection:
        catalog = catalog_of(connection)
        if _has_version(connection, catalog, storage_version):
            yield connection
            return
        if has_content(database):
            _drop_of_others(connection, catalog, own)
        _convert(own, connection, catalog, storage_version)
    with database_lock(own, wait) as connection:
        yield connection


def prepare(database: Path, wait: float = 0, storage_version: str = STORAGE_VERSION) -> Path:
    """Return the loading file; where it is missing, make it from the published one, or empty.

    Args:
        database: The published file.
        wait: Seconds to wait for another process that writes the published file.
        storage_version: That of an empty one.

    Raises:
        DestinationLocked: Another process has the published file open for writing.
        DestinationError: The published file is no DuckDB database, or cannot be opened.
    """
    own = loading_file(database)
    if own.exists():
        return own
    with published_session(database, wait) as session, replacing(own) as file:
        if has_content(database):
            copy_file(database, file)
            # They are carried over from the published file, and could only be in the way here.
            session.execute(f"ATTACH {sql_text(file)} AS _pg_own")
            _drop_of_others(session, "_pg_own", own)
            session.execute("DETACH _pg_own")
        else:
            version = f"(STORAGE_VERSION '{storage_version}')"
            session.execute(f"ATTACH {sql_text(file)} AS _pg_empty {version}")
            session.execute("DETACH _pg_empty")
    return own


def _drop_of_others(connection: duckdb.DuckDBPyConnection, catalog: str, own: Path) -> None:
    try:
        drop_of_others(connection, catalog)
    except CannotCarryOver as error:
        raise DestinationError(
            f"{own.name} cannot be made without what others made in the published file: {error}",
            hint="Nothing was changed. Drop these objects in the published file, after you moved "
            f"what they hold elsewhere, and {own.name} too if there is one.",
        ) from None


@contextlib.contextmanager
def published_session(database: Path, wait: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection to which the published file is attached, if there is one.

    Other programs can read it meanwhile, and none can write it. A write-ahead log that a killed
    program left is read with it, and written into the file first where no program has it open.
    """
    try:
        with duckdb.connect() as session:
            limit(session)
            session.execute("SET preserve_insertion_order = true")
            session.execute(f"SET temp_directory = {sql_text(temporary(database), '.spilled')}")
            if has_content(database):
                check_header(database)
                attach = f"ATTACH {sql_text(database)} AS {PUBLISHED}"
                if write_ahead_log(database).exists():
                    # A reader is in the way: what is read here has it nevertheless, in memory.
                    with contextlib.suppress(DestinationLocked):
                        when_unlocked(database, 0, lambda: session.execute(attach))
                        session.execute(f"CHECKPOINT {PUBLISHED}")
                        session.execute(f"DETACH {PUBLISHED}")
                when_unlocked(database, wait, lambda: session.execute(f"{attach} (READ_ONLY)"))
            yield session
    except DestinationLocked as error:
        error.hint = (
            "Close it there, or open it read-only: what is written into it now would be lost when "
            "it is replaced. Nothing is lost; the next run publishes what is not published yet."
        )
        raise
    except DamagedDatabase as error:
        error.hint = "Name another file with --database, or move this one away."
        raise


def has_content(database: Path) -> bool:
    """Return whether there is a published file; an empty one only sets the mode of the new one."""
    return database.exists() and database.stat().st_size > 0


def catalog_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the name by which a connection knows the file that it is open on."""
    [[catalog]] = connection.execute("SELECT current_database()").fetchall()
    return str(catalog)


def storage_version_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> str | None:
    """Return the storage version of a file, such as `v1.0.0+`; None where DuckDB knows but one."""
    [[tags]] = connection.execute(
        "SELECT tags FROM duckdb_databases() WHERE database_name = ?", [catalog]
    ).fetchall()
    version: str | None = tags.get("storage_version")
    return version


def _has_version(connection: duckdb.DuckDBPyConnection, catalog: str, storage_version: str) -> bool:
    version = storage_version_of(connection, catalog)
    if version in (None, f"{storage_version}+"):
        return True
    # Several versions of DuckDB write the same one.
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as session:
        probe = sql_text(Path(folder, "probe"))
        session.execute(f"ATTACH {probe} AS probe (STORAGE_VERSION '{storage_version}')")
        return storage_version_of(session, "probe") == version


def _convert(
    own: Path, connection: duckdb.DuckDBPyConnection, catalog: str, storage_version: str
) -> None:
    """Write the loading file in another storage version.

    Args:
        own: The loading file.
        connection: Open on it.
        catalog: The file's name there.
        storage_version: As for `opened`.
    """
    connection.execute("CHECKPOINT")  # the write-ahead log goes before the file does
    with replacing(own) as file:
        version = f"(STORAGE_VERSION '{storage_version}')"
        connection.execute(f"ATTACH {sql_text(file)} AS _pg_converted {version}")
        try:
            connection.execute(f'COPY FROM DATABASE "{catalog}" TO _pg_converted')
            held, made = (contents(connection, name) for name in (catalog, "_pg_converted"))
        except (duckdb.IOException, duckdb.OutOfMemoryException):
            raise
        except duckdb.Error as error:
            raise _not_converted(own, storage_version, " ".join(str(error).split())) from None
        if held != made:
            different = {entry for entry, _ in held.items() ^ made.items()}
            raise _not_converted(own, storage_version, f"differs after it: {names(different)}")
        connection.execute("DETACH _pg_converted")
    logger.warning("%s was converted once to the storage version %s.", own, storage_version)


def _not_converted(own: Path, storage_version: str, reason: str) -> DestinationError:
    return DestinationError(
        f"{own} cannot be converted to the storage version {storage_version}: {reason[:300]}",
        hint=f"Nothing was changed. Set {LATEST} to keep it as it is.",
    )
