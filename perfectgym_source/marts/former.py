"""Models of earlier releases, which a build of all models drops."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.sql_client import SqlClientBase

from ..destination.marts_schemas import is_model
from .record import newest_record

logger = logging.getLogger(__name__)


def drop_former(client: SqlClientBase[Any], schemas: Collection[str]) -> None:
    """Drop the relations of models that the last build of all models had, and this release has not.

    What others made under another name is not touched.

    Args:
        client: A client of the dataset.
        schemas: The schemas of its marts.
    """
    last = newest_record(client, "is_full AND models > 0")
    former = {name for name in (last.relations or "").split() if not is_model(name)} if last else ()
    if not former:
        return
    query = (
        "SELECT table_schema, table_name, table_type FROM information_schema.tables "
        f"WHERE table_schema IN ({', '.join(['%s'] * len(schemas))}) ORDER BY 1, 2"
    )
    with client.execute_query(query, *schemas) as cursor:
        found = cursor.fetchall()
    for schema, name, kind in found:
        if name in former:
            place = ".".join(map(client.escape_column_name, (schema, name)))
            try:
                client.execute_sql(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {place}")
            except DatabaseException as error:
                logger.warning(
                    "%s.%s is no model any more, and cannot be dropped: %s", schema, name, error
                )
