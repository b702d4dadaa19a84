"""Lists inside rows that the API has cut off: `$expand` brings so many elements and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from ..catalog import ApiVersion, Endpoint
from ..errors import PagingError
from .json_text import parse_json
from .pages import ColumnarPage, Page, row_id

MOST_PARTS = 1_000
"""So many requests are made for one list: a server that ignores the offset would never end it."""

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
    names = [endpoint.link.field] if endpoint.link else _lists(endpoint)
    if api.expand_limit is None or endpoint.id_field is None or not names:
        return page
    limit = api.expand_limit
    for name in names:
        values = page.values(name)
        cut = {
            index: elements
            for index, value in enumerate(values)
            if len(elements := _elements(value, limit)) >= limit
        }
        if not cut:
            continue
        ids = page.ids(endpoint.id_field)
        whole = {i: _whole_list(endpoint, name, ids[i], limit, read) for i in cut}
        if isinstance(page, ColumnarPage):
            changed = list(values)
            for index, elements in whole.items():
                changed[index] = orjson.dumps(elements, default=str)
            page = ColumnarPage({**page.columns, name: changed}, page.next_link)
        else:
            for index, elements in whole.items():
                page.elements[index][name] = elements
    return page


def linked_rows(endpoint: Endpoint, rows: list[Any]) -> list[dict[str, Any]]:
    """Return the rows of a link: a pair of ids for each element of the list in each row."""
    link = endpoint.link
    assert link is not None
    return [
        {link.own: row_id(row, endpoint.id_field), link.other: row_id(element, "id")}
        for row in rows
        for element in _elements(row.get(link.field) if isinstance(row, dict) else None)
    ]


def _lists(endpoint: Endpoint) -> list[str]:
    return [name for name in endpoint.expanded if endpoint.fields[name].is_array]


def _elements(value: Any, limit: int = 0) -> list[Any]:
    if isinstance(value, bytes):
        # An element takes three letters at least: shorter texts hold fewer.
        value = parse_json(value) if len(value) >= 3 * limit else None
    return value if isinstance(value, list) else []


def _whole_list(
    endpoint: Endpoint, name: str, identity: int | None, limit: int, read: Read
) -> list[Any]:
    found: list[Any] = []
    for part in _parts(endpoint, name, identity, limit):
        rows = read(part).elements
        if len(rows) != 1 or not isinstance(rows[0], dict):
            raise PagingError(f"The rest of a list {name} cannot be read: its row is gone.")
        elements = _elements(rows[0].get(name))
        found += elements
        if len(elements) < limit:
            return found
    raise PagingError(f"A list {name} does not end.")


def _parts(
    endpoint: Endpoint, name: str, identity: int | None, limit: int
) -> Iterator[Mapping[str, str]]:
    fixed = []
    if endpoint.link:
        fixed = ["$select=id", "$orderby=id"]
    elif any(f.name == "id" for f in endpoint.row_types[endpoint.fields[name].element_type].fields):
        fixed = ["$orderby=id"]
    for index in range(MOST_PARTS):
        options = ";".join([*fixed, f"$skip={index * limit}"])
        yield {
            "$filter": f"{endpoint.id_field} eq {identity}",
            "$select": str(endpoint.id_field),
            "$expand": f"{name}({options})",
        }
