"""`--list` and `--list-pipelines`: what there is, with what one needs to know to choose."""

from __future__ import annotations

from collections.abc import Sequence

from ..catalog import DEFAULT_GROUPS, ENDPOINTS, GROUPS


def listing() -> str:
    """The resources as a table, then the groups with what they cost."""
    heads = ("resource", "group", "mode", "key", "cursor", "default")
    rows = [heads]
    for entry in ENDPOINTS.values():
        cursor = "-"
        if entry.is_keyset:
            cursor = "timestamp" + (
                f" for each {'|'.join(parent.column for parent in entry.parents)}"
                if entry.parents
                else ""
            )
        default = entry.in_groups and entry.group in DEFAULT_GROUPS
        rows.append(
            (
                entry.name,
                entry.group,
                "+".join(entry.modes),
                ",".join(entry.key) or "-",
                cursor,
                "yes" if default else "",
            )
        )
    lines = [*_aligned(rows), "", "Groups, with what they cost:"]
    lines += [f"  {name:<11} {cost}" for name, cost in GROUPS.items()]
    return "\n".join(lines)


def pipeline_listing() -> str:
    """The named pipelines as a table.

    Raises:
        ConfigurationError: The configuration of one is wrong.
    """
    from ..config.pipelines import named_pipelines

    rows = [("pipeline", "destination", "dataset", "schedule", "loads")]
    for entry in named_pipelines().values():
        selected = ", ".join((*entry.groups, *entry.resources))
        loads = entry.description or selected
        rows.append((entry.name, entry.destination, entry.dataset, entry.schedule or "-", loads))
    return "\n".join(_aligned(rows))


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths)).rstrip() for row in rows]
