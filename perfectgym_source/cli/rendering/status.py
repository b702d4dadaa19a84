"""The result of `status`."""

from __future__ import annotations

from typing import Any

from ...destination import View
from ...pipeline.status import Status, TableStatus
from ...text import counted
from . import marts
from .json_output import attributes
from .style import BAD, GOOD, styled
from .table import table


def as_data(status: Status) -> dict[str, Any]:
    """Return the JSON object of a status.

    Keys: `outcome` (`fresh`, or `overdue` if a resource is, or a run hangs), `overdue` (resources),
    `tables` by resource (`table`, `last_success`, `age_hours`, `rows`, `is_overdue`,
    `last_failure`, `error`), `marts` and `marts_tests` (the newest build, and the newest that made
    tests) as `marts.as_data` returns them, `run_under_way` as `run_data` returns it,
    `max_age_hours`, `destination`, `dataset`.
    """
    return {
        "outcome": "overdue" if status.problem else "fresh",
        "overdue": status.overdue,
        "tables": {entry.resource: attributes(entry, "resource") for entry in status.tables},
        "marts": marts.as_data(status.marts),
        "marts_tests": marts.as_data(status.tests),
        "run_under_way": run_data(status.view),
        "max_age_hours": status.max_age_hours,
        "destination": status.destination,
        "dataset": status.dataset,
    }


def run_data(view: View) -> dict[str, Any] | None:
    """Return the run that is under way, with the keys `process`, `since`, `is_hanging`; None if
    there is none."""
    if view.run is None:
        return None
    return {"process": view.run.process, "since": view.run.since, "is_hanging": view.is_hanging}


def as_text(status: Status) -> str:
    """Return the status as text."""
    heads = ("resource", "last success", "age", "rows", "")
    lines = table([heads, *map(_row, status.tables)], right=[2, 3])
    lines.append("")
    lines += [status.view.note] if status.view.note else []
    lines += [
        f"{entry.resource} failed at {entry.last_failure:%Y-%m-%d %H:%M} UTC: {entry.error}"
        for entry in status.tables
        if entry.is_failing
    ]
    if status.marts:
        lines += marts.status_lines(status.marts, status.tests)
    place = f"{status.destination} ({status.dataset})"
    if status.overdue:
        verbs = ("is", "was") if len(status.overdue) == 1 else ("are", "were")
        late = f"{len(status.overdue)} of {counted(len(status.tables), 'resource')} in {place}"
        older = f"{verbs[0]} older than {status.max_age_hours:g} h"
        lines.append(styled(f"{late} {older}, or {verbs[1]} never loaded.", BAD))
    else:
        fresh = f"All of {place} is fresh: not older than {status.max_age_hours:g} h."
        lines.append(styled(fresh, GOOD))
    return "\n".join(lines)


def _row(entry: TableStatus) -> tuple[str, ...]:
    return (
        entry.resource,
        f"{entry.last_success:%Y-%m-%d %H:%M} UTC" if entry.last_success else "never",
        "" if entry.age_hours is None else f"{entry.age_hours:,.1f} h",
        "" if entry.rows is None else f"{entry.rows:,}",
        "OVERDUE" if entry.is_overdue else "",
    )
