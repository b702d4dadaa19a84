"""`status`: how fresh each table is, by the run history."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from support.histories import Recorder

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.cli.rendering.status import as_data, as_text
from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.errors import SignInError
from perfectgym_source.pipeline.status import Status, status
from perfectgym_source.sandbox import Fault, Sandbox

NAMES = ["clubs", "countries"]


@pytest.fixture
def recorder(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    return Recorder(tmp_path, sandbox)


def ask(recorder: Recorder, max_age_hours: float = 1, installation: str = "sandbox") -> Status:
    return status(
        recorder.options(), [ENDPOINTS[name] for name in NAMES], installation, max_age_hours
    )


def test_what_was_just_loaded_is_fresh_and_asking_changes_nothing(recorder: Recorder) -> None:
    recorder.load(*NAMES)
    asked = len(recorder.sandbox.requests)
    found = ask(recorder)

    assert found.exit_code == 0
    clubs, countries = found.tables
    assert (clubs.rows, countries.table) == (len(recorder.sandbox.world.clubs), "countries")
    assert clubs.age_hours is not None and 0 <= clubs.age_hours < 1
    assert not clubs.is_failing
    assert "All of" in as_text(found)
    assert as_data(found)["outcome"] == "fresh"
    assert len(recorder.sandbox.requests) == asked
    assert recorder.is_published()


def test_what_is_too_old_is_overdue(recorder: Recorder) -> None:
    recorder.load(*NAMES)
    found = ask(recorder, max_age_hours=0)
    assert (found.overdue, found.exit_code) == (NAMES, 9)
    assert as_text(found).count("OVERDUE") == 2


def test_a_success_of_a_clock_that_was_ahead_does_not_count(recorder: Recorder) -> None:
    recorder.load(*NAMES)
    later = "UPDATE perfectgym._runs SET finished_at = finished_at + INTERVAL"
    for hours, overdue in ((0.5, []), (9, NAMES)):
        with duckdb.connect(str(loading_file(recorder.database))) as connection:
            connection.execute(f"{later} {hours} HOUR")
        assert ask(recorder).overdue == overdue
    recorder.load("clubs")
    assert ask(recorder).overdue == ["countries"]


def test_what_was_never_loaded_is_overdue(recorder: Recorder) -> None:
    found = ask(recorder)
    assert found.exit_code == 9
    assert [(table.last_success, table.rows) for table in found.tables] == [(None, None)] * 2
    assert not list(recorder.folder.glob("*.duckdb"))

    recorder.load("clubs")
    assert ask(recorder).overdue == ["countries"]
    assert ask(recorder, installation="another").overdue == NAMES


def test_a_failure_is_shown_with_its_reason_until_the_next_success(recorder: Recorder) -> None:
    recorder.load(*NAMES)
    recorder.sandbox.faults.add(Fault("Clubs/Clubs", "status", status=403))
    recorder.load(*NAMES)

    found = ask(recorder)
    assert [table.is_failing for table in found.tables] == [True, True]
    assert "403" in str(found.tables[0].error)
    assert "clubs failed at" in as_text(found)
    assert found.exit_code == 0  # the last success is young enough

    recorder.load(*NAMES)
    found = ask(recorder)
    assert [table.is_failing for table in found.tables] == [False, False]
    assert as_data(found)["tables"]["clubs"]["last_failure"] is not None
    assert "failed at" not in as_text(found)


def test_a_run_that_failed_as_a_whole_gives_its_reason_to_every_table(recorder: Recorder) -> None:
    with pytest.raises(SignInError):
        recorder.load(*NAMES, password="wrong")
    found = ask(recorder)
    assert found.exit_code == 9
    assert all("sign-in" in str(table.error) for table in found.tables)
