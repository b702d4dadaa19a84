"""Translate errors of libraries into ours, each with a sentence and an exit code.

dlt and other libraries wrap errors in errors. An error that is in no table here is a bug of this
program. Errors of a destination are translated by `destination.base`.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

import requests
from dlt.common.configuration.exceptions import (
    ConfigProviderException,
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
)
from dlt.common.exceptions import MissingDependencyException
from dlt.pipeline.exceptions import PipelineStepFailed

from .errors import ApiError, ConfigurationError, PerfectGymError, SystemFailure
from .text import shortened

_LOCAL_STEPS = ("extract", "normalize")
"""The steps in which dlt writes into its working folder, and not into the destination."""

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a file system that has no room for a file."""

_SPACE = "Free some space and run again: nothing is lost."
_RIGHTS = "Check its owner and permissions, or name another folder (DLT_DATA_DIR, --database)."
_PLACE = "Check HOME, TMPDIR and DLT_DATA_DIR."
_HINTS = {
    **dict.fromkeys(NO_SPACE, _SPACE),
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.ENOENT: _PLACE,
    errno.ENOTDIR: _PLACE,
    errno.EEXIST: _PLACE,
    errno.EMFILE: "Raise the limit of open files (ulimit -n), or lower concurrency.",
}
_NETWORK = (requests.RequestException, ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError)


def explain(error: BaseException) -> BaseException:
    """Return the error as one of ours, or unchanged if it is a bug.

    Args:
        error: An error that was not raised by a destination.
    """
    links = error_chain(error)
    if own := own_error(links):
        return own
    for link in links:
        if found := _explained(link):
            return found
    return error


def error_chain(error: BaseException) -> list[BaseException]:
    """Return the error and its causes, the first cause last."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links


def own_error(links: Sequence[BaseException]) -> BaseException | None:
    """Return the first of ours among errors, or else an interruption; None if there is neither."""
    kinds = (PerfectGymError, KeyboardInterrupt)
    return next((link for kind in kinds for link in links if isinstance(link, kind)), None)


def is_local(error: BaseException) -> bool:
    """Return whether dlt raised the error in a step that does not write into the destination."""
    steps = [link.step for link in error_chain(error) if isinstance(link, PipelineStepFailed)]
    return bool(steps) and steps[0] in _LOCAL_STEPS


def not_configured(error: BaseException, destination: str) -> ConfigurationError | None:
    """Return what is missing for a destination, if that is what the error says.

    Args:
        error: An error of dlt.
        destination: Name of the dlt destination.
    """
    if isinstance(error, MissingDependencyException):
        return ConfigurationError(
            f"The destination {destination!r} needs more packages.",
            hint=f"pip install {' '.join(map(repr, error.dependencies))}",
        )
    if isinstance(error, ConfigurationException):
        return ConfigurationError(
            f"The destination {destination!r} is not configured: {first_line(error)}",
            hint="Set it in .dlt/config.toml, and credentials in .dlt/secrets.toml.",
        )
    return None


def concerns_folder(error: BaseException, folder: Path) -> bool:
    """Return whether the system refused a file of a folder, or one of its parents."""
    name = error.filename if isinstance(error, OSError) else None
    if not isinstance(name, (str, bytes)):
        return False
    root, file = folder.absolute(), os.fsdecode(name)
    return root.is_relative_to(file) or Path(file).absolute().is_relative_to(root)


def is_of_driver(error: BaseException) -> bool:
    """Return whether the error is of a database's client library, by the names of PEP 249.

    dlt passes those on that are raised when a connection is opened.
    """
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return not kinds.isdisjoint(("DatabaseError", "InterfaceError"))


def first_line(error: BaseException) -> str:
    """Return the beginning of an error's text, or its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _explained(error: BaseException) -> PerfectGymError | None:
    """Return the error of the system or the user; None if it is neither."""
    if isinstance(error, ConfigProviderException):
        return ConfigurationError(f"{error.provider_name} cannot be read")
    if isinstance(error, ConfigValueCannotBeCoercedException):
        # Not its text: that holds the value.
        return ConfigurationError(f"The setting {error.field_name} has a value of the wrong type")
    if isinstance(error, MissingDependencyException):
        return ConfigurationError(
            "A package is missing",
            hint=f"pip install {' '.join(map(repr, error.dependencies))}",
        )
    if isinstance(error, ConfigurationException):
        return ConfigurationError(f"The configuration is wrong: {first_line(error)}")
    if isinstance(error, _NETWORK):
        return ApiError(f"The connection failed ({type(error).__name__})")
    if isinstance(error, OSError):
        return _of_the_system(error)
    if isinstance(error, MemoryError):
        return SystemFailure("There is not enough memory", hint="Lower concurrency.")
    if isinstance(error, RuntimeError) and "can't start new thread" in str(error):
        return SystemFailure("The system allows no more threads", hint="Lower concurrency.")
    return None


def _of_the_system(error: OSError) -> SystemFailure:
    problem = error.strerror or first_line(error)
    where = f": {shortened(os.fsdecode(error.filename))}" if _is_path(error.filename) else ""
    hint = _HINTS.get(error.errno or 0, "Run again when that is put right: nothing is lost.")
    return SystemFailure(f"This machine's files could not be used: {problem}{where}", hint=hint)


def _is_path(name: object) -> bool:
    return isinstance(name, (str, bytes)) and bool(name)
