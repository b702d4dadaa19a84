"""The marts on a PostgreSQL server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from support import dbt_server
from support.marts_project import small_project
from support.places import Place

from perfectgym_source.destination import marts_schemas
from perfectgym_source.errors import ConfigurationError
from perfectgym_source.marts import build, connection, dbt_process
from perfectgym_source.pipeline.runner import run

RESOURCES = ("clubs", "class_types")
SCHEMAS = ("perfectgym_stg", "perfectgym_int", "perfectgym_marts")


@pytest.fixture
def address(postgres: str, postgres_server: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    for schema in SCHEMAS:
        postgres_server.psql(f"DROP SCHEMA IF EXISTS {schema} CASCADE;")
    address = postgres.replace("unused", "s3cret-word")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", address)
    return address


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "project"
    small_project(folder)
    for module in (marts_schemas, build, dbt_process):
        monkeypatch.setattr(module, "PROJECT", folder)
    monkeypatch.setattr(dbt_process, "_DBT", dbt_server.command())
    marts_schemas.model_files.cache_clear()
    yield folder
    marts_schemas.model_files.cache_clear()


def names(address: str) -> set[str]:
    with psycopg2.connect(address) as client, client.cursor() as cursor:
        cursor.execute("SELECT name FROM perfectgym_marts.dim_club")
        return {name for (name,) in cursor.fetchall()}


def test_marts_are_built_and_full_refreshes_go_on(
    local: Place, address: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    popen = subprocess.Popen

    def recorded(*arguments: Any, **more: Any) -> Any:
        seen.append(arguments)
        return popen(*arguments, **more)

    monkeypatch.setattr(subprocess, "Popen", recorded)
    options = replace(local.at("postgres").options(*RESOURCES), marts=True)
    first = run(options).marts
    assert first is not None and (first.outcome, first.models) == ("ok", 6), first
    assert "s3cret-word" not in str(seen[0][0])  # the command line

    assert run(options).marts is None

    club = next(row for row in local.sandbox.world.clubs if not row["isDeleted"])
    local.sandbox.world.change("clubs", club, name="Renamed")
    # Staging views stand on the tables that are read again.
    again = replace(options, source={**options.source, "full_refresh": ["clubs"]})
    marts = run(again).marts
    assert marts is not None and (marts.outcome, marts.models) == ("ok", 3), marts
    assert "Renamed" in names(address)
    for file in (local.folder / "dlt").rglob("*"):
        if file.is_file():
            assert b"s3cret-word" not in file.read_bytes(), file
            assert os.stat(file).st_mode & 0o077 == 0 or "marts" not in file.parts, file


def test_other_destinations_and_a_missing_dbt_are_refused(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = replace(local.at("bigquery").options(*RESOURCES), marts=True)
    with pytest.raises(ConfigurationError, match="DuckDB and PostgreSQL only, not in 'bigquery'"):
        connection.check_adapter(options)
    monkeypatch.setattr(connection, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="pip install 'perfectgym-source\\[marts\\]'"):
        run(replace(local.options(*RESOURCES), marts=True))
    assert not local.sandbox.requests
