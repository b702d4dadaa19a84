"""One run at a time for each target: a lock that ends with the process that holds it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ..errors import LockedError


@contextlib.contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a working folder.

    It is the kernel's (`flock`), so a process that died holds none; the file beside it only says
    who is running.

    Raises:
        LockedError: Another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "run.lock", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                f"Another run is loading into the same place: {_holder(file.name)}.",
                hint="Nothing was done; it does not have to be repeated.",
            ) from None
        file.seek(0)
        file.truncate()
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "started": started}, file)
        file.flush()
        yield


def _holder(path: str) -> str:
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8"))
        return f"process {held['pid']} on {held['host']}, since {held['started']}"
    except (OSError, ValueError, KeyError):
        return "it has just begun"
