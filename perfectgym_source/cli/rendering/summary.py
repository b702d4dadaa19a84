"""The summary of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...extract.report import Report
from ...pipeline.history.tables import failed_checks
from ...pipeline.runner import Summary
from ...text import capped, counted, listed, shortened
from . import marts
from .report import failure_lines, report_data, report_line, rows_by_table, warning_lines
from .style import BAD, WARN, styled
from .table import table


def as_data(summary: Summary) -> dict[str, Any]:
    """Return the JSON object of a run.

    Keys: `outcome` (`ok`, `partial`, or `failed` if a check fails the run), `rows` by table, the
    keys of `report_data`, `unreadable` and `new_columns` by `table.column`, `checks` that found
    something, `marts` as `marts.as_data` returns them, `run_id`, `completed_packages`,
    `destination`, `dataset`.
    """
    report = summary.report
    return {
        "outcome": summary.outcome,
        "rows": rows_by_table(report),
        **report_data(report, summary.seconds),
        "unreadable": dict(sorted(report.unreadable.items())),
        "new_columns": sorted(report.unknown_fields),
        "checks": failed_checks(summary.checks),
        "marts": marts.as_data(summary.marts),
        "run_id": summary.run_id,
        "completed_packages": summary.pending,
        "destination": summary.destination,
        "dataset": summary.dataset,
    }


def as_text(summary: Summary, most_tables: int | None = None) -> str:
    """Return the summary as text.

    Args:
        summary: The summary.
        most_tables: How many tables are shown, those with the most rows; by default all, by name.
    """
    report = summary.report
    rows = rows_by_table(report)
    lines: list[str] = []
    if summary.pending:
        lines.append(
            f"Completed {counted(summary.pending, 'load package')} of an earlier run first."
        )
    if rows:
        lines += _tables(rows, most_tables)
    else:
        lines.append(_nothing(report))
    lines += [
        "",
        f"{counted(sum(rows.values()), 'row')} into {summary.destination} ({summary.dataset}), "
        f"{report_line(report, summary.seconds)}",
        *unreadable_lines(report.unreadable),
    ]
    if report.unknown_fields:
        lines.append(unknown_fields_line(report.unknown_fields))
    lines += warning_lines(report)
    lines += [styled(line, WARN) for line in capped(failed_checks(summary.checks))]
    if report.failures:
        parts = counted(len(report.failures), "part")
        lines += ["", styled(f"{parts} could not be read; the next run asks again:", BAD)]
        lines += [f"  {line}" for line in failure_lines(report.failures)]
    if summary.marts:
        lines.append(marts.as_text(summary.marts))
    if summary.hint:
        lines.append(summary.hint)
    return "\n".join(lines)


def _tables(rows: Mapping[str, int], most: int | None) -> list[str]:
    """Return the rows by table; of more tables than are shown, those with the most."""
    shown, rest = list(rows.items()), 0
    if most is not None and len(shown) > most:
        shown, rest = sorted(shown, key=lambda found: -found[1])[:most], len(shown) - most
    cells = [("table", "rows"), *((name, f"{count:,}") for name, count in shown)]
    return table(cells, right=[1]) + ([f"... and {counted(rest, 'more table')}"] if rest else [])


def unreadable_lines(unreadable: Mapping[str, int]) -> list[str]:
    """Return a line for each column with values that could not be read, most values first.

    Args:
        unreadable: The number of values by `table.column`.
    """
    most_first = sorted(unreadable.items(), key=lambda found: (-found[1], found[0]))
    return capped(
        [
            f"{counted(count, 'value')} of {shortened(column)} could not be read: see its "
            "_unreadable."
            for column, count in most_first
        ]
    )


def unknown_fields_line(names: set[str]) -> str:
    """Return the line that names fields that the catalog does not know, as `table.column`."""
    return f"Fields not known before: {listed(sorted(names))}"


def _nothing(report: Report) -> str:
    """Return the first line of a run without rows."""
    if not report.failures:
        return "Nothing new."
    # A resource counts as read only if all of it was.
    is_any_read = (+report.requests).keys() - {failure.resource for failure in report.failures}
    return "Nothing new in what could be read." if is_any_read else "Nothing could be read."
