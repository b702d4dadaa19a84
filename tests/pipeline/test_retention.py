"""Old states of dlt and old runs of the history are deleted."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from support.histories import Recorder

from perfectgym_source.destination import destination_for
from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.pipeline.history import retention
from perfectgym_source.pipeline.runner import Summary, run
from perfectgym_source.sandbox import Sandbox

STATES = "SELECT count(*) FROM _dlt_pipeline_state WHERE pipeline_name = 'perfectgym'"


@pytest.fixture
def recorder(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    return Recorder(tmp_path, sandbox)


def load(recorder: Recorder, *, changed: bool = True, **given: Any) -> Summary:
    """Load the clubs, after a change of one of them."""
    if changed:
        recorder.sandbox.world.change("clubs", recorder.sandbox.world.clubs[0])
    return run(replace(recorder.options("clubs"), **given))


def execute(recorder: Recorder, *statements: str) -> None:
    with duckdb.connect(str(loading_file(recorder.database))) as connection:
        connection.execute("use data_loading.perfectgym")
        for statement in statements:
            connection.execute(statement)


def add_runs(recorder: Recorder, runs: int, age_days: int, outcome: str = "ok") -> None:
    """Copy the only run of the history, an hour apart, the newest of them so old."""
    began = f"started_at - INTERVAL {age_days} DAY - n * INTERVAL 1 HOUR"
    name = f"{age_days} || '-' || n"
    times = f"range({runs}) AS r(n)"
    execute(
        recorder,
        f"INSERT INTO _runs SELECT * EXCLUDE (n) REPLACE ({name} AS run_id, {began} AS "
        f"started_at, {began} AS finished_at, {name} AS _dlt_load_id) "
        f"FROM (FROM _runs ORDER BY started_at DESC LIMIT 1), {times}",
        f"INSERT INTO _run_resources SELECT * EXCLUDE (n) REPLACE ({name} AS run_id, "
        f"'{outcome}' AS outcome) FROM (FROM _run_resources LIMIT 1), {times}",
        f"INSERT INTO _dlt_loads SELECT * EXCLUDE (n) REPLACE ({name} AS load_id) "
        f"FROM (FROM _dlt_loads WHERE schema_name = 'perfectgym_runs' LIMIT 1), {times}",
    )


def runs(recorder: Recorder) -> list[int]:
    """How many runs there are, in each of the tables that know them."""
    return [
        recorder.query(f"SELECT count(*) FROM {table}")[0][0]
        for table in ("_runs", "_run_resources", "_dlt_loads WHERE schema_name = 'perfectgym_runs'")
    ]


def test_the_newest_states_are_kept_and_a_new_machine_goes_on_from_them(
    recorder: Recorder,
) -> None:
    load(recorder)
    execute(
        recorder,
        "INSERT INTO _dlt_pipeline_state SELECT * EXCLUDE (n) "
        "REPLACE ('another' AS pipeline_name) FROM _dlt_pipeline_state, range(9) AS r(n)",
    )
    for _ in range(4):
        load(recorder, keep_states=2)
    assert recorder.query(STATES) == [(2,)]
    assert recorder.query(STATES, recorder.database) == [(2,)]
    others = "SELECT count(*) FROM _dlt_pipeline_state WHERE pipeline_name = 'another'"
    assert recorder.query(others) == [(9,)]

    loading_file(recorder.database).unlink()
    shutil.rmtree(recorder.folder / "dlt")
    assert not +load(recorder, keep_states=2, changed=False).report.rows
    published = recorder.database.stat()
    load(recorder, keep_states=1, changed=False)
    assert recorder.database.stat() == published
    assert recorder.query(STATES) == [(2,)]
    load(recorder, keep_states=1)
    assert recorder.query(STATES) == [(1,)]
    load(recorder, keep_states=0)
    assert recorder.query(STATES) == [(2,)]


@pytest.mark.parametrize("minutes", [30, 600_000])
def test_a_run_goes_on_from_the_last_one_not_from_a_state_of_a_clock_that_was_ahead(
    recorder: Recorder, minutes: int
) -> None:
    world = recorder.sandbox.world

    def names() -> list[tuple[str]]:
        run(replace(recorder.options("freeze_reasons"), keep_states=0))
        return recorder.query("SELECT name FROM freeze_reasons ORDER BY name")

    before = names()
    for table, name in (("_dlt_loads", "load_id"), ("_dlt_pipeline_state", "_dlt_load_id")):
        later = f"CAST({name} AS DECIMAL(20, 7)) + {minutes * 60}"
        execute(recorder, f"UPDATE {table} SET {name} = CAST({later} AS VARCHAR)")
    assert names() == before
    assert recorder.query(STATES) == [(1,)]
    added = world.add("freeze_reasons", name="Sabbatical")
    assert ("Sabbatical",) in names()
    # It is missing from the list of before, as it is from that state.
    world.purge("freeze_reasons", added)
    assert names() == before


def test_old_runs_are_deleted_but_the_newest_and_the_last_successes(recorder: Recorder) -> None:
    load(recorder)
    add_runs(recorder, 99, age_days=200, outcome="failed")
    add_runs(recorder, 50, age_days=400, outcome="failed")
    execute(
        recorder,
        "UPDATE _run_resources SET outcome = 'ok', resource = 'countries' WHERE run_id = '400-7'",
    )
    load(recorder, history_days=0)
    assert runs(recorder) == [151, 151, 151]
    load(recorder, history_days=365)
    assert runs(recorder) == [103, 103, 103]
    assert recorder.query("SELECT run_id FROM _runs WHERE run_id LIKE '400-%'") == [("400-7",)]
    # The newest hundred stay, however old they are.
    load(recorder, history_days=1)
    assert runs(recorder) == [101, 101, 101]


def test_the_newest_record_of_the_marts_stays(recorder: Recorder) -> None:
    """It says whose the tables in their schemas are."""
    load(recorder)
    add_runs(recorder, 150, age_days=400, outcome="failed")
    execute(
        recorder,
        "CREATE TABLE _run_marts AS SELECT run_id, started_at AS built_at, "
        "CASE WHEN run_id = '400-140' THEN 1 END AS tests FROM _runs "
        "WHERE run_id IN ('400-120', '400-130', '400-140')",
    )
    load(recorder, history_days=365)
    kept = [("400-120",), ("400-140",)]  # the newest, and the newest with tests
    assert recorder.query("SELECT run_id FROM _run_marts ORDER BY 1") == kept


def test_a_clock_that_is_ahead_deletes_only_a_few(recorder: Recorder) -> None:
    load(recorder)
    add_runs(recorder, 320, age_days=1, outcome="failed")
    recording = recorder.load("clubs")
    entry = recording.end()
    ahead = replace(
        entry.run, rows_loaded=1, started_at=datetime.now(timezone.utc) + timedelta(days=9999)
    )
    options = recorder.options("clubs")
    with (
        destination_for(options).open(publishes=False) as session,
        session.pipeline() as pipeline,
        pipeline.sql_client() as client,
    ):
        retention.delete_old(options, client, ahead)
    assert runs(recorder)[0] == 322 - retention.MOST_RUNS


def test_a_deletion_that_fails_is_a_warning(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise duckdb.Error("secret")

    load(recorder)
    with monkeypatch.context() as patch:
        patch.setattr(retention, "_delete_states", refuse)
        assert load(recorder, keep_states=1).exit_code == 0
    messages = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert messages == [
        "Old states and runs could not be deleted (Error); the next run tries again."
    ]
    assert recorder.query(STATES) == [(2,)]
    assert runs(recorder)[0] == 2
    load(recorder, keep_states=1)
    assert recorder.query(STATES) == [(1,)]


def test_a_first_load_that_is_interrupted_has_no_states_to_delete(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dlt.Pipeline, "normalize", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load(recorder)
    assert runs(recorder)[0] == 1
    assert [record.message for record in caplog.records if "deleted" in record.message] == []
