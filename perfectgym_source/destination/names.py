"""Options of a run, and the names that dlt and a destination know: pipelines, tables, datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import dlt
from dlt.common.destination import AnyDestination, Destination
from dlt.common.destination.exceptions import UnknownDestinationModule
from dlt.common.schema import Schema

from ..errors import ConfigurationError, suggest

SCHEMA = "perfectgym"
"""The name of `perfectgym_source` and of its schema. dlt's pipeline is named like the dataset."""
FORMER_PIPELINE = "perfectgym"
"""The name of dlt's pipeline up to version 0.1, in every dataset."""
HISTORY = "perfectgym_runs"
"""dlt's schema of the run history; up to version 0.1 a pipeline too, with a working folder."""
FILES_PIPELINE = "perfectgym_files"
"""dlt's pipeline that writes files, and its source."""
SCRATCH = "verify"
"""The folder of the scratch database into which a comparison extracts the API."""

RUNS = "_runs"
RESOURCES = "_run_resources"
CHECKS = "_run_checks"
MARTS = "_run_marts"
HISTORY_TABLES = (RUNS, RESOURCES, CHECKS, MARTS)
"""The tables of the run history, in the dataset that is loaded."""

STAGING = "_staging"
"""What dlt puts behind a dataset's name for the schema in which it keeps rows while it loads."""
_RESERVED = {"information_schema", "pg_catalog", "temp", "system"}
POSTGRES = "dlt.destinations.postgres"
_KEEP_PG = (POSTGRES, "dlt.destinations.redshift")
"""They refuse names that begin with `pg_`."""

LONGEST_NAME = 255
"""Bytes of a file's name, in every common file system."""

STORAGE_VERSION = "v1.0.0"
"""Storage version that every DuckDB from 1.0 on can read, such as those in BI tools."""


@dataclass(frozen=True)
class Options:
    """What one run is to do.

    Attributes:
        destination: Name of a dlt destination.
        database: The DuckDB file, if that is the destination, or files are written from it.
        dataset: The dataset (schema) to load into.
        table_format: Format of the files that the destination `filesystem` writes.
        wait: Seconds to wait for another program that has the loading file open.
        storage_version: The version of DuckDB that can read the DuckDB file, or `latest`.
        pipeline: Name of the named pipeline.
        history_days: Days after which runs are deleted from the history; 0 for never.
        keep_states: Number of dlt's states that are kept in the dataset; 0 for all.
        max_run_hours: Hours after which a run counts as hanging; 0 for no limit.
        marts: Whether the marts are built after loading.
        marts_vars: Variables of the marts.
        source: Arguments of `perfectgym_source`; the others come from the configuration.
        progress: A dlt progress collector, or None.
    """

    destination: str
    database: Path
    dataset: str
    table_format: str = "parquet"
    wait: float = 60
    storage_version: str = STORAGE_VERSION
    pipeline: str = "core"
    history_days: float = 365
    keep_states: int = 100
    max_run_hours: float = 24
    marts: bool = False
    marts_vars: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict, repr=False)
    progress: Any = None


def known_destination(name: str) -> AnyDestination:
    """Return dlt's destination of a name.

    Raises:
        ConfigurationError: There is no such destination.
    """
    try:
        return cast(AnyDestination, Destination.from_reference(name))
    except UnknownDestinationModule:
        known = [entry for entry in dlt.destinations.__all__ if entry != "destination"]
        near = suggest(name, known)
        raise ConfigurationError(f"dlt knows no destination {name!r}{near}") from None


def check_dataset(dataset: str, installation: str = "", destination: str = "duckdb") -> None:
    """Make sure that a dataset can have its name.

    Args:
        dataset: Its name.
        installation: The installation whose name it has at its end, if any.
        destination: The name of dlt's destination.

    Raises:
        ConfigurationError: dlt would change it, or it is a name that dlt or the destination uses
            for itself.
    """
    where = f"The dataset {dataset!r}"
    if installation:
        where += f" of the installation {installation!r}"
    hint = of_dataset = (
        "Choose another one with --dataset, or as dataset under [pipelines.NAME] in "
        ".dlt/config.toml."
    )
    if installation:
        hint = "Rename the installation, or set shared_dataset = true for all of them."
    if not dataset.strip():
        raise ConfigurationError("The dataset needs a name.", hint=hint)
    # Without the longest name of a destination that this process used before.
    naming = type(Schema(SCHEMA).naming)()
    made = naming.normalize_table_identifier(dataset)
    if made != dataset:
        raise ConfigurationError(
            f"{where} cannot have that name: dlt would call it {made!r}", hint=of_dataset
        )
    if reason := _why_not(dataset):
        raise ConfigurationError(f"{where} cannot have that name: {reason}.", hint=hint)
    if dataset.startswith("pg_") and known_destination(destination).destination_type in _KEEP_PG:
        raise ConfigurationError(
            f"{where} cannot have that name: {destination} keeps names that begin with pg_ for "
            "itself",
            hint=of_dataset,
        )


def _why_not(dataset: str) -> str | None:
    """Return the reason why no dataset can have a name; None if one can."""
    if dataset.endswith(STAGING):
        whose = dataset.removesuffix(STAGING)
        return f"dlt empties it when it loads the dataset {whose!r}"
    if len(dataset.encode()) > LONGEST_NAME:
        return f"a folder of dlt is called like it, with {LONGEST_NAME} bytes at most"
    return "the database uses it for itself" if dataset in _RESERVED else None
