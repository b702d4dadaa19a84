"""What dlt does again and again in a small load, done once or faster; the results are the same.

Each lookup of a setting asks whether its type is optional, a union, secret, and so on, and each
validation of a schema for the types of its fields. The answers depend on nothing but the type, and
working them out takes a third of the time of a small load. Writing the hints of all resources as
YAML, for dlt's trace, takes another third where all are loaded, and copying tables a tenth.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from functools import lru_cache, partial, wraps
from typing import Any

import dlt
import yaml
from dlt.common import typing, validation
from dlt.common.schema import utils

KEPT = (
    "extract_inner_type",
    "is_literal_type",
    "is_optional_type",
    "is_subclass",
    "is_union_type",
)


def quicken() -> None:
    """Make dlt keep its answers, write YAML with libyaml, and copy tables without bookkeeping."""
    yaml.dump = partial(yaml.dump, Dumper=yaml.CDumper)
    utils.deepcopy = _copy
    modules = [module for name, module in sys.modules.items() if name.startswith(dlt.__name__)]
    for name in KEPT:
        original = getattr(typing, name)
        kept = _kept(original)
        for module in modules:
            if vars(module).get(name) is original:
                setattr(module, name, kept)
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


def _copy(value: Any) -> Any:
    """A deep copy of a table of a schema: nothing in it refers to what is around it."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copy(inner) for inner in value]
    return copy.copy(value)
