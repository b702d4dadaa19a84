"""What the results of a run and of a comparison share: requests, time, failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...errors import PerfectGymError
from ...extract.report import Failure, Report
from ...text import capped, counted, listed, one_line, unique
from .style import WARN, styled


def report_data(report: Report, seconds: float) -> dict[str, Any]:
    """Return the keys `requests` by resource, `retries`, `token_requests`, `requests_per_second`,
    `slowdowns`, `refusals`, `seconds_paused`, `seconds`, `failures` and `warnings`.

    Args:
        report: The report.
        seconds: How long the command took.
    """
    return {
        "requests": dict(sorted(report.requests.items())),
        "retries": report.retries.total(),
        "token_requests": report.token_requests,
        "requests_per_second": report.requests_per_second,
        "slowdowns": report.slowdowns,
        "refusals": report.refusals,
        "seconds_paused": report.seconds_paused,
        "seconds": round(seconds, 3),
        "failures": [str(failure) for failure in report.failures],
        "warnings": report.warnings,
    }


def report_line(report: Report, seconds: float) -> str:
    """Return the number of requests and sign-ins, and the time, as text.

    Args:
        report: The report.
        seconds: How long the command took.
    """
    requests = report.requests.total()
    signed_in = counted(report.token_requests, "sign-in")
    if report.failures and not requests:
        signed_in = f"{counted(report.token_requests, 'sign-in attempt')}, none of which succeeded"
    return (
        f"{counted(requests, 'request')}, {report.retries.total():,} repeated, {signed_in}, "
        f"{seconds:.1f} s"
    )


def rows_by_table(report: Report) -> dict[str, int]:
    """Return the rows that were loaded, by table, without the tables that received none."""
    return dict(sorted((table, rows) for table, rows in report.rows.items() if rows))


def warning_lines(report: Report) -> list[str]:
    """Return the warnings of a report, of many the first ones."""
    return [styled(line, WARN) for line in capped([one_line(text) for text in report.warnings])]


def failure_lines(failures: Iterable[Failure]) -> list[str]:
    """Return a line for each kind of failure; of many kinds the first ones.

    Args:
        failures: The failures, of which many may differ in the request only.
    """
    kinds: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        kinds.setdefault((failure.error.message, failure.error.hint), []).append(failure)
    return capped([_failure_line(found) for found in kinds.values()])


def _failure_line(found: Sequence[Failure]) -> str:
    first, *more = found
    if not more:
        return str(first)
    resources = unique(failure.resource for failure in found)
    parts = f" ({counted(len(found), 'part')})" if len(found) > len(resources) else ""
    # Each failure has another request, so none is named.
    alike = PerfectGymError(first.error.message, hint=first.error.hint)
    return f"{listed(resources)}{parts}: {alike}"
