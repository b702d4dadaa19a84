"""SQL servers and warehouses: which can take the tables, and in what form."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any, cast

from dlt.common import destination as dlt_destination
from dlt.common.destination import AnyDestination

from ..errors import ConfigurationError
from .base import Destination
from .names import POSTGRES, STAGING, known_destination
from .run_lock import RunUnderWay

MERGE = "delete-insert"


class SQLServer(Destination):
    """A server that dlt loads by SQL, replacing rows by key."""

    @contextlib.contextmanager
    def _opened(self, publishes: bool) -> Iterator[Any]:
        yield merging_destination(self.options.destination, self.options.dataset)

    @contextlib.contextmanager
    def _readable(
        self, run: RunUnderWay | None, only_published: bool
    ) -> Iterator[tuple[Any, bool]]:
        yield self._direct_destination(), False

    def _direct_destination(self) -> Any:
        return merging_destination(self.options.destination)


def merging_destination(name: str, dataset: str = "") -> AnyDestination:
    """Return a destination that replaces rows by key, and keeps every value as it is.

    Where rows cannot be replaced, dlt would append them: a row would be there in all its states.

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
    return _postgres(name) if destination.destination_type == POSTGRES else destination


def _postgres(name: str) -> AnyDestination:
    """PostgreSQL, loaded with INSERT statements.

    dlt would take CSV, of which its loader reads an empty text as NULL, or, where the ADBC driver
    is installed, Parquet, of which it refuses an empty table.
    """
    logging.getLogger("dlt").addFilter(_is_not_about_speed)
    return cast(
        AnyDestination,
        dlt_destination.Destination.from_reference(
            name,
            supported_loader_file_formats=["insert_values"],
            loader_file_format_selector=None,
        ),
    )


def _is_not_about_speed(record: logging.LogRecord) -> bool:
    """Return whether a record is not dlt's remark about INSERT statements, made for each table."""
    return "native writer could not be found" not in record.getMessage()
