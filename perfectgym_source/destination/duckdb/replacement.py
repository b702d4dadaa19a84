"""Replace a file in a single step, and keep the old one's owner, mode and attributes."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ...errors import ConfigurationError

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def replacing(target: Path, mode: int = 0o600) -> Iterator[Path]:
    """Open a temporary file in the target's folder that replaces it at the end.

    Its name is always the same, so that what a killed run left behind is overwritten. A power
    failure leaves the old file or the new one: both the file and its name reach the disk.

    Args:
        target: The file; where there is one, its mode, owner and so on are kept.
        mode: Of a new one.
    """
    file = temporary(target)
    _remove(file)
    try:
        yield file
        if target.exists():
            keep_attributes(target, file)
        else:
            os.chmod(file, mode)
        flush(file)
        # Of a file that goes or is gone; DuckDB would put its content into the new one.
        write_ahead_log(target).unlink(missing_ok=True)
        os.replace(file, target)
        flush(target.parent)
    finally:
        _remove(file)


def write_text(file: Path, text: str) -> None:
    """Write a text into a file; an older one is replaced, a pipe or a device is written to.

    Args:
        file: The file that somebody named.
        text: The text.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    try:
        if file.exists() and not file.is_file():
            file.write_text(text, encoding="utf-8")
            return
        with replacing(file.resolve()) as new:
            new.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror or error}") from None


def copy_file(source: Path, target: Path) -> None:
    """Copy a file: within the file system, without moving bytes, where it can."""
    with open(source, "rb") as reader, open(target, "xb", opener=_private) as writer:
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


def keep_attributes(old: Path, new: Path) -> None:
    """Give a file that takes another one's place what that one has, as far as the system lets it.

    What cannot be kept is a warning. Where the group is another one, it gets no permission but what
    everybody has: nobody gave it any.

    Args:
        old: The file that goes.
        new: The file that comes; private until now.
    """
    found = old.stat()
    mode = found.st_mode & 0o777
    lost = []
    for name, owner in (("owner", (found.st_uid, -1)), ("group", (-1, found.st_gid))):
        try:
            os.chown(new, *owner)
        except OSError:
            lost.append(name)
    if "group" in lost:
        mode &= 0o707 | (mode & 0o007) << 3
    os.chmod(new, mode)
    # The access list is among them. It can give permissions to the group: not to another one.
    for name in _attributes(old) if "group" not in lost else []:
        try:
            os.setxattr(new, name, os.getxattr(old, name))
        except OSError:
            lost.append(name)
    # The system sets these by itself.
    lost = [name for name in lost if not name.startswith("security.")]
    if lost:
        logger.warning(
            "%s: the system does not let this user keep %s of the file; set it again by hand.",
            old,
            ", ".join(lost),
        )


def _attributes(file: Path) -> list[str]:
    try:
        return os.listxattr(file)
    except (OSError, AttributeError):  # no such thing in this file system, or on macOS
        return []


def write_ahead_log(file: Path) -> Path:
    """Return the path of a DuckDB file's write-ahead log."""
    return file.with_name(f"{file.name}.wal")


def temporary(file: Path) -> Path:
    """Return the path of the copy that will replace a file."""
    return file.with_name(f".{file.name}.tmp")


def sql_text(path: Path, end: str = "") -> str:
    """Return a path as SQL has it."""
    return "'" + f"{path}{end}".replace("'", "''") + "'"


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)
    write_ahead_log(file).unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private(path: str, flags: int) -> int:
    """Open a file that only its owner may read: it holds people's data."""
    return os.open(path, flags, 0o600)
