"""The fenced blocks of the documentation do what they say.

Commands run as processes in a folder with a loaded `gym.duckdb`, against a sandbox, with an
environment that is installed already. `<!-- not run: REASON -->` before a block leaves it out.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import duckdb
import pytest
from support.marts_project import running_in
from support.pages import BLOCKS, ROOT, Block
from support.program import Program

from perfectgym_source.destination.marts_schemas import PROJECT
from perfectgym_source.sandbox import Sandbox

CLIENTS = "docs/clients.md"
"""Its programs have packages of their own: see test_clients.py."""
INSTALLS = (["python3", "-m", "venv"], [".venv/bin/pip", "install"])


def _run_blocks(kind: str) -> list[Block]:
    """The blocks of a kind that run here; queries over the marts run where these are built."""
    return [
        block
        for block in BLOCKS
        if block.kind == kind and block.reason is None and block.page != "docs/questions.md"
    ]


def _commands(block: Block) -> Iterator[list[str]]:
    """The commands of a block, as lists of words."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars="&|;<>()")
        words.whitespace_split = True
        for is_operator, command in groupby(words, lambda word: word == "&&"):
            if not is_operator:
                yield list(command)


def _run(words: list[str], program: Program) -> None:
    """Run one command; it has to end with exit code 0."""
    assert not set(words) & {"|", ";", "<", ">", ">>", "&", "||"}, "say it in plain commands"
    assigned = {}
    while found := re.fullmatch(r"([A-Z_]+)=(.*)", words[0]):
        assigned[found[1]] = found[2]
        words = words[1:]
    if words[:3] == INSTALLS[0] or words[:2] == INSTALLS[1]:
        return
    name, *arguments = words
    if name.removeprefix(".venv/bin/") == "perfectgym":
        if arguments[0] == "demo":  # with marts
            assigned |= running_in(PROJECT)
        done = program(*arguments, **assigned)
    elif name == "dlt":
        done = program(*words, **assigned)
    else:
        installed = Path(sys.executable).with_name(Path(name).name)
        if installed.exists():
            name = str(installed)
        done = subprocess.run(
            [name, *arguments],
            cwd=program.folder,
            env={**program.environment, **assigned},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("block", _run_blocks("sh"), ids=str)
def test_the_commands_work(block: Block, program: Program) -> None:
    for words in _commands(block):
        _run(words, program)


@pytest.mark.parametrize("block", _run_blocks("sql"), ids=str)
def test_the_queries_return_rows(block: Block, loaded: Program) -> None:
    with duckdb.connect(str(loaded.database), read_only=True) as connection:
        assert connection.execute(block.text).fetchall()


@pytest.mark.parametrize(
    "block", [block for block in _run_blocks("python") if block.page != CLIENTS], ids=str
)
def test_the_programs_work(
    block: Block, world: Sandbox, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(program.folder)
    for name, value in program.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    exec(block.text, {})
    file = program.folder / "timetable.duckdb"
    if file.exists():
        with duckdb.connect(str(file), read_only=True) as connection:
            assert len(connection.table("perfectgym.classes")) == len(world.world.classes)


def test_few_blocks_are_not_run() -> None:
    left_out = [block for block in BLOCKS if block.reason is not None]
    assert len(left_out) == 12, [str(block) for block in left_out]
    kinds = {"", "json", "mermaid", "python", "r", "sh", "sql", "text", "toml", "yaml"}
    assert {block.kind for block in BLOCKS} <= kinds


def test_the_first_two_commands_of_the_readme_are_lines_for_a_fresh_clone() -> None:
    first, second, *_ = [block for block in BLOCKS if block.kind == "sh"]
    assert first.page == second.page == "README.md"
    assert first.text.startswith("python3 -m venv .venv && ") and first.text.count("\n") == 1
    assert first.reason is None
    assert second.text.count("\n") == 1
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "grep -m 1 -- '-m pytest' README.md" in ci
    assert [line for line in second.text.splitlines() if "-m pytest" in line]


def test_the_tools_of_the_blocks_are_found() -> None:
    assert os.access(Path(sys.executable).with_name("perfectgym"), os.X_OK)
