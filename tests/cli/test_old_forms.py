"""The forms of calls before there were commands."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest
from support.each import for_each

from perfectgym_source.cli.main import COMMANDS
from perfectgym_source.cli.old_forms import OLD, in_new_form
from perfectgym_source.errors import ConfigurationError


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "load"),
        ("finance --limit 5", "load finance --limit 5"),
        ("--demo", "load --demo"),
        ("--check", "check"),
        ("finance --status --json", "status finance --json"),
        ("--verify --resources clubs,classes", "verify --resources clubs,classes"),
        ("--dataset x finance --repair", "repair finance --dataset x"),
        ("--state --dataset=x", "state --dataset=x"),
        ("--reset clubs --reset classes --yes", "reset clubs classes --yes"),
        ("finance --reset=clubs,users", "reset clubs,users --pipeline finance"),
        ("--list", "list"),
        ("--list-pipelines", "list pipelines"),
        ("--help", "--help"),
        ("--version", "--version"),
        ("status finance", "status finance"),
        ("reset clubs --status", "reset clubs --status"),
        ("statsu", "statsu"),
    ],
)
def test_what_a_call_of_perfectgym_becomes(old: str, new: str) -> None:
    assert in_new_form(old.split(), COMMANDS) == new.split()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "load"),
        ("--help", "load --help"),
        ("status", "load status"),  # a pipeline may have any name
        ("finance --status", "status finance"),
    ],
)
def test_what_a_call_of_run_py_becomes(old: str, new: str) -> None:
    assert in_new_form(old.split(), ()) == new.split()


def test_a_command_after_run_py_is_named(tmp_path: Path) -> None:
    program = Path(__file__).parents[2] / "pipelines" / "run.py"
    done = subprocess.run(
        [sys.executable, str(program), "status"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "The command is `perfectgym status`" in done.stderr


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("--json status", "perfectgym status --json"),
        ("--dataset status --quiet load finance", "perfectgym load finance --dataset status"),
    ],
)
def test_a_command_behind_options_is_named(given: str, right: str) -> None:
    with pytest.raises(ConfigurationError, match="It comes first: ") as caught:
        in_new_form(given.split(), COMMANDS)
    assert right in str(caught.value)
    assert in_new_form(["--dataset", "status"], COMMANDS) == ["load", "--dataset", "status"]


@for_each(permutations(OLD, 2))
def test_two_commands_are_refused(*options: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be given together") as caught:
        in_new_form([*options, "clubs", "--yes"], COMMANDS)
    assert all(name in str(caught.value).split() for name in options)
