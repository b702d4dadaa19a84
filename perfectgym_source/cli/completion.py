"""Completes names on the command line: of resources, groups, pipelines and installations.

A shell asks at every press of Tab, so dlt, which takes a second to import, is left out: what the
configuration names is read from `.dlt/config.toml` and `.dlt/secrets.toml` of the working folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
import tomlkit

from ..catalog import ENDPOINTS, GROUPS
from ..config.builtin_pipelines import BUILTIN

FOLDER = Path(".dlt")


def resources(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Names of resources that may end a list with commas."""
    return _ends(incomplete, ENDPOINTS)


def groups(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Names of groups that may end a list with commas."""
    return _ends(incomplete, GROUPS)


def pipelines(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Names of named pipelines, shipped and configured."""
    names = {**BUILTIN, **_configured("pipelines")}
    return [name for name in names if name.startswith(incomplete)]


def installations(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Names of configured installations that may end a list with commas."""
    return _ends(incomplete, _configured("sources", "perfectgym", "installations"))


def _ends(incomplete: str, names: Iterable[str]) -> list[str]:
    before, comma, last = incomplete.rpartition(",")
    given = before.split(",")
    return [
        f"{before}{comma}{name}" for name in names if name.startswith(last) and name not in given
    ]


def _configured(*path: str) -> dict[str, Any]:
    """The sections below a section, by name."""
    found: dict[str, Any] = {}
    for file in (FOLDER / "config.toml", FOLDER / "secrets.toml"):
        try:
            section: Any = tomlkit.parse(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            # Not there, or not readable: a run says which, and nothing is said while one types.
            continue
        for name in path:
            section = section.get(name) if isinstance(section, Mapping) else None
        found.update(section if isinstance(section, Mapping) else {})
    return found
