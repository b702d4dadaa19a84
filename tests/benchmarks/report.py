"""What is printed: Markdown sections, and the machine that they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Section:
    """The result of one scenario.

    Attributes:
        title: Its heading.
        heads: The table's column heads.
        rows: The table's cells.
        notes: Sentences below the table.
        raw: All values, for `--json`.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    raw: Any = None

    def markdown(self) -> str:
        """The section as Markdown."""
        lines = [f"### {self.title}", "", _line(self.heads)]
        lines.append(_line(["---", *["---:"] * (len(self.heads) - 1)]))
        lines += map(_line, self.rows)
        if self.notes:
            lines += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(lines)


@dataclass(frozen=True)
class Machine:
    """Where and with what was measured.

    Attributes:
        processor: Its name, with the number of cores that this program may use.
        system: The operating system.
        load: Processes that ran or waited in the last minute, before anything was measured.
        versions: Versions of Python and packages, by name.
    """

    processor: str
    system: str
    load: float
    versions: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """All of it on one line."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{self.processor}; {self.system}; load {self.load:.1f} before; {versions}"


def this_machine(versions: Mapping[str, str]) -> Machine:
    """The machine that this program runs on.

    Args:
        versions: Versions of packages, by name.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return Machine(
        processor=f"{cores} core{'s' if cores > 1 else ''}, {_processor()}",
        system=f"{platform.system()} {platform.release()}",
        load=os.getloadavg()[0],
        versions={"Python": platform.python_version(), **versions},
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except FileNotFoundError:
        pass
    return platform.processor() or platform.machine()


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
