"""What dbt does again and again in a small project, done once or faster; the results are the same.

Parsing the macros of dbt itself takes half of the time of a small project, and dbt can keep what
it has parsed, for its own tests. Of what is left, a third goes into reports that nobody reads, the
macros of a context, each of which is looked for in five places, parsers of dates for each table,
and templates that are compiled again for each test. A unit test takes its model apart down to the
last operator, to find where its `with` is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jinja2
import parsedatetime
from dbt.adapters.cache import RelationsCache
from dbt.context.configured import ConfiguredContext
from dbt.context.macros import MacroNamespace
from dbt.context.manifest import ManifestContext
from dbt_common.clients import system
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.tests import enable_test_caching
from sqlparse.engine import grouping


def quicken() -> None:
    """Make dbt keep what it has parsed, and leave out what nobody reads."""
    enable_test_caching()
    for owner, name, quick in (
        (EventManager, "fire_event", _without_details),
        (ManifestContext, "to_dict", _with_macros),
        (RelationsCache, "get_relations", _by_their_keys),
        (jinja2.Environment, "compile", _once),
        (parsedatetime, "Constants", cache),
        (grouping, "group", lambda group: _group),
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


def _by_their_keys(get_relations: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Each table is looked for among all: their keys have the names in lower case already."""

    def relations_of(relations: Any, database: str | None, schema: str | None) -> list[Any]:
        if database is None or schema is None:
            return get_relations(relations, database, schema)
        wanted = database.lower(), schema.lower()
        with relations.lock:
            return [each.inner for key, each in relations.relations.items() if key[:2] == wanted]

    return relations_of


def _once(compile_: Callable[..., Any]) -> Callable[..., Any]:
    """The code of a template depends on its text and the kind of environment only."""
    kept: dict[Any, Any] = {}

    def compile_once(environment: Any, source: Any, *arguments: Any, **options: Any) -> Any:
        work = partial(compile_, environment, source, *arguments, **options)
        if arguments or options or not isinstance(source, str):
            return work()
        key = type(environment), source
        if key not in kept:
            kept[key] = work()
        return kept[key]

    return compile_once


def _group(statement: Any) -> Any:
    grouping.group_parenthesis(statement)
    return statement


def _dump(value: Any, file: Any, **options: Any) -> None:
    """Write at once: piece by piece, Python does it without its C code."""
    file.write(json.dumps(value, **options))
