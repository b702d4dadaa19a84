"""What others made in the published file: schemas, tables, views, macros and so on.

The tables that dlt's stored schemas know or once knew, in the datasets of the loading file, belong
to the pipeline, and so do the models in the schemas of their marts. Everything else belongs to
others, and is carried over when the file is published again.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable

import duckdb
from dlt.common.versioned_state import decompress_state

from ..marts_schemas import is_model
from ..names import STAGING
from .database_objects import (
    Object,
    datasets_of,
    drop,
    known_tables,
    marts_of,
    names,
    objects,
    quoted,
)

PUBLISHED, COPY, _THEIRS = "_pg_published", "_pg_copy", "_pg_theirs"
"""The names under which `carry_over` expects both files to be attached, and one of its own. They
must not be names of schemas: DuckDB could not tell them apart."""


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
    found = objects(connection)
    datasets = datasets_of(connection, COPY)
    theirs = _of_others(connection, PUBLISHED, found[PUBLISHED], datasets)
    # In a loaded file that was made from a published one.
    stale = _of_others(connection, COPY, found[COPY], datasets)
    if not (theirs or stale):
        return
    if triggers := [entry for entry in theirs if entry[0] == "trigger"]:
        # They would run while their tables are filled.
        raise CannotCarryOver(names(triggers))
    try:
        drop(connection, COPY, stale)
        if theirs:
            _make(connection, theirs)
    except (duckdb.IOException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        raise CannotCarryOver(f"{names(theirs)} ({_reason(error)})") from None
    made = set(objects(connection)[COPY])
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
    datasets = datasets_of(connection, catalog)
    named = {schema: _name_in_state(connection, catalog, schema) for schema in datasets}
    own = [schema for schema, name in named.items() if name == schema or name not in datasets]
    theirs = _of_others(connection, catalog, objects(connection)[catalog], own)
    connection.begin()
    try:
        drop(connection, catalog, theirs)
        connection.commit()
    except (duckdb.IOException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        connection.rollback()
        raise CannotCarryOver(f"{names(theirs)} ({_reason(error)})") from None


def _of_others(
    connection: duckdb.DuckDBPyConnection,
    catalog: str,
    found: Iterable[Object],
    datasets: Collection[str],
) -> list[Object]:
    """Return the objects of a catalog that are not the pipeline's.

    Args:
        connection: The file is attached to it.
        catalog: The file's name there.
        found: The objects in it.
        datasets: Those of the loaded file.
    """
    known = {
        schema: known_tables(connection, catalog, schema)
        for schema, is_staging in datasets_of(connection, catalog).items()
        if (schema.removesuffix(STAGING) if is_staging else schema) in datasets
    }
    marts = marts_of(connection, catalog, known)
    return [
        (kind, schema, name)
        for kind, schema, name in found
        if not (
            schema in known and (kind == "schema" or (kind == "table" and name in known[schema]))
        )
        and not (schema in marts and (kind == "schema" or is_model(name) or name in marts[schema]))
    ]


def _name_in_state(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> str | None:
    """Return the dataset that the newest of dlt's states in a schema was written for, if any."""
    try:
        newest = connection.execute(
            f"SELECT state FROM {quoted(catalog, schema, '_dlt_pipeline_state')} "
            "ORDER BY version DESC LIMIT 1"
        ).fetchone()
        return decompress_state(newest[0]).get("dataset_name") if newest else None
    except (duckdb.CatalogException, duckdb.BinderException, ValueError, zlib.error):
        return None


def _make(connection: duckdb.DuckDBPyConnection, theirs: Collection[Object]) -> None:
    """Make objects of the published file in its copy, and fill the tables among them."""
    # Everything, then without what the copy has: DuckDB alone knows how to write each object anew.
    connection.execute(f"ATTACH ':memory:' AS {_THEIRS}")
    connection.execute(f"COPY FROM DATABASE {PUBLISHED} TO {_THEIRS} (SCHEMA)")
    wanted = set(theirs)
    schemas = {schema for _, schema, _ in theirs}
    own = [
        entry
        for entry in objects(connection)[_THEIRS]
        if entry not in wanted and not (entry[0] == "schema" and entry[1] in schemas)
    ]
    drop(connection, _THEIRS, own)
    connection.execute(f"COPY FROM DATABASE {_THEIRS} TO {COPY} (SCHEMA)")
    connection.execute(f"DETACH {_THEIRS}")
    for kind, schema, name in theirs:
        if kind == "table":
            _fill(connection, schema, name)
    _make_indexes(connection, wanted.difference(objects(connection)[COPY]))


def _fill(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> None:
    columns = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_catalog = ? "
        "AND table_schema = ? AND table_name = ? AND is_generated IS DISTINCT FROM 'ALWAYS' "
        "ORDER BY ordinal_position",
        [PUBLISHED, schema, name],
    ).fetchall()
    listed = ", ".join(quoted(column) for (column,) in columns)
    connection.execute(
        f"INSERT INTO {quoted(COPY, schema, name)} ({listed}) "
        f"SELECT {listed} FROM {quoted(PUBLISHED, schema, name)}"
    )


def _make_indexes(connection: duckdb.DuckDBPyConnection, missing: Iterable[Object]) -> None:
    """Make the indexes that were dropped with a table of the pipeline."""
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


def _reason(error: duckdb.Error) -> str:
    return " ".join(str(error).split())[:300]
