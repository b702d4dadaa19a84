"""The marts are read as they were published, and nobody waits for the report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from support.mart_tables import TABLES, database, marts_in

from perfectgym_source.errors import DestinationLocked
from perfectgym_source.report.reading import MARTS, NothingToReport, PublishedMarts

OPEN = (
    "import sys, duckdb; opened = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
)


def opens_for_writing(file: Path) -> subprocess.Popen[str]:
    """Start a process that has a file open for writing."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", OPEN, str(file)], text=True, **pipes)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n", process.communicate()
    return process


def test_without_a_file_it_says_what_to_load(tmp_path: Path) -> None:
    with pytest.raises(NothingToReport, match=r"there is no .*gym.duckdb.*perfectgym load"):
        marts_in(tmp_path / "gym.duckdb").reading().__enter__()
    assert not (tmp_path / "gym.duckdb").exists()


def test_without_marts_it_says_how_to_build_them(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "gym.duckdb")) as connection:
        connection.execute("CREATE SCHEMA perfectgym; CREATE TABLE perfectgym.clubs (id int)")
    with pytest.raises(NothingToReport, match=r"no marts of perfectgym.*perfectgym marts"):
        marts_in(tmp_path / "gym.duckdb").reading().__enter__()


def test_a_mart_that_is_missing_is_no_empty_one(tmp_path: Path) -> None:
    file = database(tmp_path / "gym.duckdb")
    with duckdb.connect(str(file)) as connection:
        connection.execute("DROP TABLE perfectgym_marts.fct_visit")
    with pytest.raises(NothingToReport, match="missing"), marts_in(file).reading() as reader:
        reader.rows("SELECT count(*) FROM {fct_visit} AS visit")


def test_the_loading_file_is_left_alone_and_no_lock_is_kept(tmp_path: Path) -> None:
    file = database(tmp_path / "gym.duckdb")
    loading = database(tmp_path / "gym_loading.duckdb")
    marts = marts_in(file)
    with opens_for_writing(loading) as run:
        with marts.reading() as reader:
            assert reader.rows("SELECT count(*) AS n FROM {dim_club} AS club") == [{"n": 5}]
        # The file can be written as soon as it was read.
        with opens_for_writing(file) as other:
            with pytest.raises(DestinationLocked, match="is open in"):
                marts.reading().__enter__()
            other.communicate("\n")
        run.communicate("\n")
    # A run can open its file while the report reads.
    with marts.reading(), opens_for_writing(loading) as run:
        run.communicate("\n")


def test_a_page_shows_what_was_published_after_it_was_opened(tmp_path: Path) -> None:
    file = database(tmp_path / "gym.duckdb")
    marts = marts_in(file)
    with marts.reading() as reader:
        database(tmp_path / "new.duckdb", {name: [] for name in TABLES})
        (tmp_path / "new.duckdb").replace(file)
        # All of one state.
        assert reader.rows("SELECT count(*) AS n FROM {dim_club} AS club") == [{"n": 5}]
    with marts.reading() as reader:
        assert reader.rows("SELECT count(*) AS n FROM {dim_club} AS club") == [{"n": 0}]


def test_every_mart_that_is_read_is_made_up() -> None:
    assert sorted(TABLES) == sorted(MARTS)


def test_reading_changes_nothing(marts: PublishedMarts, marts_file: Path) -> None:
    before = marts_file.read_bytes()
    with marts.reading() as reader, pytest.raises(Exception, match="read-only"):
        reader.client.execute_sql("CREATE TABLE mine (id int)")
    assert marts_file.read_bytes() == before
