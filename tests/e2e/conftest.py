"""Fixtures: a sandbox, and the program with and without a configuration."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from support.fork_server import ForkServer
from support.program import Program, environment_of, settings_for

from perfectgym_source.sandbox import Sandbox, World


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="tiny", seed=1) as running:
        yield running


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, unconfigured."""
    return Program(tmp_path, environment_of(tmp_path))


@pytest.fixture
def configured(program: Program, sandbox: Sandbox) -> Program:
    """The program, configured by environment variables for the sandbox."""
    program.environment.update(settings_for(sandbox))
    return program


@pytest.fixture
def server(configured: Program) -> ForkServer:
    """Runs the configured program, with means to kill it and to disturb it."""
    return ForkServer(configured)


@pytest.fixture(scope="session")
def first_load(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Gives the folder of the program after its first run over a world of this kind."""

    @cache
    def loaded_folder(quirks: bool, *arguments: str) -> Path:
        folder = tmp_path_factory.mktemp("first_load")
        with Sandbox(world=World("tiny", seed=1, quirks=quirks)) as sandbox:
            program = Program(folder, {**environment_of(folder), **settings_for(sandbox)})
            done = program(*arguments)
        assert done.returncode == 0, done.stderr
        return folder

    return loaded_folder


@pytest.fixture
def loaded(
    request: pytest.FixtureRequest,
    configured: Program,
    sandbox: Sandbox,
    first_load: Callable[..., Path],
) -> Program:
    """The configured program after its first run, which has loaded `RESOURCES` of the module.

    What the run leaves behind, but for what dlt's own tools show of it, does not depend on where
    the folder is, and a world that nobody has edited always has the same rows.
    """
    folder = first_load(sandbox.world.quirks, *request.module.RESOURCES)
    shutil.copytree(folder, configured.folder, dirs_exist_ok=True)
    return configured
