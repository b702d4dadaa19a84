"""The result of `state`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...extract.state.stored import ListState, StateSummary
from .table import table


def as_data(states: Sequence[StateSummary]) -> dict[str, Any]:
    """Return the JSON object of states: `resources`, a list with the attributes of each
    `StateSummary`."""
    return {"resources": list(states)}


def as_text(states: Sequence[StateSummary]) -> str:
    """Return states as text: a row for each resource, and below it a row for each other endpoint
    whose ids it reads."""
    if not states:
        return "Nothing has been loaded."
    heads = ("resource", "partitions", "lowest", "highest", "pending", "last sweep (UTC)")
    rows = [row for state in states for row in _rows(state)]
    return "\n".join(table([heads, *rows], right=[1, 2, 3, 4]))


def _rows(state: StateSummary) -> Iterator[tuple[str, ...]]:
    name = state.resource + (f" ({state.installation})" if state.installation else "")
    pending = f"{state.pending:,}" if state.pending else ""
    sweep = f"{state.last_sweep:%Y-%m-%d %H:%M}" if state.last_sweep else ""
    yield (name, *_cursors(state.lists.get(state.resource)), pending, sweep)
    for endpoint, cursors in state.lists.items():
        if endpoint != state.resource:
            yield (f"  from {endpoint}", *_cursors(cursors), "", "")


def _cursors(found: ListState | None) -> tuple[str, str, str]:
    if found is None:
        return "", "", ""
    versions = (f"{found.lowest}", f"{found.highest}") if found.highest else ("", "")
    return f"{found.partitions:,}", *versions
