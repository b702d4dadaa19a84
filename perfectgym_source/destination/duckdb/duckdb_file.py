"""A DuckDB file: rows are loaded into a file beside it, which is published at the end."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.destinations.sql_client import SqlClientBase

from ...config.dlt_folders import data_folder
from ...config.pipeline_settings import NamedPipeline
from ...config.setting import default_of
from ...error_translation import NO_SPACE
from ...errors import ConfigurationError, DestinationLocked, LockedError
from ..base import Destination
from ..run_lock import RunUnderWay, run_lock, run_under_way
from .database_lock import (
    CLOSE_IT,
    database_lock,
    read_only,
    when_unlocked,
)
from .limits import threads_of_first_load
from .loading_file import has_content, loading_file, opened
from .merging import MergingDuckDB
from .publish import is_published, publish
from .replacement import write_ahead_log

_DAMAGE = re.compile(
    "corrupt|checksum|not a valid DuckDB|deserializ|attempted to read", re.IGNORECASE
)
"""Words in DuckDB's messages about a damaged file."""
_DEFAULT: Path = default_of(NamedPipeline, "database")
_GRACE_SECONDS = 10.0
"""Time for another program to close the file that dbt has written."""
_FORMER = Path("perfectgym.duckdb")
"""The default up to version 0.1."""


class DuckDBFile(Destination):
    """A DuckDB file that can be read while it is loaded."""

    _held: contextlib.ExitStack
    """Keeps the loading file open, as long as the lock is held."""
    _connection: duckdb.DuckDBPyConnection
    """Open on it."""

    @property
    def database(self) -> Path:
        """The published file."""
        return self.options.database.resolve()

    @property
    def loaded_database(self) -> Path:
        """The loading file: what is changed in the published one would be replaced."""
        return loading_file(self.database)

    def describe(self) -> str:
        """Return the path of the published file."""
        return str(self.options.database)

    def exists(self) -> bool:
        """Return whether one of the two files exists."""
        return self.database.exists() or loading_file(self.database).exists()

    def check_names(self, installation: str = "") -> None:
        """Make sure that the dataset and the file can have their names.

        Args:
            installation: The installation whose name the dataset has at its end, if any.

        Raises:
            ConfigurationError: They cannot, or the file still has the default name of an earlier
                version.
        """
        super().check_names(installation)
        database, dataset = self.options.database, self.options.dataset
        for file in (database, self.database, loading_file(self.database)):
            if _catalog(file) == dataset.lower():
                commands = _renaming(database, database.with_name(f"{database.stem}_db.duckdb"))
                raise ConfigurationError(
                    f"The file {file.name} and the dataset {dataset!r} cannot have the same name: "
                    f"DuckDB would refuse {dataset}.classes as ambiguous.",
                    hint="Name another file with --database, or as database under [pipelines.NAME] "
                    f"in .dlt/config.toml.{commands and f' To keep what is there: {commands}'}",
                )
        if (
            database == _DEFAULT
            and not self.exists()
            and (commands := _renaming(_FORMER, database))
        ):
            raise ConfigurationError(
                f"The default DuckDB file is now {database}, and there is the {_FORMER} of an "
                "earlier version: a new file would have neither its history nor its views.",
                hint=f"To start anew, move it to another folder; to go on with it: {commands}",
            )

    @contextlib.contextmanager
    def _opened(self, publishes: bool) -> Iterator[Any]:
        options, database = self.options, self.database
        if not loading_file(database).exists():
            # The working files belong to a file that was deleted.
            self.forget_working_files()
        with self._file_lock(), contextlib.ExitStack() as self._held:
            self._connection = self._held.enter_context(
                opened(database, options.wait, options.storage_version)
            )
            if not has_content(database):
                self._connection.execute(f"SET threads = {threads_of_first_load(0)}")
            # Not as text: dlt would take it for an address with parameters.
            credentials = DuckDbCredentials()
            credentials.database = str(loading_file(database))
            yield MergingDuckDB(credentials)
            if publishes:
                self._publish(self._connection)

    @property
    def _file_folder(self) -> Path:
        """The folder of the lock that all datasets of the file have in common."""
        name = hashlib.sha256(os.fsencode(self._location())).hexdigest()[:12]
        return data_folder() / "files" / name

    @contextlib.contextmanager
    def _file_lock(self) -> Iterator[None]:
        """Keep the loads into other datasets of the file out, even while it is lent."""
        file, folder = loading_file(self.database), self._file_folder
        with contextlib.ExitStack() as held:
            try:
                when_unlocked(file, self.options.wait, lambda: held.enter_context(run_lock(folder)))
            except LockedError:
                run = run_under_way(folder)
                who = run.process if run and run.process else "another run"
                raise DestinationLocked(f"{file} is open in {who}", hint=CLOSE_IT) from None
            yield

    @contextlib.contextmanager
    def lent(self) -> Iterator[None]:
        """Let another process write the loading file.

        Raises:
            DestinationLocked: A program has opened it meanwhile, and keeps it open.
        """
        self._held.close()
        try:
            yield
        finally:
            # What looks into the file for a moment must not cost the run that is loaded.
            wait = max(self.options.wait, _GRACE_SECONDS)
            lock = database_lock(loading_file(self.database), wait)
            self._connection = self._held.enter_context(lock)

    def relations_in(self, client: SqlClientBase[Any], schemas: Collection[str]) -> list[str]:
        """Return the tables and views in some schemas of the loading file or the published one.

        Args:
            client: A client of the loading file.
            schemas: The names of the schemas.
        """
        found = super().relations_in(client, schemas)
        published = read_only(self.database)
        if published is not None:
            with published:
                listed = published.execute(
                    "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"
                ).fetchall()
            found += [f"{schema}.{name}" for schema, name in listed if schema in schemas]
        return list(dict.fromkeys(found))

    def _publish(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Publish the loading file, unless that has been done.

        Args:
            connection: Open on the loading file.
        """
        if not is_published(self.database, connection):
            publish(self.database, connection, self.options.wait)

    @contextlib.contextmanager
    def _readable(
        self, run: RunUnderWay | None, only_published: bool
    ) -> Iterator[tuple[Any, bool]]:
        if only_published:
            connection, is_published_file = read_only(self.database, is_needed=True), False
        else:
            run = run or run_under_way(self._file_folder)
            connection, is_published_file = _opened_for_reading(self.database, run)
        if connection is None:
            yield None, is_published_file
            return
        with connection:
            yield dlt.destinations.duckdb(connection), is_published_file

    def _direct_destination(self) -> Any:
        database = Path(dlt.current.run_context().run_dir, self.options.database)
        return dlt.destinations.duckdb(str(database))

    def _location(self) -> str:
        return str(self.database)

    def _hints(self, error: BaseException) -> list[str]:
        if isinstance(error, PermissionError):
            return ["Nothing is lost: correct its owner and permissions, and run again."]
        if any(os.strerror(number) in str(error) for number in NO_SPACE):
            return ["Free some space and run again: no row that was loaded is lost."]
        if not _DAMAGE.search(str(error)):
            return []
        file = loading_file(self.options.database)
        return [
            f"If {file.name} is damaged, move it and {file.name}.wal away: the next run starts "
            f"from {self.options.database.name}."
        ]


def _catalog(file: Path) -> str:
    """Return the name, in lower case, by which DuckDB knows a file."""
    return file.name.partition(".")[0].lower()


def _renaming(database: Path, new: Path) -> str:
    """Return the commands that rename a DuckDB file and what belongs to it, if it is there."""
    files = {database: new, loading_file(database): loading_file(new)}
    files.update({write_ahead_log(file): write_ahead_log(to) for file, to in files.items()})
    return " && ".join(
        f"mv {shlex.quote(str(file))} {shlex.quote(str(to))}"
        for file, to in files.items()
        if file.exists()
    )


def _opened_for_reading(
    database: Path, run: RunUnderWay | None
) -> tuple[duckdb.DuckDBPyConnection | None, bool]:
    """Open the loading file for reading, or else the published one.

    Args:
        database: The published file.
        run: The run that is under way, if one is.

    Returns:
        The connection, if there is a file; and whether the loading file is in use.

    Raises:
        DestinationLocked: Another program has open what there is. The loading file of a first run
            that is under way does not count: nothing is published yet.
    """
    loading = loading_file(database)
    # A run lends the file to dbt, which could not open it beside a reader.
    connection = None if run else read_only(loading)
    if connection is not None:
        return connection, False
    connection = read_only(database, is_needed=True)
    if connection is None and run is None:
        connection = read_only(loading, is_needed=True)
        return connection, False
    return connection, loading.exists()
