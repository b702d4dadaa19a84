"""Tells what changed in the API since the last run from what is wrong in the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from ..catalogue import ENDPOINTS, Endpoint, Write
from ..cursors import Cursors
from ..reading.consumers import is_versioned, unit_key
from ..settings import Settings


@contextmanager
def registered(db: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> Iterator[None]:
    """Show an Arrow table to DuckDB under a name."""
    db.register(name, rows)
    try:
        yield
    finally:
        db.unregister(name)


class Novelty:
    """Says which rows of the API the next run asks for by itself.

    Args:
        db: Where the rows of the API stand, as `Comparison` keeps them.
        settings: The source's settings.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection, settings: Settings) -> None:
        self._db = db
        self._settings = settings

    def condition(self, endpoint: Endpoint, state: Mapping[str, Any]) -> str:
        """SQL: whether the next run asks for a row of `keyed` by itself.

        Args:
            endpoint: The rows' endpoint.
            state: Its dlt resource state.
        """
        if is_versioned(endpoint):
            self._note_new(endpoint, state)
            return f"""EXISTS (FROM "new__{endpoint.name}" AS new
                WHERE new.unit = keyed.unit AND new.id = keyed.id)"""
        pending = [f"'{unit_key(tuple(unit))}'" for unit in state.get("pending", ())]
        ways = [f"unit IN ({', '.join(pending)})"] if pending else []
        if endpoint.write is Write.ROWS or not endpoint.every_run:
            for place, parent in enumerate(endpoint.parents, 1):
                if self._settings.mode in parent.implied_in:
                    continue
                self._note_new(ENDPOINTS[parent.table], state)
                ways.append(
                    f"""split_part(unit, '|', {place}) IN
                    (SELECT CAST(id AS VARCHAR) FROM "new__{parent.table}")"""
                )
        return f"({' OR '.join(ways)})" if ways else "false"

    def _note_new(self, listed: Endpoint, state: Mapping[str, Any]) -> None:
        """Note the rows of a list that are new to a resource with this state.

        It is what `Cursor.is_new` says, for all of them at once.
        """
        units: dict[str, int] = {}
        recent: list[tuple[int, int]] = []
        for key, cursor in Cursors(state.get("cursors", {}).get(listed.name)).items():
            unit = key.partition("#")[0]
            units[unit] = max(units.get(unit, 0), cursor.value)
            _, *numbers = cursor.packed()
            recent += [(cursor.value - below, row) for below, row in zip(*[iter(numbers)] * 2)]
        cursors = pa.table({"unit": pa.array(units, pa.string()),
                            "value": pa.array(units.values(), pa.int64())})  # fmt: skip
        had = pa.table({"version": pa.array([version for version, _ in recent], pa.int64()),
                        "id": pa.array([row for _, row in recent], pa.int64())})  # fmt: skip
        with registered(self._db, "cursors", cursors), registered(self._db, "had", had):
            self._db.execute(f"""
                CREATE OR REPLACE TABLE "new__{listed.name}" AS
                SELECT DISTINCT unit, id
                FROM (
                    SELECT unit, id, coalesce(version, 0) AS version
                    FROM "rows__{listed.table_name}" WHERE NOT is_held AND id IS NOT NULL
                ) AS row LEFT JOIN cursors USING (unit)
                WHERE version > coalesce(value, 0) OR (
                    (version = 0 OR version > value - {self._settings.timestamp_overlap})
                    AND NOT EXISTS (
                        FROM had WHERE had.version = row.version AND had.id = row.id
                    )
                )
            """)
