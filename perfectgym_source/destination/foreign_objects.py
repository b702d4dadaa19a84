"""What others made in the published file: schemas, tables, views, macros and so on.

The pipeline's own are the tables that dlt's stored schemas know or once knew, in the datasets that
it loads: those of the loaded file. Everything else is somebody else's, and is carried over when the
file is published anew.
"""

from __future__ import annotations

import contextlib
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import duckdb
import orjson
from dlt.common.versioned_state import decompress_state

from .names import HISTORY_PIPELINE, HISTORY_TABLES, PIPELINE

Object = tuple[str, str, str]
"""Kind, schema and name of an entry of the catalog."""

PUBLISHED, COPY, _THEIRS = "_pg_published", "_pg_copy", "_pg_theirs"
"""The names under which `carry_over` expects both files to be attached, and one of its own. They
must not be names of schemas: DuckDB could not tell them apart."""

_OWN_SCHEMAS = f"('{PIPELINE}', '{HISTORY_PIPELINE}')"
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


class CannotCarryOver(Exception):
    """Something that others made cannot be made again in another file."""


def carry_over(connection: duckdb.DuckDBPyConnection) -> None:
    """Make in the copy of the loaded file what others made in the published one, and nothing else
    of others.

    Args:
        connection: Both are attached to it, as `PUBLISHED` and `COPY`; the first perhaps read-only.

    Raises:
        CannotCarryOver: With the names and DuckDB's reason.
        duckdb.Error: A file cannot be read or written.
    """
    found = _objects(connection)
    datasets = _datasets(connection, COPY)
    theirs = _of_others(connection, PUBLISHED, found[PUBLISHED], datasets)
    # In a loaded file that was made from a published one.
    stale = _of_others(connection, COPY, found[COPY], datasets)
    if not (theirs or stale):
        return
    if any(kind == "trigger" for kind, _, _ in theirs):
        # It would run while its table is filled.
        raise CannotCarryOver(names(theirs, "trigger"))
    try:
        _drop(connection, COPY, stale)
        if theirs:
            _make(connection, theirs)
    except (duckdb.IOException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        raise CannotCarryOver(f"{names(theirs)} ({_reason(error)})") from None
    made = set(_objects(connection)[COPY])
    missing = [entry for entry in theirs if entry not in made]
    if missing:
        raise CannotCarryOver(names(missing))


def drop_of_others(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Drop what others made, from a loaded file that was made from a published one.

    A copy of a dataset beside the dataset itself is theirs too: its state names the other one.

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.

    Raises:
        CannotCarryOver: Something cannot be dropped; with the names and DuckDB's reason.
        duckdb.Error: The file cannot be read or written.
    """
    datasets = _datasets(connection, catalog)
    named = {schema: _name_in_state(connection, catalog, schema) for schema in datasets}
    own = [schema for schema, name in named.items() if name == schema or name not in datasets]
    theirs = _of_others(connection, catalog, _objects(connection)[catalog], own)
    connection.begin()
    try:
        _drop(connection, catalog, theirs)
        connection.commit()
    except (duckdb.IOException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        connection.rollback()
        raise CannotCarryOver(f"{names(theirs)} ({_reason(error)})") from None


def drop_staging(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Drop the schemas in which dlt keeps rows only while it loads them.

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.
    """
    for schema, is_staging in _datasets(connection, catalog).items():
        if is_staging:
            connection.execute(f"DROP SCHEMA {_quoted(catalog, schema)} CASCADE")


def loaded_state(
    connection: duckdb.DuckDBPyConnection, catalog: str, among: Collection[str] | None = None
) -> dict[str, Any]:
    """What tells one state of the loaded tables from another, for each dataset: the last load, and
    the number of rows, because a repair can remove rows without a load. The run history does not
    count: it changes in every run.

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.
        among: The datasets of the loaded file, where it is another one: no others are its own.
    """
    found: dict[str, Any] = {}
    for schema, is_staging in _datasets(connection, catalog).items():
        if is_staging or (among is not None and schema not in among):
            continue
        loads = _quoted(catalog, schema, "_dlt_loads")
        [[last]] = connection.execute(
            f"SELECT max(load_id) FROM {loads} WHERE schema_name = '{PIPELINE}'"
        ).fetchall()
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? "
            "AND table_name NOT LIKE '\\_%' ESCAPE '\\'",
            [catalog, schema],
        ).fetchall()
        known = _known_tables(connection, catalog, schema)
        counts = [
            f"SELECT count(*) AS n FROM {_quoted(catalog, schema, name)}"
            for (name,) in tables
            if name in known
        ]
        rows = 0
        if counts:
            [[rows]] = connection.execute(
                f"SELECT sum(n) FROM ({' UNION ALL '.join(counts)})"
            ).fetchall()
        found[schema] = (last, int(rows))
    return found


def contents(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[Object, int]:
    """The objects of a catalog, each with its number of rows (0 for what is no table).

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.
    """
    found = dict.fromkeys(_objects(connection)[catalog], 0)
    for entry in found:
        if entry[0] == "table":
            table = _quoted(catalog, *entry[1:])
            [[found[entry]]] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return found


def _datasets(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, bool]:
    """The schemas that look as if this package loaded them, and whether each is dlt's staging one.

    Those of a loaded file are its own; in a published file, others may have made their like.
    """
    columns = connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name) "
        "WHERE database_name = ? AND table_name IN ('_dlt_version', '_dlt_loads')",
        [catalog],
    ).fetchall()
    held = defaultdict(set)
    for schema, *column in columns:
        held[schema].add(tuple(column))
    found = {}
    for schema in sorted(held):
        if not held[schema] >= {("_dlt_version", "schema_name"), ("_dlt_version", "schema")}:
            continue
        has_loads = held[schema] >= {("_dlt_loads", "schema_name"), ("_dlt_loads", "load_id")}
        is_staging = not has_loads and schema.removesuffix("_staging") in held.keys() - {schema}
        if not (has_loads or is_staging):
            continue
        versions = _quoted(catalog, schema, "_dlt_version")
        [[is_own]] = connection.execute(
            f"SELECT count(*) > 0 FROM {versions} WHERE schema_name IN {_OWN_SCHEMAS}"
        ).fetchall()
        if is_own:
            found[schema] = is_staging
    return found


def _known_tables(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> set[str]:
    """The tables of a dataset that one of dlt's stored schemas knows.

    Any of them: the schema of a run without rows for a table need not know that table.
    """
    stored = connection.execute(
        f"SELECT schema FROM {_quoted(catalog, schema, '_dlt_version')} "
        f"WHERE schema_name IN {_OWN_SCHEMAS}"
    ).fetchall()
    return _ALWAYS.union(*(orjson.loads(text)["tables"] for (text,) in stored))


def _name_in_state(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> str | None:
    """The name of the dataset that the newest of dlt's states in it was written for; None if there
    is no such state."""
    try:
        newest = connection.execute(
            f"SELECT state FROM {_quoted(catalog, schema, '_dlt_pipeline_state')} "
            f"WHERE pipeline_name = '{PIPELINE}' ORDER BY version DESC LIMIT 1"
        ).fetchone()
        return decompress_state(newest[0]).get("dataset_name") if newest else None
    except (duckdb.CatalogException, duckdb.BinderException, ValueError, zlib.error):
        return None


def _of_others(
    connection: duckdb.DuckDBPyConnection,
    catalog: str,
    objects: Iterable[Object],
    datasets: Collection[str],
) -> list[Object]:
    """Those objects of a catalog that are not the pipeline's own.

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.
        objects: What is in it.
        datasets: Those of the loaded file.
    """
    known = {
        schema: _known_tables(connection, catalog, schema)
        for schema, is_staging in _datasets(connection, catalog).items()
        if (schema.removesuffix("_staging") if is_staging else schema) in datasets
    }
    return [
        (kind, schema, name)
        for kind, schema, name in objects
        if not (
            schema in known and (kind == "schema" or (kind == "table" and name in known[schema]))
        )
    ]


def _objects(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Object]]:
    """What is in each catalog, in an order in which it can be made."""
    rows = connection.execute(_OBJECTS).fetchall()
    with contextlib.suppress(duckdb.CatalogException):  # DuckDB 1 has none
        rows += connection.execute(_TRIGGERS).fetchall()
    rows.sort(key=lambda row: (_KINDS.index(row[1]), row[4], row[2:4]))
    found = defaultdict(list)
    for catalog, kind, schema, name, _ in rows:
        found[catalog].append((kind, schema, name))
    return found


def _drop(connection: duckdb.DuckDBPyConnection, catalog: str, objects: Collection[Object]) -> None:
    for kind, schema, name in reversed([*objects]):
        if kind == "schema":
            connection.execute(f"DROP SCHEMA {_quoted(catalog, schema)} CASCADE")
        elif kind == "trigger":
            tables = connection.execute(
                "SELECT table_name FROM duckdb_triggers() WHERE database_name = ? "
                "AND schema_name = ? AND trigger_name = ?",
                [catalog, schema, name],
            ).fetchall()
            for (table,) in tables:
                of = _quoted(catalog, schema, table)
                connection.execute(f"DROP TRIGGER {_quoted(name)} ON {of}")
        else:
            connection.execute(f"DROP {kind} IF EXISTS {_quoted(catalog, schema, name)}")


def _make(connection: duckdb.DuckDBPyConnection, theirs: Collection[Object]) -> None:
    """Make objects of the published file in its copy, and fill the tables among them."""
    # Everything, then without what the copy has: DuckDB alone knows how to write each object anew.
    connection.execute(f"ATTACH ':memory:' AS {_THEIRS}")
    connection.execute(f"COPY FROM DATABASE {PUBLISHED} TO {_THEIRS} (SCHEMA)")
    wanted = set(theirs)
    schemas = {schema for _, schema, _ in theirs}
    own = [
        entry
        for entry in _objects(connection)[_THEIRS]
        if entry not in wanted and not (entry[0] == "schema" and entry[1] in schemas)
    ]
    _drop(connection, _THEIRS, own)
    connection.execute(f"COPY FROM DATABASE {_THEIRS} TO {COPY} (SCHEMA)")
    connection.execute(f"DETACH {_THEIRS}")
    for kind, schema, name in theirs:
        if kind == "table":
            _fill(connection, schema, name)
    _make_indexes(connection, wanted.difference(_objects(connection)[COPY]))


def _fill(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> None:
    columns = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_catalog = ? "
        "AND table_schema = ? AND table_name = ? AND is_generated IS DISTINCT FROM 'ALWAYS' "
        "ORDER BY ordinal_position",
        [PUBLISHED, schema, name],
    ).fetchall()
    listed = ", ".join(_quoted(column) for (column,) in columns)
    connection.execute(
        f"INSERT INTO {_quoted(COPY, schema, name)} ({listed}) "
        f"SELECT {listed} FROM {_quoted(PUBLISHED, schema, name)}"
    )


def _make_indexes(connection: duckdb.DuckDBPyConnection, missing: Iterable[Object]) -> None:
    """Make those that went with a table of the pipeline's own."""
    for kind, schema, name in missing:
        if kind == "index":
            [[sql]] = connection.execute(
                "SELECT sql FROM duckdb_indexes() WHERE database_name = ? AND schema_name = ? "
                "AND index_name = ?",
                [PUBLISHED, schema, name],
            ).fetchall()
            connection.execute(f"USE {COPY}")
            connection.execute(sql)
            connection.execute("USE memory.main")


def names(objects: Iterable[Object], only: str = "") -> str:
    """The names of objects for a person, of one kind only if that is given; ten at most."""
    found = [
        f"{kind} {'.'.join(filter(None, parts))}"
        for kind, *parts in objects
        if kind == only or not only
    ]
    return ", ".join(found[:10]) + (f" and {len(found) - 10} more" if len(found) > 10 else "")


def _reason(error: duckdb.Error) -> str:
    return " ".join(str(error).split())[:300]


def _quoted(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
