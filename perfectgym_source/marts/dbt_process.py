"""Run dbt: a process of its own, with nothing of the user's own dbt projects."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..destination.marts_schemas import PROJECT
from ..text import one_line, shortened

LONGEST_ERROR = 500
_PROGRAM = """
import os, threading
threading.Thread(target=lambda: os.read(0, 1) or os._exit(1), daemon=True).start()
from dbt.cli.main import cli
cli()
"""
"""dbt, which ends with this process, however that ends: its standard input does."""
_DBT = (sys.executable, "-W", "ignore", "-c", _PROGRAM)
_FLAGS = (
    *("--no-send-anonymous-usage-stats", "--no-use-colors", "--quiet", "--no-print"),
    *("--log-level", "error", "--log-level-file", "none"),
)
_WITHOUT = ("compiled code at", "line ", "detail:", "^", "context:")
"""Lines of a message that hold values, or nothing worth to know."""
_UNTESTED = "PERFECTGYM_MARTS_UNTESTED"
"""Leaves the descriptions and tests of the models out of the project."""


@dataclass(frozen=True)
class NodeResult:
    """Result of a model or a test.

    Attributes:
        name: Its name.
        is_test: Whether it is a test.
        status: dbt's word: `success`, `error`, `skipped`, `pass`, `warn`, `fail`.
        message: dbt's message, without values.
    """

    name: str
    is_test: bool
    status: str
    message: str


class DbtFailed(Exception):
    """dbt has no results; the text says why."""


def working_folder(folder: Path, tests: bool) -> Path:
    """Return the folder of dbt's working files. What it has parsed stays there for the next time.

    The path is absolute: dbt takes another one for one in the project, which is in this package.

    Args:
        folder: The working folder of the destination.
        tests: Whether it parses descriptions and tests too.
    """
    return folder.absolute() / "marts" / ("tested" if tests else "untested")


def run_dbt(
    command: Sequence[str],
    variables: Mapping[str, Any],
    environment: Mapping[str, str],
    folder: Path,
    tests: bool = True,
) -> list[NodeResult]:
    """Run a command of dbt over the project, and return the results of its nodes.

    Args:
        command: The command with its arguments.
        variables: The variables of the project.
        environment: What the profile takes from the environment.
        folder: The working folder of the destination.
        tests: Whether descriptions and tests of the models are part of the project.

    Raises:
        DbtFailed: It ended without results, or could not be started.
    """
    folder = working_folder(folder, tests)
    results = folder / "target" / "run_results.json"
    words: list[str | Path] = [
        *(*_DBT, *_FLAGS, *command),
        *("--project-dir", PROJECT, "--profiles-dir", PROJECT),
        *("--target-path", results.parent, "--log-path", folder / "logs"),
        *("--vars", json.dumps(variables, sort_keys=True)),
    ]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        results.unlink(missing_ok=True)
        own = environment if tests else {**environment, _UNTESTED: "1"}
        code, output = _run(words, own, folder)
    except OSError as error:
        raise DbtFailed(f"dbt could not be started: {error}") from None
    if code not in (0, 1) and results.exists():
        # The results are those of some nodes, and what it printed may quote rows.
        raise DbtFailed(f"dbt was interrupted (exit code {code})")
    try:
        return _results(json.loads(results.read_bytes()))
    except (OSError, ValueError, KeyError):
        raise DbtFailed(_last_error(output, code)) from None


def query_of(test: str, folder: Path) -> Path:
    """Return the file with the query of a test, which returns the rows that fail it.

    Args:
        test: The name of the test.
        folder: The working folder of the destination.
    """
    compiled = working_folder(folder, tests=True) / "target" / "compiled"
    return next(compiled.rglob(f"{test}.sql"), compiled)


def _environment(added: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    return {
        **own,
        "DO_NOT_TRACK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PERFECTGYM_MARTS_SEVERITY": "warn",  # otherwise what reads the model is not built
        **added,
    }


def _run(
    words: Sequence[str | Path], environment: Mapping[str, str], folder: Path
) -> tuple[int, str]:
    """Run dbt, and return its exit code and what it printed; an interruption ends it too."""
    end, life = os.pipe()
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=_environment(environment),
            umask=0o077,
            stdin=end,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        try:
            output, _ = process.communicate()
        except BaseException:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            raise
    finally:
        os.close(end)
        os.close(life)
    return process.returncode, output


def _results(found: Mapping[str, Any]) -> list[NodeResult]:
    return [
        NodeResult(
            name=entry["unique_id"].split(".")[2],
            is_test=entry["unique_id"].startswith("test."),
            status=entry["status"],
            message=without_values(entry["message"] or ""),
        )
        for entry in found["results"]
    ]


def without_values(message: str) -> str:
    """Return a message of dbt on one line, without the values of rows that a database quotes."""
    lines = [line.strip() for line in message.splitlines()]
    kept = [line for line in lines if line and not line.lower().startswith(_WITHOUT)]
    if kept and re.match(r"\w+ Error in \w+ ", kept[0]):
        kept = kept[1:] or kept
    text = re.sub(r"'[^']*'", "'…'", " ".join(kept))
    text = re.sub(r'(invalid input syntax for type [\w ]+|out of range): ".*"', r"\1", text)
    return shortened(one_line(text), LONGEST_ERROR)


def _last_error(output: str, code: int) -> str:
    lines = [re.sub(r"^\d\d:\d\d:\d\d +", "", line).strip() for line in output.splitlines()]
    text = one_line(" ".join(line for line in lines if line and line != "Encountered an error:"))
    return shortened(text or f"dbt ended with exit code {code}", LONGEST_ERROR)
