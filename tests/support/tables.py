"""The tables of each place, read with its own library, in a form to compare.

Not among them: dlt's own, and the run history, which differs from run to run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import psycopg2
import pyarrow as pa
import pyarrow.parquet
from pyiceberg.table import StaticTable

DATASET = "perfectgym"
NOT_THE_SAME = ("_dlt_id", "_dlt_load_id", "taken_at")
"""Columns that differ from run to run, as they say which run it was."""
Tables = dict[str, Counter[frozenset[tuple[str, Any]]]]


def in_duckdb(file: Path) -> Tables:
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return _by_cursor(connection.cursor(), f"{file.stem}.{DATASET}")


def in_ducklake(catalog: Path) -> Tables:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH 'ducklake:{catalog}' AS lake (READ_ONLY)")
        connection.execute("USE lake")
        return _by_cursor(connection.cursor(), f"lake.{DATASET}")


def in_postgres(address: str) -> Tables:
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        return _by_cursor(cursor, DATASET)


def in_parquet(folder: Path) -> Tables:
    return {
        name: _counted(pa.parquet.read_table(path).to_pylist())
        for name, path in _folders(folder).items()
    }


def in_delta(folder: Path) -> Tables:
    return {
        name: _counted(deltalake.DeltaTable(path).to_pyarrow_table().to_pylist())
        for name, path in _folders(folder).items()
    }


def in_iceberg(folder: Path) -> Tables:
    return {
        name: _counted(
            StaticTable.from_metadata(str(max((path / "metadata").glob("*.metadata.json"))))
            .scan()
            .to_arrow()
            .to_pylist()
        )
        for name, path in _folders(folder).items()
    }


def _folders(folder: Path) -> dict[str, Path]:
    found = sorted((folder / DATASET).iterdir())
    return {path.name: path for path in found if not path.name.startswith(("_", "init", "."))}


def _by_cursor(cursor: Any, schema: str) -> Tables:
    cursor.execute(
        "SELECT table_name FROM information_schema.tables "
        f"WHERE table_schema = '{DATASET}' AND NOT table_name LIKE '\\_%' ESCAPE '\\'"
    )
    found = {}
    for (table,) in cursor.fetchall():
        cursor.execute(f'SELECT * FROM {schema}."{table}"')
        names = [column[0] for column in cursor.description]
        found[table] = _counted(dict(zip(names, row)) for row in cursor.fetchall())
    return found


def _counted(rows: Iterable[Mapping[str, Any]]) -> Counter[frozenset[tuple[str, Any]]]:
    return Counter(
        frozenset((name, value) for name, value in row.items() if name not in NOT_THE_SAME)
        for row in rows
    )


def assert_equal(found: Tables, wanted: Tables) -> None:
    """Fail unless all rows of all tables are the same, and say which are not."""
    assert found.keys() == wanted.keys()
    for table, rows in wanted.items():
        lacking, too_many = list(rows - found[table]), list(found[table] - rows)
        assert not lacking and not too_many, f"{table} lacks {lacking[:2]}, and has {too_many[:2]}"
