"""Destinations other than a DuckDB file: which can take the tables, and in what form."""

from __future__ import annotations

import logging
from typing import cast

import dlt
from dlt.common.destination import AnyDestination, Destination
from dlt.common.destination.exceptions import UnknownDestinationModule
from dlt.common.schema import Schema

from ..errors import ConfigurationError, suggest

MERGE = "delete-insert"
STAGING = "_staging"
"""What dlt puts behind a dataset's name for the schema in which it keeps rows while it loads."""
_RESERVED = {"information_schema", "pg_catalog", "temp", "system"}
_POSTGRES = "dlt.destinations.postgres"
_KEEP_PG = (_POSTGRES, "dlt.destinations.redshift")
"""They refuse names that begin with `pg_`."""


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


def merging_destination(name: str, dataset: str = "") -> AnyDestination:
    """A destination that replaces rows by key, and keeps every value as it is.

    Where rows cannot be replaced, dlt would append them, and a row would stand there in all its
    states.

    Args:
        name: A dlt destination's name.
        dataset: The dataset, to check the length of its name.

    Raises:
        ConfigurationError: It cannot replace rows, there is no such destination, or it cannot take
            a dataset's name of that length.
    """
    destination = known_destination(name)
    capabilities = destination.capabilities()
    strategies = capabilities.supported_merge_strategies or []
    if capabilities.merge_strategies_selector:
        strategies = capabilities.merge_strategies_selector(strategies, table_schema={})
    if MERGE not in strategies:
        raise ConfigurationError(
            f"The destination {name!r} cannot replace rows by key (dlt's {MERGE!r}): changed rows "
            "would stand there twice.",
            hint="For files, use --destination filesystem.",
        )
    longest = capabilities.max_identifier_length - len(STAGING)
    if len(dataset) > longest:
        raise ConfigurationError(
            f"The dataset {dataset!r} cannot have that name: the destination {name!r} takes "
            f"{longest} characters."
        )
    return _postgres(name) if destination.destination_type == _POSTGRES else destination


def check_dataset(
    dataset: str, installation: str = "", catalog: str = "", destination: str = "duckdb"
) -> None:
    """Make sure that a dataset can have its name.

    Args:
        dataset: Its name.
        installation: The installation whose name it has at its end, if any.
        catalog: The name by which DuckDB knows the file that it is loaded into, if that is one.
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
    made = Schema("perfectgym").naming.normalize_table_identifier(dataset)
    if made != dataset:
        raise ConfigurationError(
            f"{where} cannot have that name: dlt would call it {made!r}", hint=of_dataset
        )
    if dataset.endswith(STAGING):
        raise ConfigurationError(
            f"{where} cannot have that name: dlt empties it when it loads the dataset "
            f"{dataset.removesuffix(STAGING)!r}",
            hint=hint,
        )
    if dataset.startswith("pg_") and known_destination(destination).destination_type in _KEEP_PG:
        raise ConfigurationError(
            f"{where} cannot have that name: {destination} keeps names that begin with pg_ for "
            "itself",
            hint=of_dataset,
        )
    if dataset in _RESERVED or dataset == catalog.lower():
        raise ConfigurationError(
            f"{where} cannot have that name: the database uses it for itself.", hint=hint
        )


def _postgres(name: str) -> AnyDestination:
    """PostgreSQL, loaded with INSERT statements.

    dlt would take CSV, of which its loader reads an empty text as NULL, or, where the ADBC driver
    is installed, Parquet, of which it refuses an empty table.
    """
    logging.getLogger("dlt").addFilter(_is_not_about_speed)
    return cast(
        AnyDestination,
        Destination.from_reference(
            name,
            supported_loader_file_formats=["insert_values"],
            loader_file_format_selector=None,
        ),
    )


def _is_not_about_speed(record: logging.LogRecord) -> bool:
    """Leaves out what dlt says for every table about INSERT statements."""
    return "native writer could not be found" not in record.getMessage()
