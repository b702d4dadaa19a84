"""`--json`: one object that the schema describes, whatever command ends and however it ends."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.fork_server import ForkServer
from support.program import Program, demo_loads

from perfectgym_source.sandbox import Fault, Sandbox

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "result.schema.json").read_text(encoding="utf-8")
)
Draft202012Validator.check_schema(SCHEMA)
VALIDATOR = Draft202012Validator(SCHEMA)
SOME = ("--resources", "clubs,class_types")


def documented(definition: dict[str, Any]) -> set[str]:
    """Return the keys of an object that the schema describes."""
    kinds = [definition, *definition.get("oneOf", ())]
    resolved = [
        SCHEMA["$defs"][kind["$ref"].rpartition("/")[2]] if "$ref" in kind else kind
        for kind in kinds
    ]
    return {key for kind in resolved for key in kind.get("properties", ())}


def read(output: str, command: str, code: int) -> dict[str, Any]:
    """Return the only object of an output, after a check by the schema."""
    found: dict[str, Any] = json.loads(output)
    VALIDATOR.validate(found)
    assert (found["command"], found["exit_code"]) == (command, code)
    assert (found["error"] is None) or found["error"]["message"]
    kind = {"demo": "loaded"}.get(command, command)
    own = documented(SCHEMA["$defs"].get(kind, {}))
    assert found.keys() <= {*SCHEMA["$defs"]["object"]["properties"], *own}
    return found


def test_every_command_that_succeeds(configured: Program) -> None:
    demo_loads(configured, "clubs", "class_types")
    for arguments, outcome in (
        (("load", *SOME), "ok"),
        (("load", *SOME, "--dry-run"), "ok"),
        (("check", *SOME), "ok"),
        (("verify", *SOME), "equal"),
        (("repair", *SOME), "equal"),
        (("status", *SOME), "fresh"),
        (("state",), "ok"),
        (("reset", "clubs", "--yes"), "ok"),
        (("list",), "ok"),
        (("list", "pipelines"), "ok"),
        (("list", "installations"), "ok"),
        (("list", "exit-codes"), "ok"),
        (("demo", "--no-marts", "--size", "tiny"), "ok"),
    ):
        done = configured(*arguments, "--json")
        found = read(done.stdout, arguments[0], 0)
        assert found["outcome"] == outcome
        name = "marts" if arguments[0] == "demo" else "core"
        names = (None, None) if arguments[0] == "list" else (name, found["installation"])
        assert (found["pipeline"], found["installation"]) == names


def test_usage_configuration_and_unexpected_ends(program: Program) -> None:
    for words, command in (
        ("frobnicate", "load"),  # of run.py: a pipeline
        ("--status --verify", "load"),
        ("load --nonsense", "load"),
        ("list nothing", "list"),
        ("load", "load"),
        ("status", "status"),
        ("init", "init"),
        ("reset clubs", "reset"),
        ("check --resources clubz --demo", "check"),
    ):
        done = program(*words.split(), "--json")
        found = read(done.stdout, command, 2)
        assert found["outcome"] == "failed"
        assert found["error"]["message"] in done.stderr.replace("Error: ", "")
    path = program.folder / "sitecustomize.py"
    path.write_text(
        "import perfectgym_source.config.installations as module\n"
        "def broken(*_, **__): raise KeyError('s3cret')\n"
        "module.section = broken\n"
    )
    paths = f"{program.folder}{os.pathsep}{program.environment.get('PYTHONPATH', '')}"
    done = program.exec("list", "installations", "--json", PYTHONPATH=paths)
    assert read(done.stdout, "list", 1)["error"]["type"] == "KeyError"
    assert "s3cret" not in done.stdout


def test_failures_of_the_api_and_the_destination(configured: Program, sandbox: Sandbox) -> None:
    wrong = configured("load", "--json", *SOME, SOURCES__PERFECTGYM__PASSWORD="wrong")
    assert read(wrong.stdout, "load", 3)["error"]["type"] == "SignInError"
    host = sandbox.base_url.split("/")[2].split(":")[0]
    assert read(wrong.stdout, "load", 3)["installation"] == host

    sandbox.faults.add(Fault("Clubs/Clubs", "status", status=403, times=None))
    for arguments in (("check",), ("load", "--dry-run"), ("load",)):
        done = configured(*arguments, "--json", *SOME)
        assert read(done.stdout, arguments[0], 4)["outcome"] in ("failed", "partial")
    assert read(configured("verify", "--json", *SOME).stdout, "verify", 4)["outcome"] == "partial"
    sandbox.faults.clear()

    configured("load", *SOME)
    sandbox.world.purge("class_types", sandbox.world.rows("class_types")[0])
    different = configured("verify", "--json", *SOME)
    assert different.returncode in (0, 8)
    read(different.stdout, "verify", different.returncode)
    overdue = configured("status", "--json", "--resources", "contracts")
    assert read(overdue.stdout, "status", 9)["outcome"] == "overdue"
    failed = configured("load", "--json", *SOME, "--database", "/dev/null/x.duckdb")
    assert failed.returncode in (2, 5)
    read(failed.stdout, "load", failed.returncode)
    log = configured(
        "load", "--json", "--log-format", "json", *SOME, SOURCES__PERFECTGYM__PASSWORD="wrong"
    )
    assert json.loads(log.stderr.splitlines()[-1])["level"] == "error"
    assert read(log.stdout, "load", 3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_and_one_beside_it(
    configured: Program, server: ForkServer, sandbox: Sandbox, number: int
) -> None:
    sandbox.faults.add(Fault("Clubs/Clubs", "delay", seconds=20, times=None))
    under_way = server.start("load", "--json", *SOME)
    deadline = time.monotonic() + 30
    while not sandbox.requests and time.monotonic() < deadline:
        time.sleep(0.05)
    beside = configured("load", "--json", *SOME)
    assert read(beside.stdout, "load", 6)["error"]["type"] == "LockedError"
    under_way.send_signal(number)
    ended = under_way.wait()
    assert read(ended.output, "load", 130)["outcome"] == "interrupted"


def test_several_installations(program: Program, sandbox: Sandbox) -> None:
    folder = program.folder / ".dlt"
    folder.mkdir()
    config = secrets = ""
    for name, password in (("north", sandbox.employee.password), ("east", "wrong")):
        head = f"[sources.perfectgym.installations.{name}]\n"
        config += f'{head}base_url = "{sandbox.base_url}"\n'
        secrets += f'{head}username = "{sandbox.employee.username}"\npassword = "{password}"\n'
    (folder / "config.toml").write_text(config)
    (folder / "secrets.toml").write_text(secrets)
    done = program("load", "--json", *SOME)
    found = read(done.stdout, "load", 3)
    assert (found["installation"], found["outcome"]) == (None, "failed")
    each = found["installations"]
    assert [entry["installation"] for entry in each.values()] == [*each] == ["north", "east"]
    assert [entry["exit_code"] for entry in each.values()] == [0, 3]
    assert each["east"]["error"]["type"] == "SignInError"
