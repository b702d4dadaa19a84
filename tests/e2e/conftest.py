"""Fixtures: a sandbox, and the program with and without a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fork_server import ForkServer
from support.program import Program, environment_of, settings_for

from perfectgym_source.sandbox import Sandbox


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
