"""Checks after loading."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import dlt
import pytest
from support.histories import Recorder
from support.loading import keep

from perfectgym_source.config.pipeline_settings import Checks
from perfectgym_source.config.pipelines import configured_checks
from perfectgym_source.errors import ConfigurationError
from perfectgym_source.pipeline.checks import (
    EXIT_CODE,
    run_checks,
)
from perfectgym_source.pipeline.history.recorder import RunRecorder
from perfectgym_source.pipeline.history.tables import failed_checks
from perfectgym_source.sandbox import Sandbox

YEARS = 24 * 365 * 100


@pytest.fixture
def recorder(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    return Recorder(tmp_path, sandbox)


def load(recorder: Recorder, checks: Checks, *resources: str, spoil: str = "") -> RunRecorder:
    """Load, spoil the tables if asked to, and check them."""

    def examined(recording: RunRecorder, source: Any, pipeline: dlt.Pipeline) -> None:
        if spoil:
            with pipeline.sql_client() as client:
                client.execute_sql(spoil)
            recording.loaded(pipeline)
        run_checks(checks, recording, source, pipeline)

    return recorder.load(*resources, run_checks=examined)


def found(recording: RunRecorder) -> dict[tuple[str, str], bool]:
    return {(check.name, check.table_name): check.is_passed for check in recording.checks}


def test_all_is_well(recorder: Recorder) -> None:
    checks = Checks("fail", references=True, newest_visit_hours=YEARS)
    recording = load(recorder, checks, "clubs", "classes", "club_visits")
    assert all(found(recording).values())
    assert {name for name, _ in found(recording)} == {
        "key_twice", "reference to clubs", "newest_visit",
    }  # fmt: skip
    assert failed_checks(recording.checks) == []
    assert recorder.query("SELECT exit_code, error FROM _runs") == [(0, None)]
    assert recorder.query("SELECT count(*) FROM _run_checks WHERE is_passed") == [
        (len(recording.checks),)
    ]


def test_an_idle_run_asks_no_table(recorder: Recorder) -> None:
    load(recorder, Checks(), "clubs")
    assert load(recorder, Checks(references=True), "clubs").checks == []


@pytest.mark.parametrize(("limit", "is_passed"), [(30.0, False), (50.0, True)])
def test_a_table_that_shrinks(recorder: Recorder, limit: float, is_passed: bool) -> None:
    world = recorder.sandbox.world
    load(recorder, Checks(), "products")
    total = recorder.query("SELECT count(*) FROM products")[0][0]
    # Not by half: the guard of full lists would remove nothing.
    keep(world, "products", [row.key for row in world.rows("products")][: total * 3 // 5])

    recording = load(recorder, Checks(max_drop_percent=limit), "products")

    assert found(recording)["rows_dropped", "products"] is is_passed
    assert bool(failed_checks(recording.checks)) is not is_passed


def test_a_key_twice_fails_the_run_if_asked_to(recorder: Recorder) -> None:
    spoil = "INSERT INTO clubs SELECT * FROM clubs LIMIT 2"
    recording = load(recorder, Checks("fail"), "clubs", spoil=spoil)
    assert failed_checks(recording.checks) == ["clubs has 2 keys more than once."]
    assert recorder.query("SELECT outcome, exit_code, error FROM _runs") == [
        ("failed", EXIT_CODE, "clubs has 2 keys more than once.")
    ]
    assert recorder.query("SELECT value FROM _run_checks WHERE NOT is_passed") == [(2.0,)]


def test_by_default_it_is_a_warning(recorder: Recorder) -> None:
    spoil = "INSERT INTO clubs SELECT * FROM clubs LIMIT 2"
    recording = load(recorder, Checks(), "clubs", spoil=spoil)
    assert len(failed_checks(recording.checks)) == 1
    assert recorder.query("SELECT outcome, exit_code FROM _runs") == [("ok", 0)]


def test_a_row_without_the_row_that_it_refers_to(recorder: Recorder) -> None:
    spoil = "UPDATE classes SET club_id = -1 WHERE id = (SELECT min(id) FROM classes)"
    checks = Checks(references=True)
    recording = load(recorder, checks, "clubs", "classes", spoil=spoil)
    assert failed_checks(recording.checks) == ["classes has 1 row whose club_id is not in clubs."]


def test_the_newest_visit_is_too_old(recorder: Recorder) -> None:
    checks = Checks(newest_visit_hours=1)
    [line] = failed_checks(load(recorder, checks, "club_visits").checks)
    assert line.startswith("The newest club visit is ")
    # Asked in idle runs too: that nothing comes is what it looks for.
    assert failed_checks(load(recorder, checks, "club_visits").checks)


def test_a_visit_of_the_future_is_not_the_newest(recorder: Recorder) -> None:
    one = "(SELECT max(id) FROM club_visits)"
    spoil = f"UPDATE club_visits SET enter_date_utc = '2100-01-01' WHERE id = {one}"
    checks = Checks(newest_visit_hours=1)
    assert failed_checks(load(recorder, checks, "club_visits", spoil=spoil).checks)


def test_the_newest_visit_of_the_newer_api_counts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    with Sandbox(size="tiny", seed=1, api="v2.2") as sandbox:
        client = sandbox.client
        keys = {"client_id": client.client_id, "client_secret": client.client_secret}
        account = {"username": None, "password": None, **keys}
        recorder = Recorder(tmp_path, sandbox)
        recording = recorder.load(
            "member_club_visits",
            run_checks=partial(run_checks, Checks(newest_visit_hours=1)),
            **account,
        )
    assert not found(recording)["newest_visit", "member_club_visits"]


def test_off_is_off(recorder: Recorder) -> None:
    spoil = "INSERT INTO clubs SELECT * FROM clubs LIMIT 2"
    assert not load(recorder, Checks("off"), "clubs", spoil=spoil).checks


def test_a_check_that_cannot_be_made_is_said(recorder: Recorder) -> None:
    spoil = "ALTER TABLE clubs DROP COLUMN id"
    recording = load(recorder, Checks(), "clubs", spoil=spoil)
    [line] = failed_checks(recording.checks)
    assert line.startswith("The check 'key_twice' of clubs could not be made (Database")


def test_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured_checks() == Checks()
    monkeypatch.setenv("CHECKS__MODE", "fail")
    monkeypatch.setenv("CHECKS__MAX_DROP_PERCENT", "12.5")
    monkeypatch.setenv("CHECKS__REFERENCES", "true")
    assert configured_checks() == Checks("fail", 12.5, references=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [("mode", "fial"), ("max_drop_percent", "-1"), ("references", "5"),
     ("newest_visit_hours", "soon")],
)  # fmt: skip
def test_a_wrong_setting_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CHECKS__{name.upper()}", value)
    with pytest.raises(ConfigurationError, match=f"checks.{name}"):
        configured_checks()
