"""Append a few rows to tables by dlt's client of the destination, without a load package.

dlt writes its own tables in the same way (`_dlt_loads`, `_dlt_version`). A pipeline for a handful
of rows would take several times as long as the statements.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_ID, C_DLT_LOAD_ID, TColumnSchema, TTableSchema
from dlt.common.schema.utils import new_table
from dlt.common.storages.load_package import create_load_id
from dlt.common.utils import uniq_id_base64

from .comments import write_comments

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows by table."""

_MOST_VALUES = 250
"""Values of one statement: Databricks takes 255."""
_OF_DLT: Sequence[TColumnSchema] = (
    {"name": C_DLT_LOAD_ID, "data_type": "text", "nullable": False},
    {
        "name": C_DLT_ID,
        "data_type": "text",
        "nullable": False,
        "unique": True,
        "row_key": True,
    },
)
"""Columns that dlt adds to every table."""


def table(name: str, description: str, columns: Iterable[TColumnSchema]) -> TTableSchema:
    """Return the table of a schema to which rows are appended.

    Args:
        name: Its name.
        description: What a row is.
        columns: Its columns, without those of dlt.
    """
    made = new_table(name, write_disposition="append", columns=[*columns, *_OF_DLT], resource=name)
    made["description"] = description
    made["x-normalizer"] = {"seen-data": True}
    return made


def schema_of(name: str, tables: Iterable[TTableSchema]) -> Schema:
    """Return a dlt schema of some tables."""
    schema = Schema(name)
    for each in tables:
        schema.update_table(each)
    return schema


def prepare(client: Any) -> None:
    """Make the dataset, the tables and the columns of the client's schema that are not there.

    Args:
        client: dlt's client of the destination (`Session.job_client`).
    """
    if not client.is_storage_initialized():
        client.initialize_storage()
    # dlt takes the tables of a schema that was stored for given; they may have been dropped.
    client.update_stored_schema(force=True)
    write_comments(client)


def append(client: Any, rows: Rows) -> None:
    """Append rows as one load, in the order of their tables: all of them or none.

    Where the destination has no transactions, the last table tells whether all are there.

    Args:
        client: As for `prepare`, which made the tables.
        rows: The rows. A column that a row lacks is NULL.
    """
    load_id = create_load_id()
    with _transaction(client):
        for name, found in rows.items():
            columns = list(client.schema.tables[name]["columns"])
            complete = (
                {**row, C_DLT_LOAD_ID: load_id, C_DLT_ID: uniq_id_base64(10)} for row in found
            )
            while some := list(islice(complete, _MOST_VALUES // len(columns))):
                _insert(client, name, columns, some)
        client.complete_load(load_id)


def _insert(
    client: Any, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    sql = client.sql_client
    values = [[row.get(column) for column in columns] for row in rows]
    # BigQuery cannot tell the type of a parameter that is NULL.
    texts = [", ".join("NULL" if each is None else "%s" for each in row) for row in values]
    if client.capabilities.insert_values_writer_type == "select_union":
        source = " UNION ALL ".join(f"SELECT {text}" for text in texts)
    else:
        source = "VALUES " + ", ".join(f"({text})" for text in texts)
    names = ", ".join(map(sql.escape_column_name, columns))
    sql.execute_sql(
        f"INSERT INTO {sql.make_qualified_table_name(name)} ({names}) {source}",
        *(each for row in values for each in row if each is not None),
    )


def _transaction(client: Any) -> AbstractContextManager[Any]:
    # dlt says nothing of those destinations that have transactions.
    if client.capabilities.supports_transactions is False:
        return contextlib.nullcontext()
    found: AbstractContextManager[Any] = client.sql_client.begin_transaction()
    return found
