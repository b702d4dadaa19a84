"""The result of `--dry-run`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ...extract.report import Failure
from ...pipeline.dry_run import Preview
from .json_output import attributes
from .report import failure_lines
from .summary import unknown_fields_line, unreadable_lines
from .table import table


def as_data(previews: Sequence[Preview]) -> dict[str, Any]:
    """Return the JSON object of a dry run: `previews`, a list with the attributes of each
    `Preview`, and `is_failure` in place of the error."""
    return {
        "previews": [
            {**attributes(entry, "error"), "is_failure": entry.error is not None}
            for entry in previews
        ]
    }


def as_text(previews: Sequence[Preview]) -> str:
    """Return the previews as text."""
    rows = [row for entry in previews for row in _rows(entry)]
    lines = table([("table", "rows", "columns", ""), *rows], right=[1, 2])
    unreadable: Counter[str] = Counter()
    unknown: set[str] = set()
    for entry in previews:
        unreadable.update(entry.unreadable)
        unknown.update(entry.unknown_fields)
    notes = unreadable_lines(unreadable)
    if unknown:
        notes.append(unknown_fields_line(unknown))
    failures = [Failure(entry.resource, (), entry.error) for entry in previews if entry.error]
    for part in (notes, failure_lines(failures), ["Nothing was loaded."]):
        lines += ["", *part] if part else []
    return "\n".join(lines)


def _rows(entry: Preview) -> Iterator[tuple[str, ...]]:
    if entry.problem:
        yield entry.resource, "", "", "FAILED" if entry.error else f"- {entry.problem}"
    for name, rows in entry.rows.items():
        has_more = entry.has_more and "__" not in name
        yield name, f"{rows:,}", f"{entry.columns[name]}", "more pages" if has_more else ""
