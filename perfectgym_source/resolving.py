"""What a source reads, and with which settings: from arguments and dlt's configuration.

Nothing that reads is imported: `status` and the like do without.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dlt.common.configuration import inject_section, with_config
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.pipeline import PipelineContext
from dlt.common.typing import TSecretStrValue

from .catalog import API_VERSIONS, Endpoint
from .catalog.selection import known_resources, selected_endpoints
from .config.dlt_config import LOOKED_FOR_IN
from .config.setting import Setting
from .config.settings import SETTINGS, Settings, make_settings
from .config.validators import takes_text
from .errors import ConfigurationError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Resolved:
    """The settings of a source, and what it reads.

    Attributes:
        settings: The settings.
        endpoints: The selected endpoints, in the catalog's order.
        full_refresh: The names of the resources that are read from the beginning.
    """

    settings: Settings
    endpoints: list[Endpoint]
    full_refresh: Collection[str] = ()


def names_all_settings(function: F) -> F:
    """Give a function that takes `**options` a signature with a parameter for each setting.

    dlt takes from it what to look for in its configuration, and shells what they may complete.
    """
    signature = inspect.signature(function, eval_str=True)
    named = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    options = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_hint(entry)
        )
        for name, entry in SETTINGS.items()
    ]
    setattr(function, "__signature__", signature.replace(parameters=[*named, *options]))  # noqa: B010
    return function


def _hint(entry: Setting) -> Any:
    # Texts stay texts: dlt would make a number of a password of digits.
    kind: Any = str if takes_text(entry.check) else Any
    if entry.is_secret:
        kind = TSecretStrValue
    return kind | None


def resolve(**arguments: Any) -> Resolved:
    """Return the settings and endpoints of `perfectgym_source(**arguments)`; make no resources.

    Raises:
        ConfigurationError: A setting is missing or wrong, or a resource cannot be read.
    """
    context = Container()[PipelineContext]
    pipeline = context.pipeline().pipeline_name if context.is_active() else None
    # dlt looks for the settings of a source in the section of the pipeline too.
    with inject_section(ConfigSectionContext(pipeline_name=pipeline, sections=LOOKED_FOR_IN)):
        found: Resolved = _completed(**arguments)
    return found


@names_all_settings
def configured(
    resources: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    full_refresh: Sequence[str] | None = None,
    limit: int | None = None,
    **options: Any,
) -> Resolved:
    """Return what a source reads by these arguments and no others.

    Raises:
        ConfigurationError: A setting is missing or wrong, or a resource cannot be read.
    """
    if options.get("api") == os.environ.get("API"):
        # dlt takes a variable of this name for the setting: it is meant for another program.
        options["api"] = None
    settings = make_settings(**options)
    others = [api for api in API_VERSIONS if api is not settings.api]
    endpoints = selected_endpoints(settings.api, settings.mode, resources, groups, others)
    named = [name for name in full_refresh or () if name != "all"]
    refreshed = known_resources([settings.api], named)
    if full_refresh and "all" in full_refresh:
        refreshed = {entry.name for entry in endpoints}
    _check_period(settings, endpoints)
    return Resolved(settings, endpoints, refreshed)


_completed = with_config(configured, sections=LOOKED_FOR_IN)
"""`configured`, with what is not given from the sections in which dlt looks for the source."""


def _check_period(settings: Settings, endpoints: Collection[Endpoint]) -> None:
    if None not in (settings.start_date, settings.end_date):
        return
    for endpoint in endpoints:
        if endpoint.date_range == "settings":
            raise ConfigurationError(
                f"{endpoint.name} needs a period: set sources.perfectgym.start_date and "
                "sources.perfectgym.end_date in .dlt/config.toml, or use --from and --to."
            )
