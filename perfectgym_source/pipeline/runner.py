"""Run the pipeline once: load pending packages first, then extract, normalize and load."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dlt.common.pipeline import LoadInfo
from dlt.extract import DltSource

from ..catalog.selection import ancestors
from ..config.pipeline_settings import Checks
from ..config.pipelines import configured_checks
from ..config.settings import Settings
from ..destination import (
    Options,
    Session,
    destination_for,
    load_packages,
    pending_packages,
    write_comments,
)
from ..error_translation import explain
from ..errors import LockedError, PerfectGymError
from ..extract.failures import wrong_mode
from ..extract.report import Report
from ..marts.connection import check_adapter
from ..marts.record import MartsRecord
from ..marts.selection import Loaded
from ..source import perfectgym_source, reading_of
from .alerts import configured_alerts
from .checks import run_checks
from .history.recorder import RunRecorder, recorded
from .history.retention import history_in
from .history.tables import CheckRecord, RunOutcome
from .logs import begin_run
from .marts import marts_in

__all__ = ["Options", "Summary", "load", "run"]


@dataclass
class Summary:
    """Result of one run.

    Attributes:
        report: What was read.
        seconds: How long it took.
        pending: Load packages of an earlier run that were completed first.
        destination: Where the rows went, in words.
        dataset: The dataset.
        outcome: How it ended.
        exit_code: The exit code: 0 if everything was read and built, and no check fails the run.
        problem: The problems in a sentence; None if there are none.
        run_id: The run's name in the history and the log.
        checks: What the checks after loading found.
        hint: What to do, if the failures have one cause in common.
        marts: The build of the marts; None if there was nothing to build.
        incomplete: Resources of which something could not be read, in the catalog's order: they
            failed themselves, or an endpoint whose ids they take did.
    """

    report: Report
    seconds: float
    pending: int
    destination: str
    dataset: str
    outcome: RunOutcome = "ok"
    exit_code: int = 0
    problem: str | None = None
    run_id: str = ""
    checks: Sequence[CheckRecord] = ()
    hint: str | None = None
    marts: MartsRecord | None = None
    incomplete: Sequence[str] = ()


def run(options: Options) -> Summary:
    """Load new data, record the run, and send alerts.

    Raises:
        ConfigurationError: Before the first request, if a setting is missing or wrong.
        LockedError: Another run is loading into the same place.
        DestinationLocked: Before the first request: another program has the database open.
        PerfectGymError: The API or the destination failed; the exit code is the error's.
    """
    checks, alerts = configured_checks(), configured_alerts()
    recording: RunRecorder | None = None
    alerts.started()
    try:
        source = perfectgym_source(**options.source)
        recording = RunRecorder(options.pipeline, source)
        begin_run(recording.run_id)
        summary = _run(options, source, recording, checks)
    except LockedError:
        # The run under way sends its alerts itself, unless it hangs.
        other = destination_for(options).run_under_way()
        if other and other.is_longer_than(options.max_run_hours):
            problem = f"{other}, longer than max_run_hours allows"
            alerts.ended(_name(options), problem, was_well=True)
        raise
    except Exception as error:
        known = explain(error)
        text = (
            str(known) if isinstance(known, PerfectGymError) else f"a bug ({type(known).__name__})"
        )
        alerts.ended(_name(options), text, recording is None or recording.was_well)
        raise known from error
    alerts.ended(_name(options), summary.problem, recording.was_well)
    return summary


def _run(options: Options, source: DltSource, recording: RunRecorder, checks: Checks) -> Summary:
    started = time.monotonic()
    destination = destination_for(options)
    if options.marts:
        check_adapter(options)
    with (
        destination.open() as session,
        recorded(recording, history_in(session), destination.translate_error),
    ):
        marts = marts_in(session, reading_of(source).settings) if options.marts else None
        if marts:
            marts.check_schemas()
        loaded = load(session, source, recording, checks)
        if marts:
            recording.marts = marts.build((recording.run_id, recording.started_at), loaded)
    reading = reading_of(source)
    settings, report = reading.settings, reading.report
    errors = {failure.resource: failure.error for failure in report.failures}
    outcome, exit_code, problem = recording.result()
    if report.failures:
        problem = f"{problem}, such as {report.failures[0]}"
    return Summary(
        report=report,
        seconds=time.monotonic() - started,
        pending=loaded.pending,
        destination=destination.describe(),
        dataset=options.dataset,
        outcome=outcome,
        exit_code=exit_code,
        problem=problem,
        run_id=recording.run_id,
        checks=recording.checks,
        hint=wrong_mode(
            settings.mode,
            [settings.api.endpoints[name] for name in +report.requests],
            errors,
            settings.sign_in == "keys",
        ),
        marts=recording.marts,
        incomplete=_incomplete(settings, source.resources, errors),
    )


def _incomplete(settings: Settings, resources: Iterable[str], failed: Collection[str]) -> list[str]:
    """Return the resources of which something could not be read.

    Args:
        settings: The settings.
        resources: Names of the resources of the run.
        failed: Names of endpoints that could not be read completely.
    """
    endpoints = settings.api.endpoints
    return [
        name
        for name in resources
        if not {name, *ancestors(settings.api, endpoints[name], settings.mode)}.isdisjoint(failed)
    ]


def _name(options: Options) -> str:
    installation = options.source.get("installation")
    return f"{options.pipeline} ({installation})" if installation else options.pipeline


def load(
    session: Session,
    source: DltSource,
    recording: RunRecorder | None = None,
    checks: Checks | None = None,
) -> Loaded:
    """Load, and return what was loaded.

    It takes dlt's `run` apart: after a failed load, that loads what is pending and extracts nothing
    new.

    Args:
        session: The destination under its lock.
        source: The source.
        recording: Receives the metrics of the run.
        checks: Checks after the load; their results are recorded.
    """
    with session.pipeline() as pipeline, rare_collection():
        if not (pending_packages(pipeline) and pipeline.first_run):
            # If the dataset was dropped meanwhile, dlt forgets the packages here: they hold
            # only what had changed. (Before a first load there is no dataset, and they hold all.)
            pipeline.sync_destination()
        pending = pending_packages(pipeline)
        infos = []
        if pending:
            pipeline.normalize()
            infos.append(load_packages(pipeline))
        if recording:
            recording.begin(pipeline)
        pipeline.extract(source)
        normalized = pipeline.normalize()
        if recording:
            recording.normalized(pipeline, normalized)
        if pending_packages(pipeline):
            infos.append(load_packages(pipeline))
        if infos:
            with pipeline.destination_client() as client:
                write_comments(client)
        if recording:
            recording.loaded(pipeline)
            if checks:
                run_checks(checks, recording, source, pipeline)
        return _loaded(pending, infos)


def _loaded(pending: int, infos: Iterable[LoadInfo | None]) -> Loaded:
    packages = [package for info in infos if info for package in info.load_packages]
    jobs = [job for package in packages for job in package.jobs["completed_jobs"]]
    tables = {job.job_file_info.table_name for job in jobs}
    return Loaded(pending, {package.load_id for package in packages}, tables)


@contextlib.contextmanager
def rare_collection() -> Iterator[None]:
    """Run the garbage collector rarely.

    Rows contain no reference cycles, and scanning thousands of them again and again takes a fifth
    of the time of a load.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
