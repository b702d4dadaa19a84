"""Collect the metrics of a run, step by step, for the run history."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import dlt
import pendulum
from dlt.common.pipeline import NormalizeInfo
from dlt.extract import DltSource

from ...catalog import Endpoint, Write
from ...destination.queries import count_rows
from ...errors import PerfectGymError
from ...extract.state.source_state import SourceState, section
from ...marts.record import MartsRecord
from ...prerequisites import own_version
from ...source import reading_of
from ...text import counted
from .tables import (
    CheckRecord,
    Entry,
    History,
    ResourceRecord,
    RunOutcome,
    RunRecord,
    failed_checks,
)

LONGEST_ERROR = 1000


class RunRecorder:
    """Metrics of one run.

    Args:
        pipeline: The named pipeline.
        source: The source, as `perfectgym_source` made it.

    Attributes:
        run_id: The run's id in the log and the history.
        started_at: When the run started.
        counts: The rows of each table that the run loaded into, after the load.
        checks: What the checks after loading found.
        checks_exit_code: The exit code of checks that fail the run; 0 if none does.
        marts: The build of the marts; None if there was none.
        was_well: Whether the run before went well, once the history has been written.
    """

    def __init__(self, pipeline: str, source: DltSource) -> None:
        self.run_id = uuid.uuid4().hex
        self.counts: dict[str, int] = {}
        self.checks: Sequence[CheckRecord] = ()
        self.checks_exit_code = 0
        self.marts: MartsRecord | None = None
        self.was_well = True
        self._pipeline = pipeline
        reading = reading_of(source)
        self._settings = reading.settings
        self._report = reading.report
        endpoints = reading.settings.api.endpoints
        self._endpoints = [endpoints[name] for name in source.resources]
        self._tables: list[str] = []
        self._counts_before: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._after: dict[str, int] = {}
        self._is_loaded = False
        self.started_at = pendulum.now("UTC")
        self._started = time.monotonic()

    def begin(self, pipeline: dlt.Pipeline) -> None:
        """Record the cursors, when dlt's state has been fetched from the destination."""
        self._before = self._cursors(pipeline)

    def normalized(self, pipeline: dlt.Pipeline, info: NormalizeInfo) -> None:
        """Count the rows of the tables that the load changes.

        Args:
            pipeline: The pipeline, before it loads.
            info: What it has normalized.
        """
        own = {entry.table_name for entry in self._endpoints}
        self._tables = sorted(
            name for name, rows in info.row_counts.items() if rows and name in own
        )
        self._counts_before = self._count(pipeline)

    def loaded(self, pipeline: dlt.Pipeline) -> None:
        """Count the rows again, and record the cursors."""
        self.counts = self._count(pipeline)
        self._after = self._cursors(pipeline)
        self._is_loaded = True

    def result(self) -> tuple[RunOutcome, int, str | None]:
        """Return outcome, exit code and problem of a run that came to its end."""
        if failures := self._report.failures:
            text = f"{counted(len(failures), 'part')} could not be read"
            return "partial", self._report.exit_code, text
        if self.checks_exit_code:
            return "failed", self.checks_exit_code, "; ".join(failed_checks(self.checks))
        if self.marts and self.marts.exit_code:
            return "failed", self.marts.exit_code, self.marts.problem
        return "ok", 0, None

    def end(self, error: BaseException | None = None) -> Entry:
        """Return the record of the run for the history.

        Args:
            error: The error, as one of ours, if it failed.
        """
        report = self._report
        outcome, exit_code, text = self.result() if error is None else _result_of(error)
        run = RunRecord(
            run_id=self.run_id,
            pipeline=self._pipeline,
            installation=self._settings.installation,
            started_at=self.started_at,
            finished_at=cast(Any, pendulum.now("UTC")),
            seconds=round(time.monotonic() - self._started, 3),
            outcome=outcome,
            exit_code=exit_code,
            version=own_version(),
            rows_loaded=sum(report.rows.values()),
            requests=sum(report.requests.values()),
            retries=report.retries.total(),
            token_requests=report.token_requests,
            requests_per_second=report.requests_per_second,
            slowdowns=report.slowdowns,
            refusals=report.refusals,
            seconds_paused=report.seconds_paused,
            error=text and text[:LONGEST_ERROR],
        )
        resources = [self._resource(entry) for entry in self._endpoints]
        return Entry(run, resources, self.checks, self.marts)

    def _resource(self, endpoint: Endpoint) -> ResourceRecord:
        report, table, name = self._report, endpoint.table_name, endpoint.name
        loaded, deleted = report.rows[table], report.deleted[table]
        grown = self.counts.get(table, 0) - self._counts_before.get(table, 0)
        if endpoint.write is Write.MERGE:
            new = grown + report.removed[table]
            if new < 0:  # these went with their parents
                new, deleted = 0, deleted - new
        else:
            new, deleted = max(grown, 0), max(-grown, deleted)
        outcome, error = self._outcome(endpoint)
        return ResourceRecord(
            run_id=self.run_id,
            resource=name,
            rows_new=max(new, 0) if self._is_loaded else None,
            rows_changed=max(loaded - new, 0) if self._is_loaded else None,
            rows_deleted=deleted,
            rows_loaded=loaded,
            rows_total=self.counts.get(table),
            requests=report.requests[name],
            retries=report.retries[name],
            seconds=report.seconds.get(name),
            cursor_before=self._before.get(name),
            cursor_after=self._after.get(name),
            outcome=outcome,
            error=error and error[:LONGEST_ERROR],
        )

    def _outcome(self, endpoint: Endpoint) -> tuple[RunOutcome, str | None]:
        if not self._is_loaded:
            return "failed", None
        found = [each for each in self._report.failures if each.resource == endpoint.name]
        if not found:
            return "ok", None
        more = f" (and {len(found) - 1} more)" if found[1:] else ""
        return "partial" if found[0].partition else "failed", f"{found[0]}{more}"

    def _count(self, pipeline: dlt.Pipeline) -> dict[str, int]:
        if not self._tables:
            return {}
        with pipeline.sql_client() as client:
            return count_rows(client, self._tables)

    def _cursors(self, pipeline: dlt.Pipeline) -> dict[str, int]:
        """Return the highest row version that each resource has read."""
        source, found = SourceState.of_pipeline(pipeline.state), {}
        for endpoint in self._endpoints:
            stored = source.resource(endpoint.name, section(self._settings))
            if highest := stored.highest_version:
                found[endpoint.name] = highest
        return found


@contextlib.contextmanager
def recorded(
    recording: RunRecorder,
    history: History,
    translate_error: Callable[[BaseException], BaseException],
) -> Iterator[None]:
    """Record the work inside in the history, whether it succeeds or fails.

    Args:
        recording: The metrics.
        history: The history.
        translate_error: Returns one of our errors for an error that is raised inside.
    """
    try:
        yield
    except BaseException as error:
        recording.was_well = history.keep(recording.end(translate_error(error)))
        raise
    recording.was_well = history.keep(recording.end())


def _result_of(error: BaseException) -> tuple[RunOutcome, int, str]:
    """Return outcome, exit code and problem of a run that an error has ended.

    Of a foreign error it names the kind only: its text may hold anything.
    """
    if isinstance(error, PerfectGymError):
        return "failed", error.exit_code, str(error)
    code = 130 if isinstance(error, KeyboardInterrupt) else PerfectGymError.exit_code
    return "failed", code, type(error).__name__
