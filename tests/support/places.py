"""Runs of the product into one destination or another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from support.clients import arguments_for

from perfectgym_source.pipeline.runner import Options, run
from perfectgym_source.sandbox import Sandbox


@dataclass(frozen=True)
class Place:
    """A destination, with a DuckDB file in a folder if it takes one."""

    folder: Path
    sandbox: Sandbox
    destination: str = "duckdb"
    table_format: str = "parquet"

    @property
    def database(self) -> Path:
        return self.folder / "gym.duckdb"

    def at(self, destination: str, table_format: str = "parquet") -> Place:
        """The same folder and installation with another destination."""
        return replace(self, destination=destination, table_format=table_format)

    def options(self, *resources: str, **source: Any) -> Options:
        """Of a run, with the groups that it takes by default if no resources are named."""
        given = {"time_zone": "Europe/Warsaw", **source}
        return Options(
            destination=self.destination,
            database=self.database,
            dataset="perfectgym",
            table_format=self.table_format,
            source=arguments_for(self.sandbox, *resources, **given),
        )

    def load(self, *resources: str, **source: Any) -> None:
        run(self.options(*resources, **source))
