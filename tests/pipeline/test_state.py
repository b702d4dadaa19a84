"""`state` says what the next run goes by, and `reset` makes it forget that."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from support.histories import Recorder
from support.loading import small_world

from perfectgym_source.cli.main import command
from perfectgym_source.cli.rendering.json_output import to_json
from perfectgym_source.cli.rendering.state import as_data, as_text
from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.errors import ConfigurationError, DestinationError
from perfectgym_source.extract.state.stored import ListState
from perfectgym_source.pipeline.runner import run
from perfectgym_source.pipeline.state import reset, states
from perfectgym_source.sandbox import Fault, Sandbox


@pytest.fixture
def recorder(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    return Recorder(tmp_path, sandbox)


def test_cursors_are_printed_by_list(recorder: Recorder) -> None:
    world = recorder.sandbox.world
    run(recorder.options("clubs", "classes"))

    clubs, classes = sorted(states(recorder.options()), key=lambda state: state.resource)[::-1]

    newest = max(row["timestamp"] for row in world.clubs)
    assert clubs.lists["clubs"] == ListState(1, newest, newest)
    assert classes.lists["classes"].partitions == len(world.clubs)
    assert classes.lists["classes"].lowest <= classes.lists["classes"].highest
    assert classes.installation is None
    assert clubs.pending == 0
    assert clubs.last_sweep is not None
    text = as_text([clubs, classes]).splitlines()
    assert text[1].split()[:4] == ["clubs", "1", str(newest), str(newest)]
    assert [line.split()[:3] for line in text[2:]] == [
        ["classes", str(len(world.clubs)), str(classes.lists["classes"].lowest)],
        ["from", "clubs", "1"],
    ]
    found = json.loads(to_json(as_data([clubs])))["resources"]
    assert found[0]["lists"] == {"clubs": {"partitions": 1, "lowest": newest, "highest": newest}}
    assert recorder.is_published()


def test_pending_parts_are_counted(recorder: Recorder) -> None:
    club = str(recorder.sandbox.world.clubs[0]["id"])
    refused = Fault("Products/Products", "status", status=403, times=None, params={"clubId": club})
    recorder.sandbox.faults.add(refused)
    assert run(recorder.options("products")).report.failures
    [products] = states(recorder.options())
    assert products.pending == 1


def test_a_reset_counts_though_the_clock_was_ahead_in_the_run_before(recorder: Recorder) -> None:
    run(recorder.options("clubs"))
    with duckdb.connect(str(loading_file(recorder.database))) as connection:
        for table, name in (("_dlt_loads", "load_id"), ("_dlt_pipeline_state", "_dlt_load_id")):
            later = f"UPDATE data_loading.perfectgym.{table} SET {name} = '2' || {name}[2:]"
            connection.execute(later)
    assert reset(recorder.options(), ["clubs"]) == ["clubs"]
    assert not states(recorder.options())
    assert run(recorder.options("clubs")).report.rows["clubs"]


def test_nothing_is_loaded_yet(recorder: Recorder) -> None:
    assert states(recorder.options()) == []
    assert as_text([]) == "Nothing has been loaded."
    with pytest.raises(ConfigurationError, match="'clubs' has not been loaded"):
        reset(recorder.options(), ["clubs"])
    assert not list(recorder.folder.glob("*.duckdb"))


def test_a_reset_resource_is_read_again_and_the_others_are_not(recorder: Recorder) -> None:
    options = recorder.options("clubs", "memberships")
    everything = run(options).report.rows
    assert not +run(options).report.rows

    assert reset(options, ["memberships"]) == ["memberships"]

    assert recorder.is_published()
    assert [state.resource for state in states(options)] == ["clubs"]
    again = +Counter(run(options).report.rows)
    assert again == {"memberships": everything["memberships"]}
    [(count, different)] = recorder.query("SELECT count(*), count(DISTINCT id) FROM memberships")
    assert count == different == everything["memberships"]
    assert reset(options, ["memberships"]) == ["memberships"]
    assert reset(options, ["memberships"]) == []


def test_the_state_is_forgotten_on_a_new_machine_too(recorder: Recorder) -> None:
    options = recorder.options("clubs")
    rows = run(options).report.rows
    reset(options, ["clubs"])
    loading_file(recorder.database).unlink()
    assert run(options).report.rows == rows


def test_who_does_not_want_to_reset_resets_nothing() -> None:
    said_no = CliRunner().invoke(command, ["reset", "clubs"], input="n\n", standalone_mode=False)
    assert said_no.exit_code == 0
    assert said_no.output.splitlines()[-1] == "Nothing was changed."


def test_users_that_are_gone_are_noticed_after_a_reset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    with Sandbox(world=small_world()) as sandbox:
        recorder = Recorder(tmp_path, sandbox)
        options = recorder.options("users")
        run(options)
        reset(options, ["users"])
        gone = sandbox.world.users[0]
        sandbox.world.purge("users", gone)
        run(options)
        ids = recorder.query("SELECT id FROM users ORDER BY id")
        assert ids == sorted((row["id"],) for row in sandbox.world.users)
        assert (gone["id"],) not in ids


def test_only_what_was_loaded_can_be_reset(recorder: Recorder) -> None:
    run(recorder.options("clubs"))
    with pytest.raises(ConfigurationError, match="did you mean 'clubs'"):
        reset(recorder.options(), ["club"])


def test_a_pending_package_is_completed_before(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise duckdb.Error("no")

    options = recorder.options("clubs")
    run(options)
    recorder.sandbox.world.add("clubs")
    with monkeypatch.context() as patch:
        patch.setattr("dlt.load.load.Load.run", refuse)
        with pytest.raises(DestinationError):
            run(options)
    with pytest.raises(ConfigurationError, match="pending"):
        reset(options, ["clubs"])
    run(options)
    assert reset(options, ["clubs"]) == ["clubs"]


def test_one_of_several_installations_is_reset(recorder: Recorder) -> None:
    shared = [
        recorder.options("clubs", installation=name, shared_dataset=True)
        for name in ("north.example.com", "south")
    ]
    rows, _ = [run(options).report.rows for options in shared]
    found = states(shared[0])
    assert [state.installation for state in found] == ["north.example.com", "south"]
    assert "clubs (south)" in as_text(found)

    assert reset(shared[0], ["clubs"], "south") == ["clubs"]

    assert not +run(shared[0]).report.rows
    assert run(shared[1]).report.rows == rows
