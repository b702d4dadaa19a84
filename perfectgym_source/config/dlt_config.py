"""Parts of dlt's configuration that dlt itself does not read as settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import EnvironProvider
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.typing import TSecretStrValue

from .settings import NAMES, SECRETS

LOOKED_FOR_IN = ("sources", "perfectgym", "perfectgym")
"""The sections in which dlt looks for a setting: the innermost first, and outside of them last."""

PIPELINE_ARGUMENTS: Mapping[str, Any] = {"full_refresh": None, "dev_mode": False, "refresh": None}
"""Arguments for `dlt.pipeline`, which would take them from REFRESH and the like in the environment:
another dataset for each run, or tables that are dropped."""


def section(*path: str) -> dict[str, Any]:
    """Return a section, such as `pipelines`, merged from all of dlt's providers.

    Where two of them set the same key, the first one of dlt's order counts. An environment variable
    sets a single key, so it adds to no section: read it by its name.

    Args:
        path: The names of the section and of those around it, the outermost first.
    """
    found: dict[str, Any] = {}
    for provider in reversed(Container()[PluggableRunContext].providers.providers):
        value, _ = provider.get_value(path[-1], dict, "", *path[:-1])
        if isinstance(value, dict):
            found = _merged(found, value)
    return found


def settings_beside_variables() -> dict[str, Any]:
    """Return the configured values of settings whose bare names are environment variables too.

    dlt would take `MODE`, `USERNAME` or `CONCURRENCY` of the environment, which other programs set,
    for a setting of the source, before those of the files. These values are to be passed as
    arguments; they are None where the configuration sets nothing.
    """
    found: dict[str, Any] = {}
    providers = Container()[PluggableRunContext].providers.providers
    for name in NAMES:
        hint: Any = TSecretStrValue if name in SECRETS else Any
        bare: list[Any] = []
        right: list[Any] = []
        for provider in providers:
            for depth in (3, 2, 1, 0):
                value, _ = provider.get_value(name, hint, "", *LOOKED_FOR_IN[:depth])
                is_bare = not depth and isinstance(provider, EnvironProvider)
                if value is not None:
                    (bare if is_bare else right).append(value)
        if bare:
            found[name] = right[0] if right else None
    return found


def keep_capabilities(destination: Any) -> Any:
    """Make a dlt destination keep its capabilities, and return it.

    dlt works them out from the whole configuration forty times a run: a quarter of the processor
    time of a run that finds nothing new.
    """
    work_out = destination.capabilities
    kept: dict[Any, DestinationCapabilitiesContext] = {}

    def capabilities(config: Any = None, naming: Any = None) -> DestinationCapabilitiesContext:
        if config is not None:
            return work_out(config, naming)  # type: ignore[no-any-return]
        pipeline = Container()[ConfigSectionContext].pipeline_name
        key = (pipeline, naming and (type(naming), naming.max_length))
        if key not in kept:
            kept[key] = work_out(None, naming)
        return kept[key].copy()  # dlt sets some of them for a while

    destination.capabilities = capabilities
    return destination


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        inner = merged.get(key)
        if isinstance(inner, dict) and isinstance(value, dict):
            value = _merged(inner, value)
        merged[key] = value
    return merged
