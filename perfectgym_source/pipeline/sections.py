"""Sections of dlt's configuration whose keys are names that the user gives."""

from __future__ import annotations

from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext


def section(*path: str) -> dict[str, Any]:
    """What all of dlt's providers know of a section, such as `pipelines`, merged into one dict.

    Where two of them set the same key, the first one of dlt's order counts. An environment variable
    can set a single key, so it adds to no section: it has to be asked for by its name.
    """
    found: dict[str, Any] = {}
    for provider in reversed(Container()[PluggableRunContext].providers.providers):
        value, _ = provider.get_value(path[-1], dict, "", *path[:-1])
        if isinstance(value, dict):
            found = _merged(found, value)
    return found


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        held = merged.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            value = _merged(held, value)
        merged[key] = value
    return merged
