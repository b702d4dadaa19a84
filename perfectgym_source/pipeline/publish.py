"""The DuckDB file that analysts open, apart from the one that is being loaded.

DuckDB lets one process write a file, and a reader in another process locks the writer out. So rows
are loaded into a file of the pipeline's own beside it, and the finished file takes the place of the
published one in a single step (`rename`, POSIX): whoever has the old one open keeps reading it, and
whoever opens it anew sees a complete run.

It also keeps the catalog's name apart from the dataset's: DuckDB refuses `perfectgym.classes` as
ambiguous in a file `perfectgym.duckdb` while dlt loads the dataset `perfectgym`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from ..errors import ConfigurationError, DestinationError


def loading_file(database: Path) -> Path:
    """The pipeline's own file, beside the published one.

    Raises:
        ConfigurationError: There is no such folder.
    """
    if not database.parent.is_dir():
        raise ConfigurationError(f"There is no folder {database.parent} for --database.")
    return database.with_name(f"{database.stem}_loading.duckdb")


def prepare(database: Path) -> Path:
    """The file to load into; where it is missing, made from the published one, or empty.

    Raises:
        DestinationError: The published file is no DuckDB database.
    """
    own = loading_file(database)
    if own.exists():
        return own
    # Of a file that is gone; DuckDB would put its content into the new one.
    _write_ahead_log(own).unlink(missing_ok=True)
    with _replacing(own) as file:
        if database.exists():
            _copy(database, file)
        try:
            duckdb.connect(str(file)).close()
        except duckdb.Error:
            raise DestinationError(
                f"{database} is not a DuckDB database that can be opened.",
                hint="Name another file with --database, or move this one away.",
            ) from None
    return own


def is_published(database: Path) -> bool:
    """Whether the published file holds what the loaded one does, by the time of both.

    `publish` copies the time with the content, and `unnoticed` puts it back.
    """
    own = loading_file(database)
    if not database.exists() or _write_ahead_log(own).exists():
        return False
    return own.stat().st_mtime_ns == database.stat().st_mtime_ns


@contextlib.contextmanager
def unnoticed(database: Path) -> Iterator[None]:
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
        published = database.stat()
        os.utime(own, ns=(published.st_atime_ns, published.st_mtime_ns))


def publish(database: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Put the loaded file in the place of the published one.

    Args:
        database: The published file.
        connection: Open on the loaded one. It keeps other processes out until the copy is made.
    """
    # Brings what the write-ahead log holds into the file.
    connection.execute("CHECKPOINT")
    with _replacing(database) as copy:
        _copy(loading_file(database), copy)


def _write_ahead_log(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A temporary file in the target's folder that takes its place at the end.

    Its name is always the same, so that what a killed run left behind is overwritten. A power
    failure leaves the old file or the new one: both the file and its name reach the disk.
    """
    file = target.with_name(f".{target.name}.tmp")
    file.unlink(missing_ok=True)
    try:
        yield file
        os.chmod(file, target.stat().st_mode & 0o777 if target.exists() else 0o640)
        _flush(file)
        os.replace(file, target)
        _flush(target.parent)
    finally:
        file.unlink(missing_ok=True)


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
