"""The program as a process, against a sandbox, into a DuckDB file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from support.fork_server import ForkServer

from perfectgym_source.cli.main import COMMANDS
from perfectgym_source.sandbox import Sandbox

PROGRAM = Path(__file__).parents[2] / "pipelines" / "run.py"
PERFECTGYM = Path(sys.executable).with_name("perfectgym")


@dataclass
class Program:
    """Runs the program in a folder of its own, with nothing configured but what is given.

    Arguments that begin with a command are those of `perfectgym`, others those of
    `pipelines/run.py`.
    """

    folder: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run it as a fork of a process that has imported everything, for half of the time."""
        done = ForkServer(self).run(*arguments, **more)
        return subprocess.CompletedProcess(arguments, done.code, done.output, done.errors)

    def exec(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run it as a user does, from the start of Python on."""
        return subprocess.run(
            [sys.executable, str(program_for(arguments)), *arguments],
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    @property
    def database(self) -> Path:
        return self.folder / "gym.duckdb"

    @property
    def loading_file(self) -> Path:
        return self.folder / "gym_loading.duckdb"

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.sql(sql).fetchall()


def program_for(arguments: Sequence[str]) -> Path:
    """Return the program that takes these arguments."""
    return PERFECTGYM if arguments[:1] and arguments[0] in COMMANDS else PROGRAM


def settings_for(sandbox: Sandbox) -> dict[str, str]:
    """The environment variables that configure the program for a sandbox."""
    return {
        "SOURCES__PERFECTGYM__BASE_URL": sandbox.base_url,
        "SOURCES__PERFECTGYM__USERNAME": sandbox.employee.username,
        "SOURCES__PERFECTGYM__PASSWORD": sandbox.employee.password,
        "SOURCES__PERFECTGYM__RETRY_WAIT": "0.01",
    }


def environment_of(folder: Path) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
    }
    return {**inherited, "HOME": str(folder), "DLT_DATA_DIR": str(folder / "dlt")}


def demo_loads(program: Program, *resources: str) -> None:
    """Have the demo load a few resources only: its own, once, are those of the README."""
    folder = program.folder / ".dlt"
    folder.mkdir()
    named = f"[pipelines.marts]\ngroups = []\nresources = {[*resources]}\n"
    (folder / "config.toml").write_text(named, encoding="utf-8")
