"""The sections of pipelines, checks and alerts: `[pipelines.NAME]`, `[checks]`, `[alerts]`.

A flag of the command line beats `.dlt/config.toml`, and that beats the built-in pipelines.
"""

from __future__ import annotations

from typing import Any, TypeVar

import dlt

from ..catalog import RESOURCE_NAMES
from ..errors import ConfigurationError, Problems, suggest
from .dlt_config import section
from .pipeline_settings import BUILTIN, DEFAULT, KEYS, Checks, NamedPipeline
from .setting import checked, refuse_unknown, section_error, settings_of

__all__ = ["DEFAULT", "NamedPipeline", "named_pipeline", "named_pipelines"]

T = TypeVar("T")


def named_pipelines() -> dict[str, NamedPipeline]:
    """Return all named pipelines, built-in and configured, by name.

    Raises:
        ConfigurationError: A key is unknown, or its value is wrong; all such are named.
    """
    configured = section("pipelines")
    problems = Problems()
    made = {}
    for name in {**BUILTIN, **configured}:
        with problems.collected():
            made[name] = _make(name, configured.get(name, {}))
    problems.raise_all()
    return made


def named_pipeline(name: str) -> NamedPipeline:
    """Return the pipeline of a name.

    Raises:
        ConfigurationError: There is none; or as `named_pipelines`.
    """
    known = named_pipelines()
    if name in known:
        return known[name]
    hint = (
        "`perfectgym list pipelines` prints them; a new one is a section [pipelines.NAME] in "
        ".dlt/config.toml."
    )
    if name in RESOURCE_NAMES:
        hint = f"It is a resource: perfectgym load --resources {name}"
    raise ConfigurationError(f"There is no pipeline {name!r}{suggest(name, known)}", hint=hint)


def configured_checks() -> Checks:
    """Return the checks of `[checks]`.

    Raises:
        ConfigurationError: A value is wrong; all such are named.
    """
    return configured_section("checks", Checks)


def configured_section(name: str, table: type[T]) -> T:
    """Return a section, one key at a time, so that environment variables count.

    Args:
        name: The section.
        table: The dataclass of its settings.

    Raises:
        ConfigurationError: A value is wrong; all such are named, without a secret.
    """
    kind: type = table
    settings, values = settings_of(kind), {}
    for key, entry in settings.items():
        accessor = dlt.secrets if entry.is_secret else dlt.config
        value: str | None = accessor.get(f"{name}.{key}", str)
        if value or (value is not None and not entry.is_secret):
            values[key] = value
    problems = Problems()
    found = checked(values, settings, section_error(name, settings), problems)
    problems.raise_all()
    return table(**found)


def _make(name: str, configured: Any) -> NamedPipeline:
    where, table = f"pipelines.{name}", settings_of(NamedPipeline)
    if not isinstance(configured, dict):
        raise ConfigurationError(
            f"{where} must be a section of keys; it is set in .dlt/config.toml."
        )
    values = {**BUILTIN.get(name, {}), **configured}
    error = section_error(where, table)
    problems = Problems()
    with problems.collected():
        refuse_unknown(values, KEYS, where, "; it is set in .dlt/config.toml.")
    found = checked(values, table, error, problems)
    problems.raise_all()
    source = {key: value for key, value in values.items() if key not in table}
    pipeline = NamedPipeline(name, source=source, **found)
    if not (pipeline.resources or pipeline.groups):
        raise error("resources", "is missing: name resources or groups")
    return pipeline
