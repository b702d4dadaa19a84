"""`--repair`: make the tables equal to the API where `--verify` finds that they are not.

What is missing or stale is loaded again from the beginning of its list. Rows that the API does not
give are deleted from the table and from its child tables, unless that were most of a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from ..catalog import ENDPOINTS, Endpoint, table_layout
from ..destination import Options, Session
from ..extract.report import Report
from ..pipeline.runner import load
from ..resources import Reading
from ..source import perfectgym_source, report_of, resolve
from .table_diff import Key
from .verification import Outcome, Verification, compare, outcome_of, verified_target

KEYS_AT_ONCE = 200
"""In one statement: databases limit the number of parameters."""


@dataclass
class Repair:
    """What was found, what was done, and what is left.

    Attributes:
        before: The comparison of all selected resources.
        after: Of those that were repaired, compared again; None if there was nothing to do.
        removed: Extra rows that were deleted, by table.
        loaded: What the load read; None if nothing was loaded again.
    """

    before: Verification
    after: Verification | None = None
    removed: Counter[str] = field(default_factory=Counter)
    loaded: Report | None = None

    @property
    def outcome(self) -> Outcome:
        """What the tables are now."""
        left = {**self.before.findings, **(self.after.findings if self.after else {})}
        reports = [self.before.report, self.loaded, self.after and self.after.report]
        return outcome_of(
            [finding for findings in left.values() for finding in findings],
            [report for report in reports if report],
        )


def repair(options: Options) -> Repair:
    """Compare the selected resources with the API, repair what differs, and compare that again.

    Raises:
        ConfigurationError: Nothing to compare has been loaded, or the destination has no SQL.
        LockedError: A run is loading into the same place.
        PerfectGymError: The API or the destination failed; the exit code is the error's.
    """
    with verified_target(options, publishes=True) as session:
        found = compare(options, session)
        done = Repair(found)
        if found.removable or found.needs_reload:
            _make_dropped_tables(session)
        if found.removable:
            reading = Reading(resolve(**options.source).settings)
            with session.pipeline() as pipeline, pipeline.sql_client() as client:
                done.removed = _remove(found, reading, client)
        if found.needs_reload:
            selecting = _selecting(options, found.needs_reload)
            source = perfectgym_source(**{**selecting.source, "full_refresh": found.needs_reload})
            load(session, source)
            done.loaded = report_of(source)
        repaired = [
            name for name in found.findings if name in {*found.removable, *found.needs_reload}
        ]
        if repaired:
            done.after = compare(_selecting(options, repaired), session)
        return done


def _selecting(options: Options, resources: Sequence[str]) -> Options:
    source = {**options.source, "resources": list(resources), "groups": None}
    return replace(options, source=source)


def _make_dropped_tables(session: Session) -> None:
    """Make tables that somebody dropped: dlt takes those of the schema that it stored for given."""
    with session.pipeline() as pipeline:
        pipeline.sync_destination()
        with pipeline.destination_client() as client:
            client.update_stored_schema(force=True)


def _remove(found: Verification, reading: Reading, client: SqlClientBase[Any]) -> Counter[str]:
    """Delete rows with their child rows, all in one transaction."""
    removed: Counter[str] = Counter()
    with client.begin_transaction():
        for name, rows in found.removable.items():
            for start in range(0, len(rows.keys), KEYS_AT_ONCE):
                keys = rows.keys[start : start + KEYS_AT_ONCE]
                _delete(reading.entry(ENDPOINTS[name]), rows.columns, keys, client)
            removed.update({each.table: each.removable for each in found.findings[name]})
    return +removed


def _delete(
    endpoint: Endpoint, key: Sequence[str], keys: Sequence[Key], client: SqlClientBase[Any]
) -> None:
    for table in table_layout(endpoint).with_children():
        names = [column.name for column in table.keys] if table.level else key
        columns = [client.escape_column_name(name) for name in names]
        wheres = [
            " AND ".join(
                f"{column} IS NULL" if value is None else f"{column} = %s"
                for column, value in zip(columns, values)
            )
            for values in keys
        ]
        given = [value for values in keys for value in values if value is not None]
        where = " OR ".join(f"({where})" for where in wheres)
        client.execute_sql(
            f"DELETE FROM {client.make_qualified_table_name(table.name)} WHERE {where}", *given
        )
