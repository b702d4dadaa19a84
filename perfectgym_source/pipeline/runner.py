"""Runs the pipeline once: what is pending first, then extract, normalize and load."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.destination.exceptions import DestinationException
from dlt.common.exceptions import MissingDependencyException
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from ..errors import ApiError, ConfigurationError, DestinationError, LockedError, PerfectGymError
from ..reading import Report
from ..source import perfectgym_source, report_of
from .alerts import configured_alerts
from .destinations import merging_destination
from .files import DESTINATION as FILES
from .files import check_files, write_files
from .history import PIPELINE_NAME as HISTORY
from .history import CheckRecord, History
from .lock import database_lock, run_lock
from .logs import begin_run
from .publish import is_published, loading_file, prepare, publish, unnoticed
from .quality import Checks, as_lines, configured_checks, examine
from .recording import Recording, recorded

PIPELINE_NAME = "perfectgym"


@dataclass(frozen=True)
class Options:
    """What one run is to do.

    Attributes:
        destination: A dlt destination's name.
        database: The DuckDB file, if that is the destination, or files are written from it.
        dataset: The dataset (schema) to load into.
        table_format: For the destination `filesystem`, one of `files.TABLE_FORMATS`.
        wait: Seconds to wait for another program that has the pipeline's DuckDB file open.
        pipeline: The named pipeline's name.
        source: Arguments of `perfectgym_source`; what is not there comes from the configuration.
        progress: A dlt progress collector, or None.
    """

    destination: str
    database: Path
    dataset: str
    table_format: str = "parquet"
    wait: float = 60
    pipeline: str = "core"
    source: Mapping[str, Any] = field(default_factory=dict)
    progress: Any = None


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
    """

    report: Report
    seconds: float
    pending: int
    destination: str
    dataset: str
    run_id: str = ""
    checks: Sequence[CheckRecord] = ()
    failed_checks: int = 0

    @property
    def exit_code(self) -> int:
        """0 if everything was read and no check fails the run."""
        return ApiError.exit_code if self.report.failures else self.failed_checks

    @property
    def problem(self) -> str | None:
        """What is wrong, in a sentence; None if all is well."""
        if self.report.failures:
            first = self.report.failures[0]
            return f"{len(self.report.failures)} part(s) could not be read, such as {first}"
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
    recording: Recording | None = None
    alerts.started()
    try:
        source = perfectgym_source(**options.source)
        recording = Recording(options.pipeline, source)
        begin_run(recording.run_id)
        summary = _run(options, source, recording, checks)
    except LockedError:
        raise  # the run that is under way tells how it ends
    except PerfectGymError as error:
        alerts.ended(_name(options), str(error), recording is None or recording.was_well)
        raise
    alerts.ended(_name(options), summary.problem, recording.was_well)
    return summary


def _run(options: Options, source: DltSource, recording: Recording, checks: Checks) -> Summary:
    started = time.monotonic()
    with (
        target(options) as destination,
        recorded(
            recording,
            _history(options, destination),
            lambda error: _in_our_words(error, options),
        ),
    ):
        pending = load(options, source, destination, recording, checks)
    return Summary(
        report=report_of(source),
        seconds=time.monotonic() - started,
        pending=pending,
        destination=destination_name(options),
        dataset=options.dataset,
        run_id=recording.run_id,
        checks=recording.checks,
        failed_checks=recording.failed_checks,
    )


def _history(options: Options, destination: Any) -> History:
    writing: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    if is_duckdb(options):
        writing = partial(unnoticed, options.database.resolve())
    return History(_folder(options), destination, options.dataset, writing)


def _name(options: Options) -> str:
    installation = options.source.get("installation")
    return f"{options.pipeline} ({installation})" if installation else options.pipeline


@contextlib.contextmanager
def target(options: Options, publishes: bool = True) -> Iterator[Any]:
    """Hold the lock of the target: nobody else loads into it meanwhile.

    Args:
        options: What names the target.
        publishes: Whether a DuckDB file that was changed is published at the end, and written
            as files.

    Yields:
        The destination, for `dlt.pipeline`.

    Raises:
        LockedError: Another run is loading into the same place.
        DestinationLocked: Another program has the database open.
        PerfectGymError: What was done inside failed; in our words.
    """
    with run_lock(_folder(options)) as was_killed:
        if was_killed:
            _forget_working_files(options)
            shutil.rmtree(_folder(options) / HISTORY, ignore_errors=True)
        try:
            if not is_duckdb(options):
                yield merging_destination(options.destination)
                return
            if _writes_files(options):
                check_files(options.dataset, options.table_format, _folder(options) / "files")
            database = options.database.resolve()
            if not loading_file(database).exists():
                # What was done belongs to a file that is gone.
                _forget_working_files(options)
            own = prepare(database)
            with database_lock(own, options.wait) as connection:
                yield dlt.destinations.duckdb(str(own))
                if publishes and not is_published(database):
                    publish(database, connection)
                if publishes and _writes_files(options):
                    write_files(
                        connection,
                        options.dataset,
                        options.table_format,
                        _folder(options) / "files",
                    )
        except Exception as error:
            raise _in_our_words(error, options) from error


@contextlib.contextmanager
def open_pipeline(options: Options, destination: Any) -> Iterator[dlt.Pipeline]:
    """dlt's pipeline over a target's destination; its working files go at the end, if no load
    package is pending."""
    pipeline = dlt.pipeline(
        PIPELINE_NAME,
        pipelines_dir=str(_folder(options)),
        destination=destination,
        dataset_name=options.dataset,
        progress=options.progress,
    )
    try:
        yield pipeline
    finally:
        if pending_packages(pipeline):
            os.sync()  # so that they outlive a power failure; dlt leaves it to the system
        else:
            _forget_working_files(options)


def load(
    options: Options,
    source: DltSource,
    destination: Any,
    recording: Recording | None = None,
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
                examine(checks, recording, source, pipeline)
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


def pending_packages(pipeline: dlt.Pipeline) -> int:
    """The number of load packages that were extracted and are not loaded completely."""
    return len(pipeline.list_extracted_load_packages()) + len(
        pipeline.list_normalized_load_packages()
    )


def _forget_working_files(options: Options) -> None:
    """Remove dlt's working files: copies of rows, and of the state that the destination keeps.

    Only pending packages are worth keeping, and not even they after a kill: they may have reached
    the disk in part, and nobody knows which of their statements the database has carried out.
    """
    shutil.rmtree(_folder(options) / PIPELINE_NAME, ignore_errors=True)


def _folder(options: Options) -> Path:
    """The working folder: one for each target, because dlt would carry the state of one over to
    another."""
    where = str(options.database.resolve()) if is_duckdb(options) else options.destination
    name = hashlib.sha256(f"{where}\n{options.dataset}".encode()).hexdigest()[:12]
    return Path(dlt.current.run_context().data_dir) / "perfectgym" / name


def is_duckdb(options: Options) -> bool:
    """Whether the rows go into a DuckDB file of ours, from which files may be written."""
    return options.destination == "duckdb" or _writes_files(options)


def _writes_files(options: Options) -> bool:
    return options.destination == FILES


def destination_name(options: Options) -> str:
    """Where the rows go, in words."""
    return str(options.database) if options.destination == "duckdb" else options.destination


def _in_our_words(error: BaseException, options: Options) -> BaseException:
    """The error that says what happened, from the chain in which dlt wraps it."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    for kind in (PerfectGymError, KeyboardInterrupt):
        for found in chain:
            if isinstance(found, kind):
                return found
    deepest = chain[-1]
    for found in chain:
        if isinstance(found, MissingDependencyException):
            return ConfigurationError(
                f"The destination {options.destination!r} needs more packages.",
                hint=f"pip install {' '.join(map(repr, found.dependencies))}",
            )
        if isinstance(found, ConfigurationException):
            return ConfigurationError(
                f"The destination {options.destination!r} is not configured: {_first_line(found)}",
                hint="Set its credentials in .dlt/secrets.toml.",
            )
        if isinstance(found, (DestinationException, duckdb.Error, OSError)):
            return _destination_failed(deepest, options)
    if isinstance(error, PipelineStepFailed) and error.step in ("sync", "load"):
        return _destination_failed(deepest, options)
    return error


def _destination_failed(error: BaseException, options: Options) -> DestinationError:
    hint = "Nothing is lost: the next run completes what was extracted."
    if is_duckdb(options):
        own = loading_file(options.database)
        hint += (
            f" If {own.name} is damaged, move it and {own.name}.wal away: the next run starts "
            f"from {options.database.name}."
        )
    return DestinationError(
        f"The destination {destination_name(options)} failed: {_first_line(error)}", hint=hint
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
