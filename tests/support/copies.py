"""A DuckDB file with the rows of a sandbox, to be spoiled and compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from support.clients import arguments_for
from support.loading import Target

from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.pipeline.runner import Options, Summary, run
from perfectgym_source.sandbox import Sandbox
from perfectgym_source.verify.repair import Repair, repair
from perfectgym_source.verify.verification import Verification, verify


@dataclass
class Copy:
    """A DuckDB file with the rows of a sandbox, and the means to spoil it."""

    folder: Path
    sandbox: Sandbox
    mode: str = "employee"

    @property
    def database(self) -> Path:
        return self.folder / "data.duckdb"

    @property
    def target(self) -> Target:
        """For comparing the published tables with the truth, field by field."""
        return Target(self.folder, self.sandbox, self.mode)

    def options(self, *resources: str, **source: Any) -> Options:
        own = {"installation": "sandbox", "on_error": "continue", **source}
        given = arguments_for(self.sandbox, *resources, mode=self.mode, **own)
        return Options("duckdb", self.database, "perfectgym", source=given)

    def load(self, *resources: str, **source: Any) -> Summary:
        return run(self.options(*resources, **source))

    def verify(self, *resources: str, **source: Any) -> Verification:
        return verify(self.options(*resources, **source))

    def repair(self, *resources: str, **source: Any) -> Repair:
        return repair(self.options(*resources, **source))

    def spoil(self, *statements: str) -> None:
        with duckdb.connect(str(loading_file(self.database))) as connection:
            connection.execute("use data_loading.perfectgym")
            for statement in statements:
                connection.execute(statement)


def differences(found: Verification) -> dict[str, tuple[int, int, int, int]]:
    """Missing, extra, stale and newer rows of the tables that have any."""
    counts = {f.table: (f.missing, f.extra, f.stale, f.pending) for f in found.tables}
    return {table: numbers for table, numbers in counts.items() if any(numbers)}
