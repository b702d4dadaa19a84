"""Loads from a sandbox of API v2.2, and what its tables must hold then."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

from support.loading import Target
from support.odata_client import BY_ID, links_of
from support.set_truth import moment
from support.truth import snake

from perfectgym_source.catalog import V22, Endpoint, TableLayout, Write, table_layout
from perfectgym_source.catalog.tables import ObjectLayout

SETS = {entry.name: entry for entry in V22.endpoints.values() if entry.link is None}
LINKS = {entry.name: entry for entry in V22.endpoints.values() if entry.link is not None}
SNAPSHOTS = {entry.name for entry in SETS.values() if entry.write is Write.APPEND}


class Target22(Target):
    """A DuckDB file, and the pipeline that loads a sandbox of API v2.2 into it."""

    def source(self, *resources: str, **options: Any) -> Any:
        client = self.sandbox.client
        keys = {"client_id": client.client_id, "client_secret": client.client_secret}
        return super().source(*resources, username=None, password=None, **{**keys, **options})


def differences(target: Target, names: Iterator[str] | tuple[str, ...]) -> list[str]:
    """The tables that do not hold what the sandbox has, in words."""
    found = []
    for name in names:
        endpoint = V22.endpoints[name]
        if endpoint.link is not None:
            found += _link_differences(target, endpoint)
        elif name not in SNAPSHOTS:
            found += _set_differences(target, endpoint)
    return found


def _link_differences(target: Target, endpoint: Endpoint) -> Iterator[str]:
    link = endpoint.link
    assert link is not None
    truth = sorted(
        (row["id"], other["id"] if isinstance(other, dict) else other)
        for row in target.sandbox.world.sets.truth(endpoint.path, link.field)
        for other in row[link.field]
    )
    columns = ", ".join(endpoint.key)
    rows = sorted(target.query(f"select {columns} from {endpoint.table_name}"))
    if rows != truth:
        yield f"{endpoint.name}: {len(rows)} pairs, not {len(truth)}"


def _set_differences(target: Target, endpoint: Endpoint) -> Iterator[str]:
    names = {field.name: snake(name) for name, field in endpoint.fields.items()}
    fields = [next(n for n, c in names.items() if c == column) for column in endpoint.key]
    links = [*links_of(endpoint.path), *filter(None, [BY_ID.get(endpoint.path)])]
    truth = {
        tuple(row[field] for field in fields): row
        for row in target.sandbox.world.sets.truth(endpoint.path, *links)
    }
    rows = {tuple(row[c] for c in endpoint.key): row for row in target.rows(endpoint.table_name)}
    if rows.keys() != truth.keys():
        missing, extra = truth.keys() - rows.keys(), rows.keys() - truth.keys()
        yield f"{endpoint.name}: {len(missing)} missing, {len(extra)} extra: {missing or extra}"
    layout = table_layout(endpoint)
    children = {table.name: 0 for table in layout.children()}
    for key in rows.keys() & truth.keys():
        for column, value in _flat(truth[key], layout.layout):
            if isinstance(column, TableLayout):
                children[column.name] += len(value or ())
            elif not _is_same(rows[key][column], value):
                yield f"{endpoint.name}.{column} of {key}: {rows[key][column]!r}, not {value!r}"
    for name, count in children.items():
        [(found,)] = target.query(f"select count(*) from {name}")
        if found != count:
            yield f"{name}: {found} rows, not {count}"


def _flat(row: Mapping[str, Any] | None, layout: ObjectLayout) -> Iterator[tuple[Any, Any]]:
    """The values of a row by column; lists by their table."""
    row = row or {}
    for scalar in layout.scalars:
        yield scalar.column.name, row.get(scalar.names[0])
    for embedded in layout.objects:
        yield from _flat(row.get(embedded.names[0]), embedded.layout)
    for array in layout.arrays:
        yield array.table, row.get(array.names[0])


def _is_same(loaded: Any, sent: Any) -> bool:
    if sent is None or loaded is None:
        return loaded is sent
    if isinstance(sent, list):
        return bool(json.loads(loaded) == sent)
    if isinstance(loaded, datetime):
        instant = moment(sent)
        if instant.tzinfo is not None:
            return True  # local time by the club's zone; the column of the instant tells
        return loaded.replace(tzinfo=None) == instant
    if isinstance(loaded, date):
        return loaded.isoformat() == sent[:10]
    if isinstance(loaded, Decimal):
        return abs(loaded - Decimal(str(sent))) <= Decimal("1e-9")
    return bool(loaded == sent)


def at(day: int, hour: int = 0) -> str:
    """A moment of the month in which the tests of sweeps take place."""
    return datetime(2026, 3, day, hour, tzinfo=timezone.utc).replace(tzinfo=None).isoformat()
