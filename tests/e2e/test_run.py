"""What a data engineer meets: the program's output, exit codes, and the DuckDB file."""

from __future__ import annotations

import json
import shutil
from collections import Counter

import duckdb
import pytest
from support.program import Program, demo_loads

from perfectgym_source.sandbox import Fault, Sandbox


def test_the_demo_ends_with_rows_of_classes_in_a_duckdb_file(program: Program) -> None:
    demo_loads(program, "clubs", "classes", "class_types", "users")
    done = program.exec("demo", "--no-marts", "--size", "tiny")
    assert done.returncode == 0, done.stderr
    assert "classes" in done.stdout
    with duckdb.connect(str(program.folder / "demo.duckdb"), read_only=True) as connection:
        [(rows, ids)] = connection.sql(
            "SELECT count(*), count(DISTINCT id) FROM perfectgym.classes"
        ).fetchall()
    assert rows == ids > 250
    assert not program.database.exists()
    status = program("status", "--demo")
    assert (status.returncode, "demo.duckdb (perfectgym) is fresh" in status.stdout) == (0, True)
    again = program("--demo", "--no-marts", "--json")
    assert json.loads(again.stdout)["rows"] == {}, "it goes on with the world that was loaded"


def test_the_demo_of_another_day_is_not_mixed_into_the_one_that_is_loaded(program: Program) -> None:
    words = ("--demo", "--no-marts", "--resources", "clubs", "--demo-until")
    assert program(*words, "2026-06-30").returncode == 0
    again = program(*words, "2026-06-30", "--json")
    assert json.loads(again.stdout)["rows"] == {}
    later = program(*words[:-1], "--json")
    assert json.loads(later.stdout)["rows"] == {}, "it goes on with the day that was loaded"
    for more in (("2026-07-01",), ("2026-06-30", "--demo-size", "tiny")):
        done = program(*words, *more)
        assert done.returncode == 2, more
    assert "demo.duckdb holds the world 'chain 2026-06-30'" in program(*words, "2026-07-01").stderr
    (program.folder / "demo.duckdb").unlink()
    assert program(*words, "2026-07-01").returncode == 0


def test_a_second_run_asks_once_for_each_list_and_club_and_loads_nothing(
    configured: Program, sandbox: Sandbox
) -> None:
    arguments = ("--json", "--resources", "clubs,classes,class_types,class_categories,instructors")
    first = json.loads(configured(*arguments).stdout)
    assert first["rows"]["classes"] == len(sandbox.world.truth("classes"))

    sandbox.clear_records()
    second = json.loads(configured(*arguments).stdout)
    assert second["rows"] == {}
    clubs = len(sandbox.world.truth("clubs"))
    asked = Counter(request.path for request in sandbox.requests)
    # Where the rows of the overlap fill more than half a page, one more page is requested.
    assert clubs <= asked.pop("Classes/Classes") < 2 * clubs
    assert asked == {
        "Clubs/Clubs": 1,
        "Classes/ClassesTypes": 1,
        "Classes/Categories": 1,
        "Instructors/Instructors": 1,
    }

    changed = [row["id"] for row in sandbox.world.classes[:10]]
    for identity in changed:
        sandbox.world.change("classes", identity, attendeesCount=77)
    third = json.loads(configured(*arguments).stdout)
    assert third["rows"] == {"classes": 10}
    loaded = configured.query("SELECT id FROM perfectgym.classes WHERE attendees_count = 77")
    assert {identity for (identity,) in loaded} >= set(changed)


def test_json_is_all_that_stands_on_standard_output(configured: Program) -> None:
    done = configured.exec("--json", "--progress", "log", "--resources", "clubs")
    assert json.loads(done.stdout)["outcome"] == "ok"


def test_a_wrong_password_is_tried_once_and_told_in_a_sentence(
    configured: Program, sandbox: Sandbox
) -> None:
    done = configured(SOURCES__PERFECTGYM__PASSWORD="not-the-password")
    assert done.returncode == 3
    assert len(sandbox.token_requests) == 1
    assert "not-the-password" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "password" in done.stderr
    assert "could not be read" not in done.stderr  # lists that depend on others


def test_a_missing_setting_is_refused_with_its_key_and_place(program: Program) -> None:
    done = program.exec()
    assert done.returncode == 2
    assert "sources.perfectgym." in done.stderr
    assert ".dlt/" in done.stderr
    assert "Traceback" not in done.stderr
    assert not program.database.exists()


def test_plain_http_to_another_machine_is_refused(program: Program) -> None:
    done = program(
        SOURCES__PERFECTGYM__BASE_URL="http://club.example.com/Api",
        SOURCES__PERFECTGYM__USERNAME="u",
        SOURCES__PERFECTGYM__PASSWORD="p",
    )
    assert done.returncode == 2
    assert "https://" in done.stderr


def test_settings_come_from_the_files_in_the_dlt_folder(program: Program, sandbox: Sandbox) -> None:
    folder = program.folder / ".dlt"
    folder.mkdir()
    (folder / "config.toml").write_text(f'[sources.perfectgym]\nbase_url = "{sandbox.base_url}"\n')
    (folder / "secrets.toml").write_text(
        f'[sources.perfectgym]\nusername = "{sandbox.employee.username}"\n'
        f'password = "{sandbox.employee.password}"\n'
    )
    done = program.exec("--resources", "clubs")
    assert done.returncode == 0, done.stderr
    assert program.query("SELECT count(*) FROM perfectgym.clubs") == [(4,)]


def test_a_list_that_fails_for_good_does_not_hold_the_others_and_catches_up(
    configured: Program, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault(path="Classes/Categories", kind="status", status=500, times=None))
    done = configured("--resources", "clubs,class_categories", SOURCES__PERFECTGYM__ATTEMPTS="2")
    assert done.returncode == 4
    assert "class_categories" in done.stdout
    assert configured.query("SELECT count(*) FROM perfectgym.clubs") == [(4,)]
    sandbox.faults.clear()
    assert configured("--resources", "clubs,class_categories").returncode == 0
    [(rows,)] = configured.query("SELECT count(*) FROM perfectgym.class_categories")
    assert rows == len(sandbox.world.truth("class_categories"))


def test_a_database_that_cannot_be_written_has_its_own_exit_code_and_loses_nothing(
    configured: Program, sandbox: Sandbox
) -> None:
    configured.database.write_text("this is no database")
    done = configured("--resources", "clubs,classes")
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    configured.database.unlink()
    assert configured("--resources", "clubs,classes").returncode == 0
    [(rows,)] = configured.query("SELECT count(*) FROM perfectgym.classes")
    assert rows == len(sandbox.world.truth("classes"))


def test_check_says_what_works_and_loads_nothing(configured: Program, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(path="Products/Products", kind="status", status=403, times=None))
    done = configured("check")
    assert done.returncode == 4
    assert [line for line in done.stdout.splitlines() if line.startswith("FAILED")] != []
    assert "ok      classes" in done.stdout
    assert not configured.database.exists()


def test_another_installation_is_not_mixed_into_a_dataset(
    configured: Program, sandbox: Sandbox
) -> None:
    assert configured("--resources", "clubs").returncode == 0
    done = configured("--resources", "clubs", SOURCES__PERFECTGYM__INSTALLATION="another")
    assert done.returncode == 2
    assert "another" in done.stderr


def test_a_fresh_machine_with_the_same_file_goes_on_where_the_old_one_ended(
    configured: Program, sandbox: Sandbox
) -> None:
    configured("--resources", "clubs,classes")
    shutil.rmtree(configured.folder / "dlt")
    (configured.folder / "gym_loading.duckdb").unlink()
    again = json.loads(configured("--json", "--resources", "clubs,classes").stdout)
    assert again["rows"] == {}


def test_user_mode_refuses_what_only_employees_may_read(
    configured: Program, sandbox: Sandbox
) -> None:
    done = configured("--resources", "contracts", SOURCES__PERFECTGYM__MODE="user")
    assert done.returncode == 2
    assert "employee" in done.stderr


def test_unknown_names_are_refused_with_the_nearest_right_one(program: Program) -> None:
    done = program("--demo", "--resources", "clases")
    assert done.returncode == 2
    assert "'classes'" in done.stderr


def test_the_list_names_every_resource_of_a_generation(program: Program) -> None:
    done = program.exec("list")
    assert done.returncode == 0
    for name in ("clubs", "classes", "user_details", "cities", "--api v2.2"):
        assert name in done.stdout
    done = program.exec("list", "--api", "v2.2", "--json")
    assert {"class_bookings", "members_to_tags"} <= {
        entry["name"] for entry in json.loads(done.stdout)["entries"]
    }


def test_the_help_of_the_load_has_examples_and_names_the_program(program: Program) -> None:
    done = program.exec("--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: run.py [OPTIONS] [PIPELINE]\n")
    assert "perfectgym list exit-codes" in done.stdout
    assert "--resources clubs,classes" in done.stdout


def test_a_dry_run_shows_what_would_come_and_leaves_no_trace(
    configured: Program, sandbox: Sandbox
) -> None:
    before = sorted(configured.folder.rglob("*"))
    done = configured("--dry-run")
    assert done.returncode == 0, done.stderr
    assert "classes " in done.stdout
    assert "Nothing was loaded" in done.stdout
    assert sorted(configured.folder.rglob("*")) == before
    asked = Counter((request.path, tuple(request.params)) for request in sandbox.requests)
    assert set(asked.values()) == {1}
    found = json.loads(configured("--dry-run", "--json", "--resources", "contracts").stdout)
    [preview] = found["previews"]
    assert preview["rows"]["contracts"] == 100
    assert preview["has_more"]


@pytest.mark.parametrize("flag", ["check", "--dry-run"])
def test_a_list_that_the_account_may_not_read_hides_no_other(
    configured: Program, sandbox: Sandbox, flag: str
) -> None:
    sandbox.faults.add(Fault("Clubs/Clubs", "status", status=401, times=None))
    done = configured(flag, "--resources", "clubs,contracts")
    assert done.returncode == 4, done.stderr
    refused, read = (
        next(line for line in done.stdout.splitlines() if name in line.split()[:2])
        for name in ("clubs", "contracts")
    )
    assert "FAILED" in refused
    assert "clubs: The API refuses the request with status 401, also with a fresh" in done.stdout
    assert "100" in read
    assert len(sandbox.token_requests) <= 5


def test_a_sample_goes_into_a_dataset_of_its_own_and_moves_no_cursor(
    configured: Program, sandbox: Sandbox
) -> None:
    arguments = ("--json", "--resources", "clubs,classes,users,contracts")
    done = configured(*arguments, "--limit", "7")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert {rows[table] for table in ("classes", "users", "contracts")} == {7}
    assert len(sandbox.requests) <= 8
    first = json.loads(configured(*arguments).stdout)
    assert first["rows"]["classes"] == len(sandbox.world.truth("classes"))
    [(sampled,)] = configured.query("SELECT count(*) FROM perfectgym_sample.classes")
    assert sampled == 7
