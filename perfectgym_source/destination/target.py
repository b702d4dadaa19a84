"""Where the rows go: the lock, the DuckDB file if there is one, and dlt's pipeline over it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.destination.exceptions import DestinationException
from dlt.common.exceptions import MissingDependencyException
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.pipeline.exceptions import PipelineStepFailed

from ..causes import chain, explained, first_line, is_local
from ..config.dlt_config import PIPELINE_ARGUMENTS
from ..errors import ConfigurationError, DestinationError, PerfectGymError
from .files import DESTINATION as FILES
from .files import check_files, write_files
from .lock import RunUnderWay, read_only, run_lock, run_under_way
from .names import HISTORY_PIPELINE, PIPELINE
from .publish import (
    STORAGE_VERSION,
    is_published,
    loading_file,
    loading_name,
    opened,
    publish,
)
from .servers import check_dataset, merging_destination


@dataclass(frozen=True)
class Options:
    """What one run is to do.

    Attributes:
        destination: A dlt destination's name.
        database: The DuckDB file, if that is the destination, or files are written from it.
        dataset: The dataset (schema) to load into.
        table_format: For the destination `filesystem`, one of `files.TABLE_FORMATS`.
        wait: Seconds to wait for another program that has the pipeline's DuckDB file open.
        storage_version: The version of DuckDB that can read the DuckDB file, or `latest`.
        pipeline: The named pipeline's name.
        history_days: After how many days runs are deleted from the history; 0 for never.
        keep_states: How many states of dlt are kept in the dataset; 0 for all.
        max_run_hours: How long a run may take before it counts as hanging; 0 for no limit.
        source: Arguments of `perfectgym_source`; what is not there comes from the configuration.
        progress: A dlt progress collector, or None.
    """

    destination: str
    database: Path
    dataset: str
    table_format: str = "parquet"
    wait: float = 60
    storage_version: str = STORAGE_VERSION
    pipeline: str = "core"
    history_days: float = 365
    keep_states: int = 100
    max_run_hours: float = 24
    source: Mapping[str, Any] = field(default_factory=dict)
    progress: Any = None


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
        ConfigurationError: A name cannot be used, or the working folder cannot.
        LockedError: Another run is loading into the same place.
        DestinationLocked: Another program has the database open.
        PerfectGymError: What was done inside failed; in our words.
    """
    check_names(options)
    with run_lock(folder_of(options), options.max_run_hours) as was_killed:
        if was_killed:
            _forget_working_files(options)
            shutil.rmtree(folder_of(options) / HISTORY_PIPELINE, ignore_errors=True)
        try:
            if not is_duckdb(options):
                yield merging_destination(options.destination, options.dataset)
                return
            if writes_files(options):
                check_files(options.dataset, options.table_format, files_folder(options))
            database = options.database.resolve()
            if not loading_file(database).exists():
                # What was done belongs to a file that is gone.
                _forget_working_files(options)
            with opened(database, options.wait, options.storage_version) as connection:
                # Not as text: dlt would take it for an address with parameters.
                yield dlt.destinations.duckdb(DuckDbCredentials(str(loading_file(database))))
                if publishes and not is_published(database):
                    publish(database, connection, options.wait)
                if publishes and writes_files(options):
                    _write_files(options, connection)
        except Exception as error:
            raise translate_error(error, options) from error


@dataclass(frozen=True)
class View:
    """The dataset as it can be read beside a run.

    Attributes:
        pipeline: dlt's pipeline over it, for queries; None if there is no DuckDB file to read.
        run: The run that is under way, if one is.
        is_hanging: Whether it takes longer than `max_run_hours`.
        is_published: Whether what is read is the published file, because the other one is in use.
        folder: For working files, as long as the view lasts.
    """

    pipeline: dlt.Pipeline | None
    run: RunUnderWay | None
    is_hanging: bool
    is_published: bool
    folder: Path

    @property
    def note(self) -> str:
        """What to know about what is read, in a sentence or two; empty if there is nothing."""
        notes = []
        if self.run:
            late = ", longer than max_run_hours allows" if self.is_hanging else ""
            notes.append(f"{self.run}{late}.")
        elif self.is_published:
            notes.append("Another program has the pipeline's database file open.")
        if self.is_published:
            shown = "This is" if self.pipeline else "There is nothing yet of"
            notes.append(f"{shown} what was published last.")
        return " ".join(notes)


@contextlib.contextmanager
def view(options: Options) -> Iterator[View]:
    """Open the dataset for reading, without a lock: a run may be under way, or begin meanwhile.

    Args:
        options: What names the target.

    Raises:
        PerfectGymError: The destination cannot be read; in our words.
    """
    run = run_under_way(folder_of(options))
    is_hanging = run is not None and run.is_longer_than(options.max_run_hours)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="perfectgym-")))
        is_published = False
        try:
            if is_duckdb(options):
                connection, is_published = _opened(options.database.resolve(), run)
                if connection is None:
                    yield View(None, run, is_hanging, is_published, folder)
                    return
                destination: Any = dlt.destinations.duckdb(stack.enter_context(connection))
            else:
                destination = merging_destination(options.destination)
            pipeline = dlt.pipeline(
                PIPELINE,
                pipelines_dir=str(folder),
                destination=destination,
                dataset_name=options.dataset,
                **PIPELINE_ARGUMENTS,
            )
            yield View(pipeline, run, is_hanging, is_published, folder)
        except Exception as error:
            raise translate_error(error, options) from error


def _opened(
    database: Path, run: RunUnderWay | None
) -> tuple[duckdb.DuckDBPyConnection | None, bool]:
    """The file that is loaded, open for reading, or else the published one; and whether the first
    one is in use.

    Raises:
        DestinationLocked: Another program has open what there is. The loading file of a first run
            that is under way does not count: nothing is published yet.
    """
    own = loading_file(database)
    connection = read_only(own)
    if connection is not None:
        return connection, False
    connection = read_only(database, is_needed=True)
    if connection is None and run is None:
        connection = read_only(own, is_needed=True)
        return connection, False
    return connection, own.exists()


def check_names(options: Options, installation: str = "") -> None:
    """Make sure that the dataset can have its name in the target.

    Args:
        options: What names the target.
        installation: The installation whose name the dataset has at its end, if any.

    Raises:
        ConfigurationError: It cannot.
    """
    catalog = loading_name(options.database.resolve()) if is_duckdb(options) else ""
    check_dataset(options.dataset, installation, catalog, options.destination)


def _write_files(options: Options, connection: duckdb.DuckDBPyConnection) -> None:
    try:
        write_files(connection, options.dataset, options.table_format, files_folder(options))
    except Exception as error:
        found = translate_error(error, options)
        if not isinstance(found, DestinationError):
            raise
        raise DestinationError(
            f"The files could not be written: {first_line(chain(error)[-1])}",
            hint=f"Check bucket_url and its credentials. {options.database.name} is complete: the "
            "next run writes the files.",
        ) from error


@contextlib.contextmanager
def open_pipeline(options: Options, destination: Any) -> Iterator[dlt.Pipeline]:
    """dlt's pipeline over a target's destination; its working files go at the end, if no load
    package is pending."""
    pipeline = dlt.pipeline(
        PIPELINE,
        pipelines_dir=str(folder_of(options)),
        destination=destination,
        dataset_name=options.dataset,
        progress=options.progress,
        **PIPELINE_ARGUMENTS,
    )
    try:
        yield pipeline
    finally:
        if pending_packages(pipeline):
            os.sync()  # so that they outlive a power failure; dlt leaves it to the system
        else:
            _forget_working_files(options)


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
    shutil.rmtree(folder_of(options) / PIPELINE, ignore_errors=True)


def folder_of(options: Options) -> Path:
    """The working folder: one for each target, because dlt would carry the state of one over to
    another."""
    where = str(options.database.resolve()) if is_duckdb(options) else options.destination
    name = hashlib.sha256(os.fsencode(f"{where}\n{options.dataset}")).hexdigest()[:12]
    return Path(dlt.current.run_context().data_dir) / "perfectgym" / name


def is_duckdb(options: Options) -> bool:
    """Whether the rows go into a DuckDB file of ours, from which files may be written."""
    return options.destination == "duckdb" or writes_files(options)


def writes_files(options: Options) -> bool:
    """Whether files are written from the DuckDB file after a load."""
    return options.destination == FILES


def files_folder(options: Options) -> Path:
    """For the working files of `files`."""
    return folder_of(options) / "files"


def destination_name(options: Options) -> str:
    """Where the rows go, in words."""
    return str(options.database) if options.destination == "duckdb" else options.destination


def translate_error(error: BaseException, options: Options) -> BaseException:
    """The error that says what happened, from the chain in which dlt wraps it.

    It is the destination's where it was raised in a step that writes there, or by its library.
    """
    links = chain(error)
    for kind in (PerfectGymError, KeyboardInterrupt):
        for link in links:
            if isinstance(link, kind):
                return link
    of_destination: tuple[type[BaseException], ...] = (DestinationException, duckdb.Error)
    if not is_local(error):
        for link in links:
            if isinstance(link, MissingDependencyException):
                return ConfigurationError(
                    f"The destination {options.destination!r} needs more packages.",
                    hint=f"pip install {' '.join(map(repr, link.dependencies))}",
                )
            if isinstance(link, ConfigurationException):
                return ConfigurationError(
                    f"The destination {options.destination!r} is not configured: "
                    f"{first_line(link)}",
                    hint="Set it in .dlt/config.toml, and credentials in .dlt/secrets.toml.",
                )
        of_destination = (*of_destination, OSError)
    found = [link for link in links if isinstance(link, of_destination)]
    if found and not _is_about_working_files(found[-1], options):
        return _destination_failed(found[-1], options)
    known = explained(error)
    if known is error and isinstance(error, PipelineStepFailed) and error.step in ("sync", "load"):
        return _destination_failed(links[-1], options)
    return known


def _is_about_working_files(error: BaseException, options: Options) -> bool:
    """Whether the system refused a file of the working folder, and none of the destination."""
    name = error.filename if isinstance(error, OSError) else None
    if not isinstance(name, (str, bytes)):
        return False
    return folder_of(options).absolute().is_relative_to(os.fsdecode(name)) or Path(
        os.fsdecode(name)
    ).absolute().is_relative_to(folder_of(options).absolute())


def _destination_failed(error: BaseException, options: Options) -> DestinationError:
    hints = []
    if (folder_of(options) / PIPELINE).exists():  # it goes when no load package is pending
        hints.append("Nothing is lost: the next run completes what was extracted.")
    if is_duckdb(options) and _DAMAGE.search(str(error)):
        own = loading_file(options.database)
        hints.append(
            f"If {own.name} is damaged, move it and {own.name}.wal away: the next run starts "
            f"from {options.database.name}."
        )
    return DestinationError(
        f"The destination {destination_name(options)} failed: {first_line(error)}",
        hint=" ".join(hints),
    )


_DAMAGE = re.compile(
    "corrupt|checksum|not a valid DuckDB|deserializ|attempted to read", re.IGNORECASE
)
"""What DuckDB says of a file that is damaged."""
