"""The named pipelines: what each loads, where to and how, from `[pipelines.NAME]`.

A flag of the command line beats `.dlt/config.toml`, and that beats what is shipped here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ..catalog import ENDPOINTS, GROUPS
from ..errors import ConfigurationError, Problems, suggest
from .builtin_pipelines import BUILTIN
from .dlt_config import section
from .settings import Settings

DEFAULT = "core"

OF_THE_SOURCE = tuple(
    entry.name
    for entry in fields(Settings)
    if entry.name
    not in ("base_url", "username", "password", "installation", "shared_dataset", "on_error", "api")
)
"""Settings of the source that a pipeline may set for itself."""


@dataclass(frozen=True)
class NamedPipeline:
    """One named pipeline.

    Attributes:
        name: Its name.
        description: What it loads, in a sentence.
        resources: Names of resources, besides those of the groups.
        groups: Names of groups.
        destination: A dlt destination's name.
        database: The DuckDB file, if that is the destination or files are written from it.
        dataset: The dataset; with several installations, the beginning of their datasets' names.
        table_format: What the destination `filesystem` writes.
        wait: Seconds to wait for another program that has the pipeline's DuckDB file open.
        storage_version: The oldest version of DuckDB that is to read the DuckDB file, or `latest`.
        schedule: When it runs, as a cron expression: for people and orchestrators; nothing here
            starts it.
        max_age_hours: How old the last success may be before `--status` calls it overdue.
        max_run_hours: How long a run may take before it counts as hanging: `--status` and `--state`
            turn red, and alert. 0: no limit.
        history_days: After how many days runs are deleted from the run history; 0 for never.
        keep_states: How many of its states dlt keeps in the dataset, the newest ones; 0 for all.
        installations: The installations that it loads; empty for all.
        shared_dataset: Whether they go into one dataset, told apart by a column.
        source: Settings of the source that differ from `[sources.perfectgym]`.
    """

    name: str
    description: str = ""
    resources: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    destination: str = "duckdb"
    database: Path = Path("perfectgym.duckdb")
    dataset: str = "perfectgym"
    table_format: str = "parquet"
    wait: float = 60.0
    storage_version: str = "v1.0.0"
    schedule: str = ""
    max_age_hours: float = 26.0
    max_run_hours: float = 24.0
    history_days: float = 365.0
    keep_states: int = 100
    installations: tuple[str, ...] = ()
    shared_dataset: bool = False
    source: Mapping[str, Any] = field(default_factory=dict)


def named_pipelines() -> dict[str, NamedPipeline]:
    """All named pipelines: those that are shipped, and those of the configuration.

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
    """The pipeline of a name.

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
    if not isinstance(configured, dict):
        raise ConfigurationError(
            f"pipelines.{name} must be a section of keys; it is set in .dlt/config.toml."
        )
    own: dict[str, Any] = {}
    source: dict[str, Any] = {}
    problems = Problems()
    for key, value in {**BUILTIN.get(name, {}), **configured}.items():
        with problems.collected():
            if key in _CHECKS:
                own[key] = _CHECKS[key](f"pipelines.{name}.{key}", value)
            elif key in OF_THE_SOURCE:
                source[key] = value
            else:
                raise _error(f"pipelines.{name}.{key}", f"is not a setting{suggest(key, KEYS)}")
    problems.raise_all()
    pipeline = NamedPipeline(name, source=source, **own)
    if not (pipeline.resources or pipeline.groups):
        raise _error(f"pipelines.{name}.resources", "is missing: name resources or groups")
    return pipeline


def _names(known: Mapping[str, Any] | None) -> Callable[[str, Any], tuple[str, ...]]:
    def check(key: str, value: Any) -> tuple[str, ...]:
        names = value.replace(",", " ").split() if isinstance(value, str) else value
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            raise _error(key, f"must be a list of names, not {value!r}")
        for name in names:
            if known is not None and name not in known:
                raise _error(key, f"names {name!r}, which does not exist{suggest(name, known)}")
        return tuple(names)

    return check


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _error(key, f"must be text in quotes, not {value!r}")
    return value


def _name(key: str, value: Any) -> str:
    if not _text(key, value).strip():
        raise _error(key, "must not be empty")
    return str(value)


def _path(key: str, value: Any) -> Path:
    return Path(_name(key, value)).expanduser()


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise _error(key, f"must be a number from 0, not {value!r}")
    return float(value)


def _count(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _error(key, f"must be a whole number from 0, not {value!r}")
    return value


def _storage_version(key: str, value: Any) -> str:
    import duckdb  # takes a moment, and is seldom needed

    try:
        # DuckDB alone knows them all.
        duckdb.connect(config={"storage_compatibility_version": _text(key, value)}).close()
    except duckdb.Error:
        raise _error(
            key,
            f"must be 'latest' or a version that DuckDB {duckdb.__version__} can write, such as "
            f"'v1.0.0', not {value!r}",
        ) from None
    return str(value)


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _error(key, f"must be true or false, not {value!r}")
    return value


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "description": _text,
    "resources": _names(ENDPOINTS),
    "groups": _names(GROUPS),
    "destination": _name,
    "database": _path,
    "dataset": _name,
    "table_format": _name,
    "wait": _number,
    "storage_version": _storage_version,
    "schedule": _text,
    "max_age_hours": _number,
    "max_run_hours": _number,
    "history_days": _number,
    "keep_states": _count,
    "installations": _names(None),
    "shared_dataset": _flag,
}

KEYS = (*_CHECKS, *OF_THE_SOURCE)
"""The keys that a pipeline's section may hold."""


def _error(key: str, problem: str) -> ConfigurationError:
    return ConfigurationError(f"{key} {problem}; it is set in .dlt/config.toml.")
