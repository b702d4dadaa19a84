"""`--list` and `--list-pipelines`: the resources, groups and named pipelines."""

from __future__ import annotations

from ...catalog import DEFAULT_GROUPS, ENDPOINTS, GROUPS, Endpoint
from .table import fitted, table


def listing() -> str:
    """Return the resources as a table, then the groups with what they cost."""
    rows = [("resource", "group", "mode", "key", "cursor")]
    rows += [
        (
            entry.name,
            entry.group if entry.in_groups else "-",
            "both" if len(entry.modes) > 1 else entry.modes[0],
            ", ".join(entry.key) or "-",
            _cursor(entry),
        )
        for entry in ENDPOINTS.values()
    ]
    groups = [("group", "default", "what it loads, and what that costs")]
    groups += [
        (name, "yes" if name in DEFAULT_GROUPS else "", cost) for name, cost in GROUPS.items()
    ]
    notes = [
        'The resources of the default groups are loaded if none is named. Group "-": only by name.',
        "mode: the kind of account that may read it. cursor: only new and changed rows are read.",
    ]
    return fitted("\n".join([*table(rows), "", *table(groups), "", *notes]))


def pipeline_listing() -> str:
    """Return the named pipelines as a table.

    Raises:
        ConfigurationError: The configuration of one is wrong.
    """
    from ...config.pipelines import named_pipelines

    rows = [("pipeline", "destination", "dataset", "schedule", "loads")]
    for entry in named_pipelines().values():
        selected = ", ".join((*entry.groups, *entry.resources))
        loads = entry.description or selected
        rows.append((entry.name, entry.destination, entry.dataset, entry.schedule or "-", loads))
    return "\n".join(table(rows))


def _cursor(endpoint: Endpoint) -> str:
    if not endpoint.is_keyset:
        return "-"
    parents = ", ".join(parent.column for parent in endpoint.parents)
    return f"yes, per {parents}" if parents else "yes"
