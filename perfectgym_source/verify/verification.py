"""`--verify`: read the API again from the beginning, and compare it with the tables.

Nothing is loaded, and no cursor moves. What changed since the last run is told apart by the
cursors that the destination holds.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from ..catalog import Endpoint, Write
from ..catalog.selection import ancestors
from ..config.settings import Settings
from ..dataset_guard import check_dataset
from ..destination import Options, Session, destination_for, pending_packages
from ..destination.names import PIPELINE
from ..errors import ApiError, ConfigurationError
from ..extract.report import Report
from ..extract.state import SourceState, StoredState, section
from ..source import resolve
from ..text import counted
from .compare import Comparison
from .next_run import NextRun
from .scan import make_extraction, read_api, read_tables
from .table_diff import ExtraKeys, Finding

Outcome = Literal["equal", "different", "partial"]
"""`partial`: something could not be read, so that nobody knows."""

EXIT_CODES: Mapping[Outcome, int] = {"equal": 0, "different": 8, "partial": ApiError.exit_code}


@dataclass
class Verification:
    """How the tables compare with the API.

    Attributes:
        findings: For each table that was compared, by resource.
        left_out: Resources that were not compared, with the reason.
        unread: Resources of which something could not be read, so that they were not compared.
        refused: Resources that a repair leaves alone, because most of a table would go.
        removable: By resource, the extra rows that the API does not give.
        needs_reload: Resources with differences that loading them again removes.
        report: What was read.
        seconds: How long it took.
        destination: Where the rows are, in words.
        dataset: The dataset.
    """

    findings: dict[str, list[Finding]]
    left_out: dict[str, str]
    unread: list[str]
    refused: list[str]
    removable: dict[str, ExtraKeys]
    needs_reload: list[str]
    report: Report
    seconds: float
    destination: str
    dataset: str

    @property
    def tables(self) -> list[Finding]:
        """The findings of all tables."""
        return [finding for findings in self.findings.values() for finding in findings]

    @property
    def outcome(self) -> Outcome:
        """What the tables are."""
        return outcome_of(self.tables, [self.report])


def outcome_of(findings: Iterable[Finding], reports: Iterable[Report]) -> Outcome:
    """What findings come to, after readings with these reports."""
    if any(report.failures for report in reports):
        return "partial"
    return "equal" if all(finding.is_equal for finding in findings) else "different"


def verify(options: Options) -> Verification:
    """Compare the tables of the selected resources with the API.

    Raises:
        ConfigurationError: Nothing to compare has been loaded, or the destination has no SQL.
        LockedError: A run is loading into the same place.
        PerfectGymError: The API or the destination failed; the exit code is the error's.
    """
    with verified_target(options, publishes=False) as session:
        return compare(options, session)


@contextmanager
def verified_target(options: Options, publishes: bool) -> Iterator[Session]:
    """Open a destination in which there has to be something already.

    Raises:
        ConfigurationError: There is no such DuckDB file, or the target is files.
        PerfectGymError: As `Destination.open`.
    """
    destination = destination_for(options)
    destination.check_comparable()
    if not destination.exists():
        raise _nothing(options)
    with destination.open(publishes) as session:
        yield session


def compare(options: Options, session: Session) -> Verification:
    """Compare, under the lock of the target.

    Args:
        options: What is selected.
        session: The destination under its lock.

    Raises:
        ConfigurationError: Nothing to compare has been loaded, or the destination has no SQL.
        PerfectGymError: The API could not be read at all.
    """
    started = time.monotonic()
    resolved = resolve(**options.source)
    settings, selected = resolved.settings, resolved.endpoints
    report = Report()
    with (
        session.pipeline() as pipeline,
        pipeline.destination_client() as client,
        closing(Comparison(settings)) as comparison,
    ):
        if not isinstance(client, SqlJobClientBase):
            raise ConfigurationError(
                f"{options.destination!r} cannot be verified: it is no SQL database."
            )
        state = _state(client, settings)
        stored = {entry.name: state.resource(entry.name, section(settings)) for entry in selected}
        left_out = {
            entry.name: why for entry in selected if (why := _why_not(entry, stored[entry.name]))
        }
        compared = [entry for entry in selected if entry.name not in left_out]
        if not compared:
            raise _nothing(options)
        if pending := pending_packages(pipeline):
            report.warnings.append(
                f"{counted(pending, 'load package')} of an earlier run not loaded yet: the next "
                "run completes that."
            )
        digests = read_api(settings, compared, comparison, report)
        unread = _unread(compared, {failure.resource for failure in report.failures}, settings)
        compared = [entry for entry in compared if entry.name not in unread]
        for endpoint in compared:
            read_tables(endpoint, settings, client.sql_client, comparison)
        with closing(make_extraction(settings, selected, stored.__getitem__, Report())) as run:
            next_run = NextRun(run, digests, comparison.listed)
            findings = {entry.name: comparison.findings(entry, next_run) for entry in compared}
        refused = [
            name
            for name, tables in findings.items()
            if any(t.exceeds_delete_threshold for t in tables)
        ]
        repaired = [entry for entry in compared if entry.name not in refused]
        return Verification(
            findings=findings,
            left_out=left_out,
            unread=unread,
            refused=refused,
            removable={
                entry.name: rows for entry in repaired if (rows := comparison.removable(entry))
            },
            needs_reload=[entry.name for entry in repaired if comparison.is_reload_needed(entry)],
            report=report,
            seconds=time.monotonic() - started,
            destination=session.destination.describe(),
            dataset=options.dataset,
        )


def _state(client: SqlJobClientBase, settings: Settings) -> SourceState:
    """Return a copy of the state that the destination stores: it belongs to the rows there."""
    try:
        stored: Any = load_pipeline_state_from_destination(PIPELINE, client)
    except DestinationUndefinedEntity:
        stored = None
    state = SourceState.of_pipeline(stored)
    check_dataset(settings, state)
    return state


def _why_not(endpoint: Endpoint, stored: StoredState) -> str | None:
    """Why an endpoint's tables cannot be compared, if so."""
    if endpoint.write is Write.APPEND:
        return "each run adds a picture, which cannot be taken again"
    if endpoint.table_name != endpoint.name:
        return f"its rows stand in {endpoint.table_name}"
    return None if stored.is_loaded else "it was never loaded"


def _nothing(options: Options) -> ConfigurationError:
    return ConfigurationError(
        f"There is nothing to verify: none of the resources has been loaded into "
        f"{destination_for(options).describe()} ({options.dataset}).",
        hint="Load first.",
    )


def _unread(compared: Sequence[Endpoint], failed: Collection[str], settings: Settings) -> list[str]:
    """The endpoints of which something could not be read, or of a list that they depend on."""
    return [
        entry.name
        for entry in compared
        if not {entry.name, *ancestors(settings.api, entry, settings.mode)}.isdisjoint(failed)
    ]
