"""`status`: how fresh each table is, by the run history; nothing is requested from the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import pendulum
from dlt.destinations.sql_client import SqlClientBase

from ..catalog import Endpoint
from ..destination import Options, View, destination_for
from ..destination.queries import count_rows, newest_by_resource, rows, utc
from ..extract.state.resource_state import SKEW
from ..marts.record import MartsRecord, newest_record

EXIT_CODE = 9
"""Something is overdue, or was never loaded."""

# A run that ended in the future had a clock that was ahead: it does not count.
_OF_INSTALLATION = "run.installation = %s AND run.finished_at <= %s AND done.outcome"
_SUCCESSES = newest_by_resource("resource, finished_at", f"{_OF_INSTALLATION} = 'ok'")
_FAILURES = newest_by_resource("resource, finished_at, error", f"{_OF_INSTALLATION} <> 'ok'")


@dataclass(frozen=True)
class TableStatus:
    """The age of a table.

    Attributes:
        resource: The resource.
        table: Its table.
        last_success: When the last run ended that read all of it.
        age_hours: The hours since then.
        rows: Rows in the table; None if there is no such table.
        is_overdue: Whether it is too old, or was never loaded.
        last_failure: When the last run ended that could not read all of it.
        error: The error of that run.
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
        """Return whether it failed after its last success."""
        if self.last_failure is None:
            return False
        return self.last_success is None or self.last_failure > self.last_success


@dataclass(frozen=True)
class Status:
    """The ages of the tables of a pipeline.

    Attributes:
        tables: The tables.
        max_age_hours: The age in hours from which a table is overdue.
        destination: The destination, in words.
        dataset: The dataset.
        marts: The newest build of the marts; None if there was none.
        tests: The newest build of the marts that tested them; None if there was none.
        view: The view from which the history was read; it says whether a run is under way.
    """

    tables: Sequence[TableStatus]
    max_age_hours: float
    destination: str
    dataset: str
    view: View
    marts: MartsRecord | None = None
    tests: MartsRecord | None = None

    @property
    def overdue(self) -> list[str]:
        """Return the resources that are overdue."""
        return [table.resource for table in self.tables if table.is_overdue]

    @property
    def exit_code(self) -> int:
        """Return 0 if no table is overdue and no run hangs."""
        return EXIT_CODE if self.problem else 0

    @property
    def problem(self) -> str | None:
        """Return the problems in a sentence; None if there are none."""
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
        options: The options, which name the destination.
        endpoints: The endpoints of the pipeline.
        installation: The installation.
        max_age_hours: The age in hours from which a table is overdue.

    Raises:
        DestinationError: The destination cannot be reached.
    """
    destination = destination_for(options)
    marts = tests = None
    with destination.view() as found:
        if found.pipeline is None:
            tables = _tables(None, endpoints, installation, max_age_hours)
        else:
            with found.pipeline.sql_client() as client:
                end = destination.files_end_at(client, found.folder)
                tables = _tables(client, endpoints, installation, max_age_hours, end)
                marts, tests = newest_record(client), newest_record(client, "tests IS NOT NULL")
    place = destination.describe()
    return Status(tables, max_age_hours, place, options.dataset, found, marts, tests)


def _tables(
    client: SqlClientBase[Any] | None,
    endpoints: Sequence[Endpoint],
    installation: str,
    max_age_hours: float,
    end: datetime | None = None,
) -> list[TableStatus]:
    """Return the status of each table; a success after `end` counts as one at that time."""
    successes: dict[str, datetime] = {}
    failures: dict[str, tuple[datetime, str | None]] = {}
    counts: dict[str, int] = {}
    now = cast("datetime", pendulum.now("UTC"))
    if client is not None:
        found = rows(client, _SUCCESSES, installation, now + SKEW)
        successes = {name: min(filter(None, (utc(at), end))) for name, at in found}
        found = rows(client, _FAILURES, installation, now + SKEW)
        failures = {name: (utc(at), error) for name, at, error in found}
        counts = count_rows(client, {endpoint.table_name for endpoint in endpoints})
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
