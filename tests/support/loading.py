"""Loads from a sandbox into a DuckDB file, for the tests of whole runs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")

import dlt
import duckdb
from support.clients import arguments_for

from perfectgym_source import resources as resources_module
from perfectgym_source.catalog import GROUPS
from perfectgym_source.config.dlt_config import keep_capabilities
from perfectgym_source.extract.report import Report
from perfectgym_source.extract.state.packing import unpack_partitions
from perfectgym_source.sandbox import Sandbox, World
from perfectgym_source.source import perfectgym_source, report_of

EVERYTHING = tuple(GROUPS)
TECHNICAL = {"_dlt_id", "_dlt_load_id", "_removed", "_unreadable"}


@dataclass
class Run:
    """One run: what it reported, the load packages, and the requests that it made."""

    report: Report
    packages: list[str]
    requests: list[Any]
    tokens: int

    def asked(self, table: str) -> list[dict[str, str]]:
        """The parameters of the requests for a table of the facts."""
        return [request.params for request in self.requests if request.table == table]

    @property
    def count(self) -> Counter[str]:
        return Counter(request.table for request in self.requests)

    @property
    def rows(self) -> dict[str, int]:
        """Rows by table, without tables that got none."""
        return {table: count for table, count in self.report.rows.items() if count}


_TARGETS: WeakValueDictionary[Path, Target] = WeakValueDictionary()


class Target:
    """A DuckDB file, and the pipeline that loads a sandbox into it."""

    def __init__(self, folder: Path, sandbox: Sandbox, mode: str = "employee", **options: Any):
        self.folder = folder
        self.sandbox = sandbox
        self.mode = mode
        self.options = options
        self.pipelines_dir = folder / "pipelines"
        self.file = folder / "data.duckdb"
        self._database: duckdb.DuckDBPyConnection | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._types: dict[str, dict[str, str]] | None = None
        # pytest names the folder of a test like that of one before, whose folder it has deleted:
        # as long as that one's file is open, DuckDB would return it for the new one.
        if (former := _TARGETS.get(self.file)) is not None:
            former.close()
        _TARGETS[self.file] = self

    def pipeline(self) -> dlt.Pipeline:
        return dlt.pipeline(
            "contract",
            pipelines_dir=str(self.pipelines_dir),
            destination=keep_capabilities(dlt.destinations.duckdb(str(self.file))),
            dataset_name="perfectgym",
        )

    def source(self, *resources: str, **options: Any) -> Any:
        given = {"installation": "sandbox", "mode": self.mode, **self.options, **options}
        return perfectgym_source(**arguments_for(self.sandbox, *resources, **given))

    def load(self, *resources: str, **options: Any) -> Run:
        """Load, and say what was done."""
        source = self.source(*resources, **options)
        self.sandbox.clear_records()
        with self.opened():
            info = self.pipeline().run(source)
        assert not info.has_failed_jobs
        return self.run_of(source, list(info.loads_ids))

    @contextmanager
    def opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Keep the file open: each of dlt's connections opens it anew otherwise, in 20 ms.

        It stays open for the next load, and the questions before it.
        """
        if self._database is None:
            self.close()
            self._database = duckdb.connect(str(self.file))
        self._connection, self._types = None, None
        yield self._database

    def run_of(self, source: Any, packages: list[str]) -> Run:
        assert self.sandbox.violations == []
        assert self.sandbox.errors == []
        requests, tokens = self.sandbox.requests, self.sandbox.token_requests
        return Run(report_of(source), packages, requests, len(tokens))

    def new_machine(self) -> None:
        """Forget the working folder: all state must come from the DuckDB file."""
        self.pipelines_dir = self.folder / f"{self.pipelines_dir.name}x"

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection to the file, kept until the next load."""
        if self._connection is None:
            self._connection = self._reading()
            self._connection.execute("set timezone = 'UTC'")
            self._connection.execute("use data.perfectgym")
        return self._connection

    def _reading(self) -> duckdb.DuckDBPyConnection:
        if self._database is not None:
            return self._database.cursor()
        return duckdb.connect(str(self.file), read_only=True)

    def has_dataset(self) -> bool:
        with self._reading() as connection:
            found = connection.execute("select distinct schema_name from duckdb_tables()")
            return ("perfectgym",) in found.fetchall()

    def close(self) -> None:
        """Close the file."""
        for connection in (self._connection, self._database):
            if connection is not None:
                connection.close()
        self._connection, self._database, self._types = None, None, None

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def types(self) -> dict[str, dict[str, str]]:
        """DuckDB's types by table and column."""
        if self._types is None:
            self._types = {}
            for table, column, kind in self.query(
                "select table_name, column_name, data_type from duckdb_columns() "
                "where schema_name = 'perfectgym'"
            ):
                self._types.setdefault(table, {})[column] = kind
        return self._types

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table as dicts, dlt's own columns left out."""
        cursor = self.connection.execute(f'select * from "{table}"')
        names = [column[0] for column in cursor.description or ()]
        return [
            {n: v for n, v in zip(names, row) if not n.startswith("_dlt")}
            for row in cursor.fetchall()
        ]

    def values(self, table: str, column: str, where: str = "true") -> list[Any]:
        return sorted(v for (v,) in self.query(f"select {column} from {table} where {where}"))

    def state(self, resource: str) -> dict[str, Any]:
        return dict(self.pipeline().state["sources"]["perfectgym"]["resources"].get(resource, {}))

    def cursors(self, resource: str, table: str | None = None) -> dict[str, int]:
        """The cursors of a resource over a list, by partition."""
        packed = self.state(resource)["cursors"][table or resource]
        return {partition: value for partition, (value, *_) in unpack_partitions(packed).items()}


def set_now(monkeypatch: Any, moment: str) -> None:
    """Make the runs believe that it is that time (UTC)."""
    now = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc)
    monkeypatch.setattr(resources_module, "pendulum", SimpleNamespace(now=lambda zone: now))


def keep(world: World, table: str, keys: Iterable[Any]) -> None:
    """Purge all rows of a table but these."""
    kept = set(keys)
    for row in world.rows(table):
        if row.key not in kept:
            world.purge(table, row)


def small_world(quirks: bool = True, seed: int = 1, users: int = 6) -> World:
    """A tiny world with so few members, classes and contracts that all can be asked about."""
    world = World("tiny", seed, quirks)
    friendly = [row.params["userId"] for row in world.rows("friends")]
    members = [world.member_id, *friendly[:3], *(row["id"] for row in world.users)]
    kept = set(list(dict.fromkeys(members))[:users])
    seats = [row.params["classId"] for row in world.rows("class_available_seats")]
    classes = {*[row["id"] for row in world.classes][::15], *list(dict.fromkeys(seats))[:4]}
    contracts = [row for row in world.contracts if row["discounts"] and row["freezes"]]
    cities = [row.params["countryId"] for row in world.rows("cities")]
    parents = {
        "userId": kept,
        "classId": classes,
        "contractId": {row["id"] for row in (*contracts[:4], *world.contracts[:6])},
        "countryId": {*list(dict.fromkeys(cities))[:3], world.rows("countries")[-1]["id"]},
        "employeeId": {row["id"] for row in world.rows("instructors")[:4]},
    }
    listed = {"userId": "users", "classId": "classes", "contractId": "contracts",
              "countryId": "countries", "employeeId": "instructors"}  # fmt: skip
    for table in world.tables:
        if table in ("club_visits", "measurements"):  # long lists of the company
            continue
        for row in world.rows(table):
            if any(name in parents and row.params[name] not in parents[name]
                   for name in row.params):  # fmt: skip
                world.purge(table, row)
    for parameter, table in listed.items():
        keep(world, table, parents[parameter])
    return world
