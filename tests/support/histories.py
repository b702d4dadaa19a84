"""Runs that are written into the run history, for the tests of all that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import duckdb
from support.clients import arguments_for

from perfectgym_source.destination import Options, Session, destination_for
from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.destination.duckdb.publish import is_published
from perfectgym_source.pipeline.history.recorder import RunRecorder, recorded
from perfectgym_source.pipeline.history.tables import Entry, History
from perfectgym_source.sandbox import Sandbox
from perfectgym_source.source import perfectgym_source


@dataclass
class Recorder:
    """Loads a sandbox into a DuckDB file or another destination, and writes down what was done."""

    folder: Path
    sandbox: Sandbox
    destination: str = "duckdb"

    @property
    def database(self) -> Path:
        return self.folder / "data.duckdb"

    def options(self, *resources: str, **source: Any) -> Options:
        own = {"installation": "sandbox", "on_error": "continue", **source}
        given = arguments_for(self.sandbox, *resources, **own)
        return Options(self.destination, self.database, "perfectgym", source=given)

    def load(
        self,
        *resources: str,
        run_checks: Callable[[RunRecorder, Any, dlt.Pipeline], None] | None = None,
        **source: Any,
    ) -> RunRecorder:
        """Load as the program does; `run_checks` is called after the load."""
        options = self.options(*resources, **source)
        made = perfectgym_source(**options.source)
        recording = RunRecorder("core", made)
        destination = destination_for(options)
        with (
            destination.open() as session,
            recorded(recording, History(session), destination.translate_error),
            session.pipeline() as pipeline,
        ):
            pipeline.sync_destination()
            recording.begin(pipeline)
            pipeline.extract(made)
            recording.normalized(pipeline, pipeline.normalize())
            pipeline.load()
            recording.loaded(pipeline)
            if run_checks:
                run_checks(recording, made, pipeline)
        return recording

    def is_published(self) -> bool:
        """Whether an idle run would leave the published file as it is."""
        with duckdb.connect(str(loading_file(self.database))) as connection:
            return is_published(self.database, connection)

    def keep(self, entry: Entry) -> None:
        destination = destination_for(self.options())
        file = dlt.destinations.duckdb(str(loading_file(self.database)))
        History(Session(destination, file)).keep(entry)

    def query(self, sql: str, file: Path | None = None) -> list[tuple[Any, ...]]:
        """Ask the loading file, or another one."""
        with duckdb.connect(str(file or loading_file(self.database)), read_only=True) as database:
            database.execute("set timezone = 'UTC'")
            schema = f'"{(file or loading_file(self.database)).stem}".perfectgym'
            database.execute(f"use {schema}")
            return database.execute(sql).fetchall()
