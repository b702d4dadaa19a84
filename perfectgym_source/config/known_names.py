"""The names that dlt's configuration may hold for us, and what resembles them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..catalog import RESOURCE_NAMES
from ..errors import closest
from .pipeline_settings import AlertSettings, Checks
from .setting import settings_of
from .settings import NAMES

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
