"""`repair`: make the tables equal to the API where `verify` finds differences.

Rows that the API does not return are deleted from the table and from its child tables, unless they
are most of a table. Resources with differences are loaded again from the beginning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import dlt
from dlt.destinations.sql_client import SqlClientBase

from ..catalog import Endpoint, table_layout
from ..catalog.model import in_shared_dataset
from ..config.settings import Settings
from ..destination import Options, Session, pending_packages
from ..extract.report import Report
from ..extract.state.source_state import section
from ..marts.connection import check_adapter
from ..marts.record import MartsRecord, forget_fingerprint
from ..pipeline.history.retention import history_in
from ..pipeline.marts import marts_in
from ..pipeline.runner import load
from ..pipeline.state import changed_state
from ..resolving import resolve
from ..source import perfectgym_source, report_of
from .table_diff import Key
from .verification import Outcome, Verification, compare, outcome_of, verified_target

KEYS_AT_ONCE = 200
"""In one statement: databases limit the number of parameters."""


@dataclass
class Repair:
    """The result of a repair.

    Attributes:
        before: The comparison of all selected resources.
        after: Of those that were repaired, compared again; None if there was nothing to do.
        deleted: Extra rows that were deleted, by table.
        loaded: What the load read; None if nothing was loaded again.
        marts: The build of the marts; None if there was none.
    """

    before: Verification
    after: Verification | None = None
    deleted: Counter[str] = field(default_factory=Counter)
    loaded: Report | None = None
    marts: MartsRecord | None = None

    @property
    def outcome(self) -> Outcome:
        """Return whether the tables are right now."""
        left = {**self.before.diffs, **(self.after.diffs if self.after else {})}
        reports = [self.before.report, self.loaded, self.after and self.after.report]
        return outcome_of(
            [table for diff in left.values() for table in diff.tables],
            [report for report in reports if report],
        )


def repair(options: Options) -> Repair:
    """Compare the selected resources with the API, repair what differs, and compare that again.

    Raises:
        ConfigurationError: Nothing to compare has been loaded, or the destination has no SQL.
        LockedError: A run is loading into the same place.
        PerfectGymError: The API or the destination failed; the exit code is the error's.
    """
    if options.marts:
        check_adapter(options)
    with verified_target(options, publishes=True) as session:
        if options.marts:
            marts_in(session, resolve(**options.source).settings).check_schemas()
        found = compare(options, session)
        done = Repair(found)
        repaired = [
            name for name in found.diffs if name in {*found.extra_keys, *found.needs_reload}
        ]
        if repaired:
            _create_dropped_tables(session)
            with session.client() as client:
                forget_fingerprint(client)
        if found.extra_keys:
            settings = resolve(**options.source).settings
            with session.pipeline() as pipeline:
                _forget_cursors(pipeline, found.extra_keys, settings)
                with pipeline.sql_client() as client:
                    done.deleted = _delete_extra(found, settings, client)
        if repaired:
            selecting = _selecting(options, repaired)
            source = perfectgym_source(**{**selecting.source, "full_refresh": repaired})
            load(session, source)
            done.loaded = report_of(source)
            done.after = compare(selecting, session)
            done.marts = _marts(options, session)
        return done


def _marts(options: Options, session: Session) -> MartsRecord | None:
    """Build the marts of what was repaired; None if none are built."""
    if not options.marts:
        return None
    record = marts_in(session, resolve(**options.source).settings).build()
    if record:
        history_in(session).keep_marts(record)
    return record


def _selecting(options: Options, resources: Sequence[str]) -> Options:
    source = {**options.source, "resources": list(resources), "groups": None}
    return replace(options, source=source)


def _forget_cursors(pipeline: dlt.Pipeline, resources: Iterable[str], settings: Settings) -> None:
    """Let the next run read resources from the beginning.

    By their cursors, the table has the rows that are deleted now. They may come back as they were,
    as when the account sees a club again, also if this repair cannot read the API any more.
    """
    pipeline.sync_destination()
    if pending_packages(pipeline):  # they bring the state that belongs to them
        return
    with changed_state(pipeline) as source:
        for name in resources:
            stored = source.resource(name, section(settings))
            stored.forget()
            stored.save_cursors({}, overlap=0)  # it has been loaded all the same


def _create_dropped_tables(session: Session) -> None:
    """Create tables that were dropped: dlt expects those of its stored schema to exist."""
    with session.pipeline() as pipeline:
        pipeline.sync_destination()
        with pipeline.destination_client() as client:
            client.update_stored_schema(force=True)


def _delete_extra(
    found: Verification, settings: Settings, client: SqlClientBase[Any]
) -> Counter[str]:
    """Delete rows with their child rows, all in one transaction; return their number by table."""
    deleted: Counter[str] = Counter()
    with client.begin_transaction():
        for name, rows in found.extra_keys.items():
            endpoint = settings.api.endpoints[name]
            if settings.shared_dataset:
                endpoint = in_shared_dataset(endpoint)
            for start in range(0, len(rows.keys), KEYS_AT_ONCE):
                keys = rows.keys[start : start + KEYS_AT_ONCE]
                _delete(endpoint, rows.columns, keys, client)
            deleted.update({each.table: each.unknown_to_api for each in found.diffs[name].tables})
    return +deleted


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
