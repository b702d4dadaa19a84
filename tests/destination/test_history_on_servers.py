"""The run history and what reads it, on a server in place of the DuckDB file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest
from support.histories import Recorder

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.destination import destination_for
from perfectgym_source.errors import PerfectGymError
from perfectgym_source.pipeline.checks import Checks, run_checks
from perfectgym_source.pipeline.history import retention
from perfectgym_source.pipeline.history.recorder import RunRecorder
from perfectgym_source.pipeline.history.tables import failed_checks
from perfectgym_source.pipeline.state import reset, states
from perfectgym_source.pipeline.status import status
from perfectgym_source.sandbox import Sandbox

CREDENTIALS = "DESTINATION__POSTGRES__CREDENTIALS"
NAMES = ["clubs", "classes"]


@pytest.fixture
def recorder(
    tmp_path: Path, sandbox: Sandbox, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> Recorder:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv(CREDENTIALS, postgres)
    return Recorder(tmp_path, sandbox, "postgres")


def checked(recording: RunRecorder, source: Any, pipeline: dlt.Pipeline) -> None:
    checks = Checks(references=True, max_drop_percent=10)
    run_checks(checks, recording, source, pipeline)


def test_history_status_checks_and_state(recorder: Recorder) -> None:
    assert (
        status(recorder.options(), [ENDPOINTS[name] for name in NAMES], "sandbox", 1).overdue
        == NAMES
    )
    assert failed_checks(recorder.load(*NAMES, run_checks=checked).checks) == []
    recorder.sandbox.world.add("clubs")
    recording = recorder.load(*NAMES, run_checks=checked)
    assert {check.name for check in recording.checks} == {"rows_dropped", "key_twice"}
    assert failed_checks(recording.checks) == []

    found = status(recorder.options(), [ENDPOINTS[name] for name in NAMES], "sandbox", 1)
    assert found.exit_code == 0
    assert found.tables[0].rows == len(recorder.sandbox.world.clubs)
    assert [state.resource for state in states(recorder.options())] == ["classes", "clubs"]
    assert reset(recorder.options(), ["clubs"]) == ["clubs"]
    assert [state.resource for state in states(recorder.options())] == ["classes"]


def test_a_run_without_its_server_is_written_down_by_the_next(
    recorder: Recorder, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.load("clubs")
    with monkeypatch.context() as patch:
        patch.setenv(CREDENTIALS, "postgresql://nobody:unused@127.0.0.1:1/none?connect_timeout=1")
        with pytest.raises(PerfectGymError):
            recorder.load("clubs")
    assert not recorder.load("clubs").was_well

    found = status(recorder.options(), [ENDPOINTS["clubs"]], "sandbox", 1)
    assert "postgres failed" in str(found.tables[0].error)
    assert not found.tables[0].is_failing


def test_old_states_and_runs_are_deleted(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        recorder.sandbox.world.change("clubs", recorder.sandbox.world.clubs[0])
        newest = recorder.load("clubs").end().run
    monkeypatch.setattr(retention, "MOST_RUNS", 1)
    later = replace(newest, started_at=newest.started_at + timedelta(days=2))
    options = recorder.options("clubs")
    strict = replace(options, history_days=1, keep_states=1)
    with (
        destination_for(options).open() as session,
        session.pipeline() as pipeline,
        pipeline.sql_client() as client,
    ):
        retention.delete_old(strict, client, later)
        counts = {
            table: client.execute_sql(
                f"SELECT count(*) FROM {client.make_qualified_table_name(table)}"
            )
            for table in ("_dlt_pipeline_state", "_runs", "_run_resources")
        }
    assert counts == {
        "_dlt_pipeline_state": [(1,)],
        "_runs": [(2,)],
        "_run_resources": [(2,)],
    }
    assert not recorder.load("clubs").end().run.rows_loaded
