"""The program on a terminal: what it shows during a load, and what it leaves on the screen."""

from __future__ import annotations

import itertools
import re
import signal
import subprocess
import sys
import threading

import pytest
from support.program import PROGRAM, Program
from support.terminal import Terminal

from perfectgym_source.sandbox import Fault, Sandbox

RESOURCES = ("--resources", "classes,contract_fees,contract_details,freeze_types,user_products")


class Gate:
    """Stops the sandbox at a request, until it is opened."""

    def __init__(self, sandbox: Sandbox, table: str, after: int = 30) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()
        self._table = table
        self._left = after
        self._lock = threading.Lock()
        sandbox.on_request = self._wait

    def _wait(self, request: object) -> None:
        if getattr(request, "table", "") == self._table:
            with self._lock:
                self._left -= 1
            if self._left < 0:
                self.reached.set()
                self._open.wait(60)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate(sandbox: Sandbox) -> Gate:
    return Gate(sandbox, "user_products")


def is_extracting(lines: list[str]) -> bool:
    return any(line.startswith("extract, ") for line in lines)


def all_lines(terminal: Terminal) -> list[str]:
    """The lines of the screen, and those that it has scrolled away."""
    history = [
        "".join(line[column].data for column in range(terminal.screen.columns)).rstrip()
        for line in terminal.screen.history.top
    ]
    return [*history, *terminal.shown]


def test_warnings_stand_above_and_nothing_else_stays(
    configured: Program, sandbox: Sandbox, gate: Gate
) -> None:
    refused = Fault("Classes/Classes", "status", status=403, times=None)
    sandbox.faults.add(refused)
    with Terminal(configured, *RESOURCES) as terminal:
        shown = terminal.wait_until(
            lambda lines: any(re.match("user_products +30 of 520", line) for line in lines)
        )
        above = list(itertools.takewhile(lambda line: "  " not in line, shown))
        *at_work, total = shown[len(above) :]
        # One line for each that is at work, and one for all; each on a line of its own.
        pattern = r"[a-z_]+ +[\d,]+ of \d+ [a-z]+ +(\d+ rows?)? +\d+ pages?  [=.]{10}"
        assert all(re.fullmatch(pattern, line) for line in at_work)
        assert "user_products " in at_work[-1]
        pattern = r"extract, \d+ s, \d+ requests \([\d,.]+/s\), \d+ rows(, about .* left)?"
        assert re.fullmatch(pattern, total)
        # The clubs are finished, the classes have failed.
        assert above[0].startswith("The API refuses the request with status 403")
        assert any(line.endswith(" permissions.") for line in above)
        gate.open()
        assert terminal.wait() == 4
    left = all_lines(terminal)
    assert left[: len(above)] == above
    assert not re.search(r"extract, |normalize, |load, |\.\.\.\.", "\n".join(left))
    assert not terminal.screen.cursor.hidden


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_load_leaves_the_terminal_as_it_was(
    configured: Program, number: signal.Signals
) -> None:
    configured.environment["SOURCES__PERFECTGYM__REQUESTS_PER_SECOND"] = "8"
    estimate = (
        r"Still to come: (about|at least) [\d,]+ requests, \d min \d+ s at [\d.]+ requests/s\."
    )
    with Terminal(configured, *RESOURCES) as terminal:
        terminal.wait_until(
            lambda lines: (
                any(re.fullmatch(estimate, line) for line in lines) and is_extracting(lines[-1:])
            )
        )
        terminal.process.send_signal(number)
        assert terminal.wait() == 130
    first, *others, last = terminal.shown
    assert re.fullmatch(estimate, first)
    assert last.startswith("Interrupted.")
    assert not re.search("extract, | of 150 | of 520 ", "".join(others))
    # Nobody could show it again after a kill.
    assert b"\x1b[?25l" not in terminal.bytes


def test_nohup_outlives_the_terminal(configured: Program, gate: Gate) -> None:
    process = subprocess.Popen(
        ["nohup", sys.executable, str(PROGRAM), "--resources", "user_products"],
        cwd=configured.folder,
        env=configured.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert gate.reached.wait(60)
    process.send_signal(signal.SIGHUP)
    gate.open()
    assert process.wait(60) == 0


def test_it_follows_the_size_of_the_terminal(configured: Program, gate: Gate) -> None:
    with Terminal(configured, *RESOURCES, columns=120, lines=40) as terminal:
        terminal.wait_until(is_extracting)
        terminal.resize(40, 8)
        # Warnings above may take the whole width.
        terminal.wait_until(
            lambda lines: (
                is_extracting(lines)
                and all(len(line) < 40 for line in lines if line.startswith(("extract,", "user_")))
            )
        )
        terminal.resize(100, 30)
        terminal.wait_until(lambda lines: any(" of 520 lists" in line for line in lines))
        gate.open()
        assert terminal.wait() == 0


def test_nothing_is_drawn_between_json_lines(configured: Program) -> None:
    arguments = ("--resources", "products", "--log-format", "json")
    with Terminal(configured, *arguments, NO_COLOR="1") as terminal:
        assert terminal.wait() == 0
    assert b"\x1b" not in terminal.bytes
