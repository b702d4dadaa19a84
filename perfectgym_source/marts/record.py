"""The record of a build, as the run history keeps it: the only memory that builds have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import pendulum
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from ..destination.names import MARTS
from ..destination.queries import utc
from ..text import counted, listed

EXIT_CODE = 11
"""A mart could not be built."""


@dataclass(frozen=True)
class MartsRecord:
    """Result of a build of the marts."""

    run_id: Annotated[str, "The run whose rows the marts hold."]
    built_at: Annotated[datetime, "When the build ended."]
    seconds: Annotated[float, "How long it took."]
    outcome: Annotated[str, "Failed where a model could not be built, else ok."]
    is_full: Annotated[bool, "Whether all models were to be built, not only what changed."]
    as_of: Annotated[str | None, "The last day that counts."]
    models: Annotated[int, "The number of models that were built."]
    failed: Annotated[str | None, "Models that could not be built, with spaces between them."]
    skipped: Annotated[int, "The number of models that read these, and were left as they were."]
    tests: Annotated[int | None, "The number of tests of the models; null if none were made."]
    tests_failed: Annotated[str | None, "Tests that failed, with spaces between them."]
    error: Annotated[str | None, "Why the first model failed, or dbt itself."]
    last_load: Annotated[str | None, "The newest of the loads that the marts hold."]
    loads: Annotated[int, "The number of these loads."]
    fingerprint: Annotated[
        str, "Identifies models and variables; empty if all models have to be built again."
    ]
    relations: Annotated[
        str | None,
        "The names of all models, with spaces between them; null unless all were to be built.",
    ] = None

    @property
    def failed_models(self) -> Sequence[str]:
        """Return the names of the models that could not be built."""
        return (self.failed or "").split()

    @property
    def failed_tests(self) -> Sequence[str]:
        """Return the names of the tests that failed."""
        return (self.tests_failed or "").split()

    @property
    def problem(self) -> str | None:
        """Return why not everything was built, in a sentence; None if it was."""
        if self.outcome != "failed":
            return None
        failed = self.failed_models
        if not failed:
            return f"The marts could not be built: {self.error}"
        more = f" and {counted(self.skipped, 'model')} that read them" if self.skipped else ""
        return f"{listed(failed)}{more} could not be built: {self.error}"

    @property
    def exit_code(self) -> int:
        """Return 0 if everything was built."""
        return EXIT_CODE if self.outcome == "failed" else 0


_NEWEST = "ORDER BY CASE WHEN built_at > %s THEN 1 ELSE 0 END, built_at DESC LIMIT 1"
"""A build of the future had a clock that was ahead: it counts if there is no other."""

_COLUMNS = tuple(MartsRecord.__dataclass_fields__)


def newest_record(client: SqlClientBase[Any], where: str = "1 = 1") -> MartsRecord | None:
    """Return the record of the newest build; None if there was none.

    Args:
        client: A client of the dataset.
        where: The records that count.
    """
    # A table of an earlier release lacks columns until this one writes into it.
    query = f"SELECT * FROM {_table(client)} WHERE {where} {_NEWEST}"
    try:
        with client.execute_query(query, pendulum.now("UTC")) as cursor:
            found, columns = cursor.fetchone(), [name for name, *_ in cursor.description]
    except DatabaseUndefinedRelation:
        return None
    if not found:
        return None
    values = dict(zip(columns, found))
    record = MartsRecord(**{name: values[name] for name in _COLUMNS if name in values})
    return replace(record, built_at=utc(record.built_at))


def forget_fingerprint(client: SqlClientBase[Any]) -> None:
    """Let the next build build everything: rows were changed without a load."""
    try:
        client.execute_sql(f"UPDATE {_table(client)} SET fingerprint = ''")
    except DatabaseUndefinedRelation:
        pass


def note_loads(client: SqlClientBase[Any], last_load: str | None, loads: int) -> None:
    """Note loads that changed nothing of what the models read: the marts hold them too."""
    table = _table(client)
    client.execute_sql(
        f"UPDATE {table} SET last_load = %s, loads = %s "
        f"WHERE built_at = (SELECT built_at FROM {table} {_NEWEST})",
        last_load,
        loads,
        pendulum.now("UTC"),
    )


def _table(client: SqlClientBase[Any]) -> str:
    return client.make_qualified_table_name(MARTS)
