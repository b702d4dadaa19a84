"""Completion by the installed command, as bash asks for it."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
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
            "COMP_WORDS": "perfectgym load --resources clubs,contract_fe",
            "COMP_CWORD": "3",
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


def test_a_real_bash_completes_after_the_lines_that_the_script_names(program: Program) -> None:
    path = Path(sys.executable).with_name("perfectgym")
    script = subprocess.run(
        [str(path), "completion", "bash"],
        cwd=program.folder,
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    [line] = [text.removeprefix("# ") for text in script.splitlines() if text.startswith("# [ -x")]
    (program.folder / "rc").write_text(
        f"PS1='ready> '\nbind 'set enable-bracketed-paste off'\n{line}\n"
    )
    main, terminal = pty.openpty()
    with subprocess.Popen(
        ["bash", "--rcfile", "rc", "-i"],
        cwd=program.folder,
        env={**program.environment, "TERM": "dumb"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        wait_for(main, "ready> ")
        os.write(main, f"{path} load --resources clubs,contract_fe\t".encode())
        wait_for(main, "clubs,contract_fees ")
        os.write(main, b"\x15exit\n")
        process.wait(20)
    os.close(main)

    gone = subprocess.run(
        ["bash", "-c", line.replace(str(path), "/nowhere/perfectgym")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (gone.stdout, gone.stderr) == ("", "")


def wait_for(terminal: int, text: str) -> None:
    shown, deadline = "", time.monotonic() + 60
    while text not in shown:
        assert time.monotonic() < deadline, shown
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 4096).decode()
