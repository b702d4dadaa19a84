"""What dbt does again and again in a small project, done once or faster; the results are the same.

Parsing the macros of dbt itself takes half of the time of a small project, and dbt can keep what
it has parsed, for its own tests. Of what is left, a third goes into reports that nobody reads, the
macros of a context, each of which is looked for in five places, parsers of dates for each table,
and templates that are compiled again for each test. A unit test takes its model apart down to the
last operator, to find where its `with` is. A macro makes a table of the columns of each table.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import duckdb
import jinja2
import parsedatetime
from dbt.adapters.cache import RelationsCache
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.clients.jinja import MacroGenerator
from dbt.context import providers
from dbt.context.configured import ConfiguredContext
from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
from dbt.context.manifest import ManifestContext
from dbt_common.clients import jinja, system
from dbt_common.dataclass_schema import dbtClassMixin
from dbt_common.events.base_types import DebugLevel, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.exceptions import DbtRuntimeError
from dbt_common.tests import enable_test_caching
from sqlparse.engine import grouping


def quicken() -> None:
    """Make dbt keep what it has parsed, and leave out what nobody reads."""
    enable_test_caching()
    for owner, name, quick in (
        (EventManager, "fire_event", _without_details),
        (DebugLevel, "__init__", _when_it_is_read),
        (ManifestContext, "_build_namespace", _in_context),
        (ManifestContext, "to_dict", _with_macros),
        (MacroNamespaceBuilder, "build_namespace", lambda build: _namespace),
        (providers, "args_to_dict", _of_an_invocation),
        (dbtClassMixin, "validate", lambda validate: classmethod(_valid_once(validate.__func__))),
        (RelationsCache, "get_relations", _by_their_keys),
        (DuckDBAdapter, "get_columns_in_relation", _described),
        (jinja.NativeSandboxTemplate, "new_context", lambda copying: _without_a_copy),
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


def _when_it_is_read(init: Callable[..., None]) -> Callable[..., None]:
    """A report is made up when somebody reads it: nobody does."""

    def keep(event: Any, *arguments: Any, **values: Any) -> None:
        object.__setattr__(event, "given", (arguments, values))

    def made_up(event: Any, name: str) -> Any:
        if name == "pb_msg":
            arguments, values = object.__getattribute__(event, "given")
            init(event, *arguments, **values)
            return object.__getattribute__(event, name)
        return getattr(event.pb_msg, name)

    DebugLevel.__getattr__ = made_up  # type: ignore[method-assign]
    return keep


class _Macros(dict[str, Any]):
    """Macros by name, each made into a function of a context when it is looked for."""

    def __init__(self, known: dict[str, Any], make: Callable[[Any], MacroGenerator]) -> None:
        self.known, self._make = known, make

    def __missing__(self, name: str) -> MacroGenerator:
        self[name] = self._make(self.known[name])
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self.known

    get = Mapping.get


def _namespace(builder: Any, packages: dict[str, dict[str, Any]], context: Any) -> MacroNamespace:
    def functions(known: dict[str, Any]) -> _Macros:
        return _Macros(known, make)

    def make(macro: Any) -> MacroGenerator:
        return MacroGenerator(macro, context, builder.node, builder.thread_ctx)

    search, root = builder.search_package, builder.root_package
    order = [*reversed(builder.internal_package_names_order)]
    own = packages.keys() - {*order}
    internal = tuple(name for name in order if name in packages)
    return MacroNamespace(
        global_namespace=functions(packages[root] if root in own - {search} else {}),
        local_namespace=functions(packages[search] if search in own else {}),
        global_project_namespace=functions(_together(packages, internal)),
        packages={name: functions(packages[name]) for name in own},
    )


_KNOWN: dict[Any, tuple[Any, dict[str, Any]]] = {}


def _together(packages: dict[str, dict[str, Any]], names: tuple[str, ...]) -> dict[str, Any]:
    """The macros of packages; of the same name, those of the later one."""
    parts = [packages[name] for name in names]
    key = tuple((id(part), len(part)) for part in parts)
    if key not in _KNOWN:
        _KNOWN[key] = parts, {name: part[name] for part in parts for name in part}
    return _KNOWN[key][1]


class _Context(dict[str, Any]):
    """The variables of a context, and the macros that it may call."""

    namespace: Mapping[str, Any] = MappingProxyType({})

    def __missing__(self, name: str) -> Any:
        return self.namespace[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.namespace

    get = Mapping.get


def _in_context(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def build_namespace(context: Any) -> Any:
        context._ctx = _Context()
        return build(context)

    return build_namespace


def _with_macros(to_dict: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def with_macros(context: Any) -> dict[str, Any]:
        if not isinstance(context.namespace, MacroNamespace):
            return to_dict(context)
        found: Any = ConfiguredContext.to_dict(context)
        for macros in context.namespace._search_order():
            for name in getattr(macros, "known", macros).keys() & found.keys():
                del found[name]
        found.namespace = context.namespace
        return found  # type: ignore[no-any-return]

    return with_macros


_without_a_copy = jinja.MacroFuzzTemplate.new_context
"""What dbt does for all templates but those of values."""


def _of_an_invocation(to_dict: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The arguments of an invocation are the same in all its contexts."""
    kept: dict[int, tuple[Any, dict[str, Any]]] = {}

    def once(arguments: Any) -> dict[str, Any]:
        if id(arguments) not in kept:
            kept[id(arguments)] = arguments, to_dict(arguments)
        return kept[id(arguments)][1].copy()

    return once


def _valid_once(validate: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """The settings of most models and tests are the same."""
    valid = set[tuple[Any, bytes]]()

    def once(kind: Any, values: Any) -> None:
        key = kind, pickle.dumps(values)
        if key not in valid:
            validate(kind, values)
            valid.add(key)

    return once


def _by_their_keys(get_relations: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Each table is looked for among all: their keys have the names in lower case already."""

    def relations_of(relations: Any, database: str | None, schema: str | None) -> list[Any]:
        if database is None or schema is None:
            return get_relations(relations, database, schema)
        wanted = database.lower(), schema.lower()
        with relations.lock:
            return [each.inner for key, each in relations.relations.items() if key[:2] == wanted]

    return relations_of


def _described(find: Callable[[Any, Any], list[Any]]) -> Callable[[Any, Any], list[Any]]:
    def columns(adapter: Any, relation: Any) -> list[Any]:
        with suppress(DbtRuntimeError, duckdb.Error):  # it is not there
            cursor = adapter.connections.get_thread_connection().handle.cursor()
            found = cursor.execute(f"DESCRIBE {relation.render()}").fetchall()
            return [adapter.Column(name, kind) for name, kind, *_ in found]
        return find(adapter, relation)

    return columns


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
