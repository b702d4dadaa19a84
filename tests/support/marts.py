"""Marts that dbt builds over loads from a sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml
from support import dbt_server
from support.direct import answered_directly
from support.loading import Target
from support.v22 import Target22

import perfectgym_source
from perfectgym_source.catalog import V1, V22
from perfectgym_source.sandbox import Sandbox, World

PROJECT = Path(perfectgym_source.__file__).parent / "marts" / "dbt"
AS_OF = "2026-06-30"
"""The last day of the sandbox's worlds."""
UNTESTED = {"PERFECTGYM_MARTS_UNTESTED": "1"}
"""Leaves the descriptions and tests of the models out of the project: parsing them takes long."""

_APIS = {"v1": V1, "v22": V22}
_TARGETS = {"v1": Target, "v22": Target22}


@dataclass(frozen=True)
class Loaded:
    """A DuckDB file with the tables of a generation (v1 or v22) that the marts read, and the marts.

    Attributes:
        world: What the sandbox had, if it was loaded from one.
    """

    generation: str
    file: Path
    world: World | None = None

    @property
    def installation(self) -> str:
        """What its keys begin with."""
        return self.generation

    @property
    def source(self) -> dict[str, Any]:
        """Its entry of `pg_sources`."""
        named = {"installation": self.installation, "schema": "perfectgym"}
        return {**named, "api": self.generation}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query; a mart is named without its schema."""
        with self.reading() as query:
            return query(sql)

    @contextmanager
    def reading(self) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
        """Give what `rows` is for many queries; nothing can be built meanwhile."""
        with duckdb.connect(str(self.file), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            schemas = ("marts", "int", "stg")
            connection.execute(
                "set search_path = '" + ",".join(f"perfectgym_{name}" for name in schemas) + "'"
            )
            yield lambda sql: connection.execute(sql).fetchall()


@cache
def source_tables(generation: str) -> tuple[str, ...]:
    """The tables that the staging models of a generation read."""
    sources = yaml.safe_load((PROJECT / "models" / "staging" / "sources.yml").read_text())
    named = {source["name"]: source["tables"] for source in sources["sources"]}
    return tuple(table["name"] for table in named[f"perfectgym_{generation}"])


def compiled_for_others(loaded: Loaded, folder: Path) -> dict[str, dict[str, str]]:
    """The models as SQL for databases whose adapters are not installed, by database and model.

    What dbt has parsed to build them is not parsed again.
    """
    shutil.copy(loaded.file.parent / "dbt" / "partial_parse.msgpack", folder)
    result = subprocess.run(
        [
            *dbt_server.command(),
            str(Path(__file__).with_name("dialects.py")),
            str(folder),
            *_options(loaded),
        ],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            **UNTESTED,
            "PERFECTGYM_MARTS_DATABASE": str(loaded.file),
            "DO_NOT_TRACK": "1",
        },
        cwd=folder,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    return {
        database.name: {
            file.stem: file.read_text()
            for file in database.rglob("compiled/*/models/**/*.sql")
            if file.parent.suffix != ".yml"
        }
        for database in folder.iterdir()
        if database.is_dir()
    }


def _options(loaded: Loaded, variables: Mapping[str, Any] | None = None) -> list[str]:
    given = {"pg_as_of": AS_OF, "pg_sources": [loaded.source], **(variables or {})}
    project = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    return [*project, "--vars", json.dumps(given)]


def source_resources(generation: str) -> list[str]:
    """The resources that load these tables."""
    endpoints = _APIS[generation].endpoints.values()
    # The last one counts: that a table has its resource's name.
    owners = {e.table_name: e.name for e in sorted(endpoints, key=lambda e: e.name == e.table_name)}
    tables = source_tables(generation)
    return sorted({owners.get(table) or owners[table.split("__")[0]] for table in tables})


def load(generation: str, folder: Path, world: World, **options: Any) -> Loaded:
    """Load what the marts read from a sandbox with a world."""
    with Sandbox(world=world, api=_APIS[generation].name) as sandbox:
        options = {"installation": generation, "concurrency": 2, **options}
        target = _TARGETS[generation](folder, sandbox, **options)
        with answered_directly(sandbox) if generation == "v1" else nullcontext():
            target.load(*source_resources(generation))
        target.close()
    return Loaded(generation, target.file, world)


def build(loaded: Loaded, **variables: Any) -> Loaded:
    """Build all marts of a loaded file, without the tests of the project."""
    dbt(loaded, "run", variables=variables, environment=UNTESTED)
    return loaded


def dbt(
    loaded: Loaded,
    *arguments: str,
    variables: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run dbt over a loaded file, or over the database that the environment names."""
    folder = loaded.file.parent
    result = subprocess.run(
        [
            *(*dbt_server.command(), "--no-use-colors", "--log-level-file", "none", *arguments),
            *("--target-path", str(folder / "dbt"), "--log-path", str(folder / "dbt")),
            *_options(loaded, variables),
        ],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PERFECTGYM_MARTS_DATABASE": str(loaded.file),
            "DO_NOT_TRACK": "1",
            **(environment or {}),
        },
        cwd=folder,
        check=False,
    )
    if check:
        assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
    return result
