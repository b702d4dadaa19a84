"""Mistyped keys and sections of dlt's configuration, which dlt would silently leave unread."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import tomlkit
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.toml import SettingsTomlProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from ..catalog import RESOURCE_NAMES
from ..errors import ConfigurationError, Problems, closest, suggest
from .dlt_config import section
from .known_names import (
    ARGUMENTS,
    KEYS_OF_DLT,
    SECTIONS,
    SECTIONS_OF_DLT,
    TABLES,
    UNMISTAKABLE,
    Path,
    is_meant,
    unread_variables,
)
from .pipeline_settings import BUILTIN, KEYS, AlertSettings
from .setting import SECRETS_FILE, settings_of


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
        if name in SECTIONS and not isinstance(value, Mapping):
            yield (name,), "must be a section of keys"
        elif name == "sources":
            yield from _in_sources(value)
        elif name in SECTIONS:
            keys = SECTIONS[name]
            yield from () if keys is None else _unknown((name,), value, keys)
        elif isinstance(value, Mapping):
            near = closest(name, SECTIONS)
            if near and _holds_ours(near, value):
                yield (name,), f"is not a section (did you mean [{near}]?)"
            elif name == "perfectgym" and not value.keys().isdisjoint((*ARGUMENTS, "sources")):
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
    for name, entry in settings_of(AlertSettings).items():
        if entry.is_secret and isinstance(alerts, Mapping) and alerts.get(name):
            yield ("alerts", name), f"is a secret: put it into {SECRETS_FILE}"


def _holds_ours(name: str, content: Mapping[str, Any]) -> bool:
    """Return whether a section, named almost as one of ours, holds keys of that one."""
    inner = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    if name == "sources":
        return any(is_meant(key, value) for key, value in inner.items())
    if name == "pipelines":
        return any(
            key in BUILTIN or (value and set(value) <= set(KEYS)) for key, value in inner.items()
        )
    return not set(content).isdisjoint(SECTIONS[name] or ())


def _found() -> Iterator[tuple[str, str]]:
    """Find what is wrong in all files and in the environment, by key or variable."""
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
    pipelines = {*BUILTIN, *section("pipelines")}
    yield from unread_variables(os.environ.keys(), installations, pipelines)


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
        elif is_meant(name, value):
            yield path, "is not a section (did you mean [sources.perfectgym]?)"


def _in_source(path: Path, source: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, value in source.items():
        if isinstance(value, Mapping):
            known = (*TABLES, *SECTIONS_OF_DLT, "installations")
        else:
            known = (*ARGUMENTS, *KEYS_OF_DLT)
        yield from _unknown(path, {name: value}, known)
        if name == "perfectgym" and isinstance(value, Mapping):  # dlt looks there too
            yield from _in_source((*path, name), value)
        elif name in RESOURCE_NAMES and isinstance(value, Mapping):
            for key in value:
                if key in ARGUMENTS or (closest(key, UNMISTAKABLE)):
                    yield (
                        (*path, name, key),
                        "is not a setting of a resource: set it in [sources.perfectgym]",
                    )


def _unknown(
    path: Path, section: Mapping[str, Any], known: Collection[str]
) -> Iterator[tuple[Path, str]]:
    for name in section:
        if name not in known:
            yield (*path, name), f"is not a setting{suggest(name, known)}"


def _misspelled(path: Path) -> Iterator[tuple[Path, str]]:
    """Find a mistyped key outside of sections: dlt looks for every setting there too."""
    *_, name = path
    near = None if name in ARGUMENTS else closest(name, UNMISTAKABLE)
    if near:
        yield path, f"is not a setting (did you mean {near!r}?)"
