"""`--status`: how fresh each table is, by the run history; nothing is requested from the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import pendulum
from dlt.destinations.sql_client import SqlClientBase

from ..catalog import Endpoint
from ..destination import Options, View, destination_for
from .history import rows, utc
from .recorder import count_rows

EXIT_CODE = 9
"""Something is overdue, or was never loaded."""

_OF_RESOURCES = """
    FROM {_run_resources} AS done JOIN {_runs} AS run ON run.run_id = done.run_id
    WHERE run.installation = %s
"""
_SUCCESSES = f"""
    SELECT done.resource, max(run.finished_at) {_OF_RESOURCES} AND done.outcome = 'ok'
    GROUP BY done.resource
"""
_FAILURES = f"""
    SELECT resource, finished_at, error FROM (
        SELECT
            done.resource, run.finished_at, coalesce(done.error, run.error) AS error,
            row_number() OVER (PARTITION BY done.resource ORDER BY run.finished_at DESC) AS place
        {_OF_RESOURCES} AND done.outcome <> 'ok'
    ) AS failure WHERE place = 1
"""


@dataclass(frozen=True)
class TableStatus:
    """How fresh a table is.

    Attributes:
        resource: The resource.
        table: Its table.
        last_success: When the last run ended that read all of it.
        age_hours: How long ago that is.
        rows: Rows in the table; None if there is no such table.
        is_overdue: Whether it is older than it may be, or was never loaded.
        last_failure: When the last run ended that could not read all of it.
        error: Why.
    """

    resource: str
    table: str
    last_success: datetime | None
    age_hours: float | None
    rows: int | None
    is_overdue: bool
    last_failure: datetime | None
    error: str | None

    @property
    def is_failing(self) -> bool:
        """Whether it failed after its last success."""
        if self.last_failure is None:
            return False
        return self.last_success is None or self.last_failure > self.last_success


@dataclass(frozen=True)
class Status:
    """How fresh the tables of a pipeline are.

    Attributes:
        tables: Each of them.
        max_age_hours: How old the last success may be.
        destination: Where the rows are, in words.
        dataset: The dataset.
        view: What was read, and whether a run is under way.
    """

    tables: Sequence[TableStatus]
    max_age_hours: float
    destination: str
    dataset: str
    view: View

    @property
    def overdue(self) -> list[str]:
        """The resources that are overdue."""
        return [table.resource for table in self.tables if table.is_overdue]

    @property
    def exit_code(self) -> int:
        """0 if all is fresh, and no run hangs."""
        return EXIT_CODE if self.problem else 0

    @property
    def problem(self) -> str | None:
        """What is wrong, in a sentence; None if all is well."""
        problems = [self.view.note] if self.view.is_hanging else []
        if self.overdue:
            problems.append(f"overdue: {', '.join(self.overdue)}")
        return " ".join(problems) or None


def status(
    options: Options, endpoints: Sequence[Endpoint], installation: str, max_age_hours: float
) -> Status:
    """Read the status from the history in the destination.

    While a run is under way, it is that of the published DuckDB file.

    Args:
        options: What names the target.
        endpoints: The endpoints of the pipeline.
        installation: The installation.
        max_age_hours: How old the last success may be.

    Raises:
        DestinationError: The destination cannot be reached.
    """
    destination = destination_for(options)
    with destination.view() as found:
        if found.pipeline is None:
            tables = _tables(None, endpoints, installation, max_age_hours)
        else:
            with found.pipeline.sql_client() as client:
                end = destination.files_end_at(client, found.folder)
                tables = _tables(client, endpoints, installation, max_age_hours, end)
    return Status(tables, max_age_hours, destination.describe(), options.dataset, found)


def _tables(
    client: SqlClientBase[Any] | None,
    endpoints: Sequence[Endpoint],
    installation: str,
    max_age_hours: float,
    end: datetime | None = None,
) -> list[TableStatus]:
    """The status of each table; of one that was read later than `end`, as of then."""
    successes: dict[str, datetime] = {}
    failures: dict[str, tuple[datetime, str | None]] = {}
    counts: dict[str, int] = {}
    if client is not None:
        found = rows(client, _SUCCESSES, installation)
        successes = {name: min(filter(None, (utc(at), end))) for name, at in found}
        found = rows(client, _FAILURES, installation)
        failures = {name: (utc(at), error) for name, at, error in found}
        counts = count_rows(client, {entry.table_name for entry in endpoints})
    now = cast("datetime", pendulum.now("UTC"))
    tables = []
    for endpoint in endpoints:
        name = endpoint.name
        succeeded = successes.get(name)
        age = None if succeeded is None else (now - succeeded).total_seconds() / 3600
        failed, error = failures.get(name, (None, None))
        tables.append(
            TableStatus(
                resource=name,
                table=endpoint.table_name,
                last_success=succeeded,
                age_hours=None if age is None else round(age, 2),
                rows=counts.get(endpoint.table_name),
                is_overdue=age is None or age > max_age_hours,
                last_failure=failed,
                error=error,
            )
        )
    return tables
