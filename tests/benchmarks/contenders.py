"""Who is measured: how each of them is started, and where its rows are afterwards."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from environments import Environment
from measure import Measure, run

PEERS = Path(__file__).parent / "peers"
PROGRAM = Path(__file__).parents[2] / "pipelines" / "run.py"
DATABASE = "rows.duckdb"
TABLE = "rows.perfectgym.classes"

Commands = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Contender:
    """One way of loading the classes of a server into a DuckDB file.

    Attributes:
        name: What it is called in tables.
        commands: Given the folder of the run and the base address, the programs to run.
        environment: Given the base address, environment variables.
    """

    name: str
    commands: Callable[[Path, str], Commands]
    environment: Callable[[str], Mapping[str, str]] = field(default=lambda base_url: {})

    def load(self, folder: Path, base_url: str) -> Measure:
        """Run it once, into the file `DATABASE` in the folder."""
        return run(self.commands(folder, base_url), folder, self.environment(base_url))


def ours(*arguments: str) -> Contender:
    """The product's own program, as users run it.

    Args:
        arguments: Its arguments; the default loads classes.
    """
    given = arguments or ("--resources", "classes")

    def environment(base_url: str) -> dict[str, str]:
        return {
            "SOURCES__PERFECTGYM__BASE_URL": base_url,
            "SOURCES__PERFECTGYM__USERNAME": "u",
            "SOURCES__PERFECTGYM__PASSWORD": "p",
        }

    def commands(folder: Path, base_url: str) -> Commands:
        return [[sys.executable, str(PROGRAM), "--json", "--database", DATABASE, *given]]

    return Contender("this connector", commands, environment)


def ours_v22(*arguments: str) -> Contender:
    """The product's own program, for API v2.2."""
    connector = ours(*arguments)

    def environment(base_url: str) -> dict[str, str]:
        return {
            "SOURCES__PERFECTGYM__BASE_URL": base_url,
            "SOURCES__PERFECTGYM__CLIENT_ID": "u",
            "SOURCES__PERFECTGYM__CLIENT_SECRET": "p",
        }

    return Contender("this connector", connector.commands, environment)


def newest_storage() -> Contender:
    """The product's own program, with a DuckDB file that only the newest DuckDB reads."""
    connector = ours()

    def commands(folder: Path, base_url: str) -> Commands:
        config = folder / ".dlt" / "config.toml"
        config.parent.mkdir()
        config.write_text('[pipelines.core]\nstorage_version = "latest"\n')
        return connector.commands(folder, base_url)

    return Contender("this connector, storage_version latest", commands, connector.environment)


def rest_api(name: str, *arguments: str) -> Contender:
    """dlt's `rest_api` source."""
    return Contender(name, _peer("rest_source.py", *arguments))


def rest_api_v22(name: str, *arguments: str) -> Contender:
    """dlt's `rest_api` source for API v2.2; of the arguments, others than options are sets."""
    return Contender(name, _peer("rest_source_v22.py", *arguments))


def singer(tap: Environment, target: Environment) -> Contender:
    """A tap on singer-sdk, piped into target-duckdb."""

    def commands(folder: Path, base_url: str) -> Commands:
        own = {"api_url": base_url}
        targets = {"path": str(folder / DATABASE), "default_target_schema": "perfectgym"}
        (folder / "tap.json").write_text(json.dumps(own))
        (folder / "target.json").write_text(json.dumps(targets))
        return [
            [tap.python, str(PEERS / "tap.py"), "--config", "tap.json"],
            [target.program("target-duckdb"), "--config", "target.json"],
        ]

    return Contender("singer-sdk tap, target-duckdb", commands)


def floor() -> Contender:
    """The least that any program has to do."""
    return Contender("the floor", _peer("floor.py"))


def check(folder: Path, rows: int) -> None:
    """Make sure that the file holds exactly so many classes, each once.

    Raises:
        ValueError: It does not.
    """
    counts = query(folder, f"SELECT count(*), count(DISTINCT id) FROM {TABLE}")
    if counts != [(rows, rows)]:
        raise ValueError(f"{folder / DATABASE}: rows, ids are {counts}, and should be {rows}.")


def query(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """Rows of a query to the file in a folder."""
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def _peer(program: str, *arguments: str) -> Callable[[Path, str], Commands]:
    def commands(folder: Path, base_url: str) -> Commands:
        script = str(PEERS / program)
        return [[sys.executable, script, base_url, str(folder / DATABASE), *arguments]]

    return commands
