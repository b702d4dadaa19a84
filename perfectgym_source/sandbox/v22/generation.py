"""Fills the sets of a world: v1's rows where they correspond, generic ones for the rest."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..store.rows import Key, Row
from . import facts
from .values import LANGUAGES, Values, mixed
from .views import VIEWED, VIEWS, Shown, clubs, more, offer

if TYPE_CHECKING:
    from .sets import Sets

COUNTS = {"empty": 0, "tiny": 30, "small": 560, "medium": 1200, "chain": 20}
"""Rows of a set that v1 does not know, by the size of the world."""

_FIRST_VERSION = 9_999_970_000
_INLINE = ("TaxedValue", "TimePeriod")
_OF_EACH = {
    "MemberMarketingInfo": ("Member", "memberId"),
    "MembersInClub": ("Club", "id"),
    "AllowedPaymentTypes": ("PaymentPlan", "id"),
    "TransactionPaymentProviderDetails": ("TransactionPayment", "id"),
    "ClubTranslation": ("Club", "clubId"),
    "ClubEquipmentTranslation": ("ClubEquipment", "clubInfoEquipmentId"),
    "ClubFacilityTranslation": ("ClubFacility", "clubInfoFacilityId"),
    "EmployeePositionTranslation": ("EmployeePosition", "employeePositionId"),
    "EmployeeTranslation": ("Employee", "employeeId"),
    "MemberAgreementTranslation": ("MemberAgreement", "memberAgreementId"),
    "PaymentPlanTranslation": ("PaymentPlan", "paymentPlanId"),
}
"""Types of which each row of another type has one, or one in each language."""
_CONSTANTS = ("ClubType", "ClubZoneType", "EmployeePosition", "FreezeType", "UnitOfMeasure")
_LARGER = {"Member": 900_000, "Employee": 9_000, **dict.fromkeys(_CONSTANTS, 100)}
"""Types that hold more than v1 shows, and the key after which the others follow."""
_LATER_FIELD = "externalReference"


def generate(sets: Sets) -> Values:
    """Fill empty tables; the maker of values is returned, for rows to come."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _generate(sets)
    finally:
        if collecting:
            gc.enable()


def _generate(sets: Sets) -> Values:
    shown, sources = _shown(sets)
    keys: dict[str, list[Any]] = {}
    given: dict[str, list[dict[str, Any]]] = {}
    for each in shown:
        given.setdefault(each.type, []).append(each.fields)
    beyond = {name for name, _, _ in sets.world.beyond}
    made_up = _LARGER if not beyond else ("Member",)
    for index, name in enumerate(facts.types()):
        known = given.setdefault(name, [])
        if name in made_up or name not in (*_INLINE, *_OF_EACH, *VIEWED, *beyond):
            known.extend(_generic(sets, index, name))
        keys[name] = [sets.tables[name].key_of(fields) for fields in known]
    for name, (parent, reference) in _OF_EACH.items():
        given[name] = list(_of_each(name, keys[parent], reference))
        keys[name] = [sets.tables[name].key_of(fields) for fields in given[name]]
    values = Values(sets.seed, keys, sets.world.quirks)
    versions = {id(each.fields): each.version for each in shown}
    for index, name in enumerate(facts.types()):
        for number, (key, fields) in enumerate(zip(keys[name], given[name], strict=True)):
            row = Row(values.fields(name, number, fields), key, {})
            if "version" in row:
                known_version = versions.get(id(fields))
                row["version"] = known_version or _version(sets, index, name, number)
            if index % 8 == 5 and number > len(keys[name]) // 2 and sets.world.quirks:
                row[_LATER_FIELD] = f"X-{number}" if number % 3 else None
            sets.tables[name].put(row)
    for each, source in zip(shown, sources, strict=True):
        sets.remember(source, each)
    for name in VIEWED:
        sets.tables[name].reserve()
    sets.relations.fill()
    return values


def _shown(sets: Sets) -> tuple[list[Shown], list[tuple[str, Key] | None]]:
    """What v1's rows show, each row once, and where it comes from."""
    shown: list[Shown] = []
    sources: list[tuple[str, Key] | None] = []
    seen: set[tuple[str, Key]] = set()
    if not sets.world.clubs:
        return [], []
    beyond = (more(*each) for each in sets.world.beyond)
    for each in (*clubs.constants(), *offer.constants(), *beyond):
        shown.append(each)
        sources.append(None)
    for table, view in VIEWS.items():
        for row in list(sets.world.tables[table].rows.values()):
            for each in view(sets.world.tables, row):
                place = (each.type, sets.tables[each.type].key_of(each.fields))
                if place not in seen:
                    seen.add(place)
                    shown.append(each)
                    sources.append((table, row.key))
    return shown, sources


def _generic(sets: Sets, index: int, name: str) -> Iterator[dict[str, Any]]:
    count = COUNTS[sets.world.size]
    base = _LARGER.get(name, index * 10_000 + (3_000_000_000 if index % 5 == 0 else 0))
    identity = facts.types()[name].get("id")
    for number in range(1, count + 1):
        fields: dict[str, Any] = {}
        if identity is not None:
            key = base + number + number // 7
            fields["id"] = key if identity.type == "int64" else f"endpoint-{number}"
        if name == "Member":
            fields["memberType"] = ("Guest", "Lead")[number % 2]
        yield fields


def _of_each(name: str, parents: list[Any], reference: str) -> Iterator[dict[str, Any]]:
    for parent in parents:
        for language in LANGUAGES if "language" in facts.types()[name] else ("",):
            fields = {reference: parent}
            if language:
                fields["language"] = language
            yield fields


def _version(sets: Sets, index: int, name: str, number: int) -> int:
    """A version between those of v1's rows; every third type has rows that share one."""
    part = number // 3 if index % 3 == 0 else number
    span = max(1, sets.world.timestamp - _FIRST_VERSION)
    return _FIRST_VERSION + mixed(f"{sets.seed}/{name}/version", part) % span
