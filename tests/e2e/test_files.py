"""Database files that are damaged, deleted or put back, and disks that are full."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.fork_server import Ended, ForkServer
from support.installation import RESOURCES, change, published, truth
from support.program import Program

from perfectgym_source.sandbox import Fault, Sandbox, World


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(world=World("tiny", seed=1, quirks=False)) as running:
        yield running


def row_files(program: Program) -> list[str]:
    """Files of rows in the working folder."""
    endings = (".parquet", ".jsonl", ".gz", ".insert_values", ".arrow")
    return [str(path) for path in (program.folder / "dlt").rglob("*") if path.suffix in endings]


def load(server: ForkServer) -> dict[str, Any]:
    """Load, and give the summary."""
    done = server.run("--json", *RESOURCES)
    assert done.code == 0, done.errors
    summary: dict[str, Any] = json.loads(done.output)
    return summary


@pytest.mark.parametrize("is_first", [True, False])
def test_a_full_disk_while_loading_leaves_a_package_that_the_next_run_completes(
    configured: Program, sandbox: Sandbox, server: ForkServer, is_first: bool
) -> None:
    if not is_first:
        load(server)
        for row in sandbox.world.rows("classes"):
            sandbox.world.change("classes", row, attendeesCount=77)
    done = fail_to_load(server)
    assert "Nothing is lost: the next run completes what was extracted." in done.errors
    assert row_files(configured) != []
    summary = load(server)
    assert summary["completed_packages"] == 1
    assert summary["rows"] == {}
    assert published(configured) == truth(sandbox.world)
    assert row_files(configured) == []


def test_a_full_disk_while_reading_leaves_nothing_and_the_next_run_reads_again(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    done = server.run(*RESOURCES, largest_file=20_000)
    assert done.code == 5
    assert row_files(configured) == []
    assert not configured.database.exists()
    load(server)
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_a_full_disk_while_publishing_leaves_the_old_file_and_the_next_run_publishes(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    before = published(configured)
    change(sandbox.world, random.Random(1))
    done = server.run(*RESOURCES, largest_file=configured.loading_file.stat().st_size // 2)
    assert done.code == 5
    assert published(configured) == before
    assert load(server)["rows"] == {}
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_a_full_disk_after_loading_loses_nothing(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    for row in sandbox.world.rows("classes"):
        sandbox.world.change("classes", row, attendeesCount=77)
    done = server.run(*RESOURCES, largest_file=400_000)
    assert done.code == 5
    assert row_files(configured) == []
    assert "Free some space and run again: no row that was loaded is lost." in done.errors
    assert load(server)["completed_packages"] == 0
    assert published(configured) == truth(sandbox.world)


def fail_to_load(server: ForkServer) -> Ended:
    """A run that reads all and fails to load it, because the write-ahead log cannot grow."""
    done = server.run(*RESOURCES, largest_file=200_000)
    assert done.code == 5, done.errors
    return done


def damage_file(file: Path) -> None:
    file.write_bytes(b"garbage" * 1000)


def cut_file(file: Path) -> None:
    with open(file, "r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def empty_file(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [damage_file, cut_file, empty_file])
@pytest.mark.usefixtures("loaded")
def test_a_damaged_loading_file_is_told_before_the_first_request(
    configured: Program, sandbox: Sandbox, server: ForkServer, damage: Callable[[Path], None]
) -> None:
    change(sandbox.world, random.Random(1))
    damage(configured.loading_file)
    asked = len(sandbox.requests)
    done = server.run(*RESOURCES)
    assert done.code == 5
    assert "move it and gym_loading.duckdb.wal away" in done.errors
    assert "Traceback" not in done.errors
    assert len(sandbox.requests) == asked
    configured.loading_file.unlink()
    load(server)
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_a_loading_file_that_was_deleted_is_made_from_the_published_one(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    configured.loading_file.unlink()
    change(sandbox.world, random.Random(1))
    assert load(server)["rows"]["classes"] < 10
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_a_published_file_that_was_deleted_is_published_again(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    configured.database.unlink()
    assert load(server)["rows"] == {}
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_everything_is_read_again_when_both_files_were_deleted(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    configured.loading_file.unlink()
    configured.database.unlink()
    assert load(server)["rows"]["classes"] == len(sandbox.world.truth("classes"))
    assert published(configured) == truth(sandbox.world)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.usefixtures("loaded")
def test_files_that_are_deleted_while_a_package_is_pending_lose_nothing(
    configured: Program, sandbox: Sandbox, server: ForkServer, both: bool
) -> None:
    for row in sandbox.world.rows("classes"):
        sandbox.world.change("classes", row, attendeesCount=77)
    fail_to_load(server)
    assert row_files(configured) != []
    for file in configured.folder.glob("*.duckdb*" if both else "*_loading.duckdb"):
        file.unlink()
    load(server)
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_a_dataset_that_is_dropped_while_a_package_is_pending_is_read_from_the_beginning(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    for row in sandbox.world.rows("classes"):
        sandbox.world.change("classes", row, attendeesCount=77)
    fail_to_load(server)
    with duckdb.connect(str(configured.loading_file)) as connection:
        connection.execute("DROP SCHEMA perfectgym CASCADE")
    load(server)
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_an_older_copy_of_the_database_that_is_put_back_catches_up(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    backup = configured.database.read_bytes()
    change(sandbox.world, random.Random(1))
    load(server)
    configured.loading_file.unlink()
    configured.database.write_bytes(backup)
    load(server)
    assert published(configured) == truth(sandbox.world)


@pytest.mark.usefixtures("loaded")
def test_a_run_leaves_no_rows_in_the_working_folder(
    configured: Program, sandbox: Sandbox, server: ForkServer
) -> None:
    assert row_files(configured) == []
    sandbox.faults.add(Fault(path="Contracts/Contracts", kind="status", status=403, times=None))
    assert server.run(*RESOURCES).code == 4
    assert row_files(configured) == []
