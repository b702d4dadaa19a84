"""A machine that does not have what the connector needs is refused before anything happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.program import Program, environment_of

NEEDS = "dlt<2,>=1.31"


def _packages(folder: Path, **versions: str) -> str:
    """Make a folder with the metadata of this package and of others, and return its path."""
    others = {"perfectgym_source": "1", **versions}
    for name, version in others.items():
        info = folder / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name.replace('_', '-')}", f"Version: {version}"]
        if name == "perfectgym_source":
            lines += ["Requires-Dist: dlt[duckdb]<2,>=1.31", "Requires-Dist: duckdb<3,>=1.1"]
            lines += ['Requires-Dist: dlt[deltalake]>=7; extra == "dev"']
        (info / "METADATA").write_text("\n".join(lines) + "\n\n")
    return str(folder)


def _python(program: Program, code: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**environment_of(program.folder), **more}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=program.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        (
            {"dlt": "1.30.9"},
            f"needs {NEEDS}, but dlt 1.30.9 is installed. Run: pip install '{NEEDS}'",
        ),
        (
            {"duckdb": "3.0.0.dev1"},
            "needs duckdb<3,>=1.1, but duckdb 3.0.0.dev1 is installed. Run: pip install "
            "'duckdb<3,>=1.1'",
        ),
        (
            {"dlt": "2.0", "duckdb": "1.0"},
            f"needs {NEEDS} and duckdb<3,>=1.1, but dlt 2.0 and duckdb 1.0 are installed. Run: "
            f"pip install '{NEEDS}' 'duckdb<3,>=1.1'",
        ),
    ],
)
def test_another_version_of_dlt_or_duckdb_is_refused(
    program: Program, tmp_path: Path, versions: dict[str, str], said: str
) -> None:
    path = _packages(tmp_path / "packages", **versions)
    before = sorted(program.folder.rglob("*"))
    done = program.exec("demo", PYTHONPATH=path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: perfectgym-source {said}\n"
    assert sorted(program.folder.rglob("*")) == before
    for code in (
        "from perfectgym_source import perfectgym_source",
        "from perfectgym_source.pipeline import run_pipeline",
    ):
        assert (
            f"ConfigurationError: perfectgym-source {said}"
            in _python(program, code, PYTHONPATH=path).stderr
        )


def test_versions_in_the_range_are_accepted(program: Program, tmp_path: Path) -> None:
    path = _packages(tmp_path / "packages", dlt="1.99", duckdb="2.0.dev1")
    done = program.exec("list", "pipelines", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr


def test_windows_is_refused_in_one_sentence(program: Program) -> None:
    code = (
        "import sys; from perfectgym_source.cli.main import main; "
        "sys.argv[1:] = ['--demo']; sys.platform = 'win32'; main()"
    )
    before = sorted(program.folder.rglob("*"))
    done = _python(program, code)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: Pipelines do not run on Windows itself")
    assert "WSL" in done.stderr and done.stderr.count("\n") == 1
    assert sorted(program.folder.rglob("*")) == before


def test_the_source_alone_needs_no_posix_locks(program: Program) -> None:
    code = (
        "import sys; sys.modules['fcntl'] = None; import perfectgym_source; "
        "print(len(perfectgym_source.perfectgym_source("
        "base_url='https://x.invalid', username='u', password='p').resources))"
    )
    done = _python(program, code)
    assert int(done.stdout) > 10, done.stderr
