"""The results of `verify` and `repair`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...text import capped, counted, listed
from ...verify.repair import Repair
from ...verify.table_diff import Key, TableDiff
from ...verify.verification import Verification
from . import marts
from .report import failure_lines, report_data, report_line, rows_by_table, warning_lines
from .style import BAD, GOOD, styled
from .table import table

_COUNTS = ("in_api", "in_table", "missing", "extra", "stale", "pending")
_KEYS = ("in_api", "in_table", "missing", "extra", "stale", "newer")
_HEADS = ("API", "stored", "missing", "extra", "stale", "newer")


def verification_data(found: Verification) -> dict[str, Any]:
    """Return the JSON object of a comparison.

    Keys: `outcome` (`equal`, `different`, or `partial` if something could not be read), `tables`
    with the counts, examples and `stale_columns` (if any) of each, `left_out` with reasons,
    `unread`, the keys of `report_data`, `destination`, `dataset`.
    """
    return {
        "outcome": found.outcome,
        "tables": {diff.table: _diff_data(diff) for diff in found.tables},
        "left_out": found.left_out,
        "unread": found.unread,
        **report_data(found.report, found.seconds),
        "destination": found.destination,
        "dataset": found.dataset,
    }


def repair_data(done: Repair) -> dict[str, Any]:
    """Return the JSON object of a repair.

    Keys: `outcome` at the end, `before` and `after` as `verification_data` returns them (`after`
    holds the resources that were repaired, and is null if nothing was), `removed` and `loaded` by
    table, `refused` (resources of which most rows would be deleted), `failures` of the load, and
    `marts` as `marts.as_data` returns them.
    """
    return {
        "outcome": done.outcome,
        "before": verification_data(done.before),
        "removed": dict(sorted(done.deleted.items())),
        "loaded": rows_by_table(done.loaded) if done.loaded else {},
        "refused": done.before.refused,
        "failures": [str(failure) for failure in done.loaded.failures] if done.loaded else [],
        "after": verification_data(done.after) if done.after else None,
        "marts": marts.as_data(done.marts),
    }


def verification_text(found: Verification) -> str:
    """Return a comparison as text."""
    report = found.report
    rows = [(f.table, *(f"{getattr(f, name):,}" for name in _COUNTS)) for f in found.tables]
    lines = [
        *table([("table", *_HEADS), *rows], right=range(1, 1 + len(_HEADS))),
        "",
        f"{counted(sum(f.in_table for f in found.tables), 'row')} of {found.destination} "
        f"({found.dataset}) compared, {report_line(report, found.seconds)}",
    ]
    wrong = [diff for diff in found.tables if not diff.is_equal]
    for diff in wrong:
        for kind, keys in diff.examples.items():
            lines.append(f"{kind} in {diff.table}: {_keys(keys, getattr(diff, kind))}")
        if diff.stale_columns:
            names = [f"{name} ({rows:,})" for name, rows in diff.stale_columns.items()]
            lines.append(f"columns of stale rows in {diff.table}: {', '.join(capped(names))}")
    lines += warning_lines(report)
    lines += [f"{name} is not compared: {reason}." for name, reason in found.left_out.items()]
    if report.failures:
        parts = counted(len(report.failures), "part")
        lines.append(styled(f"{parts} could not be read:", BAD))
        lines += [f"  {line}" for line in failure_lines(report.failures)]
    if found.unread:
        lines.append(f"Not compared because of that: {listed(found.unread)}.")
    if wrong:
        differ = "differs" if len(wrong) == 1 else "differ"
        tables = counted(len(found.tables), "table")
        lines.append(styled(f"{len(wrong)} of {tables} {differ} from the API.", BAD))
    elif found.tables:
        are = "is" if len(found.tables) == 1 else "are"
        lines.append(styled(f"{counted(len(found.tables), 'table')} {are} equal to the API.", GOOD))
    return "\n".join(lines)


def repair_text(done: Repair) -> str:
    """Return a repair as text."""
    lines = [verification_text(done.before)]
    for name in done.before.refused:
        lines.append(
            f"{name} is not repaired: most of its rows would be deleted. Is the account still "
            "allowed to see them? If the API is right, load it with --full-refresh."
        )
    if done.after is None:
        return "\n".join(lines)
    lines.append("")
    removed = sorted(done.deleted.items())
    loaded = rows_by_table(done.loaded) if done.loaded else {}
    lines += [f"{counted(rows, 'row')} removed from {name}" for name, rows in removed]
    lines += [f"{counted(rows, 'row')} loaded into {name}" for name, rows in loaded.items()]
    if done.loaded:
        lines += [f"  not loaded: {line}" for line in failure_lines(done.loaded.failures)]
    lines += ["", "After the repair:", verification_text(done.after)]
    lines += [marts.as_text(done.marts)] if done.marts else []
    return "\n".join(lines)


def _diff_data(diff: TableDiff) -> dict[str, Any]:
    counts = (getattr(diff, name) for name in _COUNTS)
    found: dict[str, Any] = dict(zip(_KEYS, counts))
    found["examples"] = {k: [_plain(key) for key in keys] for k, keys in diff.examples.items()}
    if diff.stale_columns:
        found["stale_columns"] = dict(diff.stale_columns)
    return found


def _keys(keys: Sequence[Key], count: int) -> str:
    """Return keys as text; the values of one are joined by a stroke."""
    shown = ", ".join("|".join(map(str, _plain(key))) for key in keys)
    return f"{shown}, ..." if count > len(keys) else shown


def _plain(key: Key) -> list[Any]:
    """Return key values as JSON has them."""
    return [value if isinstance(value, int) or value is None else str(value) for value in key]
