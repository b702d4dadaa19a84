"""Runs programs and measures them: wall time, processor time, memory."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIME_LIMIT = 3600.0
_INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True)
class Measure:
    """What one run took.

    Attributes:
        wall: Seconds from the start of the first process to the end of the last one.
        cpu: Seconds of processor time, in user and system mode, of all processes.
        memory: Peak resident memory in MB; of a process with children, that of the largest.
        output: What the last process wrote to standard output.
    """

    wall: float
    cpu: float
    memory: float
    output: str


@dataclass(frozen=True)
class Range:
    """Several values of one quantity."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def text(self, digits: int = 1) -> str:
        """The median, with the least and the greatest one if there are several."""
        if len(self.values) == 1:
            return f"{self.median:.{digits}f}"
        least, greatest = min(self.values), max(self.values)
        return f"{self.median:.{digits}f} ({least:.{digits}f}-{greatest:.{digits}f})"


def run(commands: Sequence[Sequence[str]], folder: Path, more: Mapping[str, str]) -> Measure:
    """Run programs, each reading the output of the one before it, with nothing configured.

    Args:
        commands: The programs with their arguments.
        folder: Where they run; also their home. What they write to standard error is kept here.
        more: Environment variables.

    Raises:
        RuntimeError: One of them failed, or ran longer than `TIME_LIMIT`.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment = {
        **inherited,
        "HOME": str(folder),
        "DLT_DATA_DIR": str(folder / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        **more,
    }
    result = folder / "stdout"
    errors = [folder / f"stderr{number}" for number in range(len(commands))]
    processes: list[subprocess.Popen[bytes]] = []
    started = time.monotonic()
    with open(result, "wb") as output:
        for command, path in zip(commands, errors):
            is_last = len(processes) + 1 == len(commands)
            before = processes[-1].stdout if processes else subprocess.DEVNULL
            with open(path, "wb") as error:
                process = subprocess.Popen(
                    list(command),
                    cwd=folder,
                    env=environment,
                    stdin=before,
                    stdout=output if is_last else subprocess.PIPE,
                    stderr=error,
                )
            if processes and processes[-1].stdout is not None:
                processes[-1].stdout.close()
            processes.append(process)
    usages = [_waited_for(process) for process in processes]
    wall = time.monotonic() - started
    for process, path in zip(processes, errors):
        if process.returncode:
            said = (path.read_text(errors="replace") + result.read_text(errors="replace"))[-3000:]
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}:\n{said}")
    return Measure(
        wall=wall,
        cpu=sum(cpu for cpu, _ in usages),
        memory=sum(memory for _, memory in usages),
        output=result.read_text(),
    )


def _waited_for(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Seconds of processor time and MB of a process, with the children that it waited for."""
    timer = threading.Timer(TIME_LIMIT, process.send_signal, (signal.SIGKILL,))
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 << 20 if os.uname().sysname == "Darwin" else 1 << 10
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit
