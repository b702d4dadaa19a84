"""dlt's own tools, as processes, after a run: they find it, and no row is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dlt.common.versioned_state import compress_state, decompress_state
from support.canaries import marked_world, traces
from support.fork_server import ForkServer
from support.program import Program

from perfectgym_source.sandbox import Sandbox


def shown(program: Program, name: str = "perfectgym") -> Path:
    return program.folder / "dlt" / "pipelines" / name


def dlt(program: Program, *arguments: str) -> str:
    """Run the command `dlt` in the program's folder, and return what it writes."""
    words = ("dlt", "-y", "pipeline", *arguments)
    done = program(*words, RUNTIME__DLTHUB_TELEMETRY="false")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_info_trace_and_packages_show_the_last_run(configured: Program, server: ForkServer) -> None:
    assert server.run("--resources", "clubs,classes").code == 0
    assert server.run("--resources", "clubs", "--full-refresh", "clubs").code == 0
    info = dlt(configured, "perfectgym", "info")
    assert "dataset_name: perfectgym" in info
    assert "classes with 1 table(s)" in info
    trace = dlt(configured, "perfectgym", "trace")
    assert "COMPLETED" in trace
    assert "- clubs: " in trace
    assert "LOADED" in dlt(configured, "perfectgym", "load-package")
    assert shown(configured).stat().st_mode & 0o077 == 0
    # A run that loads nothing is one, too; one that only compares is none.
    before = (shown(configured) / "trace.pickle").read_bytes()
    assert server.run("--resources", "clubs", "--verify").code == 0
    assert (shown(configured) / "trace.pickle").read_bytes() == before
    assert server.run("--resources", "clubs").code == 0
    assert (shown(configured) / "trace.pickle").read_bytes() != before


def test_sync_and_drop_change_what_the_next_run_goes_by(
    configured: Program, server: ForkServer
) -> None:
    assert server.run("--resources", "clubs,classes").code == 0
    # dlt forgets the path with its local state.
    configured.environment["DESTINATION__DUCKDB__CREDENTIALS"] = str(configured.loading_file)
    dlt(configured, "perfectgym", "sync")
    assert not (configured.folder / "perfectgym.duckdb").exists()
    dlt(configured, "perfectgym", "drop", "clubs")
    with duckdb.connect(str(configured.loading_file), read_only=True) as connection:
        tables = connection.sql("select table_name from duckdb_tables()").fetchall()
    assert ("classes",) in tables
    assert ("clubs",) not in tables
    done = server.run("--resources", "clubs,classes")
    assert done.code == 0
    assert "clubs" in done.output
    [[clubs]] = configured.query("select count(*) from perfectgym.clubs")
    assert clubs
    assert "- clubs: " in dlt(configured, "perfectgym", "trace")


def test_drop_needs_no_path_after_a_run(configured: Program, server: ForkServer) -> None:
    assert server.run("--resources", "clubs,classes").code == 0
    dlt(configured, "perfectgym", "drop", "clubs")
    with duckdb.connect(str(configured.loading_file), read_only=True) as connection:
        tables = connection.sql("select table_name from duckdb_tables()").fetchall()
    assert ("clubs",) not in tables


@pytest.mark.parametrize("trouble", ["none", "failed load"])
def test_no_rows_are_left_where_the_tools_look(
    configured: Program, server: ForkServer, trouble: str
) -> None:
    with Sandbox(world=marked_world()) as sandbox:
        configured.environment["SOURCES__PERFECTGYM__BASE_URL"] = sandbox.base_url
        assert server.run("--resources", "users").code == 0
        if trouble == "failed load":
            with duckdb.connect(str(configured.loading_file)) as connection:
                # DuckDB's message will name a value.
                connection.sql("alter table perfectgym.users alter email type int using null")
            failed = server.run("--resources", "users", "--full-refresh", "users")
            assert failed.code == 5, failed.errors
            assert "FAILED" in dlt(configured, "perfectgym", "trace")
            assert traces(configured.folder / "dlt" / "perfectgym"), "no package is pending"
            assert traces(shown(configured)) == []
            with duckdb.connect(str(configured.loading_file)) as connection:
                connection.sql("alter table perfectgym.users alter email type text")
            assert server.run("--resources", "users").code == 0
            assert traces(configured.folder / "dlt") == []
        assert traces(configured.folder / "dlt" / "pipelines") == []


def test_a_load_that_is_completed_later_keeps_its_ids(
    configured: Program, server: ForkServer
) -> None:
    assert server.run("--resources", "clubs").code == 0
    with duckdb.connect(str(configured.loading_file)) as connection:
        connection.sql("alter table perfectgym.clubs rename to away")
    assert server.run("--resources", "clubs", "--full-refresh", "clubs").code == 5
    with duckdb.connect(str(configured.loading_file)) as connection:
        connection.sql("alter table perfectgym.away rename to clubs")
    assert server.run("--resources", "clubs").code == 0
    found = configured.query(
        "select distinct _dlt_load_id from perfectgym.clubs except "
        "select load_id from perfectgym._dlt_loads where status = 0"
    )
    assert found == []
    [[ids, loads]] = configured.query(
        "select min(_dlt_load_id), (select max(load_id) from perfectgym._dlt_loads "
        "where schema_name = 'perfectgym') from perfectgym.clubs"
    )
    assert ids == loads


def test_two_files_with_the_same_dataset_share_nothing(
    configured: Program, server: ForkServer
) -> None:
    assert server.run("--resources", "clubs").code == 0
    for _ in range(2):  # the second time, dlt's tools show the other file's state
        assert server.run("--resources", "clubs", "--database", "dev.duckdb").code == 0
        assert "dev_loading.duckdb" in (shown(configured) / "state.json").read_text()
        done = server.run("--resources", "clubs")
        assert (done.code, "Nothing new" in done.output) == (0, True)
    with duckdb.connect(str(configured.folder / "dev.duckdb"), read_only=True) as connection:
        [[rows]] = connection.sql("select count(*) from perfectgym.clubs").fetchall()
    assert [(rows,)] == configured.query("select count(*) from perfectgym.clubs")


def test_another_pipeline_of_that_name_is_left_alone(
    configured: Program, server: ForkServer
) -> None:
    theirs = shown(configured)
    theirs.mkdir(parents=True)
    (theirs / "trace.pickle").write_text("theirs")
    assert server.run("--resources", "clubs").code == 0
    assert [path.name for path in theirs.iterdir()] == ["trace.pickle"]
    assert (theirs / "trace.pickle").read_text() == "theirs"


def test_no_pipeline_goes_by_what_is_only_shown(configured: Program, server: ForkServer) -> None:
    assert server.run("--resources", "clubs").code == 0
    script = (
        "import dlt; from perfectgym_source import perfectgym_source\n"
        "pipeline = dlt.pipeline('perfectgym', destination=dlt.destinations.duckdb('own.duckdb'))\n"
        "pipeline.run(perfectgym_source(resources=['clubs']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=configured.folder,
        env=configured.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode != 0
    assert "Give your pipeline another name" in done.stderr


def test_a_dataset_of_version_0_1_goes_on_with_its_cursors(
    configured: Program, server: ForkServer
) -> None:
    options = ("--resources", "clubs", "--dataset", "north")
    assert server.run(*options).code == 0
    with duckdb.connect(str(configured.loading_file)) as connection:
        table = "north._dlt_pipeline_state"
        for blob, version in connection.sql(f"select state, version from {table}").fetchall():
            state: Any = {**decompress_state(blob), "pipeline_name": "perfectgym"}
            connection.execute(
                f"update {table} set pipeline_name = ?, state = ? where version = ?",
                ["perfectgym", compress_state(state), version],
            )
    assert "clubs" in server.run("--dataset", "north", "--state").output
    done = server.run(*options)
    assert (done.code, "Nothing new" in done.output) == (0, True), done.errors
    with duckdb.connect(str(configured.loading_file), read_only=True) as connection:
        names = connection.sql("select distinct pipeline_name from north._dlt_pipeline_state")
        assert names.fetchall() == [("north",)]
    assert "clubs with 1 table(s)" in dlt(configured, "north", "info")
