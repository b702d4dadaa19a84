"""The summary of a run: for a person, and as JSON."""

from __future__ import annotations

from typing import Any

from ..pipeline.checks import as_lines
from ..pipeline.failures import failure_lines
from ..pipeline.runner import Summary
from ..text import capped, counted, listed, one_line, shortened


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
        "new_columns": sorted(report.unknown_fields),
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
        lines.append(
            f"Completed {counted(summary.pending, 'load package')} of an earlier run first."
        )
    if rows:
        width = max(map(len, rows))
        lines.append(f"{'table':<{width}}  {'rows':>10}")
        lines += [f"{table:<{width}}  {count:>10,}" for table, count in rows.items()]
    else:
        lines.append("Nothing was loaded." if report.failures else "Nothing new.")
    requests = report.requests.total()
    signed_in = counted(report.token_requests, "sign-in")
    if report.failures and not requests:
        signed_in = f"{counted(report.token_requests, 'sign-in attempt')}, none of which succeeded"
    lines.append("")
    lines.append(
        f"{counted(sum(rows.values()), 'row')} into {summary.destination} ({summary.dataset}), "
        f"{counted(requests, 'request')}, {report.retries.total():,} repeated, {signed_in}, "
        f"{summary.seconds:.1f} s"
    )
    unreadable = sorted(report.unreadable.items(), key=lambda found: (-found[1], found[0]))
    lines += capped(
        [
            f"{counted(count, 'value')} of {shortened(column)} could not be read: see its "
            "_unreadable."
            for column, count in unreadable
        ]
    )
    if report.unknown_fields:
        lines.append(f"Fields not known before: {listed(sorted(report.unknown_fields))}")
    lines += capped([one_line(warning) for warning in report.warnings])
    lines += capped(as_lines(summary.checks))
    if report.failures:
        lines.append("")
        lines.append(
            f"{counted(len(report.failures), 'part')} could not be read; the next run asks again:"
        )
        lines += [f"  {line}" for line in failure_lines(report.failures)]
    if summary.hint:
        lines.append(summary.hint)
    return "\n".join(lines)
