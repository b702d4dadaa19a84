"""How much is measured, and the runs that all scenarios are made of."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contenders import Contender
from measure import Measure


@dataclass(frozen=True)
class Plan:
    """What the command line asks for.

    Attributes:
        rows: Classes to load, where a scenario does not say otherwise.
        rounds: How often each run is repeated.
        zipped: Whether the server compresses its answers.
        quick: Small numbers, to see that everything works.
        full: The largest numbers too.
        contenders: Who takes part in `throughput`.
        cache: Where virtual environments of peers are kept.
    """

    rows: int
    rounds: int
    zipped: bool
    quick: bool
    full: bool
    contenders: tuple[str, ...]
    cache: Path

    def sizes(self, quick: tuple[int, ...], usual: tuple[int, ...], full: int = 0) -> list[int]:
        """The sizes to measure."""
        if self.quick:
            return list(quick)
        return [*usual, full] if self.full and full else list(usual)


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """An empty folder, which is removed with all that is loaded into it."""
    with tempfile.TemporaryDirectory(prefix="perfectgym-benchmark-") as name:
        yield Path(name)


def expect_rows(loaded: Measure, table: str, rows: int) -> None:
    """Make sure that a run of the connector says that it loaded so many rows.

    Raises:
        ValueError: It says something else.
    """
    said = summary(loaded)["rows"].get(table, 0)
    if said != rows:
        raise ValueError(f"The run loaded {said} rows into {table}, and should have loaded {rows}.")


def requests_of(loaded: Measure) -> int:
    """Requests of a run of the connector, sign-ins not among them."""
    return sum(summary(loaded)["requests"].values())


def summary(loaded: Measure) -> dict[str, Any]:
    """What a run of the connector printed."""
    printed: dict[str, Any] = json.loads(loaded.output)
    return printed


def load_again(contender: Contender, folder: Path, base_url: str, table: str) -> Measure:
    """Run the connector again after a complete run; nothing is new.

    Raises:
        ValueError: It loaded something all the same.
    """
    loaded = contender.load(folder, base_url)
    expect_rows(loaded, table, 0)
    return loaded
