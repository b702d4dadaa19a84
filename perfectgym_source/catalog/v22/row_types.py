"""The row types of the API v2.2: made of the data files when the first of them is used.

`types.json` has the properties of each type, as the vendor documents them; `descriptions.json` says
what they hold, in words of our own, and what makes them personal.

    >>> [field.name for field in ROW_TYPES["UnitOfMeasure"].fields]
    ['name', 'description', 'id']
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ..fields import Field, Pii, RowType
from .links import LINKS

EXPANDED = "$expanded"
"""Ends the name of the row type that holds the expanded links of a type."""

NESTED = {
    "AdminFeeDetails": "taxes",
    "JoiningFeeDetails": "taxes",
    "MembershipFeeDetails": "taxes",
    "TaxRate": "tax",
}
"""Types without a set, and the link of each whose rows come with its own."""

BY_ID = {"Instructor": "employee"}
"""Types that do not hold the id of a linked row; it comes with the link, and nothing else does."""

_FOLDER = Path(__file__).parent
_KINDS = {
    "int64": "long",
    "int32": "int",
    "double": "decimal",
    "boolean": "bool",
    "duration": "string",
    "base64": "string",
}
_DATES = frozenset((("Member", "birthdate"),))
"""Properties that are documented as moments, and are days."""
_COLUMNS = {
    "startDateUtc": "start_date_utc_text",
    "endDateUtc": "end_date_utc_text",
    "isRecurringCreditCardPaymentAllowed": "is_recurring_credit_card_allowed",
    "isRecurringDirectDebitPaymentAllowed": "is_recurring_direct_debit_allowed",
}
"""Columns with names of their own: another column has the name, or PostgreSQL would cut it off."""
_TEXTS = frozenset(("startDateUtc", "endDateUtc"))
"""Moments in UTC: without an offset, they would be taken for local times."""
_MOST_VALUES = 20
"""A description names no more known values than these."""


class RowTypes(Mapping[str, RowType]):
    """Row types by name, read from the data files when one is asked for.

    There are those of the documentation, a second one for those that have content which comes by
    `$expand` only (`Member$expanded`), and one for each many-to-many link.
    """

    def __getitem__(self, name: str) -> RowType:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    @cached_property
    def _types(self) -> dict[str, RowType]:
        facts, words = _read("types.json"), _Words(_read("descriptions.json"))
        found = {}
        for name, properties in facts.items():
            own = [
                field
                for field, fact in properties.items()
                if "expand" not in fact or field == NESTED.get(name)
            ]
            found[name] = _row_type(name, own, properties, words)
        for name, other in BY_ID.items():
            linked = facts[name][other]["type"]
            own_id = Field(other, f"{linked}$id", words.text(name, other))
            found[name + EXPANDED] = RowType(found[name].description, (own_id,))
            found[own_id.type] = _row_type(linked, ["id"], facts[linked], words)
        for entity in _read("entity_sets.json"):
            name, links = entity["type"], _expanded(entity)
            if links:
                found[name + EXPANDED] = _row_type(name, links, facts[name], words, True)
                own = [field for field in found[name].fields if field.name not in links]
                found[name] = RowType(found[name].description, tuple(own))
        for link in LINKS:
            ids = (link.link.own, link.link.other)
            fields = tuple(Field(key, "long", words.text(link.name, key)) for key in ids)
            found[link.name] = RowType(link.description, fields)
        return found


ROW_TYPES = RowTypes()
"""All row types by name."""


class _Words:
    """What `descriptions.json` says.

    Its texts and kinds of personal data are those of every property of a name, or of one type's
    (`Member.number`). Of one type's, those of personal data count where the documentation does not
    call the property personal, too.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._texts: Mapping[str, str] = content["texts"]
        self._pii: Mapping[str, Pii] = content["pii"]

    def text(self, row_type: str, name: str) -> str:
        """Return the description of a property."""
        return self._texts.get(f"{row_type}.{name}") or self._texts.get(name, "")

    def pii(self, row_type: str, name: str, is_personal: bool) -> Pii | None:
        """Return the kind of personal data of a property; None if it has none."""
        own = self._pii.get(f"{row_type}.{name}")
        return own or (self._pii[name] if is_personal else None)


def _read(name: str) -> Any:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _expanded(entity: Mapping[str, Any]) -> list[str]:
    """Return the links of a set that each request asks for."""
    return [*entity["expand_needed"], *entity.get("expand_no_own_set", ())]


def _row_type(
    name: str,
    fields: Iterable[str],
    facts: Mapping[str, Mapping[str, Any]],
    words: _Words,
    is_expanded: bool = False,
) -> RowType:
    found = tuple(_field(name, field, facts[field], words, is_expanded) for field in fields)
    return RowType(f"What the documentation calls {name}.", found)


def _field(
    row_type: str, name: str, fact: Mapping[str, Any], words: _Words, is_expanded: bool
) -> Field:
    text = words.text(row_type, name)
    if fact["type"] == "duration":
        text += " An ISO 8601 duration as text, such as PT8H30M."
    if 0 < len(fact.get("enum", ())) <= _MOST_VALUES:
        text += f" Known values: {', '.join(fact['enum'])}."
    if fact.get("obsolete"):
        text += " Documented as obsolete."
    pii = words.pii(row_type, name, bool(fact.get("personal") or fact.get("secret")))
    kind = _KINDS.get(fact["type"], fact["type"])
    if name in _TEXTS:
        kind = "string"
    elif (row_type, name) in _DATES:
        kind = "date"
    elif "inline" in fact and not is_expanded:
        kind = "json"  # the documentation leaves open whether it comes without a request for it
    return Field(name, kind, text, pii, column=_COLUMNS.get(name))
