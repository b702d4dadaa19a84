"""Runs the program again and again for the price of one start of Python, to be killed at will.

As a program: imports what a run imports, then reads orders, one a line, in JSON. For a run it forks
a child that does what `pipelines/run.py` does, and answers with its process id; for `"wait"` it
answers with the child's wait status when it has ended.

`ForkServer` is the other side of the pipe.
"""

from __future__ import annotations

import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.program import Program


@dataclass(frozen=True)
class Place:
    """A place in the program at which it dies.

    Attributes:
        where: A function, as `module:name` or `module:Class.name`.
        when: `before` or `after` it has run.
        times: The how many-th call it is.
    """

    where: str
    when: str = "before"
    times: int = 1

    def __str__(self) -> str:
        return f"{self.when} {self.where.partition(':')[2]}" + f" {self.times}" * (self.times > 1)


@dataclass(frozen=True)
class Ended:
    """A run that has ended: by itself with an exit code, or killed by a signal (negative)."""

    code: int
    output: str
    errors: str


class ForkServer:
    """Starts runs of a program, one at a time."""

    def __init__(self, program: Program) -> None:
        self._folder = program.folder
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=program.folder,
            env=program.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(
        self,
        *arguments: str,
        die_at: Place | None = None,
        largest_file: int | None = None,
        days_ahead: int = 0,
    ) -> int:
        """Start a run; gives its process id, which stays its own until `wait` returns.

        Args:
            arguments: Of the command line.
            die_at: Where it kills itself.
            largest_file: After so many bytes, writing a file fails as on a full disk.
            days_ahead: How far the clock that numbers the load packages is ahead.
        """
        return self._ask(
            {
                "arguments": arguments,
                "die_at": die_at.__dict__ if die_at else None,
                "largest_file": largest_file,
                "days_ahead": days_ahead,
            }
        )

    def wait(self) -> Ended:
        """Wait for the end of the run."""
        code = os.waitstatus_to_exitcode(self._ask("wait"))
        return Ended(code, *((self._folder / name).read_text() for name in ("out", "err")))

    def run(self, *arguments: str, **options: Any) -> Ended:
        """A run from its start to its end; the arguments are those of `start`."""
        self.start(*arguments, **options)
        return self.wait()

    def close(self) -> None:
        """End the server."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _ask(self, order: Any) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


def _serve() -> None:
    for name in (
        "perfectgym_source.pipeline.runner",
        "perfectgym_source.destination",
        "perfectgym_source.cli.rendering.summary",
        "dlt.destinations.impl.duckdb.duck",
        "dlt.normalize.items_normalizers",
        "pyarrow.parquet",
        "pyarrow.dataset",
    ):
        import_module(name)
    assert threading.active_count() == 1  # a fork takes no thread along
    pid = 0
    for line in sys.stdin:
        order = json.loads(line)
        if order == "wait":
            print(os.waitpid(pid, 0)[1], flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _child(**order)
        print(pid, flush=True)


def _child(
    arguments: list[str], die_at: dict[str, Any] | None, largest_file: int | None, days_ahead: int
) -> None:
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.close(0)
    if die_at is not None:
        _arm(Place(**die_at))
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    if days_ahead:
        clock = import_module("dlt.common.time")
        clock.precise_time = lambda: time.time() + days_ahead * 86_400
    from perfectgym_source.cli.main import main

    sys.argv = ["run.py", *arguments]
    main()


def _arm(place: Place) -> None:
    module, _, path = place.where.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    original: Callable[..., Any] = getattr(owner, name)
    calls = itertools.count(1)

    def armed(*arguments: Any, **options: Any) -> Any:
        is_the_one = next(calls) == place.times
        if is_the_one and place.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **options)
        if is_the_one:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, armed)


if __name__ == "__main__":
    _serve()
