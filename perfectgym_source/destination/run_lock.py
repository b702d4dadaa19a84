"""The lock of a working folder: one run at a time into each destination.

It is the kernel's, and ends with the process that holds it, however it ends.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO

from ..errors import LockedError, SystemFailure

LOCK_FILE = "run.lock"


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
    """Open the lock file, in a folder that only its owner may read: rows are kept in it."""
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


def _holder(path: str) -> RunUnderWay:
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8"))
        since = datetime.fromisoformat(held["started"])
        return RunUnderWay(f"process {held['pid']} on {held['host']}", since.astimezone())
    except (OSError, ValueError, KeyError, TypeError):
        return RunUnderWay("", None)
