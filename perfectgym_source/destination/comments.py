"""Descriptions of tables and columns as comments in the database.

dlt writes them into BigQuery, Databricks and Snowflake itself, and not into DuckDB and PostgreSQL
(`prepare_load_table` and `_get_table_update_sql` of its destinations).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from dlt.common.destination.exceptions import DestinationException
from dlt.common.schema.typing import TTableSchema
from dlt.destinations.sql_client import SqlClientBase

from ..error_translation import first_line

logger = logging.getLogger(__name__)

_COMMENTS = {
    "duckdb": """
        SELECT table_name, '', comment FROM duckdb_tables()
        WHERE database_name = current_database() AND schema_name = %s
        UNION ALL SELECT table_name, column_name, comment FROM duckdb_columns()
        WHERE database_name = current_database() AND schema_name = %s
    """,
    "postgres": """
        SELECT relname, '', obj_description(pg_class.oid, 'pg_class') FROM pg_class
        WHERE relnamespace = to_regnamespace(quote_ident(%s))
        UNION ALL SELECT relname, attname, col_description(pg_class.oid, attnum)
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = to_regnamespace(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped
    """,
}
"""By type of the destination: table, column (empty for the table itself) and comment."""


def write_comments(client: Any) -> None:
    """Write the descriptions of dlt's schema into the dataset, where they differ.

    Comments of tables and columns without a description stay as they are. What cannot be written
    is a warning: the rows are loaded all the same.

    Args:
        client: dlt's open client of the destination, with the schema.
    """
    query = _COMMENTS.get(client.config.destination_type)
    if query is None:
        return
    try:
        _write(client.sql_client, client.schema.tables, query)
    except DestinationException as error:
        logger.warning("The tables' descriptions could not be written: %s", first_line(error))


def _write(client: SqlClientBase[Any], tables: Mapping[str, TTableSchema], query: str) -> None:
    dataset = client.dataset_name
    with client.execute_query(query, dataset, dataset) as cursor:
        present = {(table, column): text for table, column, text in cursor.fetchall()}
    statements = []
    for (table, column), text in _descriptions(tables):
        if present.get((table, column), text) == text:  # or it is not there
            continue
        name = client.make_qualified_table_name(table)
        kind = "TABLE"
        if column:
            kind, name = "COLUMN", f"{name}.{client.escape_column_name(column)}"
        literal = text.replace("'", "''")
        statements.append(f"COMMENT ON {kind} {name} IS '{literal}'")
    if statements:
        with client.begin_transaction():
            client.execute_many(statements)


def _descriptions(
    tables: Mapping[str, TTableSchema],
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield table, column (empty for the table itself) and description."""
    for table, schema in tables.items():
        if text := schema.get("description"):
            yield (table, ""), text
        for column, hints in schema["columns"].items():
            if text := hints.get("description"):
                yield (table, column), text
