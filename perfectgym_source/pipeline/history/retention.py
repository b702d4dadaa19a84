"""Delete old states of dlt, and old runs of the history.

dlt adds its state to the dataset in each run that changes it, and reads the newest one only. The
loads of the source stay in `_dlt_loads`, and so does `_dlt_version`: the first is a short row for
each run that loaded something, the second grows with the tables' columns only.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dlt.common.schema.typing import (
    C_DLT_LOAD_ID,
    C_DLT_LOADS_TABLE_LOAD_ID,
    LOADS_TABLE_NAME,
    PIPELINE_STATE_TABLE_NAME,
)
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from ...destination import Options, Session
from ...destination.names import CHECKS, MARTS, RESOURCES, RUNS
from ...destination.queries import newest_by_resource, rows, utc
from .tables import History, RunRecord

logger = logging.getLogger(__name__)

MOST_RUNS = 100
"""The newest runs always stay, and no more are deleted at once: a clock that is ahead does not
delete the whole history."""
LONGEST_HISTORY = 36_500
"""Days: a longer history would begin before any computer."""

_RUNS = """
    SELECT run_id, started_at, _dlt_load_id FROM {_runs}
    WHERE pipeline = %s AND installation = %s ORDER BY started_at DESC
"""
_LAST_SUCCESSES = newest_by_resource("run_id", "run.installation = %s AND done.outcome = 'ok'")
_NEWEST_MARTS = """
    SELECT run_id FROM {_run_marts} WHERE built_at IN (
        SELECT max(built_at) FROM {_run_marts}
        UNION ALL SELECT max(built_at) FROM {_run_marts} WHERE tests IS NOT NULL
    )
"""


def history_in(session: Session) -> History:
    """Return the history in a dataset; what its options do not keep is deleted from it."""
    return History(session, partial(delete_old, session.destination.options))


def delete_old(options: Options, client: SqlClientBase[Any], run: RunRecord) -> None:
    """Delete states and runs that are not kept, after a run that loaded something.

    Whatever goes wrong is a warning: nothing depends on it, and the next run tries again.

    Args:
        options: The options, which say what is kept.
        client: A client of the dataset.
        run: The run; older ones of its pipeline and installation are deleted.
    """
    if not run.rows_loaded:
        return
    try:
        if options.keep_states:
            # There are none yet after a first load that failed.
            with contextlib.suppress(DatabaseUndefinedRelation):
                _delete_states(client, options.dataset, options.keep_states)
        if options.history_days:
            days = min(options.history_days, LONGEST_HISTORY)
            _delete_runs(client, run, run.started_at - timedelta(days=days))
    except Exception as error:  # of any destination
        logger.warning(
            "Old states and runs could not be deleted (%s); the next run tries again.",
            type(error).__name__,
        )


def _delete_states(client: SqlClientBase[Any], pipeline_name: str, keep: int) -> None:
    """Delete old states, in the order in which dlt looks for the newest one."""
    states = client.make_qualified_table_name(PIPELINE_STATE_TABLE_NAME)
    loads = client.make_qualified_table_name(LOADS_TABLE_NAME)
    of_state, load, name, status = map(
        client.escape_column_name,
        (C_DLT_LOAD_ID, C_DLT_LOADS_TABLE_LOAD_ID, "pipeline_name", "status"),
    )
    query = (
        f"SELECT s.{of_state} FROM {states} AS s JOIN {loads} AS l ON l.{load} = s.{of_state} "
        f"WHERE s.{name} = %s AND l.{status} = 0 ORDER BY s.{of_state} DESC"
    )
    with client.execute_query(query, pipeline_name) as cursor:
        states_found = cursor.fetchall()
    if len(states_found) > keep:
        client.execute_sql(
            f"DELETE FROM {states} WHERE {name} = %s AND {of_state} < %s",
            pipeline_name,
            states_found[keep - 1][0],
        )


def _delete_runs(client: SqlClientBase[Any], run: RunRecord, oldest: datetime) -> None:
    """Delete runs from the history that began before a time.

    The last run that read all of a resource stays: `status` needs it. So does that of the newest
    marts, without whose record they would be taken for others' tables.
    """
    runs = rows(client, _RUNS, run.pipeline, run.installation)
    old = [row for row in runs[MOST_RUNS:] if utc(row[1]) < oldest][-MOST_RUNS:]
    if not old:
        return
    needed = rows(client, _LAST_SUCCESSES, run.installation) + rows(client, _NEWEST_MARTS)
    kept = {run_id for (run_id,) in needed}
    old = [row for row in old if row[0] not in kept]
    # The runs come last but for their loads: what is left of a failure is found again by them.
    for table in (RESOURCES, CHECKS, MARTS, RUNS):
        _delete(client, table, "run_id", [run_id for run_id, _, _ in old])
    _delete(client, LOADS_TABLE_NAME, C_DLT_LOADS_TABLE_LOAD_ID, [load for _, _, load in old])


def _delete(client: SqlClientBase[Any], table: str, column: str, values: Sequence[str]) -> None:
    if not values:
        return
    # Without checks or marts there is no table of theirs.
    with contextlib.suppress(DatabaseUndefinedRelation):
        client.execute_sql(
            f"DELETE FROM {client.make_qualified_table_name(table)} "
            f"WHERE {client.escape_column_name(column)} IN ({', '.join(['%s'] * len(values))})",
            *values,
        )
