"""Marts of sandboxes: their tables in DuckDB or PostgreSQL, and what dbt builds from them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, nullcontext
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import dlt
import duckdb
import psycopg2
from dlt.common.configuration.specs import ConnectionStringCredentials
from support import dbt_server
from support.direct import answered_directly
from support.figures.facts import Rules
from support.marts import PROJECT, source_resources

from perfectgym_source.config.dlt_config import keep_capabilities
from perfectgym_source.sandbox import Sandbox
from perfectgym_source.source import perfectgym_source


def generation(api: str) -> str:
    """The name of a generation in the project."""
    return api.replace(".", "")


def load(
    sandbox: Sandbox, api: str, destination: Any, dataset: str, folder: Path, **options: Any
) -> None:
    """Load the tables that the marts are built from."""
    client, employee = sandbox.client, sandbox.employee
    keys: dict[str, Any] = {"client_id": client.client_id, "client_secret": client.client_secret}
    if api == "v1":
        keys = {"username": employee.username, "password": employee.password}
    source = perfectgym_source(
        base_url=sandbox.base_url,
        api=api,
        resources=source_resources(generation(api)),
        concurrency=2,  # more only wait for each other here
        **keys,
        **options,
    )
    pipeline = dlt.pipeline(
        f"marts_{dataset}",
        pipelines_dir=str(folder / "pipelines"),
        destination=keep_capabilities(destination),
        dataset_name=dataset,
    )
    with answered_directly(sandbox) if api == "v1" else nullcontext():
        pipeline.run(source)


def variables_of(rules: Rules, as_of: date) -> dict[str, Any]:
    """Rules as variables of the project."""
    found = {f"pg_{name}": value for name, value in vars(rules).items()}
    found["pg_days_per_month"] = float(rules.days_per_month)
    return {**found, "pg_ageing_days": list(rules.ageing_days), "pg_as_of": as_of.isoformat()}


class Marts:
    """Marts in DuckDB.

    Args:
        address: the file.
        name: what the schemas of the marts begin with.
        folder: where dbt keeps its files.
    """

    _opened: ClassVar[dict[str, duckdb.DuckDBPyConnection]] = {}
    """Files that stay open until something is built in them: opening one takes a while."""

    def __init__(self, address: str, name: str, folder: Path) -> None:
        self.address = address
        self.name = name
        self.folder = folder

    @property
    def environment(self) -> Mapping[str, str]:
        """What the profile of the project reads."""
        return {"PERFECTGYM_MARTS_DATABASE": self.address}

    def build(
        self,
        datasets: Mapping[str, str],
        variables: Mapping[str, Any],
        *,
        is_tested: bool = False,
        environment: Mapping[str, str] | None = None,
        leave_out: Sequence[str] = (),
    ) -> None:
        """Build all marts of some datasets.

        Args:
            datasets: The datasets, and the API of each.
            variables: The variables of the project.
            is_tested: Whether the tests of the project have to pass, too.
            environment: What the project reads besides.
            leave_out: What is not to be built or tested.
        """
        sources = [
            {"schema": name, "installation": name, "api": generation(api)}
            for name, api in datasets.items()
        ]
        if self.address in self._opened:
            self._opened.pop(self.address).close()
        done = subprocess.run(
            [
                *dbt_server.command(), "--quiet", "--log-level-file", "none", "--no-write-json",
                "build" if is_tested else "run",
                *(("--exclude", *leave_out) if leave_out else ()),
                "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
                "--target-path", str(self.folder / "target"),
                "--log-path", str(self.folder / "logs"),
                "--vars", json.dumps({"pg_sources": sources, **variables}),
            ],
            env={
                **os.environ,
                "PERFECTGYM_MARTS_DATASET": self.name,
                "PERFECTGYM_MARTS_UNTESTED": "" if is_tested else "1",
                **self.environment,
                **(environment or {}),
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def query(self, sql: str) -> list[Any]:
        """Rows of a query; the schema of the marts need not be named."""
        if self.address not in self._opened:
            self._opened[self.address] = duckdb.connect(self.address, read_only=True)
        with self._opened[self.address].cursor() as cursor:
            cursor.execute(f"set schema = '{self.name}_marts'")
            return cursor.execute(sql).fetchall()


class PostgresMarts(Marts):
    """Marts in PostgreSQL; the address is a URI."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the profile of the project reads."""
        where = ConnectionStringCredentials(self.address)
        return {
            "PERFECTGYM_MARTS_ADAPTER": "postgres",
            "PERFECTGYM_MARTS_HOST": str((where.query or {}).get("host", where.host)),
            "PERFECTGYM_MARTS_USER": str(where.username),
            "PERFECTGYM_MARTS_DATABASE": str(where.database),
            "DBT_ENV_SECRET_PERFECTGYM_MARTS_PASSWORD": str(where.password),
        }

    def query(self, sql: str) -> list[Any]:
        """Rows of a query; the schema of the marts need not be named."""
        with closing(psycopg2.connect(self.address)) as connection, connection.cursor() as cursor:
            cursor.execute(f"set search_path to {self.name}_marts")
            cursor.execute(sql)
            return cursor.fetchall()


def leave_out(file: str, dataset: str, groups: Mapping[str, Iterable[str]]) -> list[str]:
    """Make copies of a dataset in DuckDB, as views, each without some tables and their children."""
    with duckdb.connect(file) as connection:
        found = connection.execute(
            "select table_name from duckdb_tables() where schema_name = ?", [dataset]
        )
        names = [name for (name,) in found.fetchall()]
        for group, lacking in groups.items():
            connection.execute(f"create schema {dataset}_{group}")
            for name in names:
                if name.split("__")[0] not in lacking:
                    connection.execute(
                        f'create view {dataset}_{group}."{name}" as '
                        f'select * from {dataset}."{name}"'
                    )
    return [f"{dataset}_{group}" for group in groups]
