"""A project folder with two installations, a sandbox each, and what its tables must hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PIPELINES = ROOT / "pipelines"
NAMES = ("north", "south")
LISTS = ("clubs", "classes", "contracts")


def write_settings(folder: Path, sandboxes: dict[str, Sandbox]) -> None:
    """Write `.dlt` into a folder as a user with two installations has it."""
    settings = folder / ".dlt"
    settings.mkdir(parents=True)
    config = (ROOT / ".dlt" / "config.toml.example").read_text(encoding="utf-8")
    config += 'time_zone = "Europe/Warsaw"\n'
    secrets = ""
    for name, sandbox in sandboxes.items():
        section = f"\n[sources.perfectgym.installations.{name}]\n"
        account = sandbox.employee
        config += f'{section}base_url = "{sandbox.base_url}"\n'
        secrets += f'{section}username = "{account.username}"\npassword = "{account.password}"\n'
    (settings / "config.toml").write_text(config, encoding="utf-8")
    (settings / "secrets.toml").write_text(secrets, encoding="utf-8")
    (settings / "secrets.toml").chmod(0o600)


def change(sandboxes: dict[str, Sandbox]) -> None:
    """Rename a club of each installation, and forget the requests so far."""
    for name, sandbox in sandboxes.items():
        club = next(row for row in sandbox.world.clubs if not row["isDeleted"])
        sandbox.world.change("clubs", club, name=f"Renamed in the {name}")
        sandbox.requests.clear()


def assert_loaded(database: Path, sandboxes: dict[str, Sandbox]) -> None:
    """The lists of both installations are there, row by row."""
    for name, sandbox in sandboxes.items():
        for table in LISTS:
            held = query(database, f"SELECT id FROM perfectgym_{name}.{table} ORDER BY id")
            rows = sandbox.world.truth(table)
            assert held == [(number,) for number in sorted(int(row["id"]) for row in rows)]


def assert_changed(database: Path, sandboxes: dict[str, Sandbox]) -> None:
    """What `change` did is there, and contracts were not read from the beginning."""
    assert_loaded(database, sandboxes)
    for name, sandbox in sandboxes.items():
        sql = f"SELECT count(*) FROM perfectgym_{name}.clubs WHERE name = 'Renamed in the {name}'"
        assert query(database, sql) == [(1,)]
        path = ENDPOINTS["contracts"].path.lower()
        read = [request for request in sandbox.requests if request.path.lower() == path]
        assert read and all(int(request.params["timestamp"]) > 0 for request in read)


def query(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.sql(sql).fetchall()
