"""Lists inside rows that the API has cut off: `$expand` brings so many elements and no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from ...catalog import ApiVersion, Endpoint
from ...catalog.fields import fields_of
from ...errors import PagingError
from ..json_text import parse_json
from .pages import ColumnarPage, Page, row_id

MOST_PARTS = 1_000
"""No more requests are made for one list."""

Read = Callable[[Mapping[str, str]], Page]
"""Sends a request for rows of the endpoint, with these parameters, and returns its page."""


def completed(api: ApiVersion, endpoint: Endpoint, page: Page, read: Read) -> Page:
    """Return a page whose lists are complete; those that may have been cut off are read again.

    Args:
        api: The generation of the API.
        endpoint: The endpoint.
        page: The page as the API has sent it; its rows may be changed.
        read: Sends a request for a part of one list.

    Raises:
        PagingError: A list might never end, or its row is gone.
    """
    paths = _lists(endpoint)
    if api.expand_limit is None or endpoint.id_field is None or not paths:
        return page
    limit = api.expand_limit
    for path in paths:
        values = page.values(path[0])
        cut = {
            index: value
            for index, text in enumerate(values)
            if not _is_short(text, limit)
            and len(_elements(value := _parsed(text), path[1:])) >= limit
        }
        if not cut:
            continue
        ids = page.ids(endpoint.id_field)
        whole = {
            index: _with_list(value, path, _whole_list(endpoint, path, ids[index], limit, read))
            for index, value in cut.items()
        }
        if isinstance(page, ColumnarPage):
            changed = list(values)
            for index, value in whole.items():
                changed[index] = orjson.dumps(value, default=str)
            page = ColumnarPage({**page.columns, path[0]: changed}, page.next_link)
        else:
            for index, value in whole.items():
                page.elements[index][path[0]] = value
    return page


def linked_rows(endpoint: Endpoint, rows: list[Any]) -> list[dict[str, Any]]:
    """Return the rows of a link: a pair of ids for each element of the list in each row."""
    link = endpoint.link
    assert link is not None
    return [
        {link.own: row_id(row, endpoint.id_field), link.other: row_id(element, "id")}
        for row in rows
        for element in _elements(row, (link.field,))
    ]


def _lists(endpoint: Endpoint) -> list[tuple[str, ...]]:
    """Return where in a row the lists are that come by `$expand`: in itself, or in a linked row."""
    if endpoint.link is not None:
        return [(endpoint.link.field,)]
    found: list[tuple[str, ...]] = []
    for name in endpoint.expanded:
        field = endpoint.fields[name]
        below = () if field.is_array else fields_of(endpoint.row_types, field.element_type)
        found += [(name,)] if field.is_array else [(name, f.name) for f in below if f.is_array]
    return found


def _is_short(value: Any, limit: int) -> bool:
    """Return whether a text is too short for so many elements: each takes three letters."""
    return value is None or (isinstance(value, bytes) and len(value) < 3 * limit)


def _parsed(value: Any) -> Any:
    return parse_json(value) if isinstance(value, bytes) else value


def _elements(value: Any, path: Sequence[str]) -> list[Any]:
    """Return the elements of the list at a place in an object, none if it is not there."""
    for name in path:
        value = _parsed(value.get(name)) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def _with_list(value: Any, path: Sequence[str], elements: list[Any]) -> Any:
    return elements if len(path) == 1 else {**value, path[1]: elements}


def _whole_list(
    endpoint: Endpoint, path: Sequence[str], identity: int | None, limit: int, read: Read
) -> list[Any]:
    found: list[Any] = []
    before: list[Any] = []
    name = "/".join(path)
    for _ in range(MOST_PARTS):
        rows = read(_part(endpoint, path, identity, len(found))).elements
        if len(rows) != 1:
            raise PagingError(f"The rest of a list {name} cannot be read: its row is gone.")
        elements = _elements(rows[0], path)
        if elements and elements == before:
            raise PagingError(f"The rest of a list {name} cannot be read: its start is repeated.")
        found += elements
        if len(elements) < limit:
            return found
        before = elements
    raise PagingError(f"A list {name} does not end.")


def _part(
    endpoint: Endpoint, path: Sequence[str], identity: int | None, skipped: int
) -> Mapping[str, str]:
    """Return the parameters of a request for the part of a list after so many elements."""
    *above, name = path
    expand = f"{name}({';'.join([*_options(endpoint, path), f'$skip={skipped}'])})"
    for outer in above:
        expand = f"{outer}($expand={expand})"
    return {
        "$filter": f"{endpoint.id_field} eq {identity}",
        "$select": str(endpoint.id_field),
        "$expand": expand,
    }


def _options(endpoint: Endpoint, path: Sequence[str]) -> list[str]:
    """Return the options of a request for a part of a list, but for what is left out of it."""
    if endpoint.link is not None:
        return ["$select=id", "$orderby=id"]
    row_type = endpoint.row_type
    for name in path:
        fields = {field.name: field for field in fields_of(endpoint.row_types, row_type)}
        row_type = fields[name].element_type
    has_ids = any(field.name == "id" for field in fields_of(endpoint.row_types, row_type))
    own = endpoint.expanded[path[0]] if len(path) == 1 else ""
    return [*filter(None, [own]), *(["$orderby=id"] if has_ids else [])]
