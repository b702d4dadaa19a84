"""Servers hold the same rows as the DuckDB file, after a first run and after an incremental one."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from support.changes import CHANGED, change
from support.places import Place
from support.tables import assert_equal, in_duckdb, in_ducklake, in_postgres

from perfectgym_source.errors import ConfigurationError, DestinationError, PerfectGymError
from perfectgym_source.sandbox import Sandbox

CREDENTIALS = "DESTINATION__POSTGRES__CREDENTIALS"


def test_postgres_holds_the_same_rows(
    local: Place, sandbox: Sandbox, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CREDENTIALS, postgres)
    local.load()
    local.at("postgres").load()
    before = in_duckdb(local.database)
    assert sum(map(bool, before.values())) > 30
    assert_equal(in_postgres(postgres), before)

    change(sandbox.world)
    local.load()
    local.at("postgres").load()
    after = in_duckdb(local.database)
    assert all(after[table] != before[table] for table in CHANGED)
    assert_equal(in_postgres(postgres), after)


def test_ducklake_holds_the_same_rows(
    local: Place, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        with duckdb.connect() as connection:
            connection.execute("LOAD ducklake")
    except duckdb.Error:
        pytest.skip("DuckDB's extension `ducklake` is not installed on this machine")
    catalog = tmp_path / "catalog.duckdb"
    monkeypatch.setenv("DESTINATION__DUCKLAKE__CREDENTIALS__CATALOG", f"duckdb:///{catalog}")
    monkeypatch.setenv("DESTINATION__DUCKLAKE__CREDENTIALS__STORAGE", f"file://{tmp_path}/data")
    resources = ("clubs", "classes", "contracts", "products", "lead_sources")
    local.load(*resources)
    local.at("ducklake").load(*resources)
    before = in_duckdb(local.database)
    assert_equal(in_ducklake(catalog), before)

    change(sandbox.world)
    local.load(*resources)
    local.at("ducklake").load(*resources)
    after = in_duckdb(local.database)
    assert all(after[table] != before[table] for table in CHANGED if table in before)
    assert_equal(in_ducklake(catalog), after)


@pytest.mark.parametrize(
    ("destination", "error", "text"),
    [
        ("nothing", ConfigurationError, "dlt knows no destination 'nothing'"),
        ("lancedb", ConfigurationError, "cannot replace rows by key"),
        ("bigquery", ConfigurationError, "The destination 'bigquery' is not configured"),
        ("postgres", DestinationError, "The destination postgres failed: connection to server"),
    ],
)
def test_a_destination_that_cannot_work_is_found_out_before_the_first_request(
    local: Place,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    destination: str,
    error: type[PerfectGymError],
    text: str,
) -> None:
    monkeypatch.setenv(CREDENTIALS, "postgresql://somebody:unused@localhost:1/nothing")
    with pytest.raises(error, match=text):
        local.at(destination).load()
    assert sandbox.requests == []


def test_a_configured_name_for_files_is_refused_like_other_places_without_a_merge(
    local: Place, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__LAKE__DESTINATION_TYPE", "filesystem")
    monkeypatch.setenv("DESTINATION__LAKE__BUCKET_URL", str(tmp_path / "bucket"))
    with pytest.raises(ConfigurationError, match="use --destination filesystem"):
        local.at("lake").load()
    assert sandbox.requests == []
