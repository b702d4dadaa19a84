"""The names that dlt's configuration may hold for us, and environment variables that resemble them.

dlt would leave these unread.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from ..catalog import RESOURCE_NAMES
from ..errors import closest, suggest
from .pipeline_settings import BUILTIN, AlertSettings, Checks
from .setting import settings_of, variable
from .settings import NAMES, OF_ONE_INSTALLATION

Path = tuple[str, ...]

SECTIONS: Mapping[str, Collection[str] | None] = {
    "sources": None,
    "pipelines": None,
    "checks": tuple(settings_of(Checks)),
    "alerts": tuple(settings_of(AlertSettings)),
}
"""Our sections at the top, and the keys of those that hold nothing else."""
ARGUMENTS = (*NAMES, "resources", "groups", "full_refresh", "limit")
"""Keys of `[sources.perfectgym]`."""
UNMISTAKABLE = (
    "pii",
    "pii_key",
    "deleted_rows",
    "shared_dataset",
    "timestamp_overlap",
    "sweep_days",
    "schedule_days",
)
"""Those of them that hardly any other program has; `mode` and `password` may belong to others."""
TABLES = ("pii", "schema_contract")
"""Those of them that may be sections."""
KEYS_OF_DLT = ("max_table_nesting", "root_key")
SECTIONS_OF_DLT = ("perfectgym", "data_writer", "extract", "schema", *RESOURCE_NAMES)
"""What dlt reads in `[sources.perfectgym]` besides: of the source, its schema and its resources."""


def is_meant(name: str, keys: Collection[str]) -> bool:
    """Return whether a section of `sources` is meant to be ours.

    Its name is almost ours; or it resembles ours, and the section holds keys that hardly another
    source has.

    Args:
        name: The section's name.
        keys: The keys in it.
    """
    if closest(name, ("perfectgym",), 0.88):
        return True
    return bool(closest(name, ("perfectgym",))) and not set(keys).isdisjoint(UNMISTAKABLE)


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
    bare = {_flat(key): variable("sources", "perfectgym", key) for key in UNMISTAKABLE}
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
    """Return a variable's name without what is often mistyped in it: case and underscores."""
    return re.sub("_+", "_", name.upper())


def _variables(installations: Collection[str]) -> Iterator[str]:
    """Return the variables that set our settings, as dlt reads them."""
    source = ("sources", "perfectgym")
    for key in (*ARGUMENTS, *KEYS_OF_DLT):
        yield variable(*source, key)
    for name in installations:
        for key in OF_ONE_INSTALLATION:
            yield variable(*source, "installations", name, key)


def _wrong_variable(
    name: str, installations: Collection[str], pipelines: Collection[str], read: Mapping[str, str]
) -> str | None:
    """Return what is wrong with a variable that sets no setting of the source."""
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
    """Return what is wrong with a variable, by the lower-case parts of its name."""
    first, second, *rest = path
    of_ours = closest(first, ("checks", "alerts"))
    if of_ours and not rest:
        # Other programs may have such variables: only what resembles ours is refused.
        keys = SECTIONS[of_ours] or ()
        near = second if second in keys else closest(second, keys, 0.7)
        return near and _not_a_variable((first, second), of_ours, near)
    if closest(first, ("pipelines",)) and second in pipelines and rest:
        return "is not read: a pipeline is set in .dlt/config.toml"
    if first == "perfectgym" and second in ARGUMENTS and not rest:
        return _not_a_variable(path, "sources", "perfectgym", second)
    if path[:3] == ("perfectgym", "sources", "perfectgym") and len(path) > 3:
        return _not_a_variable(path, *path[1:])
    if not rest or not closest(first, ("sources",)) or not is_meant(second, rest[:1]):
        return None
    if (first, second) != ("sources", "perfectgym"):
        return _not_a_variable(path, "sources", "perfectgym", *rest)
    key, *below = rest
    if key == "perfectgym" and below:  # dlt looks there too
        key, *below = below
        first, second = "sources__perfectgym", "perfectgym"
    if not below:
        if key in (*ARGUMENTS, *KEYS_OF_DLT):
            return None
        near = closest(key, ARGUMENTS, 0.5)
        return _not_a_variable(path, first, second, near) if near else "is not a setting"
    if key == "installations":
        return _wrong_installation(below, installations)
    if key in RESOURCE_NAMES and below[0] in ARGUMENTS:
        return _not_a_variable(path, "sources", "perfectgym", below[0])
    if key in NAMES:
        form = ", as JSON" if key == "pii" else ""
        return f"is not read: set {variable('sources', 'perfectgym', key)}{form}"
    return None if key in SECTIONS_OF_DLT else "is not a setting"


def _wrong_installation(path: list[str], installations: Collection[str]) -> str | None:
    name, *key = path
    if name not in installations:
        return (
            f"is not read: there is no installation {name!r}{suggest(name, installations)} in "
            ".dlt/config.toml"
        )
    if len(key) == 1 and key[0] not in OF_ONE_INSTALLATION:
        return f"is not a setting{suggest(key[0], OF_ONE_INSTALLATION)}"
    return None


def _not_a_variable(path: Path, *right: str) -> str | None:
    """Return that a path is not the right one; None if it is."""
    return None if path == right else f"is not a setting (did you mean {variable(*right)}?)"
