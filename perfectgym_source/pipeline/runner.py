"""Runs the pipeline once: what is pending first, then extract, normalize and load."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.destination.exceptions import DestinationException
from dlt.common.exceptions import MissingDependencyException
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from ..errors import ConfigurationError, DestinationError, PerfectGymError
from ..reading import Report
from ..source import perfectgym_source, report_of
from .destinations import merging_destination
from .files import DESTINATION as FILES
from .files import check_files, write_files
from .lock import database_lock, run_lock
from .publish import is_published, loading_file, prepare, publish

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
        source: Arguments of `perfectgym_source`; what is not there comes from the configuration.
        progress: A dlt progress collector, or None.
    """

    destination: str
    database: Path
    dataset: str
    table_format: str = "parquet"
    wait: float = 60
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
    """

    report: Report
    seconds: float
    pending: int
    destination: str
    dataset: str


def run(options: Options) -> Summary:
    """Load what is new.

    Raises:
        ConfigurationError: Before the first request, if a setting is missing or wrong.
        LockedError: Another run is loading into the same place.
        DestinationLocked: Before the first request: another program has the database open.
        PerfectGymError: The API or the destination failed; the exit code is the error's.
    """
    started = time.monotonic()
    source = perfectgym_source(**options.source)
    with target(options) as destination:
        pending = load(options, source, destination)
    return Summary(
        report=report_of(source),
        seconds=time.monotonic() - started,
        pending=pending,
        destination=destination_name(options),
        dataset=options.dataset,
    )


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


def load(options: Options, source: DltSource, destination: Any) -> int:
    """Load; gives the number of pending packages that were completed first."""
    with open_pipeline(options, destination) as pipeline, _rare_collection():
        if pending_packages(pipeline) and not pipeline.first_run:
            # If somebody dropped the dataset meanwhile, dlt forgets the packages here: they hold
            # only what had changed. (Before a first load there is no dataset, and they hold all.)
            pipeline.sync_destination()
        # After a failed load, dlt's own `run` loads what is pending and extracts nothing new.
        pending = pending_packages(pipeline)
        if pending:
            pipeline.normalize()
            pipeline.load()
        pipeline.run(source)
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
