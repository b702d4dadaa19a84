"""Which models a build has to build."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import dlt
import pytest

from perfectgym_source.errors import ConfigurationError
from perfectgym_source.marts.build import newest_run
from perfectgym_source.marts.dbt_process import without_values
from perfectgym_source.marts.record import MartsRecord, newest_record, note_loads
from perfectgym_source.marts.selection import State, selected
from perfectgym_source.marts.variables import checked_variables

NOW = State("same", "2026-01-31", "1700000002.5", 7, "v1")
BEFORE = replace(NOW, last_load="1700000001.5", loads=6)
LAST = MartsRecord(
    run_id="a",
    built_at=datetime(2026, 1, 31, tzinfo=timezone.utc),
    seconds=1.0,
    outcome="ok",
    is_full=True,
    as_of="2026-01-31",
    models=9,
    failed=None,
    skipped=0,
    tests=None,
    tests_failed=None,
    error=None,
    last_load="1700000001.5",
    loads=6,
    fingerprint="same",
)


def test_only_models_of_loaded_tables_are_built() -> None:
    assert selected(LAST, BEFORE, NOW, {"clubs"}) == ["stg_perfectgym_v1__clubs+"]
    assert selected(LAST, BEFORE, NOW, {"_dlt_loads", "no_model_reads_this"}) == []
    idle = replace(NOW, last_load=LAST.last_load, loads=LAST.loads)
    assert selected(LAST, idle, idle, ()) == []


def test_a_new_day_builds_what_depends_on_it() -> None:
    tomorrow = replace(NOW, as_of="2026-02-01")
    assert selected(LAST, BEFORE, tomorrow, ()) == ["int_perfectgym__as_of+"]


def test_a_failed_model_is_tried_again() -> None:
    failed = replace(LAST, outcome="failed", failed="stg_perfectgym_v1__clubs no_longer_there")
    assert selected(failed, BEFORE, NOW, ()) == ["stg_perfectgym_v1__clubs+"]


@pytest.mark.parametrize(
    "last",
    [
        None,
        replace(LAST, fingerprint="another"),
        replace(LAST, fingerprint=""),
        replace(LAST, last_load="1700000000.5", loads=5),
        replace(LAST, loads=5),  # a clock that was set back
    ],
)
def test_everything_is_built_where_builds_may_have_missed_a_load(last: MartsRecord | None) -> None:
    assert selected(last, BEFORE, NOW, {"clubs"}) is None


def test_variables_are_those_of_the_project() -> None:
    given = {"pg_currency": "EUR", "pg_as_of": date(2026, 1, 31), "pg_grace_days": 3}
    assert checked_variables(given, "here") == {**given, "pg_as_of": "2026-01-31"}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("pg_curency", "EUR", "did you mean 'pg_currency'?"),
        ("pg_sources", [], "is not a variable of the marts"),
        ("pg_grace_days", "3", "must be a number"),
        ("pg_end_is_last_day", 1, "must be true or false"),
        ("pg_rejoin_gap_days", True, "must be a number"),
        ("pg_exclude_clubs", "demo", "must be a list"),
    ],
)
def test_wrong_variables_are_refused(name: str, value: Any, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"here.{name}") as refused:
        checked_variables({name: value}, "here")
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            "Runtime Error in model dim_club (models/marts/dim_club.sql)\n"
            "  Conversion Error: Could not convert string 'Anna O''Hara' to INT32\n\n"
            "  LINE 1: select 'Anna'\n          ^\n"
            "  compiled code at target/run/x.sql",
            "Conversion Error: Could not convert string '…''…' to INT32",
        ),
        (
            "Database Error in model dim_club (models/marts/dim_club.sql)\n"
            '  invalid input syntax for type integer: "Anna "x" O"\n'
            "  DETAIL:  Key (name)=(Anna) is there.\n"
            "  compiled Code at target/run/x.sql",
            "invalid input syntax for type integer",
        ),
        (
            'Database Error in model x (x)\n  column "nam" does not exist',
            'column "nam" does not exist',
        ),
    ],
)
def test_messages_quote_no_values(message: str, text: str) -> None:
    assert without_values(message) == text


def test_the_record_of_an_earlier_release_has_fewer_columns(tmp_path: Path) -> None:
    destination = dlt.destinations.duckdb(str(tmp_path / "gym.duckdb"))
    pipeline = dlt.pipeline(
        "marts", destination=destination, dataset_name="perfectgym", pipelines_dir=str(tmp_path)
    )
    record = replace(LAST, failed="a", tests=1, tests_failed="b", error="c")
    values = {name: value for name, value in asdict(record).items() if name != "relations"}
    pipeline.run([values], table_name="_run_marts")
    with pipeline.sql_client() as client:
        found = newest_record(client, "is_full AND models > 0")
        assert newest_record(client, "models > 9") is None
    assert found == record


def test_builds_and_runs_of_a_clock_that_was_ahead_are_not_the_newest(tmp_path: Path) -> None:
    destination = dlt.destinations.duckdb(str(tmp_path / "gym.duckdb"))
    pipeline = dlt.pipeline(
        "marts", destination=destination, dataset_name="perfectgym", pipelines_dir=str(tmp_path)
    )
    build = replace(LAST, failed="a", tests=1, tests_failed="b", error="c", relations="d")
    future = datetime(2100, 1, 1, tzinfo=timezone.utc)
    for record in (replace(build, run_id="b", built_at=future), build):
        pipeline.run([asdict(record)], table_name="_run_marts")
        run = {"run_id": record.run_id, "outcome": "ok", "exit_code": 0}
        pipeline.run([{**run, "started_at": record.built_at}], table_name="_runs")
        with pipeline.sql_client() as client:
            assert newest_record(client) == record
            newest = newest_run(client)
            assert newest is not None
            assert newest[0] == record.run_id
    with pipeline.sql_client() as client:
        note_loads(client, "1700000002.5", 7)
        assert newest_record(client) == replace(build, last_load="1700000002.5", loads=7)
