"""JSON objects by the thousand: the values of their fields, and which of them are the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

import orjson

from ..api.paging.pages import ColumnarPage
from ..catalog.coerce import as_json
from ..catalog.tables import ArrayField, ObjectField, ScalarField

EMPTY: Mapping[str, Any] = {}
SAMPLE = 200

Fields = Sequence[ScalarField | ObjectField | ArrayField]


class Objects(Protocol):
    """JSON objects, one for each row."""

    def __len__(self) -> int: ...

    def pick(self, fields: Fields) -> list[Sequence[Any] | None]:
        """Return for each field its value in each object, or None where no object has it.

        Of the names under which a field may be sent, the first counts whose value is not blank.
        """

    def named(self, name: str) -> Sequence[Any] | None:
        """Return the values under one name, some as text; None where no object has it."""

    def take(self, indexes: Iterable[int]) -> Objects:
        """Return the objects with these indexes."""

    def padded(self, count: int) -> Objects:
        """Return these objects, followed by so many empty ones."""

    def unknown(self, known: Set[str]) -> Mapping[str, Sequence[Any]]:
        """Return the values of fields with other names, in the order of these."""


class ParsedObjects:
    """Objects as they were parsed from JSON."""

    def __init__(self, objects: Sequence[Mapping[str, Any]]) -> None:
        self._objects = objects
        self._names: set[str] = set().union(*objects)

    def __len__(self) -> int:
        return len(self._objects)

    def pick(self, fields: Fields) -> list[Sequence[Any] | None]:
        """See `Objects`."""
        return [
            _first([self._values(name) for name in field.names if name in self._names])
            for field in fields
        ]

    def named(self, name: str) -> Sequence[Any] | None:
        """See `Objects`."""
        return self._values(name) if name in self._names else None

    def unknown(self, known: Set[str]) -> Mapping[str, Sequence[Any]]:
        """See `Objects`."""
        return {name: self._values(name) for name in sorted(self._names.difference(known))}

    def take(self, indexes: Iterable[int]) -> ParsedObjects:
        """See `Objects`."""
        return ParsedObjects([self._objects[index] for index in indexes])

    def padded(self, count: int) -> ParsedObjects:
        """See `Objects`."""
        return ParsedObjects([*self._objects, *[EMPTY] * count]) if count else self

    def _values(self, name: str) -> Sequence[Any]:
        return [o.get(name) for o in self._objects]


class ColumnarObjects:
    """Objects as columns of values.

    Args:
        columns: The values of each field, by its name: as parsed from JSON, or text as bytes.
        size: The number of objects.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]], size: int) -> None:
        self._columns = columns
        self._size = size

    @classmethod
    def of_pages(cls, pages: Sequence[ColumnarPage]) -> ColumnarObjects:
        """Return the rows of pages that have the same fields."""
        columns = {
            name: list(chain.from_iterable(page.columns[name] for page in pages))
            for name in pages[0].columns
        }
        return cls(columns, sum(map(len, pages)))

    def __len__(self) -> int:
        return self._size

    def pick(self, fields: Fields) -> list[Sequence[Any] | None]:
        """See `Objects`."""
        picked: list[Sequence[Any] | None] = []
        for field in fields:
            named = map(self.named, field.names)
            picked.append(_first([values for values in named if values is not None]))
        return picked

    def named(self, name: str) -> Sequence[Any] | None:
        """See `Objects`."""
        values = self._columns.get(name, ())
        return None if all(value is None for value in values) else values

    def take(self, indexes: Iterable[int]) -> ColumnarObjects:
        """See `Objects`."""
        taken = list(indexes)
        columns = {name: [values[i] for i in taken] for name, values in self._columns.items()}
        return ColumnarObjects(columns, len(taken))

    def padded(self, count: int) -> ColumnarObjects:
        """See `Objects`."""
        if not count:
            return self
        more = [None] * count
        columns = {name: [*values, *more] for name, values in self._columns.items()}
        return ColumnarObjects(columns, self._size + count)

    def unknown(self, known: Set[str]) -> Mapping[str, Sequence[Any]]:
        """See `Objects`."""
        return {name: self._columns[name] for name in sorted(self._columns.keys() - known)}


@dataclass(frozen=True)
class Lists:
    """A list of objects for each row.

    Attributes:
        lengths: How many objects each row has.
        elements: The objects of all rows, one after the other.
    """

    lengths: Sequence[int]
    elements: Objects

    def without(self, rows: Collection[int]) -> Lists:
        """Return the lists, those of some rows emptied."""
        if not rows:
            return self
        owners = (row for row, length in enumerate(self.lengths) for _ in range(length))
        indexes = [index for index, owner in enumerate(owners) if owner not in rows]
        lengths = [0 if row in rows else length for row, length in enumerate(self.lengths)]
        return Lists(lengths, self.elements.take(indexes))


def distinct(values: Sequence[Any]) -> tuple[Sequence[Any], Sequence[int] | None]:
    """Return the distinct values, and for each value the index of its own.

    Embedded objects are references, mostly to few rows: it is worth while to read each once.

    Returns:
        All values, and None, where most of them differ or cannot be compared as JSON.
    """
    indexes: dict[bytes | None, int] = {}
    found: list[int] = []
    is_text = set(map(type, values)) <= {bytes, type(None)}
    try:
        for start in range(0, len(values), SAMPLE):
            sample = values[start : start + SAMPLE]
            texts = sample if is_text else map(_text, sample)
            found += [indexes.setdefault(text, len(indexes)) for text in texts]
            if len(indexes) > len(found) // 2:
                return values, None
    except TypeError:
        return values, None
    first: dict[int, int] = {}
    for row, index in enumerate(found):
        first.setdefault(index, row)
    return [values[row] for row in first.values()], found


def _text(value: Any) -> bytes:
    return value if type(value) is bytes else orjson.dumps(value, default=as_json)


def _first(spellings: Sequence[Sequence[Any]]) -> Sequence[Any] | None:
    """Return, of the values under several names, each time the first that is not blank."""
    if not spellings:
        return None
    values = spellings[0]
    for others in spellings[1:]:
        values = [
            other if other is not None and (v is None or v == "" or v == "null") else v
            for v, other in zip(values, others)
        ]
    return values
