"""Sections of dlt's configuration whose keys are names that the user gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import EnvironProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.typing import TSecretStrValue

from .settings import NAMES, SECRETS

_LOOKED_FOR_IN = ("sources", "perfectgym", "perfectgym")
"""The sections in which dlt looks for a setting: the innermost first, and outside of them last."""

PIPELINE_ARGUMENTS: Mapping[str, Any] = {"full_refresh": None, "dev_mode": False, "refresh": None}
"""Arguments for `dlt.pipeline`, which would take them from REFRESH and the like in the environment:
another dataset for each run, or tables that are dropped."""


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


def settings_beside_variables() -> dict[str, Any]:
    """What the configuration says of each setting of the source that has the same name as an
    environment variable of another program; None where it says nothing.

    dlt would take `MODE`, `USERNAME` or `CONCURRENCY` of the environment for a setting, and it
    would even beat the files.
    """
    found: dict[str, Any] = {}
    providers = Container()[PluggableRunContext].providers.providers
    for name in NAMES:
        hint: Any = TSecretStrValue if name in SECRETS else Any
        bare: list[Any] = []
        right: list[Any] = []
        for provider in providers:
            for depth in (3, 2, 1, 0):
                value, _ = provider.get_value(name, hint, "", *_LOOKED_FOR_IN[:depth])
                is_bare = not depth and isinstance(provider, EnvironProvider)
                if value is not None:
                    (bare if is_bare else right).append(value)
        if bare:
            found[name] = right[0] if right else None
    return found


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        held = merged.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            value = _merged(held, value)
        merged[key] = value
    return merged
