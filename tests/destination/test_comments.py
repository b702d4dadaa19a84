"""Tables and columns carry their descriptions in DuckDB and PostgreSQL."""

from __future__ import annotations

import logging
from typing import Any

import duckdb
import psycopg2
import pytest
from support.places import Place

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.catalog.tables import table_layout
from perfectgym_source.destination.duckdb.loading_file import loading_file

CREDENTIALS = "DESTINATION__POSTGRES__CREDENTIALS"
COMMENTS = {
    "duckdb": """
        SELECT '', comment FROM duckdb_tables() WHERE table_name = '{0}'
        UNION ALL SELECT column_name, comment FROM duckdb_columns() WHERE table_name = '{0}'
    """,
    "postgres": """
        SELECT '', obj_description('perfectgym.{0}'::regclass, 'pg_class')
        UNION ALL SELECT attname, col_description(attrelid, attnum) FROM pg_attribute
        WHERE attrelid = 'perfectgym.{0}'::regclass AND attnum > 0
    """,
}


class Database:
    """A place, and what is written there beside a run."""

    def __init__(self, place: Place, postgres: str) -> None:
        self.place = place
        self.postgres = postgres

    def execute(self, statement: str) -> None:
        """Execute a statement where the next run loads."""
        if self.place.destination == "duckdb":
            with duckdb.connect(str(loading_file(self.place.database))) as connection:
                connection.execute(statement)
            return
        connection = psycopg2.connect(self.postgres)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def comments(self, table: str = "clubs") -> dict[str, str | None]:
        """Return the comments of a table's columns, and its own by the empty name."""
        query = COMMENTS[self.place.destination].format(table)
        if self.place.destination == "duckdb":
            with duckdb.connect(str(self.place.database), read_only=True) as connection:
                return dict(connection.execute(query).fetchall())
        connection = psycopg2.connect(self.postgres)
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            found = dict(cursor.fetchall())
        connection.close()
        return found


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: Any, local: Place, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv(CREDENTIALS, postgres)
    return Database(local.at(request.param), postgres)


def test_tables_and_columns_are_described_where_they_stand(database: Database) -> None:
    database.place.load("clubs")

    comments = database.comments()
    columns = table_layout(ENDPOINTS["clubs"]).columns()
    described = {column.name: column.description for column in columns}
    assert comments[""] == ENDPOINTS["clubs"].description
    assert described.items() <= comments.items()
    assert [name for name, text in comments.items() if not text] == []
    history = database.comments("_runs")
    assert {name for name, text in history.items() if not text} == {"_dlt_id", "_dlt_load_id"}


def test_a_comment_that_differs_is_written_anew_and_one_that_nobody_described_stays(
    database: Database,
) -> None:
    database.place.load("clubs")
    first = database.comments()
    database.execute("COMMENT ON COLUMN perfectgym.clubs.name IS 'Something else'")
    database.execute("ALTER TABLE perfectgym.clubs ADD COLUMN theirs integer")
    database.execute("COMMENT ON COLUMN perfectgym.clubs.theirs IS 'The analyst''s own'")

    world = database.place.sandbox.world
    world.change("clubs", world.clubs[0])
    database.place.load("clubs")

    assert database.comments() == {**first, "theirs": "The analyst's own"}


def test_the_rows_of_a_table_that_others_own_are_loaded_without_its_comments(
    local: Place, postgres: str, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setenv(CREDENTIALS, postgres)
    database = Database(local.at("postgres"), postgres)
    database.place.load("clubs")
    database.execute("COMMENT ON TABLE perfectgym.clubs IS NULL")
    database.execute("DROP ROLE IF EXISTS loader")
    database.execute(
        "CREATE ROLE loader LOGIN; GRANT ALL ON SCHEMA perfectgym TO loader; "
        "GRANT ALL ON ALL TABLES IN SCHEMA perfectgym TO loader; "
        "DROP SCHEMA IF EXISTS perfectgym_staging CASCADE; "
        "GRANT CREATE ON DATABASE postgres TO loader"
    )
    monkeypatch.setenv(CREDENTIALS, postgres.replace("postgres:unused@", "loader:unused@"))
    world = database.place.sandbox.world
    world.change("clubs", world.clubs[0])

    with caplog.at_level(logging.WARNING):
        database.place.load("clubs")

    assert database.comments()[""] is None
    assert "descriptions could not be written: must be owner of table clubs" in caplog.text
