"""The objects in a DuckDB file, and which of them the pipeline loaded."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import duckdb
import orjson

from ...text import listed
from ..marts_schemas import marts_schemas
from ..names import HISTORY, HISTORY_TABLES, MARTS, SCHEMA, STAGING

Object = tuple[str, str, str]
"""Kind, schema and name of an entry of the catalog."""

_SCHEMAS = f"('{SCHEMA}', '{HISTORY}')"
"""The names of dlt's schemas that this package loads, as SQL has them."""

_OBJECTS = """
    SELECT database_name, 'schema', schema_name, '', 0 FROM duckdb_schemas() WHERE NOT internal
    UNION ALL SELECT database_name, 'type', schema_name, type_name, 0 FROM duckdb_types()
    WHERE NOT internal
    UNION ALL SELECT database_name, 'sequence', schema_name, sequence_name, 0
    FROM duckdb_sequences()
    UNION ALL SELECT database_name, 'table', schema_name, table_name, table_oid FROM duckdb_tables()
    UNION ALL SELECT database_name, 'view', schema_name, view_name, view_oid FROM duckdb_views()
    WHERE NOT internal
    UNION ALL SELECT DISTINCT database_name, replace(function_type, 'table_macro', 'macro table'),
    schema_name, function_name, 0 FROM duckdb_functions() WHERE NOT internal
    UNION ALL SELECT database_name, 'index', schema_name, index_name, 0 FROM duckdb_indexes()
"""
_TRIGGERS = "SELECT database_name, 'trigger', schema_name, trigger_name, 0 FROM duckdb_triggers()"
_ALWAYS = {"_dlt_loads", "_dlt_version", "_dlt_pipeline_state", *HISTORY_TABLES}
"""The tables of a dataset that no stored schema needs to know."""

_KINDS = ("schema", "type", "sequence", "table", "view", "macro", "macro table", "index", "trigger")
"""In this order they can be made, and in the reverse one dropped."""


def drop_staging(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Drop the schemas in which dlt keeps rows only while it loads them.

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.
    """
    for schema, is_staging in datasets_of(connection, catalog).items():
        if is_staging:
            connection.execute(f"DROP SCHEMA {quoted(catalog, schema)} CASCADE")


def loaded_state(
    connection: duckdb.DuckDBPyConnection, catalog: str, among: Collection[str] | None = None
) -> dict[str, Any]:
    """Return what tells one state of the loaded tables from another, by dataset.

    It is the last load, the number of loads, because a clock can be set back, the number of rows,
    because a repair can delete rows without a load, and the last build of the marts. The rest of
    the run history does not count: it changes in every run.

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.
        among: The datasets of the loaded file, where it is another one: it has no others.
    """
    found: dict[str, Any] = {}
    for schema, is_staging in datasets_of(connection, catalog).items():
        if is_staging or (among is not None and schema not in among):
            continue
        loads = quoted(catalog, schema, "_dlt_loads")
        [[last, number]] = connection.execute(
            f"SELECT max(load_id), count(*) FROM {loads} WHERE schema_name = '{SCHEMA}'"
        ).fetchall()
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? "
            "AND table_name NOT LIKE '\\_%' ESCAPE '\\'",
            [catalog, schema],
        ).fetchall()
        known = known_tables(connection, catalog, schema)
        counts = [
            f"SELECT count(*) AS n FROM {quoted(catalog, schema, name)}"
            for (name,) in tables
            if name in known
        ]
        rows = 0
        if counts:
            [[rows]] = connection.execute(
                f"SELECT sum(n) FROM ({' UNION ALL '.join(counts)})"
            ).fetchall()
        found[schema] = (last, number, int(rows), *_builds(connection, catalog, schema))
    return found


def marts_of(
    connection: duckdb.DuckDBPyConnection, catalog: str, datasets: Iterable[str]
) -> dict[str, set[str]]:
    """Return the schemas of the marts of those datasets for which some were built, each with the
    models that were ever built there.

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.
        datasets: Names of datasets in it.
    """
    return {
        name: _models(connection, catalog, dataset)
        for dataset in datasets
        if _builds(connection, catalog, dataset)
        for name in marts_schemas(dataset)
    }


def _models(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> set[str]:
    """Return the models that were ever built of a dataset, those of earlier releases too."""
    try:
        records = connection.execute(
            f"SELECT DISTINCT relations FROM {quoted(catalog, schema, MARTS)}"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return set()
    return {name for (names,) in records for name in (names or "").split()}


def _builds(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> tuple[str, ...]:
    """Return what changes when the marts of a dataset are built, even if the clock was set back; an
    empty tuple if they never were."""
    try:
        [[last]] = connection.execute(
            f"SELECT sum(epoch_us(built_at)) FROM {quoted(catalog, schema, MARTS)}"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return ()
    return (str(last),)


def contents(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[Object, int]:
    """Return the objects of a catalog, each with its number of rows (0 if it is no table).

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.
    """
    found = dict.fromkeys(objects(connection)[catalog], 0)
    for entry in found:
        if entry[0] == "table":
            table = quoted(catalog, *entry[1:])
            [[found[entry]]] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return found


def datasets_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, bool]:
    """Return the schemas that this package seems to have loaded, and whether each is for staging.

    In a loaded file they are the pipeline's; in a published file, others may have made similar
    ones.
    """
    listed = connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name) "
        "WHERE database_name = ? AND table_name IN ('_dlt_version', '_dlt_loads')",
        [catalog],
    ).fetchall()
    columns: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for schema, *column in listed:
        columns[schema].add(tuple(column))
    found = {}
    for schema in sorted(columns):
        if not columns[schema] >= {("_dlt_version", "schema_name"), ("_dlt_version", "schema")}:
            continue
        has_loads = columns[schema] >= {("_dlt_loads", "schema_name"), ("_dlt_loads", "load_id")}
        is_staging = not has_loads and schema.removesuffix(STAGING) in columns.keys() - {schema}
        if not (has_loads or is_staging):
            continue
        versions = quoted(catalog, schema, "_dlt_version")
        [[is_ours]] = connection.execute(
            f"SELECT count(*) > 0 FROM {versions} WHERE schema_name IN {_SCHEMAS}"
        ).fetchall()
        if is_ours:
            found[schema] = is_staging
    return found


def known_tables(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> set[str]:
    """Return the tables of a dataset that one of dlt's stored schemas knows.

    Any of them: the schema of a run without rows for a table need not know that table.
    """
    stored = connection.execute(
        f"SELECT schema FROM {quoted(catalog, schema, '_dlt_version')} "
        f"WHERE schema_name IN {_SCHEMAS}"
    ).fetchall()
    return _ALWAYS.union(*(orjson.loads(text)["tables"] for (text,) in stored))


def objects(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Object]]:
    """Return the objects of each catalog, in an order in which they can be made."""
    rows = connection.execute(_OBJECTS).fetchall()
    with contextlib.suppress(duckdb.CatalogException):  # DuckDB 1 has none
        rows += connection.execute(_TRIGGERS).fetchall()
    rows.sort(key=lambda row: (_KINDS.index(row[1]), row[4], row[2:4]))
    found = defaultdict(list)
    for catalog, kind, schema, name, _ in rows:
        found[catalog].append((kind, schema, name))
    return found


def drop(connection: duckdb.DuckDBPyConnection, catalog: str, found: Collection[Object]) -> None:
    """Drop objects of a catalog, given in the order in which they can be made."""
    for kind, schema, name in reversed([*found]):
        if kind == "schema":
            connection.execute(f"DROP SCHEMA {quoted(catalog, schema)} CASCADE")
        elif kind == "trigger":
            tables = connection.execute(
                "SELECT table_name FROM duckdb_triggers() WHERE database_name = ? "
                "AND schema_name = ? AND trigger_name = ?",
                [catalog, schema, name],
            ).fetchall()
            for (table,) in tables:
                of = quoted(catalog, schema, table)
                connection.execute(f"DROP TRIGGER {quoted(name)} ON {of}")
        else:
            connection.execute(f"DROP {kind} IF EXISTS {quoted(catalog, schema, name)}")


def names(found: Iterable[Object]) -> str:
    """Return the names of objects for people."""
    return listed([f"{kind} {'.'.join(filter(None, parts))}" for kind, *parts in found])


def quoted(*parts: str) -> str:
    """Return a qualified name as SQL has it."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in parts)
