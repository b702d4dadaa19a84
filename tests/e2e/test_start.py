"""What a command imports and does besides its work: the fixed cost of every call, in counts."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from support.program import Program

WATCHED = """
import atexit, gc, json, sys
counts = {"collections": 0, "connections": 0, "statements": 0, "pipelines": 0}

def watch(phase, _):
    counts["collections"] += phase == "start"

def report():
    print(json.dumps({"modules": sorted(sys.modules), "frozen": gc.get_freeze_count(),
                      "collects": gc.isenabled(), **counts}), file=sys.__stderr__)

def counting(name, function):
    def counted(*arguments, **options):
        counts[name] += 1
        return function(*arguments, **options)
    return counted

gc.callbacks.append(watch)
atexit.register(report)
from perfectgym_source.cli.main import main
if %(counts_work)s:
    import dlt, duckdb
    from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
    dlt.pipeline = counting("pipelines", dlt.pipeline)
    duckdb.connect = counting("connections", duckdb.connect)
    DuckDbSqlClient.execute_query = counting("statements", DuckDbSqlClient.execute_query)
counts["collections"] = 0
main()
"""
ALL_BUT_NAMES = ("dlt", "duckdb", "pyarrow", "requests", "msgspec", "rich", "pendulum", "yaml")
"""None of them is needed to name things."""
NEVER = ("sqlalchemy", "pandas", "rich", "pyarrow.parquet", "pyarrow.dataset", "dbt", "jinja2")
"""No run and no look at one needs them."""

OF_RUNS = (
    "pyarrow",
    "msgspec",
    *(f"perfectgym_source.{name}" for name in ("resources", "sandbox")),
)
"""Only what reads needs them."""


def watched(
    program: Program, *arguments: str, counts_work: bool = False, code: int = 0
) -> dict[str, Any]:
    """Run a command, and return what it imported and counted."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED % {"counts_work": counts_work}, *arguments],
        cwd=program.folder,
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == code, done.stderr
    found: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "arguments", [("--version",), ("list",), ("list", "--api", "v2.2"), ("completion", "bash")]
)
def test_names_are_there_at_once(program: Program, arguments: tuple[str, ...]) -> None:
    found = watched(program, *arguments)
    assert [name for name in ALL_BUT_NAMES if name in found["modules"]] == []
    assert found["collections"] == 0
    assert found["frozen"] > 0


def test_a_run_that_finds_nothing_and_a_look_at_it_do_little_else(configured: Program) -> None:
    resources = ("--resources", "clubs,countries")
    assert configured.exec("load", *resources).returncode == 0

    idle = watched(configured, "load", *resources, "--json", counts_work=True)
    status = watched(configured, "status", *resources, counts_work=True)

    for found in (idle, status):
        assert [name for name in NEVER if name in found["modules"]] == []
        assert found["frozen"] > 0 and found["collects"]
    assert [name for name in OF_RUNS if name in status["modules"]] == []
    # The run's own, and one for the client of the history.
    assert idle["pipelines"] == 2
    assert idle["connections"] <= 6
    assert idle["statements"] <= 14
    assert status["pipelines"] == 1
    assert status["connections"] == 1
    assert status["statements"] <= 6


def test_a_command_that_may_take_long_collects_garbage(configured: Program) -> None:
    found = watched(configured, "report", "--no-browser", code=2)
    assert found["collects"]
