"""Completion by the installed command, as bash asks for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from support.program import Program


def test_bash_gets_names_and_does_not_wait_for_dlt(program: Program) -> None:
    command = shutil.which("perfectgym", path=str(Path(sys.executable).parent))
    assert command
    done = subprocess.run(
        [command],
        cwd=program.folder,
        env={
            **program.environment,
            "_PERFECTGYM_COMPLETE": "bash_complete",
            "COMP_WORDS": "perfectgym --resources clubs,contract_f",
            "COMP_CWORD": "2",
            "PYTHONPROFILEIMPORTTIME": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "plain,clubs,contract_fees\n"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "perfectgym_source.cli.completion" in imported
    assert imported.isdisjoint({"dlt", "duckdb", "pyarrow", "requests"})
