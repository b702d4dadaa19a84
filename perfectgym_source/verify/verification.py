"""`verify`: extract the API again from the beginning, and compare it with the tables.

Nothing is loaded, and no cursor moves. The cursors in the destination's state tell differences from
what changed since the last run.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Literal

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from ..catalog import Endpoint, Write
from ..catalog.selection import ancestors
from ..config.settings import Settings
from ..dataset_guard import check_dataset
from ..destination import Options, Session, destination_for, pending_packages, stored_state
from ..errors import ApiError, ConfigurationError
from ..extract.report import Report
from ..extract.state.source_state import SourceState, section
from ..extract.state.stored import StoredState
from ..resolving import Resolved, resolve
from ..text import counted
from .compare import Comparison
from .next_run import NextRun, next_extraction
from .scan import ApiScan, scan_api, scan_table, scratch_folder, stored_schema
from .table_diff import EndpointDiff, ExtraKeys, TableDiff

Outcome = Literal["equal", "different", "partial"]
"""`partial`: something could not be read, so that the tables may be right or wrong."""

EXIT_CODES: Mapping[Outcome, int] = {"equal": 0, "different": 8, "partial": ApiError.exit_code}


@dataclass
class Verification:
    """The result of a comparison of the tables with the API.

    Attributes:
        diffs: The differences, by resource that was compared.
        left_out: Resources that were not compared, with the reason.
        unread: Resources of which something could not be read, so that they were not compared.
        report: What was read.
        seconds: Its duration.
        destination: The destination, in words.
        dataset: The dataset.
    """

    diffs: dict[str, EndpointDiff]
    left_out: dict[str, str]
    unread: list[str]
    report: Report
    seconds: float
    destination: str
    dataset: str

    @property
    def tables(self) -> list[TableDiff]:
        """Return the differences of all tables."""
        return [table for diff in self.diffs.values() for table in diff.tables]

    @property
    def refused(self) -> list[str]:
        """Return the resources that a repair leaves alone, because it would empty a table."""
        return [name for name, diff in self.diffs.items() if diff.exceeds_delete_threshold]

    @property
    def extra_keys(self) -> dict[str, ExtraKeys]:
        """Return the extra rows that a repair deletes, by resource."""
        return {
            name: diff.extra_keys
            for name, diff in self.diffs.items()
            if diff.extra_keys and not diff.exceeds_delete_threshold
        }

    @property
    def needs_reload(self) -> list[str]:
        """Return the resources that a repair loads again."""
        return [
            name
            for name, diff in self.diffs.items()
            if diff.needs_reload and not diff.exceeds_delete_threshold
        ]

    @property
    def outcome(self) -> Outcome:
        """Return whether the tables are right."""
        return outcome_of(self.tables, [self.report])


def outcome_of(tables: Iterable[TableDiff], reports: Iterable[Report]) -> Outcome:
    """Return the outcome for these tables, after extractions with these reports."""
    if any(report.failures for report in reports):
        return "partial"
    return "equal" if all(table.is_equal for table in tables) else "different"


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
    """Hold the lock of a destination into which something has been loaded.

    Raises:
        ConfigurationError: There is no such DuckDB file, or the destination is files.
        PerfectGymError: As `Destination.open`.
    """
    destination = destination_for(options)
    destination.check_comparable()
    if not destination.exists():
        raise _nothing(options)
    with destination.open(publishes) as session:
        yield session


def compare(options: Options, session: Session) -> Verification:
    """Compare the selected resources, under the lock of the destination.

    Raises:
        ConfigurationError: Nothing to compare has been loaded, or the destination has no SQL.
        SystemFailure: There is not enough disk space or memory for the comparison.
        PerfectGymError: The API could not be read at all.
    """
    started = time.monotonic()
    resolved = resolve(**options.source)
    settings, selected = resolved.settings, resolved.endpoints
    with _client(session) as (pipeline, client):
        state = _state(client, options.dataset, settings)
        schema = stored_schema(client)
        pending = pending_packages(pipeline)
    states = {entry.name: state.resource(entry.name, section(settings)) for entry in selected}
    left_out = {
        entry.name: why for entry in selected if (why := _why_not(entry, states[entry.name]))
    }
    compared = [entry for entry in selected if entry.name not in left_out]
    if not compared:
        raise _nothing(options)
    with scratch_folder(session) as folder:
        scan = scan_api(options, settings, compared, schema, folder)
        unread = _unread(compared, {each.resource for each in scan.report.failures}, settings)
        read = [entry for entry in compared if entry.name not in unread]
        with _client(session) as (_, client):
            diffs = _compare(client, resolved, states, scan, read)
    if pending:
        scan.report.warnings.append(
            f"{counted(pending, 'load package')} of an earlier run not loaded yet: the next "
            "run completes that."
        )
    return Verification(
        diffs=diffs,
        left_out=left_out,
        unread=unread,
        report=scan.report,
        seconds=time.monotonic() - started,
        destination=session.destination.describe(),
        dataset=options.dataset,
    )


def _compare(
    client: SqlJobClientBase,
    resolved: Resolved,
    states: Mapping[str, StoredState],
    scan: ApiScan,
    endpoints: Sequence[Endpoint],
) -> dict[str, EndpointDiff]:
    """Compare endpoints one after the other, and return the differences by resource."""
    settings = resolved.settings
    diffs = {}
    with (
        closing(Comparison(scan, settings)) as comparison,
        closing(next_extraction(settings, resolved.endpoints, states.__getitem__)) as run,
    ):
        next_run = NextRun(run, scan.digests, comparison.api_rows, scan.counts)
        for endpoint in endpoints:
            compared = {}
            for layout in comparison.layouts(endpoint):
                wanted = comparison.columns(layout.name)
                compared[layout.name], rows = scan_table(client, layout.name, wanted, settings)
                comparison.add_stored(layout.name, rows)
            diffs[endpoint.name] = comparison.compare(endpoint, compared, next_run)
    return diffs


@contextmanager
def _client(session: Session) -> Iterator[tuple[dlt.Pipeline, SqlJobClientBase]]:
    """Open dlt's pipeline over the destination, with a client for its SQL.

    Raises:
        ConfigurationError: The destination has no SQL.
    """
    with (
        session.pipeline() as pipeline,
        pipeline.destination_client() as client,
    ):
        if not isinstance(client, SqlJobClientBase):
            raise ConfigurationError(
                f"{session.destination.describe()} cannot be verified: it is no SQL database."
            )
        yield pipeline, client


def _state(client: SqlJobClientBase, dataset: str, settings: Settings) -> SourceState:
    """Return a copy of the state that the destination stores: it belongs to the rows there.

    Raises:
        ConfigurationError: The dataset has another installation, or other rules for personal data.
    """
    state = SourceState.of_pipeline(stored_state(client, dataset))
    check_dataset(settings, state)
    return state


def _why_not(endpoint: Endpoint, stored: StoredState) -> str | None:
    """Return the reason why an endpoint's tables cannot be compared; None if they can."""
    if endpoint.write is Write.APPEND:
        return "each run adds a snapshot, which cannot be taken again"
    if endpoint.table_name != endpoint.name:
        return f"its rows are in {endpoint.table_name}"
    return None if stored.is_loaded else "it was not loaded, or not since a reset"


def _nothing(options: Options) -> ConfigurationError:
    return ConfigurationError(
        f"There is nothing to verify: none of the resources has been loaded into "
        f"{destination_for(options).describe()} ({options.dataset}), or not since a reset.",
        hint="Load first.",
    )


def _unread(compared: Sequence[Endpoint], failed: Collection[str], settings: Settings) -> list[str]:
    """Return the endpoints that could not be read completely, or depend on one that could not."""
    return [
        entry.name
        for entry in compared
        if not {entry.name, *ancestors(settings.api, entry, settings.mode)}.isdisjoint(failed)
    ]
