"""The facts of API v2.2 as data: entity sets, types, and how one row leads to another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[2] / "catalog" / "v22"

FIRST_PAGE_ONLY = ("ReferralCampaigns",)
"""Sets that take neither `$top` nor `$skip`."""
NO_KEY_PATH = ("ReferralCampaigns", "ApplicationDictionaryValues", "MemberBalances")
"""Sets with an id, or a key, that give no single row; nor do sets whose key has two parts."""
DOUBLED = ("MemberCards", "Crm2Leads")
"""Sets whose pages hold some rows twice."""

_FOREIGN_KEYS = {
    ("EPaymentKey", "ePaymentTransaction"): "ePaymentTansactionId",
    ("OnlineGateTransaction", "ePaymentTransaction"): "ePaymentTansactionId",
    ("PersonalTrainingBookingDetails", "createdByEmployee"): "createdByEmpId",
}
"""Links whose key property is not called as the link with `Id`."""
_REVERSE = {
    ("ClassType", "ratingSummary"): "classTypeId",
    ("Contract", "contractCommitmentEndDate"): "contractId",
    ("Member", "credentials"): "memberId",
    ("Member", "address"): "memberId",
    ("Member", "memberBalance"): "memberId",
    ("Member", "marketingInfo"): "memberId",
    ("Member", "relatedParentMembers"): "childMemberId",
    ("Member", "relatedChildMembers"): "parentMemberId",
    ("EPaymentTransaction", "ePaymentKeys"): "ePaymentTansactionId",
}
"""Links that are found from the other side, by this property there."""
_INVERSES = {
    ("Member", "familyParents"): "familyChildren",
    ("Semester", "previousSemesters"): "nextSemesters",
    ("FacilityBookingDefinition", "definitionsThatIgnoreSetupTime"): (
        "definitionsWhosSetupTimeIsIgnored"
    ),
}
"""Links within one type whose other direction has a name of its own."""

EXTRA_REFERENCES = {
    "bookingId": "ClassBooking",
    "clubInfoEquipmentId": "ClubEquipment",
    "clubInfoFacilityId": "ClubFacility",
    "attributeDefinitionId": "CustomAttributeDefinition",
    "ePaymentTansactionId": "EPaymentTransaction",
    "createdByEmpId": "Employee",
    "memberId": "Member",
    "clubId": "Club",
    "classTypeId": "ClassType",
    "contractId": "Contract",
    "employeeId": "Employee",
    "employeePositionId": "EmployeePosition",
    "memberAgreementId": "MemberAgreement",
    "paymentPlanId": "PaymentPlan",
    "personalTrainingDefinitionId": "PersonalTrainingDefinition",
    "transactionId": "Transaction",
}
"""Types to which properties point that no link goes with."""


@dataclass(frozen=True)
class Property:
    """A property of a type.

    Attributes:
        name: as the API spells it.
        type: `int64`, `int32`, `string`, `boolean`, `datetime`, `double`, `duration`, `base64`,
            or a type of the facts.
        many: whether it is a list.
        link: whether it comes by `$expand` only.
        undocumented: an inline type that may come by `$expand` only.
        nullable: None where the facts are silent.
        operations: `F` (filterable), `O` (orderable), both or none.
        enum: documented values; an installation may have more.
    """

    name: str
    type: str
    many: bool = False
    link: bool = False
    undocumented: bool = False
    nullable: bool | None = None
    operations: str = ""
    enum: tuple[str, ...] = ()


@dataclass(frozen=True)
class EntitySet:
    """An entity set.

    Attributes:
        name: its name in the path.
        type: the type of its rows.
        key: the properties that identify a row.
        expand_needed: links without which a row comes empty.
    """

    name: str
    type: str
    key: tuple[str, ...] = ("id",)
    expand_needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """How the rows behind a link are found.

    Attributes:
        type: the type of the rows.
        many: whether it leads to a list.
        own: the property of this row that holds the key of the other.
        other: the property of the other row that holds the key of this one.
        inverse: the link of the other type back, of a many-to-many relation, if it has one.
    """

    type: str
    many: bool
    own: str = ""
    other: str = ""
    inverse: str = ""

    @property
    def is_relation(self) -> bool:
        """Whether neither row holds the key of the other: a many-to-many relation."""
        return not self.own and not self.other


Type = dict[str, Property]


@lru_cache(maxsize=1)
def entity_sets() -> dict[str, EntitySet]:
    """Every entity set by name."""
    return {
        fact["set"]: EntitySet(
            fact["set"], fact["type"], tuple(fact["key"]), tuple(fact["expand_needed"])
        )
        for fact in json.loads((_FOLDER / "entity_sets.json").read_text("utf-8"))
    }


@lru_cache(maxsize=1)
def types() -> dict[str, Type]:
    """Every type that a set reaches, with its properties by name."""
    facts = json.loads((_FOLDER / "types.json").read_text("utf-8"))
    found: dict[str, Type] = {}
    waiting = [entity.type for entity in entity_sets().values()]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = {key: _property(key, fact) for key, fact in facts[name].items()}
        waiting += [each.type for each in found[name].values() if each.type in facts]
    return {name: found[name] for name in facts if name in found}


def _property(name: str, fact: dict[str, Any]) -> Property:
    return Property(
        name,
        fact["type"].removeprefix("array of "),
        fact["type"].startswith("array of "),
        "expand" in fact,
        fact.get("inline") == "undocumented",
        fact.get("nullable"),
        fact.get("ops", ""),
        tuple(fact.get("enum", ())),
    )


@lru_cache(maxsize=1)
def links() -> dict[str, dict[str, Link]]:
    """The links of every type by name, those of undocumented inline properties included."""
    return {
        name: {
            each.name: _link(name, each)
            for each in properties.values()
            if each.link or each.undocumented
        }
        for name, properties in types().items()
    }


def _link(name: str, link: Property) -> Link:
    here, there = types()[name], types()[link.type]
    place = (name, link.name)
    if place in _REVERSE:
        return Link(link.type, link.many, other=_REVERSE[place])
    if not link.many:
        own = _FOREIGN_KEYS.get(place, f"{link.name}Id")
        return Link(link.type, False, own=own if own in here else "id")
    for each in there.values():
        if each.type == name and not each.many and f"{each.name}Id" in there:
            return Link(link.type, True, other=f"{each.name}Id")
    return Link(link.type, True, inverse=_inverse(name, link))


def _inverse(name: str, link: Property) -> str:
    if link.type == name:
        for (of, forth), back in _INVERSES.items():
            if of == name and link.name in (forth, back):
                return back if link.name == forth else forth
        return link.name
    there = types()[link.type].values()
    return next((each.name for each in there if each.many and each.type == name), "")


def reference(name: str, key: str) -> str:
    """The type whose key a property of a type holds; empty for any other property."""
    for link in links()[name].values():
        if link.own == key and key != "id":
            return link.type
    return EXTRA_REFERENCES.get(key, "") if key != "id" else ""
