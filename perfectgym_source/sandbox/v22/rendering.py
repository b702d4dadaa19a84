"""Rows as the API shows them: selected, expanded, translated, and as the installation has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..encoding import encode
from ..store.rows import Row
from . import facts
from .relations import Relations
from .schema import Schema
from .values import LANGUAGES

if TYPE_CHECKING:
    from .odata.query import Query

EXPANDED_ROWS = 100
"""Rows after which a list inside `$expand` stops."""

_TRANSLATIONS: dict[str, tuple[str, str, dict[str, str]]] = {
    "Club": ("ClubTranslation", "clubId", {"name": "name"}),
    "ClubEquipment": ("ClubEquipmentTranslation", "clubInfoEquipmentId", {"name": "name"}),
    "ClubFacility": ("ClubFacilityTranslation", "clubInfoFacilityId", {"name": "name"}),
    "EmployeePosition": ("EmployeePositionTranslation", "employeePositionId", {"name": "value"}),
    "PaymentPlan": ("PaymentPlanTranslation", "paymentPlanId", {"name": "name"}),
    "MemberAgreement": (
        "MemberAgreementTranslation",
        "memberAgreementId",
        {"name": "name", "title": "title", "content": "content"},
    ),
}
"""Translated properties: where the texts are, what points here, and which text is which."""
_DISPLAYED = ("displayName", "displayValue")


def language_of(header: str) -> str:
    """The language that an `Accept-Language` header prefers; empty for the company's own."""
    tag = header.split(",")[0].split(";")[0].split("-")[0].strip().upper()
    return tag if tag in LANGUAGES[1:] else ""


class Rendering:
    """Shows rows.

    Args:
        schema: what the installation offers.
        relations: the links between rows.
    """

    def __init__(self, schema: Schema, relations: Relations) -> None:
        self._schema = schema
        self._relations = relations

    def json(self, name: str, row: Row, query: Query, language: str) -> bytes:
        """A row as JSON."""
        untouched = query.select is None and not query.expand and not language
        if untouched and self._schema.is_plain and not self._schema.inline(name):
            return row.json()
        return encode(self.shown(name, row, query, language))

    def shown(self, name: str, row: Row, query: Query, language: str) -> dict[str, Any]:
        """A row with what a query selects and expands."""
        fields = self.bare(name, row, language)
        if query.select is not None:
            fields = {key: fields[key] for key in query.select if key in fields}
        for link, inside in query.expand.items():
            if facts.links()[name][link].many:
                found = inside.apply(self._relations.many(name, row, link))
                if inside.count:
                    fields[f"{link}@odata.count"] = len(inside.matching(found))
                fields[link] = [
                    self.shown(facts.links()[name][link].type, each, inside, language)
                    for each in found[:EXPANDED_ROWS]
                ]
            else:
                one = self._relations.one(name, row, link)
                fields[link] = self._one(facts.links()[name][link].type, one, inside, language)
        return fields

    def _one(
        self, name: str, row: Row | None, query: Query, language: str
    ) -> dict[str, Any] | None:
        return None if row is None else self.shown(name, row, query, language)

    def bare(self, name: str, row: Row, language: str = "") -> dict[str, Any]:
        """A row without anything expanded."""
        fields = dict(row)
        if not self._schema.is_plain:
            offered = self._schema.types[name]
            known = facts.types().get(name, offered)
            fields = {key: row[key] for key in row if key in offered or key not in known}
            for key in offered.keys() - known.keys():
                fields.setdefault(key, f"{key} {row.key}")
        if language:
            self._translate(name, row, fields, language)
        for link, found in self._schema.inline(name):
            if found.many:
                rows = self._relations.many(name, row, link)
                fields[link] = [self.bare(found.type, each, language) for each in rows]
            else:
                one = self._relations.one(name, row, link)
                fields[link] = None if one is None else self.bare(found.type, one, language)
        return fields

    def whole(self, name: str, row: Row, expand: Iterable[str], language: str) -> dict[str, Any]:
        """A row with whole lists behind some links; `tax` in `taxRates/tax` is one of a link's."""
        fields = self.bare(name, row, language)
        for path in expand:
            link, _, below = path.partition("/")
            found, inside = facts.links()[name][link], [below] if below else []
            if found.many:
                rows = self._relations.many(name, row, link)
                fields[link] = [self.whole(found.type, each, inside, language) for each in rows]
            else:
                one = self._relations.one(name, row, link)
                fields[link] = one and self.whole(found.type, one, inside, language)
        return fields

    def _translate(self, name: str, row: Row, fields: dict[str, Any], language: str) -> None:
        for key in _DISPLAYED:
            if fields.get(key):
                fields[key] = f"{fields[key]} ({language})"
        if name not in _TRANSLATIONS:
            return
        texts, own, names = _TRANSLATIONS[name]
        for text in self._relations.referring(texts, own, row.key):
            if text["language"] == language and not text.get("isDeleted"):
                for target, source in names.items():
                    if target in fields and text[source] is not None:
                        fields[target] = text[source]
