"""Runs that are killed at any moment and at every step: the next one puts everything right."""

from __future__ import annotations

import glob
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.fork_server import ForkServer, Place
from support.installation import RESOURCES, Tables, change, published, truth
from support.program import Program, environment_of, settings_for

from perfectgym_source.sandbox import Sandbox, World

KILLS = int(os.environ.get("KILLS", "9"))
"""Kills at random moments; a longer search: docs/development.md."""
LATER_PHASES = (("extracted", 0.1), ("loading", 0.3), ("publishing", 0.0))
"""Each with the share of a run's time in which it is struck."""
STRUCK = {"reading", "extracted", "loading"}
"""Phases in which a run is killed at least once."""
SEED = int(os.environ.get("KILL_SEED", "1"))

DLT_EXTRACT = "dlt.extract.extract:Extract"
DLT_PIPELINE = "dlt.pipeline.pipeline:Pipeline"
DLT_LOAD = "dlt.load.load:Load"
DLT_JOBS = "dlt.common.storages.load_package:PackageStorage"
DLT_PACKAGES = "dlt.common.storages.load_storage:LoadStorage"
MERGING = "perfectgym_source.destination.duckdb.merging:MergeJob"
DESTINATION = "perfectgym_source.destination.base:Destination"
DUCKDB_FILE = "perfectgym_source.destination.duckdb.duckdb_file"
LOADING_FILE = "perfectgym_source.destination.duckdb.loading_file"
PUBLISHING = "perfectgym_source.destination.duckdb.publish"
REPLACEMENT = "perfectgym_source.destination.duckdb.replacement"

PLACES = [
    # Reading.
    Place(f"{DLT_EXTRACT}.extract"),
    Place("perfectgym_source.api.client:Client.get", "after", 4),
    Place(f"{DLT_EXTRACT}.commit_packages"),
    Place(f"{DLT_EXTRACT}.commit_packages", "after"),
    Place(f"{DLT_PIPELINE}.extract", "after"),
    # Normalizing.
    Place(f"{DLT_PACKAGES}.commit_new_load_package"),
    Place(f"{DLT_PACKAGES}.commit_new_load_package", "after"),
    Place(f"{DLT_PIPELINE}.normalize", "after"),
    # Loading.
    Place(f"{DLT_LOAD}.initialize_package"),
    Place(f"{DLT_LOAD}.initialize_package", "after"),
    Place(f"{MERGING}.run", "after"),
    Place(f"{MERGING}.run", "after", 4),
    Place(f"{DLT_JOBS}.complete_job"),
    Place(f"{DLT_JOBS}.complete_job", "after", 3),
    Place(f"{DLT_LOAD}.complete_package"),
    Place(f"{DLT_PACKAGES}.complete_load_package"),
    Place(f"{DLT_PACKAGES}.complete_load_package", "after"),
    Place(f"{DLT_PIPELINE}.load", "after"),
    # Publishing.
    Place(f"{DESTINATION}.forget_working_files", "after"),
    Place(f"{DUCKDB_FILE}:publish"),
    Place(f"{PUBLISHING}:copy_file", "after"),
    Place(f"{PUBLISHING}:drop_staging", "after"),
    Place(f"{REPLACEMENT}:flush", "after"),
    Place(f"{REPLACEMENT}:flush", "before", 2),
    Place(f"{PUBLISHING}:_marker", "after", 2),
    Place(f"{DUCKDB_FILE}:publish", "after"),
]
"""Between every two steps of a run."""

FIRST_PLACES = [
    Place(f"{REPLACEMENT}:flush"),
    Place(f"{LOADING_FILE}:prepare", "after"),
    Place(f"{DLT_EXTRACT}.commit_packages", "after"),
    Place(f"{DLT_PACKAGES}.commit_new_load_package", "after"),
    Place(f"{DLT_LOAD}.initialize_package", "after"),
    Place(f"{MERGING}.run", "after", 2),
    Place(f"{DLT_PACKAGES}.complete_load_package"),
    Place(f"{DUCKDB_FILE}:publish"),
]
"""Those that are something else when there is no database yet."""


WORKING = "dlt/perfectgym/*/pipelines/perfectgym"
PHASES = {
    "publishing": ".gym.duckdb.tmp",
    "loading": f"{WORKING}/load/normalized/*",
    "extracted": f"{WORKING}/normalize/extracted/*",
    "reading": WORKING,
}
"""What shows that a run has come to a phase, the last phase first."""


@dataclass
class Installation:
    """A sandbox whose rows change, and the program that loads it, run by run."""

    sandbox: Sandbox
    program: Program
    server: ForkServer

    def truth(self) -> Tables:
        return truth(self.sandbox.world)

    def change(self, chance: random.Random) -> None:
        change(self.sandbox.world, chance)

    def published(self) -> Tables:
        return published(self.program)

    def is_up_to_date(self) -> bool:
        return self.program.database.exists() and self.published() == self.truth()

    def load(self) -> None:
        done = self.server.run(*RESOURCES)
        assert done.code == 0, done.errors

    def load_and_die(self, place: Place) -> None:
        assert self.server.run(*RESOURCES, die_at=place).code == -signal.SIGKILL

    def forget_all(self) -> None:
        """A new installation of the program, with no database."""
        for file in self.program.folder.glob("*.duckdb*"):
            file.unlink()
        shutil.rmtree(self.program.folder / "dlt", ignore_errors=True)

    def left_behind(self) -> list[str]:
        """Files besides the two databases, their marker and the lock, such as copies of rows.

        What dlt's own tools show of the last run stays.
        """
        databases = {"gym.duckdb", "gym_loading.duckdb"}
        expected = {*databases, ".gym.duckdb.published", "run.lock"}
        folder = self.program.folder
        shown = {folder / "dlt/pipelines/perfectgym", folder / "dlt/perfectgym/shown"}
        found = [path for path in folder.rglob("*") if path.is_file()]
        return [
            path.name
            for path in found
            if path.name not in expected and shown.isdisjoint(path.parents)
        ]

    def phase(self) -> str:
        """How far a run has come, or had when it was killed, by its files."""
        # Unlike pathlib's, this glob does not mind a folder that goes away meanwhile.
        folder = self.program.folder
        found = [phase for phase, files in PHASES.items() if glob.glob(files, root_dir=folder)]
        return found[0] if found else "starting or ending"

    def await_phase(self, phase: str, seconds: float) -> None:
        """Wait for a run to come to a phase, but no longer than so many seconds."""
        deadline = time.monotonic() + seconds
        while self.phase() != phase and time.monotonic() < deadline:
            time.sleep(0.001)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("kills")
    with Sandbox(world=World("tiny", seed=1, quirks=False)) as sandbox:
        program = Program(folder, {**environment_of(folder), **settings_for(sandbox)})
        yield Installation(sandbox, program, ForkServer(program))


@pytest.mark.timeout(900)
def test_kills_at_any_moment_leave_a_whole_database_and_the_next_run_completes_it(
    installation: Installation,
) -> None:
    print(f"KILL_SEED={SEED} KILLS={KILLS}")
    chance = random.Random(SEED)
    duration, struck = 1.0, Counter[str]()
    before: Tables | None = None
    for _ in range(3 * KILLS + 20):
        # A kill may come too late for its phase, or for its run.
        if struck.total() >= KILLS and struck.keys() >= STRUCK:
            break
        if struck.total() % 10 == 0:
            installation.forget_all()
            before = None
        installation.change(chance)
        now = installation.truth()
        run = installation.server.start(*RESOURCES)
        if struck.total() % 2:
            time.sleep(chance.uniform(0, duration))
        else:
            # The later phases are brief: each is waited for in turn.
            phase, share = LATER_PHASES[struck.total() // 2 % len(LATER_PHASES)]
            installation.await_phase(phase, 3 * duration)
            time.sleep(chance.uniform(0, share * duration))
        run.send_signal(signal.SIGKILL)
        if run.wait().code == -signal.SIGKILL:
            struck[installation.phase()] += 1
        if installation.program.database.exists():
            assert installation.published() in (before, now)
        else:
            assert before is None

        installation.change(chance)
        started = time.monotonic()
        installation.load()
        duration += (time.monotonic() - started - duration) / 4
        before = installation.truth()
        assert installation.published() == before
    print(dict(struck))
    assert struck.total() >= KILLS
    assert struck.keys() >= STRUCK


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_kill_between_two_steps_is_put_right_by_the_next_run(
    installation: Installation, place: Place
) -> None:
    before = installation.truth()
    if installation.left_behind() or not installation.is_up_to_date():
        installation.forget_all()
        installation.load()
    installation.change(random.Random(1))
    now = installation.truth()
    installation.load_and_die(place)
    assert installation.published() in (before, now)
    installation.load()
    assert installation.published() == now
    assert installation.left_behind() == []


@pytest.mark.parametrize("place", FIRST_PLACES, ids=str)
def test_a_first_run_that_is_killed_between_two_steps_is_put_right_by_the_next(
    installation: Installation, place: Place
) -> None:
    installation.forget_all()
    installation.load_and_die(place)
    assert not installation.program.database.exists()
    installation.change(random.Random(1))
    installation.load()
    assert installation.published() == installation.truth()
    assert installation.left_behind() == []
