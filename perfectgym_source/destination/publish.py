"""The DuckDB file that analysts open, apart from the one that is being loaded.

DuckDB lets one process write a file, and a reader in another process locks the writer out. So rows
are loaded into a file of the pipeline's own beside it, and the finished file takes the place of the
published one in a single step (`rename`, POSIX): whoever has the old one open keeps reading it, and
whoever opens it anew sees a complete run.

It also keeps the catalog's name apart from the dataset's: DuckDB refuses `perfectgym.classes` as
ambiguous in a file `perfectgym.duckdb` while dlt loads the dataset `perfectgym`.

Both files have the storage version of the setting `storage_version`. What others made in the
published file is carried over (`others`), and so are its owner, mode and attributes (`attributes`).
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ..errors import ConfigurationError, DestinationError, DestinationLocked
from .file_attributes import keep_attributes
from .foreign_objects import (
    COPY,
    PUBLISHED,
    CannotCarryOver,
    carry_over,
    contents,
    drop_of_others,
    drop_staging,
    loaded_state,
    names,
)
from .lock import DamagedDatabase, check_header, database_lock, limit, when_unlocked

logger = logging.getLogger(__name__)

STORAGE_VERSION = "v1.0.0"
"""What every DuckDB from 1.0 on can read, and with it the ones that BI tools bundle."""

_LATEST = 'storage_version = "latest"'
_LOADING = "_loading"


def loading_name(database: Path) -> str:
    """The name by which DuckDB knows the pipeline's own file."""
    return f"{database.stem}{_LOADING}"


def loading_file(database: Path) -> Path:
    """The pipeline's own file, beside the published one.

    Raises:
        ConfigurationError: There is no such folder, or DuckDB cannot take the path.
    """
    if database.is_dir():
        raise ConfigurationError(f"{database} is a folder: --database has to name a DuckDB file.")
    if not database.parent.is_dir():
        raise ConfigurationError(f"There is no folder {database.parent} for --database.")
    if "?" in str(database):
        raise ConfigurationError(
            f"DuckDB cannot take a path with a question mark, such as {database} of --database."
        )
    if database.stem.lower().endswith(_LOADING):
        raise ConfigurationError(
            f"{database.name} has the name of a file into which a pipeline loads.",
            hint="--database has to name the file that is published: without '_loading'.",
        )
    own = database.with_name(f"{loading_name(database)}.duckdb")
    if max(len(os.fsencode(_temporary(file).name)) for file in (own, database)) > 250:
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
        if _has_version(connection, storage_version):
            yield connection
            return
        if _has_content(database):
            [[catalog]] = connection.execute("SELECT current_database()").fetchall()
            _drop_of_others(connection, catalog, own)
        _convert(own, connection, storage_version)
    with database_lock(own, wait) as connection:
        yield connection


def prepare(database: Path, wait: float = 0, storage_version: str = STORAGE_VERSION) -> Path:
    """The file to load into; where it is missing, made from the published one, or empty.

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
    with _published(database, wait) as session, _replacing(own) as file:
        if _has_content(database):
            _copy(database, file)
            # They are carried over from the published file, and could only be in the way here.
            session.execute(f"ATTACH {_text(file)} AS _pg_own")
            _drop_of_others(session, "_pg_own", own)
            session.execute("DETACH _pg_own")
            _take_time(file, database)
        else:
            version = f"(STORAGE_VERSION '{storage_version}')"
            session.execute(f"ATTACH {_text(file)} AS _pg_empty {version}")
            session.execute("DETACH _pg_empty")
    return own


def is_published(database: Path) -> bool:
    """Whether the published file holds what the loaded one does, by the time of both.

    `publish` copies the time with the content, and `preserving_publish_marker` puts it back.
    """
    own = loading_file(database)
    if not database.exists() or _write_ahead_log(own).exists():
        return False
    return own.stat().st_mtime_ns == database.stat().st_mtime_ns


@contextlib.contextmanager
def preserving_publish_marker(database: Path) -> Iterator[None]:
    """What is written into the loaded file inside is no reason to publish it.

    It is published with the next change. Where the process is killed inside, it is published by the
    next run.

    Args:
        database: The published file; the loaded one has to be there.
    """
    own = loading_file(database)
    was_published = is_published(database)
    yield
    if was_published:
        # Otherwise DuckDB writes when the last connection is closed.
        with duckdb.connect(str(own)) as connection:
            connection.execute("CHECKPOINT")
        _take_time(own, database)


def publish(database: Path, connection: duckdb.DuckDBPyConnection, wait: float = 0) -> None:
    """Put the loaded file in the place of the published one, unless that holds the same.

    Args:
        database: The published file.
        connection: Open on the loaded one. It keeps other processes out until the copy is made.
        wait: Seconds to wait for another process that has the published file open for writing.

    Raises:
        DestinationLocked: Another process still has it open for writing.
        DestinationError: It cannot be opened, or others made something in it that cannot be
            carried over.
    """
    # Brings what the write-ahead log holds into the file.
    connection.execute("CHECKPOINT")
    own = loading_file(database)
    with _published(database, wait) as session:
        if _has_content(database) and _is_current(session, connection):
            # Somebody else wrote into it: no reason to touch it.
            _take_time(own, database)
            return
        with _replacing(database, mode=0o640) as copy:
            _copy(own, copy)
            session.execute(f"ATTACH {_text(copy)} AS {COPY}")
            drop_staging(session, COPY)
            if _has_content(database):
                _carry_over(session, database)
            session.execute(f"DETACH {COPY}")
            _take_time(copy, own)


def _drop_of_others(connection: duckdb.DuckDBPyConnection, catalog: str, own: Path) -> None:
    try:
        drop_of_others(connection, catalog)
    except CannotCarryOver as error:
        raise DestinationError(
            f"{own.name} cannot be made without what others made in the published file: {error}",
            hint="Nothing was changed. Drop these objects in the published file, after you moved "
            f"what they hold elsewhere, and {own.name} too if there is one.",
        ) from None


def _carry_over(session: duckdb.DuckDBPyConnection, database: Path) -> None:
    try:
        carry_over(session)
    except CannotCarryOver as error:
        ways = ""
        if "storage version" in str(error):
            ways = f", or set {_LATEST}"
        raise DestinationError(
            f"{database} was not published anew, because it holds what others made in it, and what "
            f"cannot be carried over: {error}",
            hint=f"Nothing is lost: all that was read is in {loading_file(database).name}. Move "
            f"these objects into a DuckDB file of their own{ways}; the next run publishes.",
        ) from None


@contextlib.contextmanager
def _published(database: Path, wait: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to which the published file is attached, if there is one: others can read it
    meanwhile, and nobody can write it. What a program that died left in its write-ahead log is
    read with it, and comes into the file first where nobody has that open."""
    try:
        with duckdb.connect() as session:
            limit(session)
            session.execute("SET preserve_insertion_order = true")
            session.execute(f"SET temp_directory = {_text(_temporary(database), '.spilled')}")
            if _has_content(database):
                check_header(database)
                attach = f"ATTACH {_text(database)} AS {PUBLISHED}"
                if _write_ahead_log(database).exists():
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


def _has_content(database: Path) -> bool:
    """Whether there is a published file. An empty one only says what mode it is to have."""
    return database.exists() and database.stat().st_size > 0


def _is_current(session: duckdb.DuckDBPyConnection, loaded: duckdb.DuckDBPyConnection) -> bool:
    """Whether the published file has the storage version and the rows of the loaded one."""
    [[catalog]] = loaded.execute("SELECT current_database()").fetchall()
    if _version_of(session, PUBLISHED) != _version_of(loaded, catalog):
        return False
    state = loaded_state(loaded, catalog)
    return loaded_state(session, PUBLISHED, among=state) == state


def _version_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> str | None:
    """The storage version of a file, such as `v1.0.0+`; None where DuckDB knows but one."""
    [[tags]] = connection.execute(
        "SELECT tags FROM duckdb_databases() WHERE database_name = ?", [catalog]
    ).fetchall()
    version: str | None = tags.get("storage_version")
    return version


def _has_version(connection: duckdb.DuckDBPyConnection, storage_version: str) -> bool:
    [[catalog]] = connection.execute("SELECT current_database()").fetchall()
    held = _version_of(connection, catalog)
    if held in (None, f"{storage_version}+"):
        return True
    # Several versions of DuckDB write the same one.
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as session:
        probe = _text(Path(folder, "probe"))
        session.execute(f"ATTACH {probe} AS probe (STORAGE_VERSION '{storage_version}')")
        return _version_of(session, "probe") == held


def _convert(own: Path, connection: duckdb.DuckDBPyConnection, storage_version: str) -> None:
    """Write the loading file in another storage version.

    Args:
        own: The loading file.
        connection: Open on it.
        storage_version: As for `opened`.
    """
    [[catalog]] = connection.execute("SELECT current_database()").fetchall()
    connection.execute("CHECKPOINT")  # the write-ahead log goes before the file does
    with _replacing(own) as file:
        version = f"(STORAGE_VERSION '{storage_version}')"
        connection.execute(f"ATTACH {_text(file)} AS _pg_converted {version}")
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
        hint=f"Nothing was changed. Set {_LATEST} to keep it as it is.",
    )


def _take_time(file: Path, of: Path) -> None:
    times = of.stat()
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def _write_ahead_log(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def _temporary(file: Path) -> Path:
    return file.with_name(f".{file.name}.tmp")


def _text(path: Path, end: str = "") -> str:
    """A path as SQL has it."""
    return "'" + f"{path}{end}".replace("'", "''") + "'"


@contextlib.contextmanager
def _replacing(target: Path, mode: int = 0o600) -> Iterator[Path]:
    """A temporary file in the target's folder that takes its place at the end.

    Its name is always the same, so that what a killed run left behind is overwritten. A power
    failure leaves the old file or the new one: both the file and its name reach the disk.

    Args:
        target: The file; where there is one, its mode, owner and so on are kept.
        mode: Of a new one.
    """
    file = _temporary(target)
    _remove(file)
    try:
        yield file
        if target.exists():
            keep_attributes(target, file)
        else:
            os.chmod(file, mode)
        _flush(file)
        # Of a file that goes or is gone; DuckDB would put its content into the new one.
        _write_ahead_log(target).unlink(missing_ok=True)
        os.replace(file, target)
        _flush(target.parent)
    finally:
        _remove(file)


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    _write_ahead_log(file).unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: Path, target: Path) -> None:
    """Copy a file and its time: within the file system, without moving bytes, where it can."""
    with open(source, "rb") as reader, open(target, "xb", opener=_private) as writer:
        read = os.fstat(reader.fileno())
        left = read.st_size
        try:
            while left:
                # Shares the blocks on file systems that have reflinks (Btrfs, XFS).
                moved = os.copy_file_range(reader.fileno(), writer.fileno(), left)
                if not moved:
                    break
                left -= moved
        except (OSError, AttributeError):
            reader.seek(0)
            writer.seek(0)
            shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        os.utime(writer.fileno(), ns=(read.st_atime_ns, read.st_mtime_ns))


def _private(path: str, flags: int) -> int:
    """Opens a file that nobody else may read: it holds people's data."""
    return os.open(path, flags, 0o600)
