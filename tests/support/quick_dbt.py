"""What dbt does again and again in a small project, done once or faster; the results are the same.

Parsing the macros of dbt itself takes half of the time of a small project, and dbt can keep what it
has parsed, for its own tests. Of what is left, a quarter goes into reports that nobody reads, the
macros of a context, each of which is looked for in five places, and parsers of dates for empty
tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import agate
from dbt.context.configured import ConfiguredContext
from dbt.context.macros import MacroNamespace
from dbt.context.manifest import ManifestContext
from dbt_common.clients import system
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.tests import enable_test_caching


def quicken() -> None:
    """Make dbt keep what it has parsed, and leave out what nobody reads."""
    enable_test_caching()
    for owner, name, quick in (
        (EventManager, "fire_event", _without_details),
        (ManifestContext, "to_dict", _with_macros),
        (agate.TypeTester, "__init__", _with_types_of_its_own),
        (system.json, "dump", lambda dump: _dump),
    ):
        setattr(owner, name, quick(getattr(owner, name)))


def _without_details(fire: Callable[..., None]) -> Callable[..., None]:
    def fire_event(manager: Any, event: Any, level: Any = None, **more: Any) -> None:
        if (level or event.level_tag()) != EventLevel.DEBUG:
            fire(manager, event, level=level, **more)

    return fire_event


def _with_macros(to_dict: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def with_macros(context: Any) -> dict[str, Any]:
        if not isinstance(context.namespace, MacroNamespace):
            return to_dict(context)
        found: dict[str, Any] = ConfiguredContext.to_dict(context)
        for macros in reversed([*context.namespace._search_order()]):
            found.update(macros)  # the first that has one counts
        return found

    return with_macros


def _with_types_of_its_own(initialize: Callable[..., None]) -> Callable[..., None]:
    types = agate.TypeTester()._possible_types

    def initialized(tester: Any, *arguments: Any, **options: Any) -> None:
        initialize(tester, *arguments, **{"types": types, **options})

    return initialized


def _dump(value: Any, file: Any, **options: Any) -> None:
    """Write at once: piece by piece, Python does it without its C code."""
    file.write(json.dumps(value, **options))
