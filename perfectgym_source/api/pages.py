"""The rows of an answer, parsed no further than they are needed.

Most of a row's text are objects in it that many other rows have too: its class type, its club. In
the rows of long lists msgspec therefore leaves embedded objects and arrays as text, and the decoder
parses each distinct text once. An answer with a field that nobody knew of is parsed as a whole.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Optional

import msgspec
from msgspec.structs import astuple

from ..catalog.coerce import number_of, to_int
from ..catalog.tables import ObjectLayout
from ..errors import ApiError, PagingError
from .responses import BAD_UTF8, parse
from .retry import RetryableFailure

logger = logging.getLogger(__name__)

MOST_FIELDS = 500
"""A shape learns no more unknown fields than a table gets columns for them."""

MOST_TEXT_BYTES = 2 << 20
"""So many bytes of texts a shape remembers, to return the same object for the same text."""

_BLANKS: Mapping[bytes, Any] = {b"null": None, b'""': "", b'"null"': "null"}
"""What need not stay text: where a field has several names, the first that is not blank counts."""


class Rows:
    """The rows of one answer, or some of them.

    Args:
        elements: The elements, as parsed from JSON.
    """

    def __init__(self, elements: Sequence[Any]) -> None:
        self._elements = elements

    def __len__(self) -> int:
        return len(self._elements)

    @property
    def elements(self) -> Sequence[Any]:
        """The elements, as parsed from JSON; what a shape left as text is text."""
        return self._elements

    @cached_property
    def versions(self) -> list[int]:
        """The `timestamp` of each row; 0 where it has none.

        Raises:
            PagingError: One is no 64-bit integer, or an element is no object.
        """
        return list(map(_version, self.values("timestamp")))

    @cached_property
    def ids(self) -> list[Optional[int]]:
        """The `id` of each row; None where it has none that is a number."""
        return list(map(_id, self.values("id")))

    def values(self, name: str) -> Sequence[Any]:
        """The raw values of a field; None where a row does not have it.

        Raises:
            PagingError: An element is no object.
        """
        if not all(isinstance(row, dict) for row in self._elements):
            raise PagingError("An element of the list is not an object.")
        return [row.get(name) for row in self._elements]

    def take(self, places: Sequence[int]) -> Rows:
        """Those of the rows that stand at these places, which ascend."""
        return Rows([self._elements[place] for place in places])


class ColumnarPage(Rows):
    """The rows of one answer as a `RowParser` has read them.

    Args:
        columns: The values of each field, by its name: as parsed from JSON, or text as bytes.

    Attributes:
        columns: These.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        super().__init__(())
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @property
    def elements(self) -> Sequence[Any]:
        """See `Rows`; of each row, the fields that it has."""
        return [
            {name: value for name, value in zip(self.columns, row) if value is not None}
            for row in zip(*self.columns.values())
        ]

    def values(self, name: str) -> Sequence[Any]:
        """See `Rows`."""
        return self.columns[name] if name in self.columns else [None] * len(self)

    def take(self, places: Sequence[int]) -> Rows:
        """See `Rows`."""
        if len(places) == len(self):
            return self
        columns = self.columns.items()
        if places and places[-1] - places[0] == len(places) - 1:
            first, end = places[0], places[-1] + 1
            return ColumnarPage({name: values[first:end] for name, values in columns})
        return ColumnarPage({name: [values[p] for p in places] for name, values in columns})


class RowParser:
    """Reads the rows of a list. Threads may share it.

    Args:
        layout: The layout of the rows, with all the fields that the catalog knows.
    """

    def __init__(self, layout: ObjectLayout) -> None:
        objects = [name for field in layout.objects for name in field.names]
        arrays = [name for field in layout.arrays for name in field.names]
        self._inner = frozenset((*objects, *arrays))
        self._names = [name for field in layout.scalars for name in field.names]
        self._names += [*objects, *arrays]
        self._most = len(self._names) + MOST_FIELDS
        self._texts = dict(_BLANKS)
        self._text_bytes = 0
        self._lock = threading.Lock()
        self._reader = self._make_reader()

    def read(self, content: bytes) -> Optional[Rows]:
        """The rows of an answer; None if it has to be parsed as a whole."""
        names, decoder = self._reader
        try:
            rows = decoder.decode(content).elements
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        columns: dict[str, Sequence[Any]] = dict.fromkeys(names, ())
        columns.update(zip(names, zip(*map(astuple, rows))))
        for name in self._inner:
            columns[name] = self._as_texts(columns[name])
        return ColumnarPage(columns)

    def learn(self, elements: Iterable[Any]) -> None:
        """Take note of the fields of rows that did not fit."""
        found = {name for row in elements if isinstance(row, dict) for name in row}
        with self._lock:
            unknown_fields = sorted(filter(_is_plain, found.difference(self._names)))
            if unknown_fields and len(self._names) + len(unknown_fields) <= self._most:
                self._names = [*self._names, *unknown_fields]
                self._reader = self._make_reader()

    def _as_texts(self, values: Sequence[Any]) -> Sequence[Any]:
        if values.count(None) == len(values):
            return values
        if self._text_bytes > MOST_TEXT_BYTES:
            self._texts, self._text_bytes = dict(_BLANKS), 0
        texts = self._texts
        known, size = texts.setdefault, len(texts)
        found = [None if value is None else known(text := bytes(value), text) for value in values]
        if len(texts) > size:  # counts more than it has to, which costs no more than remembering
            self._text_bytes += sum(map(len, filter(None, found)))
        return found

    def _make_reader(self) -> tuple[Sequence[str], Any]:
        attributes = {f"field_{number}": name for number, name in enumerate(self._names)}
        row = msgspec.defstruct(
            "Row",
            [
                (attribute, msgspec.Raw if name in self._inner else Any, None)
                for attribute, name in attributes.items()
            ],
            rename=attributes,
            forbid_unknown_fields=True,
            gc=False,
        )
        answer = msgspec.defstruct(
            "Answer",
            [("elements", list[row])],  # type: ignore[valid-type]
            forbid_unknown_fields=True,
        )
        return self._names, msgspec.json.Decoder(answer, float_hook=number_of)


def _is_plain(name: str) -> bool:
    """Whether msgspec takes it as the name of a field."""
    return name.isprintable() and not {'"', "\\"} & set(name)


def parsed(value: Any) -> Any:
    """A value that a shape may have left as text, parsed.

    Raises:
        ApiError: What msgspec took for JSON is none.
    """
    if type(value) is not bytes:
        return value
    found = parse(value)
    if found is BAD_UTF8:
        logger.warning("Invalid UTF-8 is replaced in what is embedded in a row.")
        found = parse(value.decode("utf-8", "replace").encode())
    if isinstance(found, RetryableFailure):
        raise ApiError(f"{found.reason[:1].upper()}{found.reason[1:]}.")
    return found


def row_version(row: Any) -> int:
    """The `timestamp` of an element; 0 where it has none.

    Raises:
        PagingError: It is there and is no 64-bit integer.
    """
    return Rows([row]).versions[0]


def row_id(row: Any) -> Optional[int]:
    """The id of an element, None if it has none that is a number."""
    return _id(row.get("id")) if isinstance(row, dict) else None


def _version(value: Any) -> int:
    try:
        return to_int(value) or 0
    except ValueError as error:
        raise PagingError(f"The timestamp of a row is {error}.") from None


def _id(value: Any) -> Optional[int]:
    try:
        return to_int(value)
    except ValueError:
        return None
