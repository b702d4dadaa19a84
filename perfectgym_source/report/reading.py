"""Read the marts of a pipeline as they were published.

The destination is open for the moment of a reading only: a run that loads or publishes does not
wait for a page that somebody looks at.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from ..destination import Options, destination_for
from ..destination.marts_schemas import marts_schemas
from ..errors import ConfigurationError
from ..text import one_line

MARTS = (
    "cohort_retention",
    "dim_class_type",
    "dim_club",
    "dim_instructor",
    "fct_booking",
    "fct_class",
    "fct_fee",
    "fct_mrr_month",
    "fct_visit",
    "kpi_club_month",
)
"""The marts that the report reads."""

Row = dict[str, Any]

_ONE_AT_A_TIME = threading.Lock()
"""dlt's pipelines are not made for threads, and each page of the app has one."""


class NothingToReport(ConfigurationError):
    """Nothing was loaded, or there are no marts of it."""


def _drawable(value: Any) -> Any:
    """Return a value without control characters: the library that draws charts dies of them."""
    return one_line(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Reader:
    """Queries over the marts, all of one state of them.

    Attributes:
        client: A client of the destination.
        tables: The marts as SQL names them, those of several datasets together.
        is_attrition_of_start: Whether attrition is that of the members at the start of the twelve
            months, not of their average.
    """

    client: SqlClientBase[Any]
    tables: Mapping[str, str]
    is_attrition_of_start: bool = False

    def rows(self, query: str, *values: Any) -> list[Row]:
        """Return the rows of a query by column.

        Args:
            query: The query, with the marts in braces: `SELECT ... FROM {fct_visit} AS visit`.
            values: For its placeholders (`%s`).

        Raises:
            NothingToReport: One of the marts is missing.
        """
        text = query.format_map(self.tables)
        try:
            with self.client.execute_query(text, *values) as cursor:
                names = [column[0] for column in cursor.description]
                return [dict(zip(names, map(_drawable, row))) for row in cursor.fetchall()]
        except DatabaseUndefinedRelation as error:
            raise NothingToReport(
                "A mart of the report is missing, or it is one of another version",
                hint="Build the marts again: perfectgym marts",
            ) from error


@dataclass(frozen=True)
class PublishedMarts:
    """The marts of a pipeline.

    Attributes:
        options: What names them: the options of each run of the pipeline, at least one.
    """

    options: Sequence[Options]

    @property
    def place(self) -> str:
        """The destination, in words."""
        return destination_for(self.options[0]).describe()

    @property
    def name(self) -> str:
        """The destination, without the folder of a file: a report goes to other machines."""
        return Path(self.place).name

    @property
    def _is_attrition_of_start(self) -> bool:
        return self.options[0].marts_vars.get("pg_attrition_denominator") == "start"

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reader]:
        """Open the marts for reading, for as short a time as possible.

        Raises:
            NothingToReport: There are none.
            PerfectGymError: The destination cannot be read.
        """
        destination = destination_for(self.options[0])
        with _ONE_AT_A_TIME, destination.view(only_published=True) as found:
            if found.pipeline is None:
                raise NothingToReport(
                    f"Nothing was loaded yet: there is no {self.place}",
                    hint="Load first: perfectgym load; or look at the sandbox: perfectgym demo",
                )
            with found.pipeline.sql_client() as client:
                tables = self._tables(client)
                with _one_state(client):
                    yield Reader(client, tables, self._is_attrition_of_start)

    def _tables(self, client: SqlClientBase[Any]) -> dict[str, str]:
        """Return the marts as SQL names them."""
        datasets = dict.fromkeys(options.dataset for options in self.options)
        schemas = [marts_schemas(name)[-1] for name in datasets]
        schemas = [name for name in schemas if _is_there(client, name)]
        if not schemas:
            raise NothingToReport(
                f"{self.place} has no marts of {' and '.join(datasets)}",
                hint="Build them: perfectgym marts; or set marts = true for the pipeline, so that "
                "every load builds them.",
            )
        return {mart: _union([_name(client, schema, mart) for schema in schemas]) for mart in MARTS}


def _name(client: SqlClientBase[Any], schema: str, mart: str) -> str:
    with client.with_alternative_dataset_name(schema):
        return client.make_qualified_table_name(mart)


def _union(names: Sequence[str]) -> str:
    """Return tables of the same columns as one."""
    if len(names) == 1:
        return names[0]
    return f"({' UNION ALL '.join(f'SELECT * FROM {name}' for name in names)})"


def _is_there(client: SqlClientBase[Any], schema: str) -> bool:
    try:
        client.execute_sql(f"SELECT 1 FROM {_name(client, schema, 'dim_club')} WHERE 1 = 0")
    except DatabaseUndefinedRelation:
        return False
    return True


@contextlib.contextmanager
def _one_state(client: SqlClientBase[Any]) -> Iterator[None]:
    """Let all queries inside see the same state: marts may be built meanwhile."""
    if client.capabilities.sqlglot_dialect != "postgres":
        yield
        return
    with client.begin_transaction():
        client.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
