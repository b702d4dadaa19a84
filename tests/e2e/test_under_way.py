"""`status` and `state` while a run is under way, and a run that hangs."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.fork_server import ForkServer
from support.program import PROGRAM, Program
from support.receiver import receiving

RESOURCES = ("--resources", "clubs,countries")


@contextmanager
def hanging(program: Program) -> Iterator[subprocess.Popen[str]]:
    """A run of the program against a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/Api"
        run = subprocess.Popen(
            [sys.executable, str(PROGRAM), *RESOURCES],
            cwd=program.folder,
            env={**program.environment, "SOURCES__PERFECTGYM__BASE_URL": address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        server.settimeout(60)
        connection, _ = server.accept()
        try:
            yield run
        finally:
            run.kill()
            run.wait(20)
            connection.close()


@pytest.fixture
def program(program: Program) -> Program:
    program.environment["SOURCES__PERFECTGYM__INSTALLATION"] = "sandbox"
    return program


def test_status_and_state_are_told_beside_a_run(configured: Program, server: ForkServer) -> None:
    with hanging(configured) as run:
        first = server.run("status", *RESOURCES)
        assert first.code == 9, first.errors
        assert re.search(rf"A run is under way since .* UTC \(process {run.pid} on ", first.output)
        assert "There is nothing yet of what was published last." in first.output
        empty = server.run("state")
        assert (empty.code, empty.output.splitlines()[0]) == (0, "Nothing has been loaded.")
        assert f"process {run.pid}" in empty.output
        assert (first.errors, empty.errors) == ("", "")
    assert "under way" not in server.run("state").output  # what is left of a kill is no run

    assert server.run(*RESOURCES).code == 0
    idle = server.run("state")
    with hanging(configured) as run:
        before = sorted(configured.folder.rglob("dlt/perfectgym/**/*"))
        status = server.run("status", *RESOURCES)
        assert status.code == 0, status.errors
        assert f"process {run.pid}" in status.output
        assert "This is what was published last." in status.output
        assert "All of gym.duckdb (perfectgym) is fresh" in status.output
        state = json.loads(server.run("state", "--json").output)
        assert state["run_under_way"]["process"].startswith(f"process {run.pid} on ")
        assert state["resources"] != []
        assert server.run("state").output.startswith(idle.output)
        assert sorted(configured.folder.rglob("dlt/perfectgym/**/*")) == before
        published = configured.database.read_bytes()
        configured.database.write_bytes(b"no database" * 1000)
        unreadable = server.run("status", *RESOURCES)
        assert unreadable.code == 5
        assert "gym.duckdb cannot be read: " in unreadable.errors
        assert "_loading" not in unreadable.errors  # which is not to blame
        configured.database.write_bytes(published)
        assert run.poll() is None
    assert server.run(*RESOURCES).code == 0


def test_a_run_that_hangs_turns_them_red_and_alerts(configured: Program) -> None:
    folder = configured.folder / ".dlt"
    folder.mkdir()
    settings = folder / "config.toml"
    with receiving() as receiver, hanging(configured) as run:
        (folder / "secrets.toml").write_text(f'[alerts]\nwebhook_url = "{receiver.url}"\n')
        settings.write_text("[pipelines.core]\nmax_run_hours = 1\n")
        assert configured(*RESOURCES).returncode == 6
        assert configured("state").returncode == 0
        assert receiver.texts == []

        settings.write_text("[pipelines.core]\nmax_run_hours = 0.000001\n")
        second = configured(*RESOURCES)
        assert second.returncode == 6
        status = configured("status", "--json", *RESOURCES)
        state = configured("state")
        assert (status.returncode, state.returncode) == (9, 9), (status.stderr, state.stderr)
        assert json.loads(status.stdout)["run_under_way"]["is_hanging"] is True
        assert "longer than max_run_hours allows" in state.stdout
        assert len(receiver.texts) == 3
        for text in receiver.texts:
            assert text.startswith("core failed: A run is under way since ")
            assert f"(process {run.pid} on " in text
            assert "longer than max_run_hours allows" in text
