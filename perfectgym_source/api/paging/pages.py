"""Pages: the rows of one response, parsed no further than they are needed.

Most of a row's text is objects that many other rows embed too: its class type, its club. In the
rows of long lists msgspec therefore leaves embedded objects and arrays as text, and the decoder
parses each distinct text once. A response with an unknown field is parsed as a whole.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import astuple

from ...catalog import Envelope
from ...catalog.coerce import are_long, number_of, to_int
from ...catalog.model import Identity
from ...errors import PagingError

MOST_FIELDS = 500
"""A parser learns no more unknown fields than a table gets columns for them."""

_BLANK_TEXTS: Mapping[bytes, Any] = {b"null": None, b'""': "", b'"null"': "null"}
"""What need not stay text: where a field has several names, the first that is not blank counts."""


class Page:
    """The rows of one response, or some of them.

    Args:
        elements: The rows, as parsed from JSON.
        next_link: The address of the next page, where the API gives one.
        context: What the API says of which list they are, where it does.
    """

    def __init__(
        self, elements: Sequence[Any], next_link: str | None = None, context: object = None
    ) -> None:
        self.next_link = next_link
        self.context = context
        self._elements = elements

    def __len__(self) -> int:
        return len(self._elements)

    @property
    def elements(self) -> Sequence[Any]:
        """Return the rows, as parsed from JSON; what a parser left as text is text."""
        return self._elements

    def versions(self, field: str | None) -> list[int]:
        """Return the row version of each row, 0 where it has none; so it is without a field.

        Raises:
            PagingError: A version is no 64-bit integer, or a row is no object.
        """
        return self._read(_version, field, 0)

    def ids(self, identity: Identity) -> list[int | None]:
        """Return the id of each row, None where it has none that is a number.

        Of several fields, it is a number that is made of all of them.
        """
        if not isinstance(identity, tuple):
            return self._read(_id, identity, None)
        return [_id_of_several(values) for values in zip(*map(self.values, identity))]

    def values(self, name: str) -> Sequence[Any]:
        """Return the raw values of a field, None where a row does not have it.

        Raises:
            PagingError: A row is no object.
        """
        if not all(isinstance(row, dict) for row in self._elements):
            raise PagingError("An element of the list is not an object.")
        return [row.get(name) for row in self._elements]

    def take(self, indexes: Sequence[int]) -> Page:
        """Return the rows with these indexes, which ascend."""
        return Page([self._elements[index] for index in indexes])

    def _read(self, read: Any, field: str | None, nothing: Any) -> list[Any]:
        if field is None:
            return [nothing] * len(self)
        values = self.values(field)
        if are_long(values):
            return list(values)
        return [read(value, field) for value in values]


class ColumnarPage(Page):
    """The rows of one response as a `RowParser` has read them.

    Args:
        columns: The values of each field, by its name: as parsed from JSON, or text as bytes.
        next_link, context: See `Page`.

    Attributes:
        columns: The values of each field, by its name.
    """

    def __init__(
        self,
        columns: Mapping[str, Sequence[Any]],
        next_link: str | None = None,
        context: object = None,
    ) -> None:
        super().__init__((), next_link, context)
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @property
    def elements(self) -> Sequence[Any]:
        """See `Page`; of each row, the fields that it has."""
        return [
            {name: value for name, value in zip(self.columns, row) if value is not None}
            for row in zip(*self.columns.values())
        ]

    def values(self, name: str) -> Sequence[Any]:
        """See `Page`."""
        return self.columns[name] if name in self.columns else [None] * len(self)

    def take(self, indexes: Sequence[int]) -> Page:
        """See `Page`."""
        columns = self.columns.items()
        if indexes and indexes[-1] - indexes[0] == len(indexes) - 1:
            some = slice(indexes[0], indexes[-1] + 1)
            return ColumnarPage({name: values[some] for name, values in columns})
        return ColumnarPage({name: [values[i] for i in indexes] for name, values in columns})


class RowParser:
    """Parses the responses of an endpoint with long lists. Threads may share it.

    Args:
        scalars: The names of the fields that hold scalars.
        nested: The names of the fields that hold objects or arrays: they are left as text.
        envelope: The fields of a response.
    """

    def __init__(self, scalars: Iterable[str], nested: Iterable[str], envelope: Envelope) -> None:
        self._nested = frozenset(nested)
        self._names = [*scalars, *sorted(self._nested)]
        self._envelope = envelope
        self._most = len(self._names) + MOST_FIELDS
        self._lock = threading.Lock()
        self._decoder = self._make_decoder()

    def read(self, content: bytes) -> Page | None:
        """Return the page of a response's body; None if it has to be parsed as a whole."""
        names, decoder = self._decoder
        try:
            response = decoder.decode(content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        columns: dict[str, Sequence[Any]] = dict.fromkeys(names, ())
        columns.update(zip(names, zip(*map(astuple, response.rows))))
        for name in self._nested:
            columns[name] = list(map(as_text, columns[name]))
        link = getattr(response, "next_link", None)
        return ColumnarPage(columns, link, getattr(response, "context", None))

    def learn(self, elements: Iterable[Any]) -> None:
        """Add the unknown fields of rows from a response that was parsed as a whole."""
        found = {name for row in elements if isinstance(row, dict) for name in row}
        with self._lock:
            unknown_fields = sorted(filter(_is_plain, found.difference(self._names)))
            if unknown_fields and len(self._names) + len(unknown_fields) <= self._most:
                self._names = [*self._names, *unknown_fields]
                self._decoder = self._make_decoder()

    def _make_decoder(self) -> tuple[Sequence[str], Any]:
        row = row_struct(self._names, self._nested)
        fields: list[Any] = [("rows", list[row])]  # type: ignore[valid-type]
        renamed = {"rows": self._envelope.rows}
        if self._envelope.next_link is not None:
            fields.append(("next_link", str | None, None))
            renamed["next_link"] = self._envelope.next_link
        if self._envelope.context is not None:
            fields.append(("context", Any, None))
            renamed["context"] = self._envelope.context
        for number, name in enumerate(self._envelope.others):
            fields.append((f"other_{number}", msgspec.Raw, None))
            renamed[f"other_{number}"] = name
        response = msgspec.defstruct("Response", fields, rename=renamed, forbid_unknown_fields=True)
        return self._names, msgspec.json.Decoder(response, float_hook=number_of)


def as_text(value: msgspec.Raw | None) -> Any:
    """Return an object or array as its text, without the response that it is a part of.

    Returns:
        What stands for nothing (null, an empty text, the text "null") is returned parsed.
    """
    return None if value is None else _BLANK_TEXTS.get(text := bytes(value), text)


def row_struct(names: Iterable[str], nested: Collection[str]) -> type[msgspec.Struct]:
    """Return a type for rows of JSON with these fields and no others.

    Args:
        names: The fields.
        nested: Those of them that are left as text.
    """
    attributes = {f"field_{number}": name for number, name in enumerate(names)}
    fields = [
        (attribute, msgspec.Raw if name in nested else Any, None)
        for attribute, name in attributes.items()
    ]
    return msgspec.defstruct("Row", fields, rename=attributes, forbid_unknown_fields=True, gc=False)


def _is_plain(name: str) -> bool:
    """Return whether msgspec takes it as the name of a field."""
    return name.isprintable() and not {'"', "\\"} & set(name)


def row_id(row: Any, identity: Identity) -> int | None:
    """Return the id of a row, None if it has none: see `Page.ids`."""
    if not isinstance(row, dict):
        return None
    if isinstance(identity, tuple):
        return _id_of_several([row.get(field) for field in identity])
    return _id(row.get(identity))


def _id_of_several(values: Sequence[Any]) -> int | None:
    if None in values:
        return None
    text = "\0".join(map(str, values))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big")


def _version(value: Any, field: str) -> int:
    try:
        return to_int(value) or 0
    except ValueError as error:
        raise PagingError(f"The {field} of a row is {error}.") from None


def _id(value: Any, field: str = "") -> int | None:
    try:
        return to_int(value)
    except ValueError:
        return None
