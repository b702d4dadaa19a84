"""Property paths as `club/id`: which property they mean, and how a row gives its value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...store.rows import Row
from .. import facts
from ..relations import Relations
from ..schema import Schema
from .errors import ODataError


@dataclass(frozen=True)
class Path:
    """A property, perhaps of another row.

    Attributes:
        name: the path in the spelling of the facts.
        kind: the type of its value.
        operations: `F` and `O`, as the facts have them.
        value: how a row gives it.
    """

    name: str
    kind: str
    operations: str
    value: Callable[[Row], Any]


class Paths:
    """Finds paths.

    Args:
        schema: what the installation offers.
        relations: the links between rows.
    """

    def __init__(self, schema: Schema, relations: Relations) -> None:
        self._schema = schema
        self._relations = relations

    def path(self, name: str, text: str) -> Path:
        """The path that a text means, from a type on.

        Raises:
            ODataError: there is no such property.
        """
        spelled, _, rest = text.partition("/")
        found = self._schema.property(name, spelled)
        if found is None:
            raise ODataError(
                f"Could not find a property named '{spelled}' on type 'PerfectGym.Api.{name}'."
            )
        if not rest:
            if found.type in facts.types():
                raise ODataError(f"'{spelled}' is not a primitive property.")
            return Path(found.name, found.type, found.operations, _reader(found.name))
        if found.type not in facts.types() or found.many:
            raise ODataError(f"'{spelled}' has no property '{rest}'.")
        inner = self.path(found.type, rest)
        step = self._step(name, found.name)
        return Path(
            f"{found.name}/{inner.name}",
            inner.kind,
            inner.operations,
            lambda row: None if (other := step(row)) is None else inner.value(other),
        )

    def list(self, name: str, text: str) -> tuple[Callable[[Row], list[Row]], str]:
        """The rows behind a link to a list, and their type.

        Raises:
            ODataError: there is no such link.
        """
        found = self._schema.property(name, text)
        if found is None or not found.many:
            raise ODataError(f"'{text}' is not a collection of type 'PerfectGym.Api.{name}'.")
        link = found.name
        return (lambda row: self._relations.many(name, row, link)), found.type

    def _step(self, name: str, link: str) -> Callable[[Row], Any]:
        if link in facts.links()[name]:
            return lambda row: self._relations.one(name, row, link)
        return _reader(link)


def _reader(name: str) -> Callable[[Any], Any]:
    return lambda row: row.get(name)
