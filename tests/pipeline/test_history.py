"""The run history: what each run did, as tables in the dataset."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

import pytest
from support.histories import Recorder
from support.loading import small_world

from perfectgym_source.destination import destination_for
from perfectgym_source.destination.names import HISTORY
from perfectgym_source.errors import PerfectGymError
from perfectgym_source.pipeline.history.recorder import LONGEST_ERROR, RunRecorder
from perfectgym_source.pipeline.history.tables import ResourceRecord
from perfectgym_source.sandbox import Fault, Sandbox
from perfectgym_source.source import perfectgym_source

RUNS = "SELECT outcome, exit_code, rows_loaded, error FROM _runs ORDER BY started_at"
IDS = "SELECT run_id FROM _runs ORDER BY started_at"
NEWEST = """
    SELECT rows_new, rows_changed, rows_deleted, done.rows_loaded, rows_total
    FROM _run_resources AS done JOIN _runs USING (run_id)
    WHERE resource = '{}' ORDER BY started_at DESC LIMIT 1
"""


@pytest.fixture
def recorder(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    return Recorder(tmp_path, sandbox)


def waiting(recorder: Recorder) -> list[Path]:
    """The files of the runs that could not be recorded yet."""
    return list((destination_for(recorder.options()).folder / "unrecorded").glob("*"))


def failed_to_record(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> tuple[str]:
    """Let a run end whose destination takes no record, and return its id."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no space left, token=secret")

    with monkeypatch.context() as patch:
        patch.setattr("dlt.destinations.job_client_impl.SqlJobClientBase.complete_load", refuse)
        recording = RunRecorder("core", perfectgym_source(**recorder.options("clubs").source))
        recorder.keep(recording.end())
    return (recording.run_id,)


def test_a_first_run_is_written_down_and_published_with_its_rows(recorder: Recorder) -> None:
    recorder.load("clubs", "countries")
    clubs = len(recorder.sandbox.world.clubs)

    assert recorder.query(NEWEST.format("clubs")) == [(clubs, 0, 0, clubs, clubs)]
    [run] = recorder.query(
        "SELECT pipeline, installation, outcome, exit_code, requests, token_requests, "
        "started_at <= finished_at AND seconds > 0 FROM _runs"
    )
    assert run == ("core", "sandbox", "ok", 0, len(recorder.sandbox.requests), 1, True)
    assert recorder.query(RUNS, recorder.database) == recorder.query(RUNS)


def test_new_changed_and_deleted_rows_are_told_apart(recorder: Recorder) -> None:
    recorder.load("memberships")
    world = recorder.sandbox.world
    first, second, *_ = [row for row in world.rows("memberships") if not row["isDeleted"]]
    world.add("memberships")
    world.change("memberships", first)
    world.delete("memberships", second)

    recorder.load("memberships")

    [(total,)] = recorder.query("SELECT count(*) FROM memberships")
    assert recorder.query(NEWEST.format("memberships")) == [(1, 2, 1, 3, total)]


def test_removed_rows_count_as_deleted(recorder: Recorder) -> None:
    recorder.load("memberships", deleted_rows="remove")
    [(total,)] = recorder.query("SELECT count(*) FROM memberships")
    world = recorder.sandbox.world
    gone = next(row for row in world.rows("memberships") if not row["isDeleted"])
    world.delete("memberships", gone)
    world.add("memberships")

    recorder.load("memberships", deleted_rows="remove")

    assert recorder.query(NEWEST.format("memberships")) == [(1, 1, 1, 2, total)]


def test_details_that_are_removed_with_a_deleted_contract_count_as_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    with Sandbox(world=small_world()) as sandbox:
        recorder = Recorder(tmp_path, sandbox)
        recorder.load("contract_details", deleted_rows="remove")
        [(total,)] = recorder.query("SELECT count(*) FROM contract_details")
        first, second, *_ = (row for row in sandbox.world.contracts if not row["isDeleted"])
        where = {"path": "Contracts/Contract", "params": {"contractId": first.key}}
        sandbox.faults.add(Fault(kind="status", status=404, times=None, **where))
        sandbox.world.delete("contracts", first)
        sandbox.world.change("contracts", second)

        recorder.load("contract_details", deleted_rows="remove")

    assert recorder.query(NEWEST.format("contract_details")) == [(0, 1, 1, 1, total - 1)]


def test_rows_that_are_gone_from_a_whole_list_count_as_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    with Sandbox(world=small_world()) as sandbox:
        recorder = Recorder(tmp_path, sandbox)
        recorder.load("users")
        [(total,)] = recorder.query("SELECT count(*) FROM users")
        gone, flagged, *_ = (row for row in sandbox.world.users if not row["isDeleted"])
        sandbox.world.purge("users", gone)
        sandbox.world.delete("users", flagged)

        recorder.load("users")

    assert recorder.query(NEWEST.format("users")) == [(0, 1, 2, 1, total - 1)]


def test_cursors_before_and_after(recorder: Recorder) -> None:
    query = """
        SELECT cursor_before, cursor_after FROM _run_resources JOIN _runs USING (run_id)
        WHERE resource = 'clubs' ORDER BY started_at
    """
    recorder.load("clubs")
    world = recorder.sandbox.world
    world.change("clubs", world.clubs[0])
    recorder.load("clubs")

    [(none, first), (before, after)] = recorder.query(query)
    assert none is None
    assert before == first < after
    assert after == max(row["timestamp"] for row in world.clubs)


def test_a_list_of_which_a_part_cannot_be_read_is_partial(recorder: Recorder) -> None:
    club = str(recorder.sandbox.world.clubs[0]["id"])
    refused = Fault("Classes/Classes", "status", status=403, times=None, params={"clubId": club})
    recorder.sandbox.faults.add(refused)
    recorder.sandbox.faults.add(Fault("Classes/ClassesTypes", "status", status=403, times=None))
    recorder.load("classes", "class_types", "clubs")

    found = dict(recorder.query("SELECT resource, outcome FROM _run_resources"))
    assert found == {"clubs": "ok", "classes": "partial", "class_types": "failed"}
    [(error,)] = recorder.query("SELECT error FROM _run_resources WHERE resource = 'classes'")
    assert error.startswith(f"classes of {club}: The API refuses the request with status 403")
    [(outcome, code, _, error)] = recorder.query(RUNS)
    assert (outcome, code) == ("partial", 4)
    assert error == "2 parts could not be read"


def test_retries_are_counted_for_each_resource(recorder: Recorder) -> None:
    recorder.sandbox.faults.add(Fault("Clubs/Clubs", "status", status=503, times=2))
    recorder.sandbox.faults.add(Fault("Classes/ClassesTypes", "revoke", times=1))
    recorder.load("clubs", "class_types", "countries", concurrency=1)

    found = recorder.query("SELECT resource, requests, retries FROM _run_resources")
    [(requests, retries)] = recorder.query("SELECT requests, retries FROM _runs")
    by_resource = {resource: numbers for resource, *numbers in found}
    assert by_resource["clubs"] == [3, 2]
    assert by_resource["class_types"] == [2, 1]
    assert by_resource["countries"][1] == 0
    assert retries == 3
    assert requests == sum(number for number, _ in by_resource.values())


def test_seconds_are_those_of_the_list_and_not_of_the_lists_before_it(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that moves with each request."""
    clock = SimpleNamespace(monotonic=lambda: float(len(recorder.sandbox.requests)))
    monkeypatch.setattr("perfectgym_source.extract.context.time", clock)
    recorder.load("products")

    clubs, products = 1, len(recorder.sandbox.world.clubs)
    assert len(recorder.sandbox.requests) == clubs + products
    assert recorder.query("SELECT resource, seconds FROM _run_resources") == [
        ("products", float(products))
    ]


def test_a_resource_that_was_not_read_to_its_end_has_no_seconds(recorder: Recorder) -> None:
    recorder.sandbox.faults.add(Fault("Products/Products", "status", status=403, times=None))
    with pytest.raises(PerfectGymError):
        recorder.load("products", on_error="raise", concurrency=1)
    assert recorder.query("SELECT requests > 0, seconds FROM _run_resources") == [(True, None)]


def test_a_history_from_before_there_were_some_columns_gets_them(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def earlier(kind: type[Any], **_: Any) -> dict[str, Any]:
        is_new = ("retries", "seconds") if kind is ResourceRecord else ()
        hints = get_type_hints(kind, include_extras=True)
        return {name: hint for name, hint in hints.items() if name not in is_new}

    def as_earlier(record: Any) -> dict[str, Any]:
        return {name: getattr(record, name) for name in earlier(type(record))}

    with monkeypatch.context() as patch:
        patch.setattr("perfectgym_source.pipeline.history.tables.get_type_hints", earlier)
        patch.setattr("perfectgym_source.pipeline.history.tables.asdict", as_earlier)
        recorder.load("clubs")
    columns = [column[0] for column in recorder.query("DESCRIBE _run_resources")]
    assert "requests" in columns and "seconds" not in columns

    recorder.load("clubs")

    found = recorder.query(
        "SELECT r.retries, r.seconds >= 0 FROM _run_resources r JOIN _runs USING (run_id) "
        "ORDER BY started_at"
    )
    assert found == [(None, None), (0, True)]


def test_a_refused_sign_in_is_written_down(recorder: Recorder) -> None:
    recorder.load("clubs")
    with pytest.raises(PerfectGymError):
        recorder.load("clubs", password="wrong-password")
    recorder.load("clubs")

    found = recorder.query("SELECT outcome FROM _runs ORDER BY started_at")
    assert found == [("ok",), ("failed",), ("ok",)]
    assert "wrong-password" not in str(recorder.query("FROM _runs"))
    failed = recorder.query("SELECT DISTINCT rows_new FROM _run_resources WHERE outcome = 'failed'")
    assert failed == [(None,)]


def test_an_idle_run_publishes_nothing_and_its_history_comes_with_the_next_change(
    recorder: Recorder,
) -> None:
    recorder.load("clubs")
    published = recorder.database.stat()
    for _ in range(2):
        recorder.load("clubs")
        assert recorder.database.stat() == published
        assert recorder.is_published()
    assert len(recorder.query(RUNS)) == 3
    assert len(recorder.query(RUNS, recorder.database)) == 1

    recorder.sandbox.world.add("clubs")
    recorder.load("clubs")

    assert len(recorder.query(RUNS, recorder.database)) == 4
    assert recorder.query("SELECT count(*) FROM clubs", recorder.database) == [
        (len(recorder.sandbox.world.clubs),)
    ]


def test_a_change_that_was_not_published_is_published_by_an_idle_run(recorder: Recorder) -> None:
    recorder.load("clubs")
    recorder.database.unlink()
    recorder.load("clubs")
    assert len(recorder.query(RUNS, recorder.database)) == 2


def test_a_history_that_cannot_be_written_is_written_by_the_next_run(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.load("clubs")
    run_id = failed_to_record(recorder, monkeypatch)
    assert [record.message for record in caplog.records if "history" in record.message] == [
        "The run history could not be written (OSError); the next run writes it."
    ]
    assert len(recorder.query(RUNS)) == 1

    recorder.load("clubs")

    ids = recorder.query(IDS)
    assert len(ids) == 3
    assert run_id == ids[1]
    assert waiting(recorder) == []


def test_runs_that_wait_are_recorded_in_their_order_and_once(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.load("clubs")
    ids = recorder.query(IDS)
    ids += [failed_to_record(recorder, monkeypatch) for _ in range(2)]
    with monkeypatch.context() as patch:
        # As if it were killed between the rows and the end of their file.
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        recorder.load("clubs")
    assert len(waiting(recorder)) == 2
    recorder.load("clubs")

    assert recorder.query(IDS)[:3] == ids
    for table in ("_runs", "_run_resources"):
        assert recorder.query(f"SELECT count(*) FROM {table}") == [(5,)]
    assert waiting(recorder) == []


def test_what_waits_is_private_and_a_damaged_file_is_named_and_dropped(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.load("clubs")
    failed_to_record(recorder, monkeypatch)
    [file] = waiting(recorder)
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(file.read_bytes()[:-9])
    caplog.clear()

    recorder.load("clubs")

    assert len(recorder.query(IDS)) == 2
    assert f"{file} was damaged: the run in it is not recorded." in caplog.messages
    assert waiting(recorder) == []


def test_what_an_earlier_version_could_not_record_is_dropped_in_words(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.load("clubs")
    former = destination_for(recorder.options()).folder / HISTORY
    (former / "load").mkdir(parents=True)
    for _ in range(2):
        recorder.load("clubs")
    lacks = "The run history lacks runs that an earlier version could not record."
    assert caplog.messages.count(lacks) == 1
    assert not former.exists()


def test_the_history_leaves_the_state_of_the_pipeline_alone(recorder: Recorder) -> None:
    recorder.load("clubs")
    recorder.load("clubs")
    assert recorder.query("SELECT DISTINCT pipeline_name FROM _dlt_pipeline_state") == [
        ("perfectgym",)
    ]
    versions = recorder.query(f"SELECT count(*) FROM _dlt_version WHERE schema_name = '{HISTORY}'")
    assert versions == [(1,)]


def test_a_long_error_is_cut(recorder: Recorder) -> None:
    recording = recorder.load("clubs")
    entry = recording.end(PerfectGymError("x" * 2 * LONGEST_ERROR))
    assert entry.run.error == "x" * LONGEST_ERROR
    assert recording.end(ValueError("john@example.com")).run.error == "ValueError"
    assert recording.end(KeyboardInterrupt()).run.exit_code == 130


def test_freshness_is_one_query(recorder: Recorder) -> None:
    recorder.load("clubs", "countries")
    found = recorder.query(
        "SELECT resource, max(finished_at) > now() - INTERVAL 1 HOUR FROM _run_resources "
        "JOIN _runs USING (run_id) WHERE _run_resources.outcome = 'ok' GROUP BY resource "
        "ORDER BY resource"
    )
    assert found == [("clubs", True), ("countries", True)]


def test_it_costs_little(recorder: Recorder) -> None:
    """In CPU time, so that other programs on the machine do not count."""
    recording = recorder.load("clubs")
    entry = recording.end()
    started = time.process_time()
    recorder.keep(entry)
    assert time.process_time() - started < 1.5
