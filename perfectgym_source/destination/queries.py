"""Queries over the run history and the loaded tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

import pendulum
from dlt.common.schema.typing import LOADS_TABLE_NAME
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from .names import HISTORY_TABLES


def rows(client: SqlClientBase[Any], query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query over the history; none if there is no such table yet.

    Args:
        client: A client of the dataset.
        query: The query, with the tables in braces: `SELECT ... FROM {_runs}`; `_dlt_loads` too.
        values: For its placeholders (`%s`).
    """
    tables = (*HISTORY_TABLES, LOADS_TABLE_NAME)
    names = {name: client.make_qualified_table_name(name) for name in tables}
    try:
        with client.execute_query(query.format(**names), *values) as cursor:
            return list(cursor.fetchall())
    except DatabaseUndefinedRelation:
        return []


def newest_by_resource(columns: str, where: str) -> str:
    """Return a query, for `rows`, over the newest record of each resource.

    Args:
        columns: Some of `run_id`, `resource`, `rows_total`, `finished_at` and `error`.
        where: The records that count, of the tables `done` (resources) and `run`.
    """
    return f"""
        SELECT {columns} FROM (
            SELECT
                run.run_id, done.resource, done.rows_total, run.finished_at,
                coalesce(done.error, run.error) AS error,
                row_number() OVER (PARTITION BY done.resource ORDER BY run.finished_at DESC) AS nth
            FROM {{_run_resources}} AS done JOIN {{_runs}} AS run ON run.run_id = done.run_id
            WHERE {where}
        ) AS newest WHERE nth = 1
    """


def utc(moment: Any) -> datetime:
    """Return an instant, as the destination returns it, in UTC."""
    return cast("datetime", pendulum.instance(moment).in_timezone("UTC"))


def count_rows(client: SqlClientBase[Any], tables: Iterable[str]) -> dict[str, int]:
    """Return the number of rows of each table; missing tables are left out."""
    counts = {}
    for table in tables:
        query = f"SELECT count(*) FROM {client.make_qualified_table_name(table)}"
        try:
            with client.execute_query(query) as cursor:
                [(counts[table],)] = cursor.fetchall()
        except DatabaseUndefinedRelation:
            continue
    return counts
