"""Embedded objects and arrays that were left as text: all of a field are parsed at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec
from msgspec.structs import astuple

from ..api.paging.pages import as_text, row_struct
from ..catalog.coerce import number_of
from ..catalog.tables import ObjectLayout
from .objects import ColumnarObjects, Lists

_NOTHING = type(None)


def parsed_objects(layout: ObjectLayout, values: Sequence[Any]) -> ColumnarObjects | None:
    """Return the objects of an embedded field, one for each row.

    Args:
        layout: How they are spread over columns.
        values: Their texts; None where there is none.

    Returns:
        None if not all of them are objects with known fields: then they are parsed one by one.
    """
    rows = _parse(layout, values, is_array=False)
    return None if rows is None else _columns(layout, rows)


def parsed_lists(layout: ObjectLayout, values: Sequence[Any]) -> Lists | None:
    """Return the objects in the arrays of a field; the arguments as for `parsed_objects`."""
    lists = _parse(layout, values, is_array=True)
    if lists is None:
        return None
    found = [rows or () for rows in lists]
    return Lists(list(map(len, found)), _columns(layout, list(chain.from_iterable(found))))


def _parse(layout: ObjectLayout, values: Sequence[Any], is_array: bool) -> list[Any] | None:
    if not layout.known or layout.scalar_field or not set(map(type, values)) <= {bytes, _NOTHING}:
        return None
    texts = (b"null" if text is None else text for text in values)
    decoder = _decoder(layout.known, frozenset(layout.nested_names()), is_array)
    try:
        found: list[Any] = decoder.decode(b"[" + b",".join(texts) + b"]")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if len(found) == len(values) else None


def _columns(layout: ObjectLayout, rows: Sequence[Any]) -> ColumnarObjects:
    names = sorted(layout.known)
    nothing = (None,) * len(names)
    columns = dict(zip(names, zip(*(nothing if row is None else astuple(row) for row in rows))))
    for name in layout.nested_names():
        columns[name] = tuple(map(as_text, columns.get(name, ())))
    return ColumnarObjects(columns, len(rows))


@cache
def _decoder(names: frozenset[str], nested: frozenset[str], is_array: bool) -> Any:
    row: Any = row_struct(sorted(names), nested)
    return msgspec.json.Decoder(
        list[(list[row] if is_array else row) | None],  # type: ignore[misc]
        float_hook=number_of,
    )
