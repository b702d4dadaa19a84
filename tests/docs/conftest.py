"""Fixtures: a sandbox, and a folder with its rows in `gym.duckdb`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.program import Program, environment_of, settings_for

from perfectgym_source.sandbox import Sandbox


@pytest.fixture(scope="package")
def world() -> Iterator[Sandbox]:
    with Sandbox(size="tiny", seed=1) as running:
        yield running


@pytest.fixture(scope="package")
def loaded(world: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program in a folder that it has loaded once; not to be changed."""
    folder = tmp_path_factory.mktemp("loaded")
    program = Program(folder, {**environment_of(folder), **settings_for(world)})
    done = program("load")
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture
def program(loaded: Program, tmp_path: Path) -> Program:
    """The program in a copy of that folder."""
    shutil.copytree(loaded.folder, tmp_path, dirs_exist_ok=True)
    return Program(tmp_path, {**loaded.environment, **environment_of(tmp_path)})
