"""Runs the program again and again for the price of one start of Python, to be killed at will.

As a program: imports what a run imports, then reads orders, one a line, in JSON. For a run it forks
a child that does what the program does in the given folder and environment, and answers with
its process id; for `"wait"` it answers with the child's wait status when it has ended.

`ForkServer` is the other side of the pipe. What Python or a library reads from the environment when
it starts (`PYTHONPATH`, `LC_ALL`, the state of the standard streams) is that of the server: a test
of such things starts the program with `Program.exec`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import itertools
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from support.program import Program

LONGEST_RUN = 100.0
"""Seconds after which a run counts as hanging, and is killed."""


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


class _Server:
    """The process that forks: one for each process of tests, as long as that lives."""

    _only: _Server | None = None

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="runs"))
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            # A folder without `.dlt`.
            cwd=self.folder,
            # As `main` sets it before the libraries that read it are imported.
            env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._end)

    @classmethod
    def running(cls) -> _Server:
        """Return the only one, started by the first who asks."""
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def ask(self, order: Any, seconds: float = 30.0) -> int:
        """Send an order and return its answer.

        Raises:
            TimeoutError: No answer within so many seconds.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            raise TimeoutError
        return self.answer()

    def answer(self) -> int:
        """Return the answer to the last order when it comes."""
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class Running:
    """A run that was started; its process id stays its own until `wait` returns."""

    pid: int
    folder: Path

    @property
    def errors(self) -> str:
        """What it has written on standard error so far."""
        return (self.folder / "err").read_text()

    @property
    def has_ended(self) -> bool:
        """Return whether it is over; `wait` is still to be called."""
        return bool(_Server.running().ask({"peek": self.pid}))

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = LONGEST_RUN) -> Ended:
        """Wait for its end; one that takes longer is killed.

        Raises:
            TimeoutError: It did not end within so many seconds.
        """
        server = _Server.running()
        try:
            status = server.ask({"wait": self.pid}, seconds)
        except TimeoutError:
            self.send_signal(signal.SIGKILL)
            server.answer()
            raise TimeoutError(f"no end within {seconds} s; written: {self.errors}") from None
        texts = [(self.folder / name).read_text() for name in ("out", "err")]
        shutil.rmtree(self.folder)
        return Ended(os.waitstatus_to_exitcode(status), *texts)


class ForkServer:
    """Starts runs of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._last: Running | None = None

    def start(
        self,
        *arguments: str,
        die_at: Place | None = None,
        largest_file: int | None = None,
        days_ahead: int = 0,
        **more: str,
    ) -> Running:
        """Start a run.

        Args:
            arguments: Of the command line; `dlt` and its own to start that.
            die_at: Where it kills itself.
            largest_file: After so many bytes, writing a file fails as on a full disk.
            days_ahead: How far the clock that numbers the load packages is ahead.
            more: Environment variables besides those of the program.
        """
        server = _Server.running()
        folder = Path(tempfile.mkdtemp(dir=server.folder))
        for name in ("out", "err"):
            (folder / name).touch()
        pid = server.ask(
            {
                "arguments": arguments,
                "folder": str(self._program.folder),
                "environment": {**self._program.environment, **more},
                "output": str(folder),
                "die_at": die_at.__dict__ if die_at else None,
                "largest_file": largest_file,
                "days_ahead": days_ahead,
            }
        )
        self._last = Running(pid, folder)
        return self._last

    def wait(self) -> Ended:
        """Wait for the end of the run that was started last."""
        assert self._last is not None
        return self._last.wait()

    def run(self, *arguments: str, **options: Any) -> Ended:
        """A run from its start to its end; the arguments are those of `start`."""
        return self.start(*arguments, **options).wait()


IMPORTED = (
    "perfectgym_source.cli.acting",
    "perfectgym_source.cli.commands.check",
    "perfectgym_source.cli.commands.status",
    "perfectgym_source.cli.commands.verify",
    "perfectgym_source.cli.main",
    "perfectgym_source.cli.progress",
    "perfectgym_source.cli.rendering.answers",
    "perfectgym_source.cli.rendering.check",
    "perfectgym_source.cli.rendering.progress",
    "perfectgym_source.cli.rendering.status",
    "perfectgym_source.cli.rendering.summary",
    "perfectgym_source.cli.rendering.verification",
    "perfectgym_source.pipeline.probe",
    "perfectgym_source.pipeline.runner",
    "perfectgym_source.pipeline.status",
    "perfectgym_source.verify.repair",
    "perfectgym_source.verify.verification",
    "perfectgym_source.destination",
    "dlt.destinations.impl.duckdb.duck",
    "dlt.normalize.items_normalizers",
    "dlt.sources.helpers.requests",
    "pendulum.locales.en.locale",
    "perfectgym_source.cli.next_steps",
    "pyarrow.parquet",
    "pyarrow.dataset",
)
IMPORTED_IF_INSTALLED = ("dlt._workspace._plugins", "dlt._workspace.cli", "sqlalchemy.sql")
"""What dlt imports on the way of a run."""


def _serve() -> None:
    for name in IMPORTED:
        import_module(name)
    for name in IMPORTED_IF_INSTALLED:
        with contextlib.suppress(ImportError):
            import_module(name)
    import_module("quick_dlt").quicken()  # its folder is that of this program
    assert threading.active_count() == 1  # a fork takes no thread along
    gc.freeze()  # looking through all that was imported would copy its memory
    gc.set_threshold(100_000, 50, 100)
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            print(os.waitpid(order["wait"], 0)[1], flush=True)
            continue
        if "peek" in order:
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            print(int(os.waitid(os.P_PID, order["peek"], options) is not None), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _child(**order)
        print(pid, flush=True)


def _child(
    arguments: list[str],
    folder: str,
    environment: dict[str, str],
    output: str,
    die_at: dict[str, Any] | None,
    largest_file: int | None,
    days_ahead: int,
) -> None:
    for name, number in (("out", 1), ("err", 2)):
        file = os.open(f"{output}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    os.close(0)
    os.open(os.devnull, os.O_RDONLY)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    if "TEST_PROJECT" in environment:
        import_module("marts_project").take_its_place()
    if die_at is not None:
        _arm(Place(**die_at))
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    if days_ahead:
        clock = import_module("dlt.common.time")
        clock.precise_time = lambda: time.time() + days_ahead * 86_400
    from perfectgym_source.cli.main import COMMANDS, load, main

    if arguments[:1] == ["dlt"]:
        sys.argv = arguments
        exit_as_python_does(import_module("dlt._workspace.cli._dlt")._main)
    is_command = bool(arguments) and arguments[0] in COMMANDS
    sys.argv = ["perfectgym" if is_command else "run.py", *arguments]
    exit_as_python_does(main if is_command else load)


def exit_as_python_does(run: Callable[[], None]) -> NoReturn:
    """Run a program, then exit as Python does, but for taking apart all that was imported.

    That would copy the memory of the process that forked, in a tenth of a second.
    """
    try:
        run()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except OSError:
                code = 120
    os._exit(code)


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
