"""Settings that dlt looks for again and again in a small load, looked for once.

The names of a configuration's fields, the names of the variables for a setting, the secrets that a
container may have, and the places in which there is no setting take a tenth of the time each.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from os import environ
from pathlib import Path
from threading import current_thread, get_ident
from typing import Any

from dlt.common.configuration import resolve
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import environ as variables
from dlt.common.configuration.specs import base_configuration
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.configuration.utils import log_traces


def quicken(replace: Callable[[Any, Any], None]) -> None:
    """Make dlt keep where it found no setting; `replace` puts a function in another's place."""
    configuration: Any = base_configuration.BaseConfiguration
    configuration.__iter__ = lambda self: iter(_fields(type(self)))
    configuration.__len__ = lambda self: len(_fields(type(self)))
    configuration._BaseConfiguration__has_attr = lambda self, name: name in _fields(type(self))
    if not Path(variables.SECRET_STORAGE_PATH).parent.exists():
        variables.EnvironProvider.get_value = _variable  # type: ignore[method-assign]
    Container._effective_thread_id = _thread_id  # type: ignore[assignment, method-assign]
    look = resolve._resolve_single_value
    replace(look, _kept_absence(look))
    replace(log_traces, _log_what_was_found(log_traces))


def _kept_absence(look: Callable[..., Any]) -> Callable[..., Any]:
    """Look for a setting that nobody has made once, as long as the environment stays as it is.

    Files of settings are looked into each time.
    """
    absent: list[tuple[Any, dict[Any, Any]]] = [(None, {})]

    def kept(key: str, hint: Any, inner_hint: Any, *sections: Any) -> Any:
        container = Container()
        context = container[ConfigSectionContext]
        others = container[PluggableRunContext].providers.providers[1:]
        if not all(provider.is_empty for provider in others):
            return look(key, hint, inner_hint, *sections)
        variables = tuple(environ._data.items())  # type: ignore[attr-defined]
        if variables != absent[0][0]:
            absent[0] = (variables, {})
        places = absent[0][1]
        where = (key, hint, inner_hint, *sections, context.sections, context.pipeline_name)
        try:
            if where in places:
                return None, list(places[where])
        except TypeError:  # a hint that has no hash
            return look(key, hint, inner_hint, *sections)
        value, traces = look(key, hint, inner_hint, *sections)
        if value is None:
            places[where] = tuple(traces)
        return value, traces

    return kept


def _log_what_was_found(log: Callable[..., None]) -> Callable[..., None]:
    """Nobody reads where dlt has looked in vain."""

    def log_found(*arguments: Any) -> None:
        if any(trace.value is not None for trace in arguments[-1]):
            log(*arguments)

    return log_found


def _thread_id(container: Any) -> int:
    """The same number as dlt's, without a regular expression for threads that are not dlt's."""
    name = current_thread().name
    return int(name.split("-")[2]) if name.startswith("dlt-pool-") else get_ident()


@cache
def _fields(kind: Any) -> dict[str, None]:
    """The names of the fields of a kind of configuration."""
    is_field = base_configuration.is_valid_configspec_field
    return {field.name: None for field in kind.__dataclass_fields__.values() if is_field(field)}


def _variable(
    provider: Any, key: str, hint: Any, pipeline_name: str, *sections: str
) -> tuple[str | None, str]:
    """What dlt finds in the environment, where there are no files of a container's secrets."""
    name = _variable_name(provider, key, pipeline_name, *sections)
    return environ.get(name), name


@cache
def _variable_name(provider: Any, *names: str) -> str:
    return provider.get_key_name(*names)  # type: ignore[no-any-return]
