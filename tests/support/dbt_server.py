"""Runs dbt again and again for the price of one start: that takes as long as a small project.

As a program: imports dbt and lets it work once, then forks for each caller a child that does what
dbt, or a program over it, does in the caller's folder and environment, and with its output. Before
the first one that works on the shipped project, it parses that: templates need not be compiled
again, nor schemas of settings made. What stops it is its parent's end.

`command` is the other side: the command that stands for dbt. Its process is not the one that
works: a test that kills dbt, or looks at its process, starts dbt itself.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import runpy
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from functools import cache, partial
from pathlib import Path
from typing import Any

from perfectgym_source.destination.marts_schemas import PROJECT

_CALL = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    order = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}
    order["umask"] = os.umask(0o077)
    socket.send_fds(server, [b"+"], [1, 2])
    server.sendall(json.dumps(order).encode() + b"\\n")
    answer = server.recv(1)
sys.exit(answer[0] if answer else "dbt has died")
"""
"""A process that hands on all that it was given, and gets an exit code."""


@cache
def command() -> tuple[str, ...]:
    """Return the command, to be followed by dbt's arguments, or a program's file and arguments."""
    folder = Path(tempfile.mkdtemp(prefix="dbt"))
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, str(folder)],
        cwd=folder,
        env={**os.environ, "DO_NOT_TRACK": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def end() -> None:
        server.kill()
        server.communicate()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return (sys.executable, "-I", "-S", "-c", _CALL, str(folder / "socket"))


def _serve(folder: Path) -> None:
    _work_once(folder / "first")
    is_parsed = False
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket"))
        server.listen()
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([server, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            connection, _ = server.accept()
            _, files, _, _ = socket.recv_fds(connection, 1, 2)
            with connection.makefile("rb") as stream:
                line = stream.readline()
            if not line.endswith(b"\n"):  # the caller was killed
                continue
            order: dict[str, Any] = json.loads(line)
            if str(PROJECT) in order["arguments"] and not is_parsed:
                _invoke("parse", PROJECT, folder / "parsed")  # with tests: most workers run them
                is_parsed = True
            gc.freeze()  # looking through all that was imported would copy its memory
            pid = os.fork()
            if not pid:
                exit_as_python_does(partial(_child, order, files))
            for file in files:
                os.close(file)
            _, status = os.waitpid(pid, 0)
            with connection, contextlib.suppress(OSError):  # the caller was killed
                connection.sendall(bytes([os.waitstatus_to_exitcode(status) & 0xFF]))


def _work_once(folder: Path) -> None:
    from support.marts_project import small_project
    from support.quick_dbt import quicken

    quicken()
    small_project(folder)
    _invoke("run", folder, folder)


def _invoke(command: str, project: Path, folder: Path) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    os.environ["PERFECTGYM_MARTS_DATABASE"] = str(folder / "data.duckdb")
    quiet = ("--quiet", "--log-level-file", "none", "--no-send-anonymous-usage-stats")
    places = ("--project-dir", str(project), "--profiles-dir", str(project))
    written = ("--target-path", str(folder / "target"), "--log-path", str(folder / "logs"))
    done = dbtRunner().invoke([*quiet, command, *places, *written])
    assert done.success, done
    DuckDBConnectionManager.close_all_connections()
    reset_adapters()


def _child(order: dict[str, Any], files: list[int]) -> None:
    gc.disable()
    for number, file in enumerate(files, 1):
        os.dup2(file, number)
        os.close(file)
    os.chdir(order["folder"])
    os.umask(order["umask"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    arguments = order["arguments"]
    if arguments[0].endswith(".py"):
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")
        return
    from dbt.cli.main import cli

    sys.argv = ["dbt", *arguments]
    cli()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from support.fork_server import exit_as_python_does

    _serve(Path(sys.argv[1]))
