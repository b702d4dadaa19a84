"""The database and other programs: those that read it, and those that keep it from the run."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from support.fork_server import ForkServer
from support.installation import RESOURCES, change, published, truth
from support.program import Program

from perfectgym_source.sandbox import Sandbox, World

# Answers each line with the result of the SQL that it is.
_SESSION = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print(connection.execute("SELECT 1").fetchall(), flush=True)
for line in sys.stdin:
    print(json.dumps(connection.execute(line).fetchall()), flush=True)
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(world=World("tiny", seed=1, quirks=False)) as running:
        yield running


@contextlib.contextmanager
def opened(file: Path, role: str) -> Iterator[Callable[[str], list[list[object]]]]:
    """Another process that has a DuckDB file open; gives a function that makes it run SQL."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SESSION, str(file), role],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline().strip() == "[(1,)]"

    def ask(sql: str) -> list[list[object]]:
        assert process.stdin is not None and process.stdout is not None
        print(sql, file=process.stdin, flush=True)
        rows: list[list[object]] = json.loads(process.stdout.readline())
        return rows

    yield ask
    process.stdin.close()
    process.wait(30)
    process.stdout.close()


def test_a_reader_sees_its_run_through_three_others_and_the_last_one_after_opening_again(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    sql = "SELECT id, timestamp, attendees_count FROM perfectgym.classes ORDER BY id"
    assert server.run(*RESOURCES).code == 0
    with opened(configured.database, "reader") as ask:
        before = ask(sql)
        for number in range(3):
            change(sandbox.world, random.Random(number))
            assert server.run("--resources", "classes").code == 0
            assert ask(sql) == before
    with opened(configured.database, "reader") as ask:
        assert ask(sql) == sorted(
            [row["id"], row["timestamp"], row["attendeesCount"]]
            for row in sandbox.world.truth("classes")
        )


@pytest.mark.usefixtures("loaded")
def test_a_loading_file_that_is_closed_in_time_is_waited_for(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    change(sandbox.world, random.Random(1))
    with opened(configured.loading_file, "writer"):
        asked = len(sandbox.requests)
        run = server.start(*RESOURCES, "--wait", "60")
        deadline = time.monotonic() + 30
        while "waiting up to 60 s" not in run.errors:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert len(sandbox.requests) == asked
    done = run.wait()
    assert done.code == 0, done.errors
    assert published(configured) == truth(sandbox.world)


@pytest.mark.parametrize("role", ["reader", "writer"])
@pytest.mark.usefixtures("loaded")
def test_a_loading_file_that_stays_open_elsewhere_ends_the_run_before_its_first_request(
    configured: Program, sandbox: Sandbox, server: ForkServer, role: str
) -> None:
    change(sandbox.world, random.Random(1))
    asked = len(sandbox.requests) + len(sandbox.token_requests)
    with opened(configured.loading_file, role):
        done = server.run(*RESOURCES, "--wait", "0.3")
    assert done.code == 7
    assert "PID" in done.errors
    assert "Traceback" not in done.errors
    assert len(sandbox.requests) + len(sandbox.token_requests) == asked
    assert server.run(*RESOURCES).code == 0
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_nobody_can_open_the_loading_file_while_a_run_reads(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    change(sandbox.world, random.Random(1))
    asked = len(sandbox.requests)
    sandbox.delay = 0.3
    run = server.start(*RESOURCES)
    deadline = time.monotonic() + 30
    while len(sandbox.requests) == asked:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(duckdb.IOException, match="Could not set lock"):
        duckdb.connect(str(configured.loading_file), read_only=True)
    sandbox.delay = 0.0
    assert run.wait().code == 0
    assert published(configured) == truth(sandbox.world)
