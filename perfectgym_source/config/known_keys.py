"""Mistyped keys and sections of dlt's configuration, which dlt would silently leave unread."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields
from typing import Any

import tomlkit
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.toml import SettingsTomlProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from ..catalog import ENDPOINTS
from ..errors import ConfigurationError, Problems, closest, suggest
from ..pipeline.alerts import Alerts
from ..pipeline.checks import KINDS
from .builtin_pipelines import BUILTIN
from .dlt_config import section
from .installations import KEYS
from .pipelines import KEYS as PIPELINE_KEYS
from .settings import NAMES

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
_UNMISTAKABLE = (
    "pii",
    "pii_key",
    "deleted_rows",
    "shared_dataset",
    "timestamp_overlap",
    "sweep_days",
    "schedule_days",
)
"""Those of them that hardly any other program has; `mode` and `password` may be anybody's."""
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
            near = closest(name, _OURS)
            if near and _holds_ours(near, value):
                yield (name,), f"is not a section (did you mean [{near}]?)"
            elif name == "perfectgym" and not value.keys().isdisjoint((*_ARGUMENTS, "sources")):
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
    names: Collection[str], installations: Collection[str], pipelines: Collection[str] = BUILTIN
) -> Iterator[tuple[str, str]]:
    """Find environment variables that are meant for us and that nothing reads.

    Args:
        names: Names of environment variables.
        installations: The names of the installations.
        pipelines: The names of the pipelines.

    Yields:
        The name of each, and what is wrong with it.
    """
    installations = {name.lower() for name in installations}
    pipelines = {name.lower() for name in pipelines}
    bare = {_flat(key): _variable("sources", "perfectgym", key) for key in _UNMISTAKABLE}
    read = {_flat(name): name for name in _variables(installations)}
    for name in names:
        right = read.get(_flat(name)) or bare.get(_flat(name))
        if right:
            problem = None if name == right else f"is not read (did you mean {right}?)"
        else:
            problem = _wrong_variable(name, installations, pipelines, read)
        if problem:
            yield name, problem


def _flat(name: str) -> str:
    """A variable's name, without regard to what people mistype in it: case and underscores."""
    return re.sub("_+", "_", name.upper())


def _variables(installations: Collection[str]) -> Iterator[str]:
    """The variables that set our settings, as dlt reads them."""
    source = ("sources", "perfectgym")
    for key in (*_ARGUMENTS, *_KEYS_OF_DLT):
        yield _variable(*source, key)
    for name in installations:
        for key in KEYS:
            yield _variable(*source, "installations", name, key)


def _variable(*path: str) -> str:
    return "__".join(path).upper()


def _wrong_variable(
    name: str, installations: Collection[str], pipelines: Collection[str], read: Mapping[str, str]
) -> str | None:
    """What is wrong with a variable that does not set one of our settings of the source."""
    path = tuple(name.lower().split("__"))
    if len(path) > 1 and all(path):
        problem = _wrong_path(path, installations, pipelines)
        if problem or path[:2] == ("sources", "perfectgym"):
            exact = None if name.isupper() else f"is not read (did you mean {name.upper()}?)"
            return problem or exact
    # Words that are joined by the wrong number of underscores, and mistyped besides. Another
    # source's name may begin like ours.
    start = "SOURCES_PERFECTGYM_"
    if _flat(name).startswith(start) and not (len(path) > 2 and all(path)):
        near = closest(_flat(name), read)
        return f"is not a setting (did you mean {read[near]}?)" if near else "is not a setting"
    return None


def _wrong_path(
    path: Path, installations: Collection[str], pipelines: Collection[str]
) -> str | None:
    """What is wrong with a variable, by its name's parts in small letters."""
    first, second, *rest = path
    of_ours = closest(first, ("checks", "alerts"))
    if of_ours and not rest:
        # Other programs may have such variables: only what resembles ours is refused.
        keys = _OURS[of_ours] or ()
        near = second if second in keys else closest(second, keys, 0.7)
        return near and _not_a_variable((first, second), of_ours, near)
    if closest(first, ("pipelines",)) and second in pipelines and rest:
        return "is not read: a pipeline is set in .dlt/config.toml"
    if first == "perfectgym" and second in _ARGUMENTS and not rest:
        return _not_a_variable(path, "sources", "perfectgym", second)
    if path[:3] == ("perfectgym", "sources", "perfectgym") and len(path) > 3:
        return _not_a_variable(path, *path[1:])
    if not rest or not closest(first, ("sources",)) or not _is_meant(second, rest[:1]):
        return None
    if (first, second) != ("sources", "perfectgym"):
        return _not_a_variable(path, "sources", "perfectgym", *rest)
    key, *below = rest
    if key == "perfectgym" and below:  # dlt looks there too
        key, *below = below
        first, second = "sources__perfectgym", "perfectgym"
    if not below:
        if key in (*_ARGUMENTS, *_KEYS_OF_DLT):
            return None
        near = closest(key, _ARGUMENTS, 0.5)
        return _not_a_variable(path, first, second, near) if near else "is not a setting"
    if key == "installations":
        return _wrong_installation(below, installations)
    if key in ENDPOINTS and below[0] in _ARGUMENTS:
        return _not_a_variable(path, "sources", "perfectgym", below[0])
    if key in NAMES:
        form = ", as JSON" if key == "pii" else ""
        return f"is not read: set {_variable('sources', 'perfectgym', key)}{form}"
    return None if key in _SECTIONS_OF_DLT else "is not a setting"


def _is_meant(name: str, keys: Collection[str]) -> bool:
    """Whether a section of `sources` is meant to be ours: it is almost called so, or it is called
    alike and holds what hardly another source has."""
    if closest(name, ("perfectgym",), 0.88):
        return True
    return bool(closest(name, ("perfectgym",))) and not set(keys).isdisjoint(_UNMISTAKABLE)


def _holds_ours(name: str, held: Mapping[str, Any]) -> bool:
    """Whether a section with a name like one of ours holds what that one would."""
    inner = {key: value for key, value in held.items() if isinstance(value, Mapping)}
    if name == "sources":
        return any(_is_meant(key, value) for key, value in inner.items())
    if name == "pipelines":
        return any(
            key in BUILTIN or (value and set(value) <= set(PIPELINE_KEYS))
            for key, value in inner.items()
        )
    return not set(held).isdisjoint(_OURS[name] or ())


def _wrong_installation(path: list[str], installations: Collection[str]) -> str | None:
    name, *key = path
    if name not in installations:
        return (
            f"is not read: there is no installation {name!r}{suggest(name, installations)} in "
            ".dlt/config.toml"
        )
    if len(key) == 1 and key[0] not in KEYS:
        return f"is not a setting{suggest(key[0], KEYS)}"
    return None


def _not_a_variable(path: Path, *right: str) -> str | None:
    """That it is not the right one; nothing if it is."""
    return None if path == right else f"is not a setting (did you mean {_variable(*right)}?)"


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
        elif _is_meant(name, value):
            yield path, "is not a section (did you mean [sources.perfectgym]?)"


def _in_source(path: Path, source: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, value in source.items():
        if isinstance(value, Mapping):
            known = (*_TABLES, *_SECTIONS_OF_DLT, "installations")
        else:
            known = (*_ARGUMENTS, *_KEYS_OF_DLT)
        yield from _unknown(path, {name: value}, known)
        if name == "perfectgym" and isinstance(value, Mapping):  # dlt looks there too
            yield from _in_source((*path, name), value)
        elif name in ENDPOINTS and isinstance(value, Mapping):
            for key in value:
                if key in _ARGUMENTS or (closest(key, _UNMISTAKABLE)):
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
    """A key outside of sections: dlt looks for every setting there too."""
    *_, name = path
    near = None if name in _ARGUMENTS else closest(name, _UNMISTAKABLE)
    if near:
        yield path, f"is not a setting (did you mean {near!r}?)"
