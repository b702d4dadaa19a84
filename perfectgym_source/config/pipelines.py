"""The named pipelines: what each loads, where to and how, from `[pipelines.NAME]`.

A flag of the command line beats `.dlt/config.toml`, and that beats `builtin_pipelines`.
"""

from __future__ import annotations

from typing import Any

from ..errors import ConfigurationError, Problems, suggest
from .builtin_pipelines import BUILTIN
from .dlt_config import section
from .pipeline_settings import KEYS, NamedPipeline
from .setting import checked, refuse_unknown, section_error, settings_of

__all__ = ["DEFAULT", "NamedPipeline", "named_pipeline", "named_pipelines"]

DEFAULT = "core"


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
    if name not in known:
        raise ConfigurationError(
            f"There is no pipeline {name!r}{suggest(name, known)}",
            hint="--list-pipelines prints them; a new one is a section [pipelines.NAME] in "
            ".dlt/config.toml.",
        )
    return known[name]


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
