"""Pages: the part of a set that a request asks for, in its order, and where the next one starts."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..store.rows import Key, Row
from .odata.errors import ODataError
from .odata.query import Query
from .tables import RowTable, sortable
from .values import mixed


@dataclass(frozen=True)
class Page:
    """Rows of a set.

    Attributes:
        rows: those of the page.
        has_more: whether more follow.
        total: how many there are in all, if the request wants to know.
        token: of a next link that continues after the last row.
    """

    rows: list[Row]
    has_more: bool
    total: int | None
    token: str


class Ordered:
    """The rows of a set in the order of a request.

    Args:
        table: the rows.
        query: what is asked.
        is_doubled: whether some rows come twice.
        turn: another number puts rows with the same value into another order; 0 orders them by
            key.
    """

    def __init__(self, table: RowTable, query: Query, is_doubled: bool, turn: int) -> None:
        self._name, is_total = _order(table, query)
        if self._name is None:
            rows = query.sorted(table.ordered()[1])
            values: list[Any] = [None] * len(rows)
        else:
            values, rows = table.ordered(self._name)
        if turn and not is_total and self._name is not None:
            rows = sorted(rows, key=lambda row: _shuffled(row, self._name or "", turn))
        if is_doubled:
            places = [
                place
                for place, row in enumerate(rows)
                for _ in range(2 if mixed("doubled", _number(row.key)) % 7 == 2 else 1)
            ]
            values, rows = [values[place] for place in places], [rows[place] for place in places]
        self._values, self._rows = values, rows

    def page(self, query: Query, size: int, token: str | None) -> Page:
        """The page that a request asks for, of so many rows at most.

        Raises:
            ODataError: the token is malformed.
        """
        start = self._first(query)
        if token is not None:
            start = max(start, self._after(token))
        accepts = query.filter.accepts if query.filter is not None else None
        total = len(query.matching(self._rows)) if query.count else None
        rows = islice(self._rows, start, None)
        found = rows if accepts is None else filter(accepts, rows)
        wanted = size if query.top is None else min(size, query.top)
        taken = list(islice(found, query.skip, query.skip + wanted + 1))
        has_more = len(taken) > wanted and (query.top is None or query.top > size)
        return Page(taken[:wanted], has_more, total, self._token(taken[:wanted]))

    def _first(self, query: Query) -> int:
        """The place before which the filter accepts nothing."""
        start = 0
        if query.filter is None or not self._values or self._values[0] is None:
            return start
        for bound in query.filter.bounds:
            if bound.property == self._name and bound.operator == "gt":
                start = max(start, bisect_right(self._values, bound.value))
            elif bound.property == self._name and bound.operator in ("ge", "eq"):
                start = max(start, bisect_left(self._values, bound.value))
        return start

    def _token(self, rows: list[Row]) -> str:
        if not rows:
            return ""
        key = list(rows[-1].key) if isinstance(rows[-1].key, tuple) else rows[-1].key
        return json.dumps([rows[-1].get(self._name) if self._name else None, key])

    def _after(self, token: str) -> int:
        """The place after the row that a token names, in an ascending order even if it is gone."""
        try:
            value, key = json.loads(token)
            key = tuple(key) if isinstance(key, list) else key
            if self._name is None:
                return next((at + 1 for at, row in enumerate(self._rows) if row.key == key), 0)
            return bisect_right(
                range(len(self._rows)),
                (sortable(value), sortable(key)),
                key=lambda at: (sortable(self._values[at]), sortable(self._rows[at].key)),
            )
        except (ValueError, TypeError):
            raise ODataError("The $skiptoken is malformed.") from None


def _order(table: RowTable, query: Query) -> tuple[str | None, bool]:
    """The own property by which rows ascend, and whether that leaves no order open.

    The property is empty where rows are ordered by their key, None for any other order.
    """
    by_id = "id" if table.key == ("id",) else ""
    if not query.orderby:
        return by_id, True
    (path, _), *rest = query.orderby
    is_ascending = not any(is_descending for _, is_descending in query.orderby)
    is_total = path.name == by_id or [each.name for each, _ in rest] == [by_id]
    if not is_ascending or "/" in path.name or path.kind == "datetime" or (rest and not is_total):
        return None, True
    return path.name, is_total


def _shuffled(row: Row, name: str, turn: int) -> tuple[Any, ...]:
    return sortable(row.get(name)), mixed(f"turn {turn}", _number(row.key))


def _number(key: Key) -> int:
    return key if isinstance(key, int) else 0
