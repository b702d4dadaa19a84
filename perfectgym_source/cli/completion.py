"""Shell completion of the names of resources, groups, pipelines and installations.

dlt is not imported, because that takes a second at every press of Tab: configured names are read
from the files in which dlt looks for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from ..catalog import GROUP_NAMES, RESOURCE_NAMES
from ..config.first_files import TEMPLATES, first_folder
from ..config.pipeline_settings import BUILTIN
from ..config.toml_files import read_toml
from ..errors import ConfigurationError


def resources(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Return names of resources that may end a list with commas."""
    return _ends(incomplete, RESOURCE_NAMES)


def groups(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Return names of groups that may end a list with commas."""
    return _ends(incomplete, GROUP_NAMES)


def pipelines(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of built-in and configured pipelines."""
    return [name for name in pipeline_names() if name.startswith(incomplete)]


def pipeline_names() -> list[str]:
    """Return the names of all pipelines, the built-in ones first."""
    return list({**BUILTIN, **_configured("pipelines")})


def installations(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Return names of configured installations that may end a list with commas."""
    return _ends(incomplete, _configured("sources", "perfectgym", "installations"))


def _ends(incomplete: str, names: Iterable[str]) -> list[str]:
    before, comma, last = incomplete.rpartition(",")
    given = before.split(",")
    return [
        f"{before}{comma}{name}" for name in names if name.startswith(last) and name not in given
    ]


def _configured(*path: str) -> dict[str, Any]:
    """Return the sections below a section, by name."""
    found: dict[str, Any] = {}
    for name in TEMPLATES:
        try:
            section: Any = read_toml(first_folder() / name)
        except ConfigurationError:
            # A run reports a file that cannot be read; completion prints nothing.
            continue
        for part in path:
            section = section.get(part) if isinstance(section, Mapping) else None
        found.update(section if isinstance(section, Mapping) else {})
    return found
