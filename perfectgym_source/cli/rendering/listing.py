"""The result of `perfectgym list`: for each kind of thing the text, and the list for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...catalog import API_VERSIONS, V1, ApiVersion, Endpoint
from .table import table

EXIT_CODES: Mapping[int, str] = {
    0: "all is well",
    1: "a bug in this program: the message names the file with the traceback",
    2: "usage or configuration: nothing was requested",
    3: "sign-in refused: the password is tried once, because accounts lock",
    4: "the API failed after retries; the rest is loaded, the next run asks again",
    5: "the destination or a local file failed; the next run goes on",
    6: "another run is loading into the same place: nothing was done",
    7: "another program has the loading file open, or writes the published one: nothing is lost",
    8: "verify, repair: tables differ from the API",
    9: "status: a resource is overdue, or was never loaded; status, state: a run hangs",
    10: "load: a check after loading has failed, and checks.mode is fail; the rows are loaded",
    11: "load, repair, marts: a mart could not be built and is as it was; the tables are loaded",
    130: "interrupted; the next run starts where the last complete one ended",
}
"""The meaning of each code."""

Listing = tuple[str, list[dict[str, Any]]]


def resources(api: ApiVersion = V1) -> Listing:
    """List the resources of a generation; the text has the groups with what they cost, too."""
    rows = [("resource", "group", "mode", "key", "cursor")]
    rows += [
        (
            entry.name,
            entry.group if entry.in_groups else "-",
            "both" if len(entry.modes) > 1 else entry.modes[0],
            ", ".join(entry.key) or "-",
            _cursor(entry),
        )
        for entry in api.endpoints.values()
    ]
    groups = [("group", "default", "what it loads, and what that costs")]
    groups += [
        (name, "yes" if name in api.default_groups else "", cost)
        for name, cost in api.groups.items()
    ]
    others = [
        f"--api {other.name} lists those of API {other.name}"
        for other in API_VERSIONS
        if other is not api
    ]
    notes = [
        f"These are the resources of API {api.name}; {', '.join(others)}.",
        'The resources of the default groups are loaded if none is named. Group "-": only by name.',
        "mode: the kind of account that may read it. cursor: only new and changed rows are read.",
    ]
    entries = [
        {
            "name": entry.name,
            "group": entry.group if entry.in_groups else None,
            "is_default": entry.in_groups and entry.group in api.default_groups,
            "modes": list(entry.modes),
            "key": list(entry.key),
            "has_cursor": entry.is_keyset,
        }
        for entry in api.endpoints.values()
    ]
    return "\n".join([*table(rows), "", *table(groups), "", *notes]), entries


def pipelines() -> Listing:
    """List the named pipelines.

    Raises:
        ConfigurationError: The configuration of one is wrong.
    """
    from ...config.pipelines import named_pipelines

    rows = [("pipeline", "destination", "dataset", "schedule", "loads")]
    found = named_pipelines().values()
    for entry in found:
        selected = ", ".join((*entry.groups, *entry.resources))
        loads = entry.description or selected
        rows.append((entry.name, entry.destination, entry.dataset, entry.schedule or "-", loads))
    keys = ("name", "description", "groups", "resources", "destination", "dataset", "schedule")
    return "\n".join(table(rows)), [{key: getattr(entry, key) for key in keys} for entry in found]


def installations() -> Listing:
    """List the configured installations.

    Raises:
        ConfigurationError: The configuration of one is wrong.
    """
    from ...config.installations import installations as configured

    entries = [
        {"name": name, "address": found["base_url"] or f"{found['subdomain']}.perfectgym.com"}
        for name, found in configured(needs_account=False).items()
    ]
    if not entries:
        text = "No installations are named: [sources.perfectgym] is the only one."
        return text, entries
    rows = [(entry["name"], entry["address"]) for entry in entries]
    return "\n".join(table([("installation", "address"), *rows])), entries


def exit_codes() -> Listing:
    """List the exit codes."""
    entries = [{"code": code, "meaning": meaning} for code, meaning in EXIT_CODES.items()]
    rows = [("code", "meaning"), *((f"{code}", meaning) for code, meaning in EXIT_CODES.items())]
    return "\n".join(table(rows, right=[0])), entries


def _cursor(endpoint: Endpoint) -> str:
    if not endpoint.is_keyset:
        return "-"
    parents = ", ".join(parent.column for parent in endpoint.parents)
    return f"yes, per {parents}" if parents else "yes"
