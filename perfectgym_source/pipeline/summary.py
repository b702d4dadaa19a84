"""The summary of a run: for a person, and as JSON."""

from __future__ import annotations

from typing import Any

from .quality import as_lines
from .runner import Summary


def as_json(summary: Summary) -> dict[str, Any]:
    """The summary as a JSON object.

    Keys: `outcome` (`ok` or `partial`), `rows` by table, `requests` by resource, `retries`,
    `token_requests`, `seconds`, `failures`, `unreadable` and `new_columns` by `table.column`,
    `warnings`, `checks` that found something, `run_id`, `completed_packages`, `destination`,
    `dataset`.
    """
    report = summary.report
    return {
        "outcome": "partial" if report.failures else "ok",
        "rows": dict(sorted((table, rows) for table, rows in report.rows.items() if rows)),
        "requests": dict(sorted(report.requests.items())),
        "retries": report.retries.total(),
        "token_requests": report.token_requests,
        "seconds": round(summary.seconds, 3),
        "failures": [str(failure) for failure in report.failures],
        "unreadable": dict(sorted(report.unreadable.items())),
        "new_columns": sorted(report.news),
        "warnings": report.warnings,
        "checks": as_lines(summary.checks),
        "run_id": summary.run_id,
        "completed_packages": summary.pending,
        "destination": summary.destination,
        "dataset": summary.dataset,
    }


def as_text(summary: Summary) -> str:
    """The summary for a person."""
    report = summary.report
    rows = {table: count for table, count in sorted(report.rows.items()) if count}
    lines: list[str] = []
    if summary.pending:
        lines.append(f"Completed {summary.pending} load package(s) of an earlier run first.")
    if rows:
        width = max(map(len, rows))
        lines.append(f"{'table':<{width}}  {'rows':>10}")
        lines += [f"{table:<{width}}  {count:>10,}" for table, count in rows.items()]
    else:
        lines.append("Nothing new.")
    total = sum(report.requests.values())
    lines.append("")
    lines.append(
        f"{sum(rows.values()):,} rows into {summary.destination} ({summary.dataset}), "
        f"{total:,} requests, {report.retries.total()} repeated, "
        f"{report.token_requests} sign-in(s), {summary.seconds:.1f} s"
    )
    for column, count in sorted(report.unreadable.items()):
        lines.append(f"{count:,} value(s) of {column} could not be read: see its _unreadable.")
    if report.news:
        lines.append(f"Fields not known before: {', '.join(sorted(report.news))}")
    lines += report.warnings
    lines += as_lines(summary.checks)
    if report.failures:
        lines.append("")
        lines.append(f"{len(report.failures)} part(s) could not be read; the next run asks again:")
        lines += [f"  {failure}" for failure in report.failures[:10]]
        if len(report.failures) > 10:
            lines.append(f"  ... and {len(report.failures) - 10} more")
    return "\n".join(lines)
