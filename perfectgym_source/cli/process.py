"""The process around a command: its environment, and the report of a bug."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from dlt.common.runtime.run_context import active

from ..errors import ConfigurationError

_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def check_environment() -> None:
    """Check the settings of the process that no configuration can replace.

    Raises:
        ConfigurationError: A certificate file does not exist, or a path cannot be written as
            UTF-8.
    """
    for text in (os.getcwd(), active().data_dir, *sys.argv):
        try:
            text.encode()
        except UnicodeEncodeError:
            # DuckDB takes paths as UTF-8.
            raise ConfigurationError(
                f"The locale of this process ({sys.getfilesystemencoding()}) cannot express all "
                f"letters of {text}",
                hint="Set PYTHONUTF8=1 or LC_ALL=C.UTF-8: paths have to be UTF-8.",
            ) from None
    for name in _CERTIFICATES:
        file = os.environ.get(name)
        if file and not os.path.exists(file):
            raise ConfigurationError(
                f"{name} names {file}, which does not exist",
                hint="requests reads certificates from it: correct it, or unset it.",
            )


def report_bug(error: BaseException) -> str:
    """Write an error's traceback into a private file.

    Returns:
        The sentence that says so. The error's text is in the file only: it may hold anything.
    """
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    where = "could not be written"
    for folder in _folders():
        try:
            file = folder / f"bug-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.txt"
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as writer:
                writer.write(text)
        except OSError:
            continue
        where = f"is in {file}"
        break
    return (
        f"A bug in perfectgym: {type(error).__name__}. The traceback {where}; please report it. "
        "(Read it before you pass it on: it may hold data.)"
    )


def _folders() -> Iterator[Path]:
    try:
        yield Path(active().data_dir) / "perfectgym"
    except Exception:  # dlt's own start may be what has failed
        pass
    try:
        yield Path(tempfile.gettempdir())
    except OSError:
        pass
