"""Runs the pipeline once: what is pending first, then extract, normalize and load."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from dlt.extract import DltSource

from ..causes import explained
from ..config.monitoring import configured_checks
from ..config.pipeline_settings import Checks
from ..destination.lock import run_under_way
from ..destination.names import PIPELINE
from ..destination.publish import preserving_publish_marker
from ..destination.target import (
    Options,
    destination_name,
    folder_of,
    is_duckdb,
    open_pipeline,
    pending_packages,
    target,
    translate_error,
)
from ..errors import LockedError, PerfectGymError
from ..extract.report import Report
from ..source import perfectgym_source, reading_of, report_of
from ..text import counted
from .alerts import configured_alerts
from .checks import as_lines, run_checks
from .failures import wrong_mode
from .history import CheckRecord, History
from .logs import begin_run
from .recorder import RunRecorder, recorded
from .retention import Retention, delete_old

__all__ = ["Options", "Summary", "load", "run"]


@dataclass
class Summary:
    """What one run did.

    Attributes:
        report: What was read.
        seconds: How long it took.
        pending: Load packages of an earlier run that were completed first.
        destination: Where the rows went, in words.
        dataset: The dataset.
        run_id: The run's name in the history and the log.
        checks: What the checks after loading found.
        failed_checks: The exit code of checks that fail the run; 0 if none does.
        hint: What to do, if the failures have one cause in common.
    """

    report: Report
    seconds: float
    pending: int
    destination: str
    dataset: str
    run_id: str = ""
    checks: Sequence[CheckRecord] = ()
    failed_checks: int = 0
    hint: str | None = None

    @property
    def exit_code(self) -> int:
        """0 if everything was read and no check fails the run."""
        return self.report.exit_code or self.failed_checks

    @property
    def problem(self) -> str | None:
        """What is wrong, in a sentence; None if all is well."""
        if self.report.failures:
            first = self.report.failures[0]
            parts = counted(len(self.report.failures), "part")
            return f"{parts} could not be read, such as {first}"
        return "; ".join(as_lines(self.checks)) if self.failed_checks else None


def run(options: Options) -> Summary:
    """Load what is new, take it down in the run history, and tell those who want to know.

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
        # The run that is under way tells how it ends, unless it hangs.
        other = run_under_way(folder_of(options))
        if other and other.is_longer_than(options.max_run_hours):
            problem = f"{other}, longer than max_run_hours allows"
            alerts.ended(_name(options), problem, was_well=True)
        raise
    except Exception as error:
        known = explained(error)
        text = (
            str(known) if isinstance(known, PerfectGymError) else f"a bug ({type(known).__name__})"
        )
        alerts.ended(_name(options), text, recording is None or recording.was_well)
        raise known from error
    alerts.ended(_name(options), summary.problem, recording.was_well)
    return summary


def _run(options: Options, source: DltSource, recording: RunRecorder, checks: Checks) -> Summary:
    started = time.monotonic()
    with (
        target(options) as destination,
        recorded(
            recording,
            _history(options, destination),
            lambda error: translate_error(error, options),
        ),
    ):
        pending = load(options, source, destination, recording, checks)
    report = report_of(source)
    errors = {failure.resource: failure.error for failure in report.failures}
    return Summary(
        report=report,
        seconds=time.monotonic() - started,
        pending=pending,
        destination=destination_name(options),
        dataset=options.dataset,
        run_id=recording.run_id,
        checks=recording.checks,
        failed_checks=recording.failed_checks,
        hint=wrong_mode(reading_of(source).settings.mode, +report.requests, errors),
    )


def _history(options: Options, destination: Any) -> History:
    writing: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    if is_duckdb(options):
        writing = partial(preserving_publish_marker, options.database.resolve())
    cleaning = partial(delete_old, Retention(options.history_days, options.keep_states), PIPELINE)
    return History(folder_of(options), destination, options.dataset, writing, cleaning)


def _name(options: Options) -> str:
    installation = options.source.get("installation")
    return f"{options.pipeline} ({installation})" if installation else options.pipeline


def load(
    options: Options,
    source: DltSource,
    destination: Any,
    recording: RunRecorder | None = None,
    checks: Checks | None = None,
) -> int:
    """Load; gives the number of pending packages that were completed first.

    It takes dlt's `run` apart: after a failed load, that loads what is pending and extracts nothing
    new.

    Args:
        options: What the run is to do.
        source: The source.
        destination: As `target` gives it.
        recording: What takes it down, if anything.
        checks: What is checked after loading, if anything; it is taken down too.
    """
    with open_pipeline(options, destination) as pipeline, _rare_collection():
        if not (pending_packages(pipeline) and pipeline.first_run):
            # If somebody dropped the dataset meanwhile, dlt forgets the packages here: they hold
            # only what had changed. (Before a first load there is no dataset, and they hold all.)
            pipeline.sync_destination()
        pending = pending_packages(pipeline)
        if pending:
            pipeline.normalize()
            pipeline.load()
        if recording:
            recording.begin(pipeline)
        pipeline.extract(source)
        normalized = pipeline.normalize()
        if recording:
            recording.normalized(pipeline, normalized)
        pipeline.load()
        if recording:
            recording.loaded(pipeline)
            if checks:
                run_checks(checks, recording, source, pipeline)
        return pending


@contextlib.contextmanager
def _rare_collection() -> Iterator[None]:
    """Let Python look for reference cycles seldom.

    Rows are trees: there are none among them, and looking through thousands of rows again and again
    takes a fifth of the time of a load.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
