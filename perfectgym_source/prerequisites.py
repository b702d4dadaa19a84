"""Check that this machine has what the connector needs, before anything else is imported."""

from __future__ import annotations

import sys

from .errors import ConfigurationError

DISTRIBUTION = "perfectgym-source"
"""The name by which pip knows this package."""
_CHECKED = ("dlt", "duckdb")
"""The packages whose unfit versions do damage: pip installs them if it is told to."""


def own_version() -> str:
    """Return the version of this package; `0` where it is used from a folder, not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"


def check_platform() -> None:
    """Make sure that pipelines can run here: their locks and file modes are POSIX.

    `perfectgym_source` as a plain dlt source has neither, and runs everywhere.

    Raises:
        ConfigurationError: This is Windows.
    """
    if sys.platform == "win32":
        raise ConfigurationError(
            "Pipelines do not run on Windows itself: its file locks and permissions differ",
            hint="Install and run perfectgym in WSL (wsl --install).",
        )


def check_versions() -> None:
    """Make sure that dlt and DuckDB have versions that the package declares.

    pip only warns about versions that do not fit, and dlt changes its insides between them.

    Raises:
        ConfigurationError: One of them has another version.
    """
    # Together with `packaging` they take as long to import as the rest of `--help`.
    from importlib.metadata import PackageNotFoundError, requires, version

    from packaging.requirements import Requirement

    try:
        declared = [Requirement(text) for text in requires(DISTRIBUTION) or ()]
    except PackageNotFoundError:  # used from a folder, without an installation
        return
    unfit = {}
    for requirement in declared:
        if requirement.name not in _CHECKED:
            continue
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:  # brought by something else than pip
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            unfit[f"{requirement.name}{requirement.specifier}"] = f"{requirement.name} {installed}"
    if unfit:
        raise ConfigurationError(
            f"{DISTRIBUTION} needs {' and '.join(unfit)}, but {' and '.join(unfit.values())} "
            f"{'is' if len(unfit) == 1 else 'are'} installed",
            hint=f"Run: pip install {' '.join(map(repr, unfit))}",
        )
