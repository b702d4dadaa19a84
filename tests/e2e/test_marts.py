"""The marts, built by dbt in the loading file before it is published."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.fork_server import ForkServer
from support.marts_project import in_its_place, small_project
from support.older_duckdb import ask
from support.program import PERFECTGYM, Program
from support.two_installations import write_settings

from perfectgym_source.sandbox import Sandbox

LOAD = ("load", "--marts", "--json", "--resources", "clubs,class_types,instructors")
BUILDS = "SELECT outcome, is_full, models, failed FROM perfectgym._run_marts ORDER BY built_at"


@pytest.fixture
def models(configured: Program) -> Path:
    """The models of a small project, which the program takes for the shipped one."""
    project, site = configured.folder / "project", configured.folder / "site"
    models = small_project(project)
    configured.environment.update(in_its_place(project, site))
    return models


def load(program: Program, *more: str, code: int = 0, **environment: str) -> dict[str, Any]:
    done = program(*LOAD, *more, **environment)
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rename_club(sandbox: Sandbox, name: str) -> None:
    club = next(row for row in sandbox.world.clubs if not row["isDeleted"])
    sandbox.world.change("clubs", club, name=name)


def is_running(group: int) -> bool:
    """Whether there is a process of a group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_only_what_changed_is_built_again(
    configured: Program, sandbox: Sandbox, models: Path
) -> None:
    first = load(configured)["marts"]
    assert (first["outcome"], first["is_full"], first["models"]) == ("ok", True, 6)
    clubs = len(configured.query("SELECT DISTINCT club_key FROM perfectgym_marts.dim_club"))
    assert clubs == len(sandbox.world.truth("clubs"))
    published = configured.database.stat().st_mtime_ns

    # An idle run builds and publishes nothing, and does not start dbt: this one would fail.
    assert load(configured, TEST_DBT='["false"]')["marts"] is None
    assert configured.database.stat().st_mtime_ns == published

    rename_club(sandbox, "Renamed")
    assert load(configured)["marts"]["models"] == 3  # staging, intermediate, and the mart
    names = "SELECT count(*) FROM perfectgym_marts.dim_club WHERE name = 'Renamed'"
    assert configured.query(names) == [(1,)]
    assert configured.query(BUILDS) == [("ok", True, 6, None), ("ok", False, 3, None)]

    # Rows of a table that no model reads are loaded, and nothing is built.
    sandbox.world.change("instructors", sandbox.world.rows("instructors")[0], firstName="Else")
    done = load(configured)
    assert (done["rows"]["instructors"], done["marts"]) == (1, None)
    assert load(configured)["marts"] is None
    rename_club(sandbox, "Renamed again")
    assert load(configured)["marts"]["models"] == 3

    status = json.loads(configured("status", "--json", *LOAD[3:]).stdout)
    assert status["marts"]["models"] == 3 and status["marts_tests"] is None

    # Everything, with tests; views work in an old DuckDB, and under any name of the file.
    built = json.loads(configured("marts", "--json").stdout)["marts"]
    assert (built["is_full"], built["models"], built["tests"]) == (True, 6, 0)
    view = "perfectgym_stg.stg_perfectgym_v1__clubs"
    assert ask(configured.database, f"SELECT count(*) FROM {view}") == [[clubs]]
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{configured.database}' AS other (READ_ONLY)")
        assert connection.sql(f"SELECT count(*) FROM other.{view}").fetchall() == [(clubs,)]

    # Where dbt itself fails, no tests are made: the newest ones are those before.
    assert configured("marts", TEST_DBT='["false"]').returncode == 11
    status = json.loads(configured("status", "--json", *LOAD[3:]).stdout)
    assert status["marts"]["tests"] is None
    assert status["marts_tests"]["built_at"] == built["built_at"]


def test_a_mart_that_fails_holds_nothing_back_and_stays_as_it_was(
    configured: Program, sandbox: Sandbox, models: Path
) -> None:
    load(configured)
    working = (models / "marts" / "dim_club.sql").read_text()
    (models / "marts" / "dim_club.sql").write_text(f"{working} where cast(name as integer) = 1")
    (models / "marts" / "kpi_club.sql").write_text("select * from {{ ref('dim_club') }}")
    rename_club(sandbox, "Secret name")
    done = load(configured, code=11)
    assert done["outcome"] == "failed"
    assert (done["marts"]["failed"], done["marts"]["skipped"]) == (["dim_club"], 1)
    assert "Conversion Error" in done["marts"]["error"] and "Secret" not in str(done)
    named = "SELECT count(*) FROM perfectgym{}.{} WHERE name = 'Secret name'"
    assert configured.query(named.format("", "clubs")) == [(1,)]
    assert configured.query(named.format("_marts", "dim_club")) == [(0,)]

    # It is tried again, until it works.
    assert load(configured, code=11)["marts"]["failed"] == ["dim_club"]
    shown = configured("status", *LOAD[3:]).stdout
    assert "dim_club and 1 model that read them could not be built: " in shown
    runs = configured.query("SELECT outcome, exit_code FROM perfectgym._runs ORDER BY started_at")
    assert runs == [("ok", 0), ("failed", 11), ("failed", 11)]

    (models / "marts" / "dim_club.sql").write_text(working)
    assert load(configured)["marts"]["models"] == 7
    assert configured.query(named.format("_marts", "kpi_club")) == [(1,)]

    # So does an error of dbt itself.
    (models / "marts" / "kpi_club.sql").write_text("select {{ nothing( }}")
    done = load(configured, code=11)
    assert "kpi_club" in done["marts"]["error"]
    assert configured.query(named.format("_marts", "kpi_club")) == [(1,)]

    # And a dbt that cannot be started.
    [working_files] = configured.folder.glob("dlt/perfectgym/*/marts/untested")
    shutil.rmtree(working_files)
    working_files.touch()
    rename_club(sandbox, "Renamed")
    done = load(configured, code=11)
    assert "dbt could not be started: " in done["marts"]["error"]
    assert configured.query("SELECT count(*) FROM perfectgym.clubs WHERE name = 'Renamed'") == [
        (1,)
    ]


def test_variables_reach_the_models_and_everything_is_built_when_they_change(
    configured: Program, models: Path
) -> None:
    (models / "marts" / "kpi_old.sql").write_text("select 1 as one")
    load(configured)
    with duckdb.connect(str(configured.database)) as connection:
        connection.execute("CREATE TABLE perfectgym_marts.kpi_mine AS SELECT 1 AS one")
    settings = configured.folder / ".dlt"
    settings.mkdir()
    config = settings / "config.toml"
    config.write_text('[pipelines.core]\nmarts = true\nmarts_vars = {pg_curency = "EUR"}\n')
    refused = configured("load")
    assert refused.returncode == 2
    assert (
        "pipelines.core.marts_vars.pg_curency is not a variable of the marts (did you mean "
        "'pg_currency'?)" in refused.stderr
    )
    config.write_text('[pipelines.core]\nmarts = true\nmarts_vars = {pg_currency = "EUR"}\n')
    assert load(configured)["marts"]["is_full"]
    query = "SELECT DISTINCT currency FROM perfectgym_marts.dim_class_type"
    assert configured.query(query) == [("EUR",)]

    # A model that a later release does not have any more goes; what others made stays.
    (models / "marts" / "kpi_old.sql").unlink()
    assert load(configured)["marts"]["is_full"]
    query = "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'kpi_%'"
    assert configured.query(query) == [("kpi_mine",)]
    with duckdb.connect(str(configured.loading_file), read_only=True) as connection:
        assert connection.sql(query).fetchall() == []


def test_what_others_made_in_the_schemas_of_the_marts_is_never_lost(
    configured: Program, sandbox: Sandbox, models: Path
) -> None:
    assert configured(*LOAD, "--no-marts").returncode == 0
    with duckdb.connect(str(configured.database)) as connection:
        connection.execute("CREATE SCHEMA perfectgym_marts")
        connection.execute("CREATE TABLE perfectgym_marts.dim_club AS SELECT 1 AS mine")
    sandbox.clear_records()
    done = load(configured, code=2)
    assert "perfectgym_marts.dim_club would be in their place" in done["error"]["message"]
    assert not sandbox.requests
    with duckdb.connect(str(configured.database)) as connection:
        connection.execute("DROP TABLE perfectgym_marts.dim_club")
    load(configured)
    with duckdb.connect(str(configured.database)) as connection:
        connection.execute("CREATE VIEW perfectgym_marts.mine AS FROM perfectgym_marts.dim_club")
    rename_club(sandbox, "Renamed")
    load(configured)
    query = "SELECT count(*) FROM perfectgym_marts.mine WHERE name = 'Renamed'"
    assert configured.query(query) == [(1,)]


def test_a_test_that_fails_holds_no_model_back_and_its_query_is_named(
    configured: Program, models: Path
) -> None:
    (models / "clubs.yml").write_text(
        "models: [{name: int_perfectgym__club, columns: "
        "[{name: name, data_tests: [{accepted_values: {arguments: {values: [Nowhere]}}}]}]}]"
    )
    load(configured)
    # Nothing is requested: neither an address nor an account need be configured.
    environment = configured.environment.items()
    own = {name: value for name, value in environment if not name.startswith("SOURCES__")}
    built = replace(configured, environment=own)("marts")
    assert built.returncode == 0, built.stderr
    assert "6 models of the marts built" in built.stdout
    name = "accepted_values_int_perfectgym__club_name__Nowhere"
    assert f"1 test of the marts failed: {name}" in built.stdout
    [line] = [line for line in built.stdout.splitlines() if line.endswith(f"/{name}.sql")]
    query = Path(line.split(": ", 1)[1]).read_text()
    assert configured.query(query)
    assert f"1 test of the marts failed: {name}" in configured("status", *LOAD[3:]).stdout
    found = json.loads(configured("marts", "--json").stdout)["marts"]
    assert (found["models"], found["skipped"], found["tests"]) == (6, 0, 1)
    assert found["tests_failed"] == [name]


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_killed_while_dbt_worked_is_built_by_the_next_run(
    configured: Program, sandbox: Sandbox, models: Path, sign: signal.Signals
) -> None:
    configured.environment["PERFECTGYM_MARTS_DUCKDB_THREADS"] = "1"  # enough to be killed
    load(configured)
    rename_club(sandbox, "Renamed")
    slow = models / "marts" / "kpi_slow.sql"
    slow.write_text("select sum(a.range * b.range) as n from range(1000000) a, range(1000000) b")
    results = configured.folder / "dlt"
    process = subprocess.Popen(
        [sys.executable, str(PERFECTGYM), *LOAD],
        cwd=configured.folder,
        env={name: value for name, value in configured.environment.items() if name != "TEST_DBT"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    compiled = "*/*/marts/untested/target/run/perfectgym/models/marts/kpi_slow.sql"
    deadline = time.monotonic() + 90
    while not list(results.glob(compiled)):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(sign)
    assert process.wait(30) == (-sign if sign is signal.SIGKILL else 130)
    # dbt does not go on alone.
    while is_running(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    duckdb.connect(str(configured.loading_file)).close()  # nobody has it open
    slow.unlink()
    done = load(configured)["marts"]
    assert (done["outcome"], done["is_full"]) == ("ok", True)
    query = "SELECT count(*) FROM perfectgym_marts.dim_club WHERE name = 'Renamed'"
    assert configured.query(query) == [(1,)]


_WAITING = """
import os, sys, time
from pathlib import Path
Path("started").touch()
while not Path("go").exists():
    time.sleep(0.1)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_no_other_run_loads_into_the_file_while_dbt_has_it(
    configured: Program, models: Path
) -> None:
    """dbt takes seconds to open it, and a run into another dataset of the file would not wait."""
    command = json.loads(configured.environment["TEST_DBT"])
    waiting = json.dumps([sys.executable, "-I", "-S", "-c", _WAITING, *command])
    building = ForkServer(configured).start(*LOAD, TEST_DBT=waiting)
    deadline = time.monotonic() + 120
    while not (found := list(configured.folder.glob("dlt/perfectgym/*/marts/*/started"))):
        assert not building.has_ended and time.monotonic() < deadline
        time.sleep(0.1)
    # Nor does one that only looks.
    shown = configured("status", "--json", *LOAD[3:])
    assert json.loads(shown.stdout)["run_under_way"], shown.stderr
    other = ForkServer(configured).start(
        *("load", "--dataset", "other", "--wait", "200", "--resources", "clubs")
    )
    while "waiting up to 200 s" not in other.errors:
        assert not other.has_ended and time.monotonic() < deadline
        time.sleep(0.1)
    found[0].with_name("go").touch()
    for run in (building, other):
        done = run.wait()
        assert done.code == 0, done.errors
    assert configured.query(BUILDS) == [("ok", True, 6, None)]
    assert configured.query("SELECT count(*) > 0 FROM other.clubs") == [(True,)]


def test_two_installations_have_marts_of_their_own(program: Program) -> None:
    small_project(program.folder / "project")
    site = program.folder / "site"
    program.environment.update(in_its_place(program.folder / "project", site))
    with Sandbox(size="tiny", seed=1) as north, Sandbox(size="tiny", seed=2) as south:
        sandboxes = {"north": north, "south": south}
        write_settings(program.folder, sandboxes)
        for name, sandbox in sandboxes.items():
            load(program, "--installation", name)
            schema = f"perfectgym_{name}_marts"
            keys = program.query(f"SELECT club_key FROM {schema}.dim_club ORDER BY ALL")
            ids = [int(row["id"]) for row in sandbox.world.truth("clubs")]
            assert keys == sorted((f"{name}|{identity}",) for identity in ids)
    refused = program("marts", "--docs", "dictionary.html")
    assert refused.returncode == 2
    assert "are several: perfectgym_north, perfectgym_south" in refused.stderr
    assert not (program.folder / "dictionary.html").exists()


def test_a_shared_dataset_has_the_figures_of_each_installation_from_its_first_run_on(
    program: Program,
) -> None:
    site = program.folder / "site"
    small_project(program.folder / "project")
    program.environment.update(in_its_place(program.folder / "project", site))
    with Sandbox(size="tiny", seed=1) as north, Sandbox(size="tiny", seed=2) as south:
        write_settings(program.folder, {"north": north, "south": south})
        with (program.folder / ".dlt" / "config.toml").open("a") as config:
            config.write("\n[pipelines.core]\nshared_dataset = true\n")
        day = "SELECT installation FROM perfectgym_int.int_perfectgym__as_of ORDER BY 1"
        assert load(program, "--installation", "north")["marts"]["is_full"]
        assert program.query(day) == [("north",)]
        # All figures depend on that: those of a new installation too, later on the same day.
        runs = list(load(program)["installations"].values())
        assert (runs[0]["marts"], runs[1]["marts"]["is_full"]) == (None, True)
        assert program.query(day) == [("north",), ("south",)]
        query = "SELECT DISTINCT split_part(club_key, '|', 1) FROM perfectgym_marts.dim_club"
        assert sorted(program.query(query)) == [("north",), ("south",)]
        # An idle run builds nothing.
        runs = list(load(program)["installations"].values())
        assert [run["marts"] for run in runs] == [None, None]
        # They are built once for all.
        builds = len(program.query(BUILDS))
        shown = program("marts").stdout
        assert (shown.count("6 models"), shown.count("In the same dataset")) == (1, 1)
        assert len(program.query(BUILDS)) == builds + 1
