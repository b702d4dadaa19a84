"""Fixtures: made-up marts in a DuckDB file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.mart_tables import Rows, database, made_up, marts_in

from perfectgym_source.report.reading import PublishedMarts


@pytest.fixture(scope="session")
def rows() -> Rows:
    """The rows of all marts."""
    return made_up()


@pytest.fixture(scope="session")
def marts_file(tmp_path_factory: pytest.TempPathFactory, rows: Rows) -> Path:
    return database(tmp_path_factory.mktemp("marts") / "gym.duckdb", rows)


@pytest.fixture(autouse=True)
def _own_dlt_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))


@pytest.fixture
def marts(marts_file: Path) -> PublishedMarts:
    return marts_in(marts_file)
