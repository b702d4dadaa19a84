"""What every kind of destination offers: a lock, dlt's pipeline, a view beside a run, errors."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.destination.exceptions import DestinationException
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.exceptions import PipelineStepFailed

from ..config.dlt_config import PIPELINE_ARGUMENTS, keep_capabilities
from ..config.dlt_folders import data_folder
from ..error_translation import (
    concerns_folder,
    error_chain,
    explain,
    first_line,
    is_local,
    is_of_driver,
    not_configured,
    own_error,
)
from ..errors import DestinationError
from .names import FORMER_PIPELINE, SCRATCH, Options, check_dataset
from .run_lock import RunUnderWay, run_lock, run_under_way
from .session import Session


@dataclass(frozen=True)
class View:
    """The dataset as it can be read beside a run.

    Attributes:
        pipeline: dlt's pipeline over it, for queries; None if there is no DuckDB file to read.
        run: The run that is under way, if one is.
        is_hanging: Whether it takes longer than `max_run_hours`.
        is_published: Whether the published file is read, because the loading file is in use.
        folder: For working files, as long as the view lasts.
    """

    pipeline: dlt.Pipeline | None
    run: RunUnderWay | None
    is_hanging: bool
    is_published: bool
    folder: Path

    @property
    def note(self) -> str:
        """Notes for the reader, in a sentence or two; empty if there are none."""
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


class Destination(ABC):
    """A destination with one dataset in it.

    Args:
        options: What names it.
    """

    def __init__(self, options: Options) -> None:
        self.options = options

    def describe(self) -> str:
        """Return the destination in words."""
        return self.options.destination

    @property
    def folder(self) -> Path:
        """The working folder.

        There is one for each dataset in a destination: dlt would carry the state of one over to
        another.
        """
        key = f"{self._location()}\n{self.options.dataset}"
        name = hashlib.sha256(os.fsencode(key)).hexdigest()[:12]
        return data_folder() / name

    @property
    def pipelines_dir(self) -> Path:
        """The folder of dlt's working files, which it keeps in one named like the dataset."""
        return self.folder / "pipelines"

    @property
    def loaded_database(self) -> Path | None:
        """The DuckDB file that is loaded, if that is the destination."""
        return None

    def exists(self) -> bool:
        """Return whether there may be something in the destination already."""
        return True

    def check_names(self, installation: str = "") -> None:
        """Make sure that the dataset can have its name in the destination.

        Args:
            installation: The installation whose name the dataset has at its end, if any.

        Raises:
            ConfigurationError: It cannot.
        """
        options = self.options
        check_dataset(options.dataset, installation, options.destination)

    def check_comparable(self) -> None:  # noqa: B027
        """Raise a `ConfigurationError` if the rows cannot be compared and repaired there."""

    def files_end_at(self, client: SqlClientBase[Any], folder: Path) -> datetime | None:
        """Return when the newest load in the written files began; None if nothing is missing there.

        Args:
            client: A client of the dataset.
            folder: For working files.
        """
        return None

    @contextlib.contextmanager
    def open(self, publishes: bool = True) -> Iterator[Session]:
        """Hold the lock of the destination: no other run loads into it meanwhile.

        Args:
            publishes: Publish a DuckDB file that was changed at the end, and write it as files.

        Raises:
            ConfigurationError: A name or the working folder cannot be used.
            LockedError: Another run is loading into the same destination.
            DestinationLocked: Another program has the database open.
            PerfectGymError: The work inside failed.
        """
        self.check_names()
        with run_lock(self.folder, self.options.max_run_hours) as was_killed:
            if was_killed:
                self.forget_working_files()
                shutil.rmtree(self.folder / SCRATCH, ignore_errors=True)
            try:
                with self._opened(publishes) as dlt_destination:
                    yield Session(self, keep_capabilities(dlt_destination))
            except Exception as error:
                raise self.translate_error(error) from error

    @contextlib.contextmanager
    def view(self, only_published: bool = False) -> Iterator[View]:
        """Open the dataset for reading, without a lock: a run may be under way, or begin meanwhile.

        Args:
            only_published: Leave a loading file alone, so that a run that begins does not wait.

        Raises:
            PerfectGymError: The destination cannot be read.
        """
        run = self.run_under_way()
        is_hanging = run is not None and run.is_longer_than(self.options.max_run_hours)
        with tempfile.TemporaryDirectory(prefix="perfectgym-") as name:
            folder = Path(name)
            try:
                with self._readable(run, only_published) as (dlt_destination, is_published):
                    pipeline = None
                    if dlt_destination is not None:
                        pipeline = self.make_pipeline(folder, keep_capabilities(dlt_destination))
                    yield View(pipeline, run, is_hanging, is_published, folder)
            except Exception as error:
                raise self.translate_error(error) from error

    def direct_pipeline(self) -> dlt.Pipeline:
        """Return dlt's pipeline into the destination itself, without lock, history and publishing.

        Raises:
            ConfigurationError: The destination cannot be loaded by dlt alone.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.make_pipeline(self.folder / "direct", self._direct_destination())

    def make_pipeline(self, folder: Path, dlt_destination: Any, **more: Any) -> dlt.Pipeline:
        """Return a dlt pipeline into the dataset.

        Args:
            folder: For its working files.
            dlt_destination: The destination, opened.
            more: Further arguments of `dlt.pipeline`.
        """
        made: dlt.Pipeline = dlt.pipeline(
            self.options.dataset,
            pipelines_dir=str(folder),
            destination=dlt_destination,
            dataset_name=self.options.dataset,
            **PIPELINE_ARGUMENTS,
            **more,
        )
        return made

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Let another process write into the destination, while no other run can load into it.

        Raises:
            DestinationLocked: A program has opened it meanwhile.
        """
        yield

    def relations_in(self, client: SqlClientBase[Any], schemas: Collection[str]) -> list[str]:
        """Return the tables and views in some schemas, with the name of their schema.

        Args:
            client: A client of the dataset.
            schemas: The names of the schemas.
        """
        wanted = ", ".join(["%s"] * len(schemas))
        query = (
            "SELECT table_schema, table_name FROM information_schema.tables "
            f"WHERE table_schema IN ({wanted}) ORDER BY 1, 2"
        )
        with client.execute_query(query, *schemas) as cursor:
            return [f"{schema}.{name}" for schema, name in cursor.fetchall()]

    def run_under_way(self) -> RunUnderWay | None:
        """Return the run that is loading into the destination, if one is."""
        return run_under_way(self.folder)

    def forget_working_files(self) -> None:
        """Remove dlt's working files: copies of rows, and of the state in the destination.

        Only pending packages are worth keeping, and after a kill not even they: they may have
        reached the disk in part, and nothing records which of their statements were executed.
        """
        for name in (self.pipelines_dir, self.folder / FORMER_PIPELINE):
            shutil.rmtree(name, ignore_errors=True)

    def translate_error(self, error: BaseException) -> BaseException:
        """Return the error that says what happened, from the chain in which dlt wraps it.

        It is the destination's where it was raised in a step that writes there, or by its library.
        """
        links = error_chain(error)
        if own := own_error(links):
            return own
        of_destination: tuple[type[BaseException], ...] = (DestinationException, duckdb.Error)
        if not is_local(error):
            for link in links:
                if known := not_configured(link, self.options.destination):
                    return known
            of_destination = (*of_destination, OSError)
        found = [link for link in links if isinstance(link, of_destination) or is_of_driver(link)]
        if found and not concerns_folder(found[-1], self.folder):
            return self._failed(found[-1])
        explanation = explain(error)
        is_of_step = isinstance(error, PipelineStepFailed) and error.step in ("sync", "load")
        return self._failed(links[-1]) if explanation is error and is_of_step else explanation

    @abstractmethod
    def _opened(self, publishes: bool) -> AbstractContextManager[Any]:
        """Open the destination under the lock; yields it for `dlt.pipeline`."""

    @abstractmethod
    def _readable(
        self, run: RunUnderWay | None, only_published: bool
    ) -> AbstractContextManager[tuple[Any, bool]]:
        """Open the destination for reading beside a run.

        Yields:
            The destination for `dlt.pipeline`, or None if there is nothing to read; and whether it
            is the published file, because the loading file is in use.
        """

    @abstractmethod
    def _direct_destination(self) -> Any:
        """Return the destination for `dlt.pipeline`, to be written without the lock."""

    def _location(self) -> str:
        """Return what tells the destination from others."""
        return self.options.destination

    def _hints(self, error: BaseException) -> list[str]:
        """Return what to do about an error of the destination."""
        return []

    def _failed(self, error: BaseException) -> DestinationError:
        hints = self._hints(error)
        if self.pipelines_dir.exists():  # it is removed when no load package is pending
            hints.insert(0, "Nothing is lost: the next run completes what was extracted.")
        return DestinationError(
            f"The destination {self.describe()} failed: {first_line(error)}", hint=" ".join(hints)
        )
