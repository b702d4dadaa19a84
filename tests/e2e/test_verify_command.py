"""`verify` and `repair` from the outside: output and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
from support.program import Program

from perfectgym_source.sandbox import Fault, Sandbox


def spoil(program: Program, statement: str) -> None:
    file = program.database.with_name("gym_loading.duckdb")
    with duckdb.connect(str(file)) as connection:
        connection.execute("use perfectgym")
        connection.execute(statement)


def test_differences_are_told_repaired_and_published(configured: Program, sandbox: Sandbox) -> None:
    arguments = ("--resources", "clubs,classes")
    assert configured(*arguments).returncode == 0
    right = configured("verify", *arguments)
    assert right.returncode == 0, right.stderr
    assert "2 tables are equal to the API." in right.stdout

    spoil(configured, "delete from classes where club_id = 1")
    published = configured.database.read_bytes()
    wrong = configured("verify", *arguments)
    assert wrong.returncode == 8
    assert "missing in classes: " in wrong.stdout
    assert "1 of 2 tables differs from the API." in wrong.stdout
    assert configured.database.read_bytes() == published

    repaired = configured("repair", "--json", *arguments)
    assert repaired.returncode == 0, repaired.stderr
    done = json.loads(repaired.stdout)
    lost = len(sandbox.world.rows("classes", club_id=1))
    assert done["outcome"] == "equal"
    assert done["before"]["outcome"] == "different"
    assert done["before"]["tables"]["classes"]["missing"] == lost
    assert done["loaded"] == {"classes": len(sandbox.world.classes)}
    assert done["after"]["tables"]["classes"]["missing"] == 0
    [(rows,)] = configured.query("SELECT count(*) FROM perfectgym.classes")
    assert rows == len(sandbox.world.classes)

    nothing = configured("repair", *arguments)
    assert nothing.returncode == 0
    assert "After the repair" not in nothing.stdout


def test_the_comparison_is_one_json_object(configured: Program) -> None:
    configured("--resources", "clubs")
    spoil(configured, "insert into clubs (id, timestamp) values (99, 1)")
    done = configured("verify", "--json", "--resources", "clubs,classes")
    assert done.returncode == 8
    found = json.loads(done.stdout)
    assert found["outcome"] == "different"
    assert found["tables"] == {
        "clubs": {
            "in_api": 4,
            "in_table": 5,
            "missing": 0,
            "extra": 1,
            "stale": 0,
            "newer": 0,
            "examples": {"extra": [[99]]},
        }
    }
    assert found["left_out"] == {"classes": "it was not loaded, or not since a reset"}


def test_values_that_differ_are_named_by_column(configured: Program) -> None:
    configured("--resources", "clubs")
    spoil(configured, "update clubs set name = 'Wrong' where id = 1")
    done = configured("verify", "--json", "--resources", "clubs")
    assert done.returncode == 8
    [found] = json.loads(done.stdout)["tables"].values()
    assert (found["stale"], found["stale_columns"]) == (1, {"name": 1})
    repaired = configured("repair", "--resources", "clubs")
    assert repaired.returncode == 0
    assert "columns of stale rows in clubs: name (1)" in repaired.stdout
    assert "Wrong" not in repaired.stdout + done.stdout


def test_what_cannot_be_read_is_not_called_right(configured: Program, sandbox: Sandbox) -> None:
    configured("--resources", "clubs,classes")
    sandbox.faults.add(Fault(path="Classes/Classes", kind="status", status=403, times=None))
    done = configured("verify", "--resources", "clubs,classes")
    assert done.returncode == 4
    assert "Not compared because of that: classes." in done.stdout
    assert "1 table is equal to the API." in done.stdout


def test_nothing_is_verified_where_nothing_was_loaded(configured: Program, tmp_path: Path) -> None:
    done = configured("verify")
    assert done.returncode == 2
    assert "nothing to verify" in done.stderr
    assert list(tmp_path.rglob("*.duckdb")) == []


def test_options_that_load_do_not_go_with_it(configured: Program) -> None:
    assert configured("verify", "--full-refresh").returncode == 2
    assert configured("repair", "--from", "2026-01-01", "--to", "2026-02-01").returncode == 2
