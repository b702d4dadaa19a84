"""The result of `--dry-run`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...extract.progress import Estimate
from ...extract.report import Failure
from ...pipeline.dry_run import DryRun, Preview
from .json_output import attributes
from .progress import estimate_line
from .report import failure_lines
from .summary import unknown_fields_line, unreadable_lines
from .table import table

UNKNOWN = "? stands for one request or more for each row of a list that is too long to count here."


def as_data(found: DryRun) -> dict[str, Any]:
    """Return the JSON object of a dry run.

    Keys: `outcome` (`ok` or `partial`), `previews`, a list with the attributes of each `Preview`,
    and `is_failure` in place of the error; `requests` in all, and `requests_per_second`.
    """
    return {
        "outcome": "partial" if any(entry.error for entry in found.previews) else "ok",
        "previews": [
            {**attributes(entry, "error"), "is_failure": entry.error is not None}
            for entry in found.previews
        ],
        **attributes(found, "previews"),
    }


def as_text(found: DryRun) -> str:
    """Return the previews as text."""
    previews = found.previews
    rows = [row for entry in previews for row in _rows(entry)]
    lines = table([("table", "rows", "columns", "requests", ""), *rows], right=[1, 2, 3])
    unreadable: Counter[str] = Counter()
    unknown: set[str] = set()
    for entry in previews:
        unreadable.update(entry.unreadable)
        unknown.update(entry.unknown_fields)
    notes = unreadable_lines(unreadable)
    if unknown:
        notes.append(unknown_fields_line(unknown))
    failures = [Failure(entry.resource, (), entry.error) for entry in previews if entry.error]
    estimate = [f"A first run: {estimate_line(found.requests, found.requests_per_second)}."]
    if any(entry.requests is None and not entry.problem for entry in previews):
        estimate.append(UNKNOWN)
    for part in (notes, failure_lines(failures), [*estimate, "Nothing was loaded."]):
        lines += ["", *part] if part else []
    return "\n".join(lines)


def _rows(entry: Preview) -> Iterator[tuple[str, ...]]:
    if entry.problem:
        yield entry.resource, "", "", "", "FAILED" if entry.error else f"- {entry.problem}"
    for index, (name, rows) in enumerate(entry.rows.items()):
        requests = "" if index else _requests(entry.requests)
        note = "more pages" if entry.has_more and not index else ""
        yield name, f"{rows:,}", f"{entry.columns[name]}", requests, note


def _requests(estimate: Estimate | None) -> str:
    if estimate is None:
        return "?"
    return f"{estimate.count:,}{'+' if estimate.is_least else ''}"
