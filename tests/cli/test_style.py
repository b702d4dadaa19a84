"""Color is for terminals that have it, and text of the API brings none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from perfectgym_source.cli.rendering.style import BAD, GOOD, painted, styled, unstyled
from perfectgym_source.cli.rendering.table import fitted, table

LISTING = [sys.executable, str(Path(sys.executable).with_name("perfectgym")), "list", "exit-codes"]
SCRIPT = ["script", "-qec"]


def test_marks_become_sequences_and_take_no_room() -> None:
    text = styled("FAILED", BAD)
    assert painted(text) == "\x1b[31m\x1b[1mFAILED\x1b[0m"
    assert unstyled(text) == "FAILED"
    assert fitted(f"{styled('aaaa', GOOD)} bbbb", 9) == f"{styled('aaaa', GOOD)} bbbb"
    head, ok, other = table([("result", "x"), ("ok", "1"), ("ok then", "2")], width=0)
    assert painted(head).startswith("\x1b[1mresult")
    assert painted(ok).startswith("\x1b[32mok\x1b[0m       1")
    assert painted(other) == "ok then  2"


@pytest.mark.parametrize(
    ("variables", "has_color"),
    [("TERM=xterm", True), ("TERM=dumb", False), ("TERM=xterm NO_COLOR=1", False)],
)
def test_a_terminal_gets_color_unless_somebody_said_no(
    variables: str, has_color: bool, tmp_path: Path
) -> None:
    call = f"env -u NO_COLOR {variables} {' '.join(LISTING)}"
    shown = subprocess.run(
        [*SCRIPT, call, "/dev/null"], cwd=tmp_path, capture_output=True, check=True, timeout=60
    )
    assert (b"\x1b[1m" in shown.stdout) is has_color
    assert b"interrupted" in shown.stdout


def test_what_is_piped_is_plain(tmp_path: Path) -> None:
    done = subprocess.run(LISTING, cwd=tmp_path, capture_output=True, check=True, timeout=60)
    assert done.stdout.isascii()
    assert b"\x1b" not in done.stdout
