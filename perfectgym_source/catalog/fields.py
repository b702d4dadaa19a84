"""Fields and row types: what a row of the API holds; frozen data, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["long", "int", "decimal", "double", "bool", "string", "date", "datetime", "json"]
"""The scalar kinds of the API's documentation; `json` is for values whose shape it does not give,
`double` occurs only in fields that the catalog does not know."""

Pii = Literal[
    "name",
    "contact",
    "birth",
    "identity",
    "address",
    "photo",
    "financial",
    "health",
    "content",
    "secret",
]
"""Kinds of personal data: a name, how to reach a person, a date of birth, a number that identifies
a person, a photo, bank data, body measurements, a message's text, a link or text that gives
access."""

SCALAR_KINDS: frozenset[str] = frozenset(
    ("long", "int", "decimal", "bool", "string", "date", "datetime", "json")
)


@dataclass(frozen=True)
class Field:
    """One field of a row type.

    Attributes:
        name: The name in the API's JSON (`startDate`).
        type: A scalar kind, the name of a row type (an embedded object), or
            `array of TYPE` (a child table). `+` joins row types: `Contract + ContractDetails`.
        description: What the value is, in one sentence.
        pii: What kind of personal data it holds, if any.
        aliases: Other spellings of the same field, met in the vendor's sample payloads.
        column: The column's name where it is not the field's name in snake case.
    """

    name: str
    type: str
    description: str
    pii: Pii | None = None
    aliases: tuple[str, ...] = ()
    column: str | None = None

    @property
    def is_array(self) -> bool:
        """Return whether it is an array of a documented type."""
        return self.type.startswith("array of ")

    @property
    def is_scalar(self) -> bool:
        """Return whether it is a single value."""
        return self.type in SCALAR_KINDS

    @property
    def element_type(self) -> str:
        """Return the row type of an embedded object or of an array's elements."""
        return self.type[len("array of ") :] if self.is_array else self.type


@dataclass(frozen=True)
class RowType:
    """A type of the API's documentation.

    Attributes:
        description: What one such row is.
        fields: Its fields, in the documentation's order.
        scalar_field: The field that a scalar stands for, where the API sends `4.5` instead of
            `{"rating": 4.5}`, or a number as an array's element.
    """

    description: str
    fields: tuple[Field, ...]
    scalar_field: str | None = None


def fields_of(row_types: Mapping[str, RowType], row_type: str) -> tuple[Field, ...]:
    """Return the fields of joined row types; where two define the same one, the last counts."""
    fields: dict[str, Field] = {}
    for part in row_type.split(" + "):
        fields.update((field.name, field) for field in row_types[part].fields)
    return tuple(fields.values())
