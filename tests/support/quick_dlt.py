"""What dlt does again and again in a small load, done once or faster; the results are the same.

Each lookup of a setting asks whether its type is optional, a union, secret, and so on, and each
validation of a schema for the types of its fields. The answers depend on nothing but the type, and
working them out takes a third of the time of a small load. Writing the hints of all resources as
YAML, for dlt's trace, takes another third where all are loaded, and copying tables a tenth. The
names of a configuration's fields, the names of the variables for a setting, and the secrets that a
container may have take a tenth each, and so do reading the file of a schema whenever it is used,
and the configuration of a destination whose capabilities do not depend on it.
"""

from __future__ import annotations

import base64
import hashlib
import pickle
import sys
from collections.abc import Callable
from functools import cache, lru_cache, partial, wraps
from itertools import chain
from os import environ, stat
from pathlib import Path
from typing import Any

import dlt
import yaml
from dlt.common import typing, validation
from dlt.common.configuration.providers import environ as variables
from dlt.common.configuration.specs import base_configuration
from dlt.common.destination import Destination
from dlt.common.json import json
from dlt.common.schema import Schema, schema, utils
from dlt.common.storages import LiveSchemaStorage

KEPT = {
    typing: (
        "extract_inner_type",
        "is_annotated",
        "is_literal_type",
        "is_optional_type",
        "is_subclass",
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
    """Make dlt keep its answers, write YAML with libyaml, and copy tables without bookkeeping."""
    yaml.dump = partial(yaml.dump, Dumper=yaml.CDumper)
    utils.deepcopy = schema.deepcopy = _copy
    utils.generate_version_hash = _version_hash
    for owner, names in KEPT.items():
        for name in names:
            _replace(getattr(owner, name), _kept(getattr(owner, name)))
    configuration: Any = base_configuration.BaseConfiguration
    configuration.__iter__ = lambda self: iter(_fields(type(self)))
    configuration.__len__ = lambda self: len(_fields(type(self)))
    configuration._BaseConfiguration__has_attr = lambda self, name: name in _fields(type(self))
    if not Path(variables.SECRET_STORAGE_PATH).parent.exists():
        variables.EnvironProvider.get_value = _variable  # type: ignore[method-assign]
    LiveSchemaStorage.__getitem__ = _live_schema(  # type: ignore[method-assign]
        LiveSchemaStorage.__getitem__
    )
    _replace_capabilities(Destination)
    fields = lru_cache(maxsize=None)(validation.get_type_hints)
    # The other argument is always the module of the type.
    validation.get_type_hints = lambda kind, globalns: fields(kind)  # type: ignore[attr-defined]


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
