"""Readers, a second run, and signals while the program runs."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable

import pytest
from support.fork_server import ForkServer, Running
from support.program import Program

from perfectgym_source.sandbox import Fault, Sandbox

RESOURCES = ("--resources", "clubs,classes")


def started(program: Program, *arguments: str) -> Running:
    return ForkServer(program).start(*arguments)


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def ids(program: Program) -> list[int]:
    found = program.query("SELECT id FROM perfectgym.classes ORDER BY id")
    return [identity for (identity,) in found]


def truth(sandbox: Sandbox) -> list[int]:
    return sorted(row["id"] for row in sandbox.world.truth("classes"))


@pytest.mark.usefixtures("loaded")
def test_an_unchanged_database_is_not_published_again(configured: Program) -> None:
    before = configured.database.stat()
    configured(*RESOURCES)
    after = configured.database.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_second_run_at_the_same_time_ends_at_once_and_says_who_runs(
    configured: Program, sandbox: Sandbox
) -> None:
    sandbox.delay = 0.5
    first = started(configured, *RESOURCES)
    wait_until(lambda: sandbox.requests)
    second = configured(*RESOURCES)
    assert second.returncode == 6
    assert f"process {first.pid}" in second.stderr
    sandbox.delay = 0.0
    assert first.wait().code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_soon_with_its_code_and_the_next_one_completes(
    configured: Program, sandbox: Sandbox, number: signal.Signals
) -> None:
    sandbox.delay = 0.3
    run = started(configured, *RESOURCES)
    wait_until(lambda: len(sandbox.requests) > 2)
    run.send_signal(number)
    done = run.wait(20)
    assert done.code == 130, done
    assert "Traceback" not in done.errors
    sandbox.delay = 0.0
    assert configured(*RESOURCES).returncode == 0
    assert ids(configured) == truth(sandbox)


@pytest.mark.usefixtures("loaded")
def test_an_interrupted_run_does_not_wait_for_a_server_that_is_silent(
    configured: Program, sandbox: Sandbox
) -> None:
    sandbox.clear_records()
    sandbox.faults.add(Fault("Classes/Classes", "delay", seconds=25, times=None))
    run = started(configured, *RESOURCES)
    wait_until(lambda: any(request.path == "Classes/Classes" for request in sandbox.requests))
    run.send_signal(signal.SIGTERM)
    done = run.wait(15)
    assert done.code == 130, done
    assert "Traceback" not in done.errors


@pytest.mark.parametrize("after", [2, 5, 9, 14])
def test_a_killed_run_is_completed_by_the_next(
    configured: Program, sandbox: Sandbox, after: int
) -> None:
    sandbox.delay = 0.02
    run = started(configured, *RESOURCES)
    wait_until(lambda: len(sandbox.requests) >= after or run.has_ended)
    run.send_signal(signal.SIGKILL)
    run.wait()
    sandbox.delay = 0.0
    done = configured("--json", *RESOURCES)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "ok"
    assert ids(configured) == truth(sandbox)


def test_tokens_that_live_two_seconds_are_renewed_as_needed_and_no_request_is_refused(
    program: Program,
) -> None:
    with Sandbox(size="tiny", seed=1, expires_in=2, delay=0.15) as sandbox:
        program.environment.update(
            SOURCES__PERFECTGYM__BASE_URL=sandbox.base_url,
            SOURCES__PERFECTGYM__USERNAME=sandbox.employee.username,
            SOURCES__PERFECTGYM__PASSWORD=sandbox.employee.password,
            SOURCES__PERFECTGYM__CONCURRENCY="2",
        )
        done = program("--json", "--group", "company,club")
        assert done.returncode == 0, done.stderr
        assert {request.status for request in sandbox.requests} == {200}
        # A token counts for 1.5 s: its life less a quarter of it.
        span = sandbox.requests[-1].started - sandbox.requests[0].started
        assert span > 3
        assert 2 <= len(sandbox.token_requests) <= span / 1.5 + 1
