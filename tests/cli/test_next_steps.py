"""What to do next is said at a terminal, by commands that work as printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from perfectgym_source.cli.next_steps import after_check, after_failure, after_load
from perfectgym_source.cli.rendering.style import unstyled
from perfectgym_source.destination import Options


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"])


@pytest.mark.usefixtures("terminal")
def test_the_steps_go_with_the_call() -> None:
    assert unstyled(after_failure("finance", "")).split("\n") == [
        "",
        "",
        "Next:",
        "  what works  perfectgym check finance",
    ]
    assert "perfectgym load --demo --demo-size tiny --dry-run" in after_check(
        "core", "--demo --demo-size tiny"
    )
    demo = after_load(
        Options("duckdb", Path("demo.duckdb"), "perfectgym"), ["clubs"], "--demo --demo-size tiny"
    )
    assert "perfectgym status --demo\n" in unstyled(demo)
    assert "perfectgym verify --demo --demo-size tiny\n" in unstyled(demo)
    assert "perfectgym report" not in demo
    with_marts = Options("duckdb", Path("gym.duckdb"), "perfectgym", pipeline="finance", marts=True)
    assert "perfectgym report finance\n" in unstyled(after_load(with_marts, ["clubs"], ""))


@pytest.mark.usefixtures("terminal")
def test_the_query_works_as_printed(tmp_path: Path) -> None:
    options = Options("duckdb", Path("my gym.duckdb"), "perfectgym")
    lines = unstyled(after_load(options, ["classes"], "")).splitlines()
    [query] = [line.split("look at rows", 1)[1].strip() for line in lines if "look at" in line]
    made = (
        "import duckdb; c = duckdb.connect('my gym.duckdb'); c.sql('CREATE SCHEMA perfectgym'); "
        "c.sql('CREATE TABLE perfectgym.classes AS SELECT 4711 AS id')"
    )
    subprocess.run([sys.executable, "-c", made], cwd=tmp_path, check=True, timeout=60)
    done = subprocess.run(
        query, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert "4711" in done.stdout


def test_nothing_is_said_where_nobody_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert after_failure("core", "") == ""
