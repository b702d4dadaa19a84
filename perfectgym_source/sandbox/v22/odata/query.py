"""Query options: `$select $expand $filter $orderby $top $skip $count`, checked and applied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...store.rows import Row
from ..schema import Schema
from ..tables import sortable
from . import filters
from .errors import ODataError
from .filters import Filter
from .operands import instant
from .paths import Path, Paths

OPTIONS = (
    "$select",
    "$expand",
    "$filter",
    "$orderby",
    "$top",
    "$skip",
    "$count",
    "$skiptoken",
)
"""The options that a request may have; `$skiptoken` only as a next link has it."""
_DEEPEST = 2


@dataclass(frozen=True)
class Query:
    """What a request, or the part of it in an `$expand`, asks for."""

    select: tuple[str, ...] | None = None
    expand: dict[str, Query] = field(default_factory=dict)
    filter: Filter | None = None
    orderby: tuple[tuple[Path, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False

    def matching(self, rows: list[Row]) -> list[Row]:
        """The rows that the filter accepts."""
        accepts = self.filter.accepts if self.filter is not None else None
        return rows if accepts is None else [row for row in rows if accepts(row)]

    def apply(self, rows: list[Row]) -> list[Row]:
        """The rows that are asked for, in the order that is asked for."""
        found = self.sorted(self.matching(rows))
        end = None if self.top is None else self.skip + self.top
        return found[self.skip : end]

    def sorted(self, rows: list[Row]) -> list[Row]:
        """Rows, which come ordered by key, in the order that is asked for."""
        found = list(rows)
        for path, is_descending in reversed(self.orderby):
            found.sort(key=_sorter(path), reverse=is_descending)
        return found


def _sorter(path: Path) -> Any:
    if path.kind == "datetime":
        return lambda row: sortable(instant(path.value(row)))
    return lambda row: sortable(path.value(row))


class Queries:
    """Reads query options.

    Args:
        schema: what the installation offers.
        paths: finds properties.
    """

    def __init__(self, schema: Schema, paths: Paths) -> None:
        self._schema = schema
        self._paths = paths

    def parse(self, name: str, options: Mapping[str, str], depth: int = 0) -> Query:
        """The query that options mean for rows of a type.

        Raises:
            ODataError: an option is unknown, malformed, or names what is not there.
        """
        for option in options:
            if option.startswith("$") and option not in OPTIONS:
                raise ODataError(f"The query parameter '{option}' is not supported.")
        count = options.get("$count", "false")
        if count not in ("true", "false"):
            raise ODataError(f"Invalid value '{count}' for $count query option found.")
        expression = options.get("$filter")
        return Query(
            self._select(name, options.get("$select")),
            dict(self._expand(name, options.get("$expand", ""), depth)),
            None if expression is None else filters.parse(expression, self._paths, name),
            tuple(self._orderby(name, options.get("$orderby", ""))),
            _number("$top", options["$top"]) if "$top" in options else None,
            _number("$skip", options.get("$skip", "0")),
            count == "true",
        )

    def _select(self, name: str, text: str | None) -> tuple[str, ...] | None:
        if text is None or text.strip() == "*":
            return None
        return tuple(self._property(name, part.strip()) for part in text.split(","))

    def _property(self, name: str, spelled: str) -> str:
        found = self._schema.property(name, spelled)
        if found is None:
            raise ODataError(
                f"Could not find a property named '{spelled}' on type 'PerfectGym.Api.{name}'."
            )
        return found.name

    def _expand(self, name: str, text: str, depth: int) -> Iterator[tuple[str, Query]]:
        for part in _split(text, ","):
            if depth >= _DEEPEST:
                raise ODataError(
                    f"The request includes a $expand path which is deeper than {_DEEPEST}."
                )
            spelled, _, inside = part.partition("(")
            found = self._schema.property(name, spelled.strip())
            if found is None or not self._schema.is_link(found):
                raise ODataError(
                    f"'{spelled.strip()}' is not a navigation property of 'PerfectGym.Api.{name}'."
                )
            if inside and not inside.endswith(")"):
                raise ODataError(f"Syntax error in $expand at '{part}'.")
            options = {}
            for option in _split(inside[:-1], ";"):
                key, mark, value = option.partition("=")
                if not mark:
                    raise ODataError(f"Syntax error in $expand at '{option}'.")
                options[key.strip().lower()] = value.strip()
            yield found.name, self.parse(found.type, options, depth + 1)

    def _orderby(self, name: str, text: str) -> Iterator[tuple[Path, bool]]:
        for part in _split(text, ","):
            spelled, _, direction = part.strip().partition(" ")
            path = self._paths.path(name, spelled)
            if "O" not in path.operations:
                raise ODataError(
                    f"The property '{path.name}' cannot be used in the $orderby query option."
                )
            if direction.strip() not in ("", "asc", "desc"):
                raise ODataError(f"Syntax error in $orderby at '{part}'.")
            yield path, direction.strip() == "desc"


def _number(option: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ODataError(f"Invalid value '{text}' for {option} query option found.")
    return int(text)


def _split(text: str, mark: str) -> list[str]:
    """The parts of a text between marks that stand in no brackets and no quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for place, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
        elif not quoted and depth == 0 and letter == mark:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]
