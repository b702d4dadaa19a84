"""Responses that hold the rows of another list: a cache or a proxy may mix responses up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ..catalog import ApiVersion
from .retry import RetryableFailure

LEAST_FIELDS = 3
"""So many fields of the rows at least must be none of the list that was requested: of some lists
the documentation names few fields, or wrong ones."""

_NAMED = re.compile(r"#(?:\w+\.)*(\w+)(?=[(/]|$)")

_HINT = (
    "A cache or a proxy between this machine and the API may have mixed responses up. Run again "
    "later; if it stays so, report the request to PerfectGym."
)


def other_list(
    api: ApiVersion, path: str, context: object, rows: Sequence[Any] = ()
) -> RetryableFailure | None:
    """Return a failure if a response holds the rows of another list than the requested one.

    Its context says so, or the fields of its rows: they lack most of the fields of the requested
    list, and those that they have are those of one other list. A context that names no list of the
    catalog, and fields that no list has, tell nothing.

    Args:
        api: The generation of the API.
        path: The path of the request.
        context: What the response says of which list they are (`.../$metadata#Members(id)`).
        rows: The rows, if they may have fields that the requested list does not have.
    """
    if path.lower() not in _paths(api):
        return None
    other = _list_in(api, context) or _list_with_fields(api, path, rows) or path
    if other.lower() == path.lower():
        return None
    return RetryableFailure(f"the response holds the rows of {other}", hint=_HINT)


def _list_in(api: ApiVersion, context: object) -> str | None:
    """Return the path of the list that a context names, if it names one."""
    found = _NAMED.search(context) if isinstance(context, str) else None
    return _paths(api).get(found[1].lower()) if found else None


def _list_with_fields(api: ApiVersion, path: str, rows: Sequence[Any]) -> str | None:
    """Return the path of another list whose fields the rows have, if there is one."""
    lists = _fields(api)
    own, known = lists[_paths(api)[path.lower()]], lists[""]
    found: frozenset[str] = frozenset()
    for some in (rows[:1], rows):  # mostly, one row tells that all is well
        found = known.intersection(name for row in some if isinstance(row, dict) for name in row)
        if len(found - own) < LEAST_FIELDS:
            return None
    shared = len(found & own)
    if 2 * shared >= min(len(found), len(own)):
        return None
    return next((name for name, fields in lists.items() if name and found <= fields), None)


@cache
def _paths(api: ApiVersion) -> Mapping[str, str]:
    """Return the path of each list, by the path in lower case."""
    return {endpoint.path.lower(): endpoint.path for endpoint in api.endpoints.values()}


@cache
def _fields(api: ApiVersion) -> Mapping[str, frozenset[str]]:
    """Return the fields of each list by its path, and of all lists by an empty one.

    Ids, row versions and marks of deletion are left out: most lists have them.
    """
    found: dict[str, set[str]] = {"": set()}
    common: set[str | None] = set()
    for endpoint in api.endpoints.values():
        names = {name for f in endpoint.fields.values() for name in (f.name, *f.aliases)}
        found.setdefault(endpoint.path, set()).update(names)
        found[""].update(names)
        common.update((endpoint.id_field, endpoint.version_field, endpoint.deleted_field))
    return {path: frozenset(names - common) for path, names in found.items()}
