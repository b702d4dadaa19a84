"""Mistyped keys and sections of dlt's configuration, which dlt would silently leave unread."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

import tomlkit
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.toml import SettingsTomlProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from ..catalogue import ENDPOINTS
from ..errors import ConfigurationError, Problems
from ..nearest import near_miss, nearest
from ..settings import NAMES
from .alerts import Alerts
from .installations import KEYS
from .quality import KINDS
from .shipped import SHIPPED

Path = tuple[str, ...]

_ALERTS = tuple(entry.name for entry in fields(Alerts))
_SECRET_ALERTS = ("webhook_url", "ping_url")
_OURS: Mapping[str, Collection[str] | None] = {
    "sources": None,
    "pipelines": None,
    "checks": tuple(KINDS),
    "alerts": _ALERTS,
}
"""Our sections at the top, and the keys of those that hold nothing else."""
_ARGUMENTS = (*NAMES, "resources", "groups", "full_refresh", "limit")
"""Keys of `[sources.perfectgym]`."""
_TABLES = ("pii", "schema_contract")
"""Those of them that may be sections."""
_KEYS_OF_DLT = ("max_table_nesting", "root_key")
_SECTIONS_OF_DLT = ("perfectgym", "data_writer", "extract", "schema", *ENDPOINTS)
"""What dlt reads in `[sources.perfectgym]` besides: of the source, its schema and its resources."""


def check_keys() -> None:
    """Refuse keys and sections that nothing reads and that resemble ours.

    Raises:
        ConfigurationError: There are some; each is named with the nearest right one.
    """
    problems = Problems()
    for path, problem in _found():
        with problems.collected():
            raise ConfigurationError(f"{path} {problem}")
    problems.raise_all()


def place_without_files() -> str:
    """Return where configuration files were looked for, if there are none; else nothing."""
    context = Container()[PluggableRunContext]
    for provider in context.providers.providers:
        if isinstance(provider, SettingsTomlProvider) and provider.present_locations:
            return ""
    folders = (context.context.settings_dir, context.context.global_dir)
    shown = " or ".join(dict.fromkeys(os.path.abspath(folder) for folder in folders))
    return f"There is no config.toml and no secrets.toml in {shown}."


def unread(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Find keys and sections that nothing reads.

    Args:
        document: A configuration file as nested mappings.

    Yields:
        The path of each, and what is wrong with it.
    """
    for name, value in document.items():
        if name in _OURS and not isinstance(value, Mapping):
            yield (name,), "must be a section of keys"
        elif name == "sources":
            yield from _in_sources(value)
        elif name in _OURS:
            keys = _OURS[name]
            yield from () if keys is None else _unknown((name,), value, keys)
        elif isinstance(value, Mapping):
            if near := near_miss(name, _OURS):
                yield (name,), f"is not a section (did you mean [{near}]?)"
            elif name == "perfectgym" and not value.keys().isdisjoint(_ARGUMENTS):
                yield (name,), "is not a section (did you mean [sources.perfectgym]?)"
        else:
            yield from _misspelled((name,))


def misplaced(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Find addresses of alerts in a file that is not for secrets: dlt does not look there.

    Args:
        document: A configuration file as nested mappings.

    Yields:
        The path of each, and what is wrong with it.
    """
    alerts = document.get("alerts")
    for name in _SECRET_ALERTS:
        if isinstance(alerts, Mapping) and alerts.get(name):
            yield ("alerts", name), "is a secret: put it into .dlt/secrets.toml"


def unread_variables(
    names: Collection[str], configured: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Find environment variables with our prefix that nothing reads.

    Args:
        names: Names of environment variables.
        configured: The names of the installations.

    Yields:
        The name of each, and what is wrong with it.
    """
    for name in names:
        path = tuple(name.lower().split("__"))
        if name != name.upper() or len(path) < 2 or not all(path):
            continue
        problem = _wrong_variable(path, {each.lower() for each in configured})
        if problem:
            yield name, problem


def _wrong_variable(path: Path, installations: Collection[str]) -> str | None:
    """What is wrong with a variable, by its name's parts in small letters."""
    first, second, *rest = path
    if first in ("checks", "alerts") and not rest:
        # Other programs may have such variables: only what resembles ours is refused.
        keys = _OURS[first] or ()
        near = None if second in keys else near_miss(second, keys)
        return near and _not_a_variable(first, near)
    if first == "pipelines" and second in SHIPPED and rest:
        return "is not read: a pipeline is set in .dlt/config.toml"
    if not rest or not near_miss(first, ("sources",)) or not near_miss(second, ("perfectgym",)):
        return None
    if (first, second) != ("sources", "perfectgym"):
        return _not_a_variable("sources", "perfectgym", *rest)
    key, *below = rest
    if not below:
        if key in (*_ARGUMENTS, *_KEYS_OF_DLT):
            return None
        near = near_miss(key, _ARGUMENTS, 0.5)
        return _not_a_variable(first, second, near) if near else "is not a setting"
    if key == "installations":
        return _wrong_installation(below, installations)
    if key in NAMES:
        return f"is not read: set {'__'.join(path[:3]).upper()}, as JSON"
    return None if key in _SECTIONS_OF_DLT else "is not a setting"


def _wrong_installation(path: list[str], installations: Collection[str]) -> str | None:
    name, *key = path
    if name not in installations:
        return (
            f"is not read: there is no installation {name!r}{nearest(name, installations)} in "
            ".dlt/config.toml"
        )
    if len(key) == 1 and key[0] not in KEYS:
        return f"is not a setting{nearest(key[0], KEYS)}"
    return None


def _not_a_variable(*right: str) -> str:
    return f"is not a setting (did you mean {'__'.join(right).upper()}?)"


def _found() -> Iterator[tuple[str, str]]:
    """What is wrong in all files and the environment, by where it is set."""
    context = Container()[PluggableRunContext]
    installations: set[str] = set()
    for provider in context.providers.providers:
        if not isinstance(provider, SettingsTomlProvider):
            continue
        document = tomlkit.parse(provider.to_toml()).unwrap()
        found = list(unread(document))
        if not provider.supports_secrets:
            found += misplaced(document)
        for path, problem in found:
            place = provider.get_value_location(path[-1], None, *path[:-1]) or provider.name
            folder = context.context.settings_dir
            if place.startswith("global:"):
                place, folder = place.partition(":")[2], context.context.global_dir
            file = os.path.normpath(os.path.join(folder, place))
            yield ".".join(path), f"{problem}; it is set in {file}"
        named, _ = provider.get_value("installations", dict, "", "sources", "perfectgym")
        installations.update(named if isinstance(named, Mapping) else ())
    yield from unread_variables(os.environ.keys(), installations)


def _in_sources(sources: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, value in sources.items():
        path = ("sources", name)
        if not isinstance(value, Mapping):
            if name == "perfectgym":
                yield path, "must be a section of keys"
            else:
                yield from _misspelled(path)
        elif name == "perfectgym":
            yield from _in_source(path, value)
        elif near_miss(name, ("perfectgym",)):
            yield path, "is not a section (did you mean [sources.perfectgym]?)"


def _in_source(path: Path, source: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, value in source.items():
        if isinstance(value, Mapping):
            known = (*_TABLES, *_SECTIONS_OF_DLT, "installations")
        else:
            known = (*_ARGUMENTS, *_KEYS_OF_DLT)
        yield from _unknown(path, {name: value}, known)


def _unknown(
    path: Path, section: Mapping[str, Any], known: Collection[str]
) -> Iterator[tuple[Path, str]]:
    for name in section:
        if name not in known:
            yield (*path, name), f"is not a setting{nearest(name, known)}"


def _misspelled(path: Path) -> Iterator[tuple[Path, str]]:
    """A key outside of sections: dlt looks for every setting there too."""
    *_, name = path
    near = None if name in _ARGUMENTS else near_miss(name, NAMES)
    if near:
        yield path, f"is not a setting (did you mean {near!r}?)"
