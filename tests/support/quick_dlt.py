"""What dlt does again and again in a small load, done once or faster; the results are the same.

Each lookup of a setting asks whether its type is optional, a union, secret, and so on, and each
validation of a schema for the types of its fields. The answers depend on nothing but the type, and
working them out takes a third of the time of a small load. Writing the hints of all resources as
YAML, for dlt's trace, takes another third where all are loaded, and copying tables a tenth, and so
do reading the file of a schema whenever it is used, and the configuration of a destination whose
capabilities do not depend on it. What is left then goes to the validation of tables that were found
valid before, to their names, which are normalized whenever a table is touched, to going through all
tables and columns for each of them, and to settings (see `quick_settings`).
"""

from __future__ import annotations

import base64
import hashlib
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partial, wraps
from importlib import import_module
from itertools import chain
from os import environ, stat
from types import SimpleNamespace
from typing import Any

import dlt
import yaml
from dlt.common import typing, validation
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs import base_configuration
from dlt.common.configuration.specs.base_configuration import BaseConfiguration
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.data_writers.buffered import BufferedDataWriter
from dlt.common.data_writers.writers import ParquetDataWriter
from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.destination.configuration import ParquetFormatConfiguration
from dlt.common.destination.utils import prepare_load_table, resolve_merge_strategy
from dlt.common.json import json
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.schema import Schema, schema, utils
from dlt.common.storages import LiveSchemaStorage
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.impl.duckdb.configuration import DuckDbConnectionPool
from dlt.load import Load

KEPT = {
    typing: (
        "extract_inner_type",
        "is_annotated",
        "is_literal_type",
        "is_optional_type",
        "is_subclass",
        "is_typeddict",
        "is_union_type",
    ),
    base_configuration: (
        "extract_inner_hint",
        "is_base_configuration_inner_hint",
        "is_context_inner_hint",
        "is_hint_not_resolvable",
        "is_secret_hint",
    ),
}


def quicken() -> None:
    """Make dlt keep its answers, use libyaml for YAML, and copy tables without bookkeeping."""
    # Beside this module, which the fork server imports from its own folder.
    import_module(__name__.replace("quick_dlt", "quick_settings")).quicken(_replace)
    yaml.dump = _kept_by_content(partial(yaml.dump, Dumper=yaml.CDumper))
    yaml.safe_load = partial(yaml.load, Loader=yaml.CSafeLoader)
    utils.deepcopy = schema.deepcopy = _copy
    utils.generate_version_hash = _version_hash
    for owner, names in KEPT.items():
        for name in names:
            _replace(getattr(owner, name), _kept(getattr(owner, name)))
    LiveSchemaStorage.__getitem__ = _live_schema(  # type: ignore[method-assign]
        LiveSchemaStorage.__getitem__
    )
    _replace_capabilities(Destination)
    fields = lru_cache(maxsize=None)(validation.get_type_hints)
    # The other argument is always the module of the type.
    validation.get_type_hints = lambda kind, globalns: fields(kind)  # type: ignore[attr-defined]
    for name in ("normalize_path", "normalize_tables_path"):
        setattr(NamingConvention, name, _kept_by_naming(getattr(NamingConvention, name)))
    _replace(utils.column_name_validator, _kept_by_naming(utils.column_name_validator))
    _replace_validation()
    _replace(prepare_load_table, _without_settings(prepare_load_table))
    _replace(resolve_merge_strategy, _merge_strategy)
    BufferedDataWriter.__init__ = _without_lookup(  # type: ignore[method-assign]
        BufferedDataWriter.__init__,
        BufferedDataWriter.BufferedDataWriterConfiguration,
        lambda: {"_caps": _capabilities()},
    )
    ParquetDataWriter.__init__ = _without_lookup(  # type: ignore[method-assign]
        ParquetDataWriter.__init__,
        ParquetFormatConfiguration,
        lambda: {"_format": ParquetFormatConfiguration()},
    )
    _replace(utils.get_nested_tables, _nested_tables)
    _replace(utils.find_incomplete_columns, _incomplete_columns)
    Schema.dlt_table_names = _dlt_table_names  # type: ignore[method-assign]
    Load._compute_outputs = _hashing_once(Load._compute_outputs)  # type: ignore[method-assign]
    DuckDbConnectionPool._apply_local_config = _without_relations(  # type: ignore[method-assign]
        DuckDbConnectionPool._apply_local_config
    )
    ParsedLoadJobFileName.parse = staticmethod(  # type: ignore[method-assign]
        lru_cache(maxsize=4096)(ParsedLoadJobFileName.parse)
    )


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    cached = lru_cache(maxsize=4096)(function)

    @wraps(function)
    def kept(*arguments: Any, **options: Any) -> Any:
        try:
            return cached(*arguments, **options)
        except TypeError:  # a type that has no hash
            return function(*arguments, **options)

    return kept


def _replace(original: Callable[..., Any], by: Callable[..., Any]) -> None:
    """Replace a function wherever dlt has imported it."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(dlt.__name__):
            for name in [n for n, value in vars(module).items() if value is original]:
                setattr(module, name, by)


def _copy(value: Any) -> Any:
    """A deep copy of a schema or a table of it: nothing in it refers to what is around it."""
    return pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def _kept_by_content(dump: Callable[..., str]) -> Callable[..., str]:
    """Write a value once, and each later one that is equal to it as that."""
    written: dict[bytes, str] = {}

    def kept(value: Any, stream: Any = None, **options: Any) -> Any:
        if stream is not None:
            return dump(value, stream, **options)
        try:
            key = _digest(value, sorted(options.items()))
        except NOT_PICKLED:
            return dump(value, **options)
        if key not in written:
            written[key] = dump(value, **options)
        return written[key]

    return kept


NOT_PICKLED = (TypeError, AttributeError, pickle.PicklingError)


def _digest(*values: Any) -> bytes:
    return hashlib.blake2b(pickle.dumps(values, pickle.HIGHEST_PROTOCOL)).digest()


def _replace_validation() -> None:
    """Validate each table once: one with the same content is as valid."""
    original, valid = validation.validate_dict, set[Any]()
    ignoring = validation.validate_dict_ignoring_xkeys

    def validate(
        spec: Any, doc: Any, path: str, filter_f: Any = None, validator_f: Any = None
    ) -> None:
        try:
            key = spec, filter_f, validator_f, _digest(doc)
        except NOT_PICKLED:
            original(spec, doc, path, filter_f, validator_f)
            return
        if key not in valid:
            original(spec, doc, path, filter_f, validator_f)
            valid.add(key)

    _replace(ignoring, partial(validate, **ignoring.keywords))
    _replace(original, validate)  # within itself, too: for the parts of what has changed


def _kept_by_naming(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a naming convention, which is its type and the greatest length of a name."""

    @cache
    def kept(kind: Any, max_length: int | None, *arguments: Any) -> Any:
        return function(kind(max_length), *arguments)

    return lambda naming, *arguments: kept(type(naming), naming.max_length, *arguments)


def _without_settings(prepare: Any) -> Callable[..., Any]:
    """There is no setting to look for where the capabilities are given."""

    def prepared(tables: Any, table: Any, *capabilities: Any, **more: Any) -> Any:
        given = len(capabilities) == 1 and isinstance(capabilities[0], BaseConfiguration)
        function = prepare.__wrapped__ if given else prepare
        return function(tables, table, *capabilities, **more)

    return prepared


def _merge_strategy(tables: Any, table: Any, *capabilities: Any) -> Any:
    """What dlt finds after it has looked for settings, of which the capabilities are no part."""
    if table.get("write_disposition") != "merge":
        return None
    given = capabilities or (_capabilities(),)
    return resolve_merge_strategy.__wrapped__(tables, table, *given)  # type: ignore[attr-defined]


def _capabilities() -> DestinationCapabilitiesContext | None:
    container = Container()
    if DestinationCapabilitiesContext not in container:
        return None
    return container[DestinationCapabilitiesContext]


def _without_lookup(
    make: Any, spec: type[BaseConfiguration], injected: Callable[[], dict[str, Any]]
) -> Callable[..., None]:
    """Make a writer of files without looking for settings where no name could be one."""
    names = {name.upper() for name in spec()}

    def made(writer: Any, *arguments: Any, **options: Any) -> None:
        others = Container()[PluggableRunContext].providers.providers[1:]
        variables = {name.rpartition("__")[2] for name in environ}
        if names.isdisjoint(variables) and all(provider.is_empty for provider in others):
            make.__wrapped__(writer, *arguments, **injected(), **options)
        else:
            make(writer, *arguments, **options)

    return made


def _nested_tables(
    tables: Any, table_name: str, max_nesting: int | None = None, include_self: bool = True
) -> list[Any]:
    """What dlt finds by going through all tables for each of them."""
    if table_name not in tables:
        return []
    children: dict[str, list[Any]] = {}
    for table in tables.values():
        if table.get("parent"):
            children.setdefault(table["parent"], []).append(table)

    def chain(table: Any, level: int) -> Iterator[Any]:
        if include_self or level:
            yield table
        if max_nesting is None or level < max_nesting:
            for child in children.get(table["name"], ()):
                yield from chain(child, level + 1)

    return list(chain(tables[table_name], 0))


def _incomplete_columns(table: Any) -> list[Any]:
    """What dlt finds with two calls for each column."""
    return [
        (column, column.get("nullable", True))
        for column in table["columns"].values()
        if not (column.get("name") and column.get("data_type"))
    ]


def _dlt_table_names(schema: Any) -> list[str]:
    """What dlt finds with a call for each table."""
    return [name for name in schema._schema_tables if name.startswith(schema._dlt_tables_prefix)]


def _hashing_once(outputs: Callable[..., Any]) -> Callable[..., Any]:
    """Hash a schema once for all resources whose tables were loaded."""

    def hashing_once(load: Any, schema: Schema, *more: Any) -> Any:
        return outputs(
            load, SimpleNamespace(name=schema.name, version_hash=schema.version_hash), *more
        )

    return hashing_once


def _without_relations(apply: Callable[..., None]) -> Callable[..., None]:
    """Set a connection's pragmas without an object for the rows that they do not return."""

    def applied(
        pool: Any, connection: Any, settings: Any = None, pragmas: list[str] | None = None
    ) -> None:
        for pragma in pragmas or ():
            connection.execute(f"PRAGMA {pragma}")
        apply(pool, connection, settings)

    return applied


def _live_schema(read: Callable[..., Schema]) -> Callable[..., Schema]:
    """Return the schema in memory while its file is the one that it was read from."""

    def live_schema(storage: Any, name: str) -> Schema:
        files = vars(storage).setdefault("files", {})
        try:
            found = stat(f"{storage.config.schema_volume_path}/{name}.schema.json")
            file = found.st_ino, found.st_mtime_ns, found.st_size
        except FileNotFoundError:
            return read(storage, name)
        if name in storage.live_schemas and files.get(name) == file:
            return storage.live_schemas[name]  # type: ignore[no-any-return]
        result = read(storage, name)
        if not result.is_modified:
            files[name] = file
        return result

    return live_schema


def _replace_capabilities(owner: Any) -> None:
    work_out, adjust = owner.capabilities, owner.adjust_capabilities.__func__

    def capabilities(destination: Any, config: Any = None, naming: Any = None) -> Any:
        if config is None and destination.adjust_capabilities.__func__ is adjust:
            config = destination.spec()  # which dlt's own adjustment does not look at
        return work_out(destination, config, naming)

    owner.capabilities = capabilities


def _version_hash(stored: Any) -> str:
    """The same hash as dlt's, of names that are put together first."""
    left_out = ("version", "version_hash", "imported_version_hash", "previous_hashes")
    content = {key: value for key, value in stored.items() if key not in left_out}
    digest = hashlib.sha3_256(json.dumpb(content, sort_keys=True))
    tables = {
        name: table.get("columns") or () for name, table in (content.get("tables") or {}).items()
    }
    names = chain.from_iterable((name, *columns) for name, columns in sorted(tables.items()))
    digest.update("".join(names).encode())
    return base64.b64encode(digest.digest()).decode()
