"""Checks of the tables after loading, independent of the API.

Each is a query or two for each table that was loaded, in SQL that every destination knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import dlt
import pendulum
from dlt.common.schema.utils import has_table_seen_data
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltSource

from ..catalog import Endpoint, Write
from ..config.pipeline_settings import Checks
from ..destination.queries import newest_by_resource, rows
from ..extract.state.resource_state import SKEW
from ..source import reading_of
from ..text import counted
from .history.recorder import RunRecorder
from .history.tables import CheckRecord

EXIT_CODE = 10
"""A check has failed, and `checks.mode` is `fail`."""

_VISITS, _ENTERED = {"club_visits", "member_club_visits"}, "enter_date_utc"
_LAST_TOTALS = newest_by_resource("resource, rows_total", "done.rows_total IS NOT NULL")


def run_checks(
    checks: Checks, recording: RunRecorder, source: DltSource, pipeline: dlt.Pipeline
) -> None:
    """Check the tables that a run has loaded, and record the results.

    Args:
        checks: The settings of the checks.
        recording: The metrics of the run, after `loaded`.
        source: Its source.
        pipeline: Its pipeline.
    """
    if checks.mode == "off":
        return
    with pipeline.sql_client() as client:
        examiner = _Examiner(checks, recording, source, pipeline, client)
        recording.checks = list(examiner.results())
    if checks.mode == "fail" and not all(check.is_passed for check in recording.checks):
        recording.checks_exit_code = EXIT_CODE


class _Examiner:
    """Makes the checks of one run."""

    def __init__(
        self,
        checks: Checks,
        recording: RunRecorder,
        source: DltSource,
        pipeline: dlt.Pipeline,
        client: SqlClientBase[Any],
    ) -> None:
        self._checks = checks
        self._recording = recording
        self._reading = reading_of(source)
        self._api = self._reading.settings.api
        self._endpoints = [self._api.endpoints[name] for name in source.resources]
        self._tables = pipeline.default_schema.tables
        self._client = client

    def results(self) -> Iterator[CheckRecord]:
        totals = rows(self._client, _LAST_TOTALS) if self._recording.counts else []
        known = self._api.endpoints
        last = {known[name].table_name: total for name, total in totals if name in known}
        endpoints = {
            entry.table_name: entry
            for entry in self._endpoints
            if entry.table_name in self._recording.counts
        }
        for table, endpoint in endpoints.items():
            if table in last:
                yield self._rows_dropped(table, last[table])
            if endpoint.write is Write.MERGE and endpoint.key:
                yield self._key_twice(table, endpoint)
            if self._checks.references:
                yield from self._references(table)
        if self._checks.newest_visit_hours:
            for name in _VISITS.intersection(entry.table_name for entry in self._endpoints):
                yield from self._newest_visit(name)

    def _rows_dropped(self, table: str, before: int) -> CheckRecord:
        now = self._recording.counts[table]
        percent = 100 * (before - now) / before if before else 0.0
        return self._record(
            "rows_dropped",
            table,
            percent <= self._checks.max_drop_percent,
            round(max(percent, 0.0), 2),
            f"{table} shrank by {percent:.0f} %, from {before:,} rows to {now:,}.",
        )

    def _key_twice(self, table: str, endpoint: Endpoint) -> CheckRecord:
        columns = ", ".join(map(self._column, self._reading.entry(endpoint).key))
        return self._counted(
            "key_twice",
            table,
            f"SELECT {columns} FROM {self._table(table)} GROUP BY {columns} HAVING count(*) > 1",
            f"{table} has {{}} more than once.",
            "key",
        )

    def _references(self, table: str) -> Iterator[CheckRecord]:
        """Count rows that refer to a missing row, by the references of dlt's schema."""
        for reference in self._tables[table].get("references") or ():
            other = reference["referenced_table"]
            if other not in self._tables or not has_table_seen_data(self._tables[other]):
                continue
            own = [f"own.{self._column(name)}" for name in reference["columns"]]
            theirs = [f"other.{self._column(name)}" for name in reference["referenced_columns"]]
            is_set = " AND ".join(f"{name} IS NOT NULL" for name in own)
            is_equal = " AND ".join(f"{a} = {b}" for a, b in zip(own, theirs))
            columns = ", ".join(reference["columns"])
            yield self._counted(
                f"reference to {other}",
                table,
                f"SELECT 1 AS one FROM {self._table(table)} AS own WHERE {is_set} AND NOT EXISTS "
                f"(SELECT 1 FROM {self._table(other)} AS other WHERE {is_equal})",
                f"{table} has {{}} whose {columns} is not in {other}.",
                "row",
            )

    def _newest_visit(self, visits: str) -> Iterator[CheckRecord]:
        name, table = "newest_visit", self._tables.get(visits)
        if table is None or _ENTERED not in table["columns"] or not has_table_seen_data(table):
            return
        now, entered = cast("datetime", pendulum.now("UTC")), self._column(_ENTERED)
        # One visit of the future would be the newest for years.
        query = f"SELECT max({entered}) FROM {self._table(visits)} WHERE {entered} <= %s"
        try:
            [(newest,)] = rows(self._client, query, now + SKEW)
        except DatabaseException as error:
            yield self._not_made(name, visits, error)
            return
        if newest is None:
            text = "There is no club visit whose time is known."
            yield self._record(name, visits, False, None, text)
            return
        hours = (now - pendulum.instance(newest)).total_seconds() / 3600
        is_passed = hours <= self._checks.newest_visit_hours
        text = f"The newest club visit is {hours:,.1f} hours old."
        yield self._record(name, visits, is_passed, round(hours, 2), text)

    def _counted(self, name: str, table: str, query: str, text: str, noun: str) -> CheckRecord:
        """Return a check that passes if a query returns no row; the text gets their number."""
        try:
            [(count,)] = rows(self._client, f"SELECT count(*) FROM ({query}) AS found")
        except DatabaseException as error:
            return self._not_made(name, table, error)
        return self._record(name, table, not count, float(count), text.format(counted(count, noun)))

    def _not_made(self, name: str, table: str, error: DatabaseException) -> CheckRecord:
        text = f"The check {name!r} of {table} could not be made ({type(error).__name__})."
        return self._record(name, table, False, None, text)

    def _record(
        self, name: str, table: str, is_passed: bool, value: float | None, text: str
    ) -> CheckRecord:
        return CheckRecord(self._recording.run_id, name, table, is_passed, value, text)

    def _table(self, name: str) -> str:
        return self._client.make_qualified_table_name(name)

    def _column(self, name: str) -> str:
        return self._client.escape_column_name(name)
