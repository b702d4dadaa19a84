"""The program on a terminal: a process in a pseudo terminal, and what its screen shows."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from types import TracebackType

import pyte
from support.program import PROGRAM, Program


class Terminal:
    """Runs the program with standard output and error on a terminal.

    Attributes:
        screen: What the terminal shows.
        bytes: All that was written to it.
    """

    def __init__(
        self, program: Program, *arguments: str, columns: int = 80, lines: int = 24, **more: str
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=10_000)
        self.bytes = b""
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        self._fd = slave
        self.resize(columns, lines)
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            cwd=program.folder,
            env={**program.environment, "TERM": "xterm-256color", **more},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._fd = self._master

    def resize(self, columns: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)
        self.screen.resize(lines, columns)

    def read(self, seconds: float = 0.05) -> bool:
        """Feed what was written to the screen; return whether there may be more."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # all have closed it
            return False
        self.bytes += data
        self._stream.feed(data)
        return bool(data)

    def wait_until(self, shows: Callable[[list[str]], bool], seconds: float = 60) -> list[str]:
        """Return the lines of the screen as soon as they are as expected."""
        end = time.monotonic() + seconds
        while not shows(self.shown):
            assert self.read(), "\n".join(self.shown)
            assert time.monotonic() < end, "\n".join(self.shown)
        return self.shown

    def wait(self, seconds: float = 60) -> int:
        """Wait for the end of the program, and return its exit code."""
        end = time.monotonic() + seconds
        while self.read():
            assert time.monotonic() < end, "\n".join(self.shown)
        return self.process.wait(seconds)

    @property
    def shown(self) -> list[str]:
        """The lines of the screen, without blank ones at its end."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip().split("\n")

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
