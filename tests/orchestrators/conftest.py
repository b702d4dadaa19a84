"""Fixtures: two installations, and environments that hold an orchestrator each."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.loading import small_world
from support.two_installations import NAMES, ROOT, write_settings

from perfectgym_source.sandbox import Sandbox


@pytest.fixture
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    """Two installations, by name."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(Sandbox(world=small_world(seed=seed)))
            for seed, name in enumerate(NAMES, 1)
        }


@pytest.fixture
def project(tmp_path: Path, sandboxes: dict[str, Sandbox]) -> Path:
    """A folder whose `.dlt` names the two installations."""
    write_settings(tmp_path / "project", sandboxes)
    return tmp_path / "project"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The variables with which an orchestrator's programs run."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(tmp_path),
        "DLT_DATA_DIR": str(tmp_path / "dlt"),
    }


@pytest.fixture(scope="session")
def programs_of() -> Callable[..., Path]:
    """Gives the folder of programs of an environment with `requirements-NAME.txt`, kept."""
    cache = os.environ.get("ORCHESTRATORS")
    if not cache:
        pytest.skip("ORCHESTRATORS names no folder for the environments of Airflow and Dagster")

    def make(name: str) -> Path:
        file = Path(__file__).with_name(f"requirements-{name}.txt")
        folder = Path(cache).expanduser().resolve() / name
        programs, done = folder / "bin", folder / "installed"
        if not done.exists() or done.read_bytes() != file.read_bytes():
            print(f"Installing {name} into {folder} ...", file=sys.stderr)
            venv.create(folder, with_pip=True, clear=True)
            pip = [str(programs / "python"), "-m", "pip", "install", "-q"]
            subprocess.run([*pip, "-r", str(file), "-e", str(ROOT)], check=True)
            done.write_bytes(file.read_bytes())
        return programs

    return make
