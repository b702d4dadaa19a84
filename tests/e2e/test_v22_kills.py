"""Runs of API v2.2 that are killed in a sweep, and between sets and links: the next one mends."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.fork_server import ForkServer, Place
from support.program import Program, environment_of

from perfectgym_source.sandbox import Sandbox
from perfectgym_source.sandbox.v22.sets import Sets

COLUMNS = {
    "companies": ("Companies", "id", "version", "name", "isDeleted"),
    "cancel_reasons": ("CancelReasons", "id", "name"),
    "member_balances": ("MemberBalances", "memberId", "version"),
    "members_to_tags": ("Members", "id", "tags"),
}
"""The set of each table, and the fields that are compared."""
SELECTED = ("--resources", ",".join(COLUMNS))
PLACES = [
    Place("perfectgym_source.extract.reading.page_requests:PageRequester.all_versions"),
    Place("perfectgym_source.extract.reading.row_router:RowRouter.remove_missing", "after", 2),
    Place("perfectgym_source.extract.reading.row_router:RowRouter.send_held"),
    Place("perfectgym_source.extract.state.resource_state:ResourceState.save", "after", 2),
]
Tables = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="tiny", seed=1, api="v2.2", quirks=False) as running:
        yield running


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Program:
    settings = {
        "SOURCES__PERFECTGYM__BASE_URL": sandbox.base_url,
        "SOURCES__PERFECTGYM__CLIENT_ID": sandbox.client.client_id,
        "SOURCES__PERFECTGYM__CLIENT_SECRET": sandbox.client.client_secret,
        "SOURCES__PERFECTGYM__RETRY_WAIT": "0.01",
        "SOURCES__PERFECTGYM__SWEEP_HOURS": "0",
    }
    folder = tmp_path_factory.mktemp("kills")
    made = Program(folder, environment_of(folder))
    return replace(made, environment={**made.environment, **settings})


def truth(sets: Sets) -> Tables:
    found = {
        table: [tuple(row[field] for field in fields) for row in sets.truth(name)]
        for table, (name, *fields) in COLUMNS.items()
        if "tags" not in fields
    }
    found["members_to_tags"] = [
        (row["id"], tag["id"]) for row in sets.truth("Members", "tags") for tag in row["tags"]
    ]
    return {table: sorted(rows, key=repr) for table, rows in found.items()}


def published(program: Program) -> Tables:
    queries = {
        "companies": "id, version, name, is_deleted",
        "cancel_reasons": "id, name",
        "member_balances": "member_id, version",
        "members_to_tags": "member_id, member_tag_id",
    }
    return {
        table: sorted(program.query(f"SELECT {columns} FROM perfectgym.{table}"), key=repr)
        for table, columns in queries.items()
    }


def change(sets: Sets, number: int) -> None:
    """Change, add and delete rows of each table."""
    sets.change("Companies", sets.rows("Companies")[0], name=f"Company {number}")
    sets.delete("Companies", sets.add("Companies", name="gone"))
    sets.change("CancelReasons", sets.rows("CancelReasons")[0], name=f"Reason {number}")
    sets.purge("CancelReasons", sets.rows("CancelReasons")[-1])
    sets.add("CancelReasons", name="new")
    sets.purge("MemberBalances", sets.rows("MemberBalances")[-1])
    tag = sets.add("MemberTags", name=f"tag {number}")
    sets.relate("Members", sets.rows("Members")[-1 - number], "tags", [tag.key])


def test_a_kill_in_a_sweep_or_between_sets_and_links_is_put_right_by_the_next_run(
    program: Program, sandbox: Sandbox
) -> None:
    sets, server = sandbox.world.sets, ForkServer(program)
    assert server.run(*SELECTED).code == 0
    assert published(program) == truth(sets)
    for number, place in enumerate(PLACES):
        before = truth(sets)
        change(sets, number)
        now = truth(sets)
        assert all(before[table] != now[table] for table in COLUMNS)
        assert server.run(*SELECTED, die_at=place).code == -signal.SIGKILL, place
        assert published(program) == before, place
        done = server.run(*SELECTED)
        assert done.code == 0, done.errors
        assert published(program) == now, place


def test_a_row_of_a_load_that_was_lost_with_its_machine_is_removed_by_a_repair(
    program: Program, sandbox: Sandbox
) -> None:
    """The state of the dataset does not know it, so that no sweep misses it."""
    sets, server = sandbox.world.sets, ForkServer(program)
    assert server.run(*SELECTED).code == 0
    lost = sets.add("CancelReasons", name="lost")
    merged = Place("dlt.load.load:Load.complete_package")
    assert server.run(*SELECTED, die_at=merged).code == -signal.SIGKILL
    shutil.rmtree(program.folder / "dlt")
    sets.purge("CancelReasons", lost)
    assert server.run(*SELECTED).code == 0
    extra = {*published(program)["cancel_reasons"]} - {*truth(sets)["cancel_reasons"]}
    assert extra == {(lost.key, "lost")}
    repaired = server.run("repair", *SELECTED)
    assert repaired.code == 0, repaired.errors
    assert published(program) == truth(sets)
