"""What the API does to a run: the exit code, what is loaded, and that the next run catches up."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from support.fork_server import ForkServer
from support.installation import RESOURCES, change, published, truth
from support.program import Program

from perfectgym_source.sandbox import Fault, Sandbox, World

CLASSES = "Classes/Classes"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(world=World("tiny", seed=1, quirks=False)) as running:
        yield running


@pytest.mark.usefixtures("loaded")
def test_an_api_that_is_down_changes_nothing_and_the_next_run_catches_up(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    before = published(configured)
    change(sandbox.world, random.Random(1))
    sandbox.stop()
    done = server.run(*RESOURCES)
    assert done.code == 4, done.errors
    assert "Traceback" not in done.errors
    assert published(configured) == before
    sandbox.start()
    assert server.run(*RESOURCES).code == 0
    assert published(configured) == truth(sandbox.world)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(CLASSES, "status", status=403, times=None),
        Fault(CLASSES, "status", status=401, times=None),
        Fault(CLASSES, "status", status=500, times=None),
        Fault(CLASSES, "drop", times=None, skip=2),
        Fault(CLASSES, "html", times=None),
        Fault(CLASSES, "truncate", times=None),
        Fault(CLASSES, "garbage", times=None),
        Fault(CLASSES, "repeat_page", times=None, skip=1, params={"clubId": 1}),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
def test_a_list_that_fails_holds_no_other_and_catches_up(
    configured: Program, sandbox: Sandbox, server: ForkServer, fault: Fault
) -> None:
    for _ in range(250):  # so that the list of one club has pages
        sandbox.world.add("classes", club_id=1)
    sandbox.faults.add(fault)
    done = server.run(*RESOURCES)
    assert done.code == 4, done.errors
    assert "Traceback" not in done.errors
    assert "could not be read; the next run asks again" in done.output
    loaded, real = published(configured), truth(sandbox.world)
    assert loaded["contracts"] == real["contracts"]
    assert set(loaded["classes"]) < set(real["classes"])
    sandbox.faults.clear()
    assert server.run(*RESOURCES).code == 0
    assert published(configured) == real


@pytest.mark.parametrize(
    "fault",
    [
        Fault(CLASSES, "status", status=429, retry_after="0"),
        Fault(CLASSES, "revoke", skip=2),
        Fault(CLASSES, "truncate"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
def test_what_passes_by_itself_is_not_seen_at_all(
    configured: Program, sandbox: Sandbox, server: ForkServer, fault: Fault
) -> None:
    sandbox.faults.add(fault)
    done = server.run(*RESOURCES)
    assert done.code == 0, done.errors
    assert fault.fired == 1
    assert published(configured) == truth(sandbox.world)


def test_a_clock_that_was_ahead_and_is_put_right_loses_nothing(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    assert server.run(*RESOURCES, days_ahead=400).code == 0
    [(load_id,)] = configured.query(
        "SELECT load_id FROM perfectgym._dlt_loads WHERE schema_name = 'perfectgym'"
    )
    assert float(load_id) > time.time() + 300 * 86_400
    for number in range(2):
        change(sandbox.world, random.Random(number))
        done = server.run(*RESOURCES)
        assert done.code == 0, done.errors
        assert published(configured) == truth(sandbox.world)
