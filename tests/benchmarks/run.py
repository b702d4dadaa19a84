"""Benchmarks of the connector, beside other ways of loading the same rows.

    .venv/bin/python tests/benchmarks/run.py

starts a server of prepared pages, runs every scenario against it, checks what was loaded, and
prints Markdown tables. Peers that need packages of their own get virtual environments in a cache
folder, installed from PyPI the first time.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from dataclasses import asdict
from datetime import date
from pathlib import Path

from endpoints import endpoints
from environments import own_environment
from mart_build import marts
from newer import v22
from plan import Plan
from publishing import publishing
from report import this_machine
from scenarios import clubs, fan_out, idle, latency, parents, scale, small_change, visits
from throughput import ASKED_FOR, CONTENDERS, throughput

SCENARIOS = {
    "throughput": throughput,
    "latency": latency,
    "fan-out": fan_out,
    "idle": idle,
    "small-change": small_change,
    "scale": scale,
    "visits": visits,
    "clubs": clubs,
    "parents": parents,
    "endpoints": endpoints,
    "v22": v22,
    "marts": marts,
    "publishing": publishing,
}
_COMMAND = ".venv/bin/python tests/benchmarks/run.py"


def main() -> None:
    """Run the scenarios that the command line names."""
    arguments = _parser().parse_args()
    plan = Plan(
        rows=arguments.rows or (5_000 if arguments.quick else 300_000),
        rounds=arguments.rounds or (1 if arguments.quick else 3),
        zipped=arguments.gzip,
        quick=arguments.quick,
        full=arguments.full,
        contenders=arguments.contenders,
        cache=arguments.cache,
    )
    machine = this_machine(own_environment().versions)
    command = shlex.join([_COMMAND, *sys.argv[1:]]).replace(f"'{_COMMAND}'", _COMMAND)
    print(f"{date.today()}, `{command}`\n\n{machine.text()}\n", flush=True)
    sections = []
    for name in arguments.only:
        section = SCENARIOS[name](plan)
        print(f"{section.markdown()}\n", flush=True)
        sections.append({"scenario": name, **asdict(section)})
    if arguments.json:
        found = {"date": str(date.today()), "command": command, "machine": asdict(machine)}
        arguments.json.write_text(json.dumps({**found, "sections": sections}, indent=2) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--only", type=_names_of(tuple(SCENARIOS)), default=tuple(SCENARIOS), metavar="NAMES",
        help=f"scenarios, comma-separated: {', '.join(SCENARIOS)}")  # fmt: skip
    add("--rows", type=int, help="classes to load (300000; with --quick 5000)")
    add("--rounds", type=int, help="repetitions of each run (3; with --quick 1)")
    known = CONTENDERS + ASKED_FOR
    add("--contenders", type=_names_of(known), default=CONTENDERS, metavar="NAMES",
        help=f"who takes part in throughput, comma-separated: {', '.join(known)}")  # fmt: skip
    add("--quick", action="store_true", help="small numbers, to see that everything works")
    add("--full", action="store_true", help="1,000,000 rows, 700,000 visits, 100,000 parents too")
    add("--gzip", action="store_true", help="compressed answers; otherwise they are not, so that "
        "the load is measured and not zlib")  # fmt: skip
    add("--json", type=Path, metavar="FILE", help="all values, as JSON")
    add("--cache", type=Path, metavar="FOLDER", help="where peers are installed (%(default)s)",
        default=Path(tempfile.gettempdir()) / "perfectgym-benchmark-peers")  # fmt: skip
    return parser


def _names_of(known: tuple[str, ...]):  # type: ignore[no-untyped-def]
    def names(text: str) -> tuple[str, ...]:
        given = tuple(text.replace(",", " ").split())
        unknown = set(given) - set(known)
        if unknown or not given:
            wrong = ", ".join(sorted(unknown)) or "nothing"
            raise argparse.ArgumentTypeError(f"{wrong}: choose from {', '.join(known)}")
        return given

    return names


if __name__ == "__main__":
    main()
