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
import tempfile
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
    """The file to load into; made from the published one where only that is there.

    Raises:
        DestinationError: The published file is no DuckDB database.
    """
    own = loading_file(database)
    if not own.exists() and database.exists():
        with _replacing(own) as copy:
            _copy(database, copy)
            try:
                duckdb.connect(str(copy), read_only=True).close()
            except duckdb.Error:
                raise DestinationError(
                    f"{database} is not a DuckDB database that can be opened.",
                    hint="Name another file with --database, or move this one away.",
                ) from None
    return own


def publish(database: Path) -> None:
    """Put the loaded file in the place of the published one."""
    own = loading_file(database)
    if own.with_name(own.name + ".wal").exists():
        # Left by a process that was killed: opening and closing brings it into the file.
        duckdb.connect(str(own)).close()
    with _replacing(database) as copy:
        _copy(own, copy)


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A temporary file in the target's folder that takes its place at the end."""
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}_", suffix=".tmp", dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, target.stat().st_mode & 0o777 if target.exists() else 0o640)
        os.replace(name, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _copy(source: Path, target: Path) -> None:
    """Copy a file: within the file system, without moving bytes, where the system can."""
    with open(source, "rb") as reader, open(target, "r+b") as writer:
        left = os.fstat(reader.fileno()).st_size
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
        os.fsync(writer.fileno())
