"""Destinations other than a DuckDB file: which can take the tables, and in what form."""

from __future__ import annotations

import logging
from typing import cast

import dlt
from dlt.common.destination import AnyDestination, Destination
from dlt.common.destination.exceptions import UnknownDestinationModule

from ..errors import ConfigurationError
from ..nearest import nearest

MERGE = "delete-insert"
_POSTGRES = "dlt.destinations.postgres"


def known_destination(name: str) -> AnyDestination:
    """Return dlt's destination of a name.

    Raises:
        ConfigurationError: There is no such destination.
    """
    try:
        return cast(AnyDestination, Destination.from_reference(name))
    except UnknownDestinationModule:
        known = [entry for entry in dlt.destinations.__all__ if entry != "destination"]
        near = nearest(name, known)
        raise ConfigurationError(f"dlt knows no destination {name!r}{near}") from None


def merging_destination(name: str) -> AnyDestination:
    """A destination that replaces rows by key, and keeps every value as it is.

    Where rows cannot be replaced, dlt would append them, and a row would stand there in all its
    states.

    Raises:
        ConfigurationError: It cannot replace rows, or there is no such destination.
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
    return _postgres(name) if destination.destination_type == _POSTGRES else destination


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
