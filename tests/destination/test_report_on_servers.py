"""The report on PostgreSQL: the same figures, all of one state of the marts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
import pytest
from support.mart_tables import MONTHS, Rows, create, database, made_up, marts_in

from perfectgym_source.destination import Options
from perfectgym_source.errors import DestinationError
from perfectgym_source.pipeline.status import status
from perfectgym_source.report import sections
from perfectgym_source.report.page import html_page
from perfectgym_source.report.reading import NothingToReport, PublishedMarts

CREDENTIALS = "DESTINATION__POSTGRES__CREDENTIALS"
WRITTEN = datetime(2026, 2, 3, 4, 5, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return made_up()


@pytest.fixture
def server(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[psycopg2.extensions.cursor]:
    monkeypatch.setenv(CREDENTIALS, postgres)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    connection = psycopg2.connect(postgres)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS perfectgym_marts CASCADE")
        yield cursor
        cursor.execute("DROP SCHEMA IF EXISTS perfectgym_marts CASCADE")
    connection.close()


def on_server() -> PublishedMarts:
    return PublishedMarts([Options("postgres", Path("unused.duckdb"), "perfectgym")])


def test_the_figures_are_those_of_duckdb(
    server: psycopg2.extensions.cursor, tmp_path: Path, rows: Rows
) -> None:
    create(server, rows)
    marts = on_server()
    for chosen in ({}, {"clubs": ("a|2", "a|3"), "start": MONTHS[12], "end": MONTHS[20]}):
        found = sections.read(marts, **chosen)
        expected = sections.read(
            marts_in(database(tmp_path / f"{len(chosen)}.duckdb", rows)), **chosen
        )
        assert found.choices == expected.choices
        assert found.headlines == expected.headlines
        assert found.rows == expected.rows
    assert html_page([found], WRITTEN).count("<svg") == 13


def test_marts_that_are_built_meanwhile_change_no_page(
    server: psycopg2.extensions.cursor, rows: Rows
) -> None:
    create(server, rows)
    with on_server().reading() as reader:
        [before] = reader.rows("SELECT sum(members_end) AS members FROM {kpi_club_month} AS kpi")
        server.execute("UPDATE perfectgym_marts.kpi_club_month SET members_end = 0")
        [after] = reader.rows("SELECT sum(members_end) AS members FROM {kpi_club_month} AS kpi")
        assert before == after
        with pytest.raises(Exception, match="read-only"):
            reader.client.execute_sql("DELETE FROM perfectgym_marts.dim_club")
    # No lock is left.
    server.execute("SET lock_timeout = '1s'")
    server.execute("DROP SCHEMA perfectgym_marts CASCADE")


def test_without_marts_or_the_server_it_says_so_and_so_does_status(
    server: psycopg2.extensions.cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NothingToReport, match="postgres has no marts of perfectgym"):
        on_server().reading().__enter__()
    monkeypatch.setenv(CREDENTIALS, "postgresql://nobody:unused@127.0.0.1:1/none?connect_timeout=1")
    with pytest.raises(DestinationError, match="postgres failed: connection to server"):
        on_server().reading().__enter__()
    with pytest.raises(DestinationError, match="postgres failed: connection to server"):
        status(on_server().options[0], [], "club", 26)
