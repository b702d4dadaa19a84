"""The odd spellings of real payloads, as rules: which field, what happens, how often.

The facts say: blank fields are null, in practice also `""` and the text `"null"`; booleans and
numbers sometimes come as text; some fields have two spellings; a single thing may come as a
bare object instead of an array; a rating may be a bare number. Rules count the rows in which
they could apply and strike every n-th, so that the smallest world shows each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """One odd spelling.

    Attributes:
        table: the stored table.
        field: the field, dotted when it is inside an object or the objects of an array.
        kind: `text` (a boolean or number as text), `blank` (null as `""` or `"null"`), `rename`
            (the other spelling), `object` (an array of one as that one), `number` (a rating as
            its bare number), `drop` (the field is left out).
        every: strike every n-th row in which the rule could apply.
        to: the other spelling, for `rename`.
    """

    table: str
    field: str
    kind: str
    every: int
    to: str = ""


RULES: tuple[Rule, ...] = (
    Rule("clubs", "timeZone", "rename", 2, "timezone"),
    Rule("clubs", "isHidden", "text", 3),
    Rule("clubs", "latitude", "text", 2),
    Rule("clubs", "openDate", "blank", 1),
    Rule("clubs", "equipment.quantity", "text", 3),
    Rule("class_types", "rating", "number", 4),
    Rule("class_types", "ageToMonths", "blank", 1),
    Rule("class_types", "ageFromMonths", "text", 5),
    Rule("class_types", "translations", "object", 2),
    Rule("instructors", "rating", "number", 4),
    Rule("instructors", "isActive", "text", 5),
    Rule("instructors", "categoriesClasses", "object", 3),
    Rule("memberships", "isActive", "text", 4),
    Rule("payment_plans", "isAddOnPaymentPlan", "text", 5),
    Rule("payment_plans", "isActive", "text", 4),
    Rule("payment_plans", "minimumAge", "blank", 1),
    Rule("payment_plans", "addOns", "object", 2),
    Rule("payment_plans", "fees.membershipFee.tax", "text", 3),
    Rule("contracts", "signDate", "rename", 3, "signUpDate"),
    Rule("contracts", "isActive", "text", 12),
    Rule("contracts", "discounts", "object", 2),
    Rule("contract_fees", "signDate", "rename", 3, "signUpDate"),
    Rule("contract_fees", "totalFee", "text", 6),
    Rule("contract_fees", "pendingTransactions", "object", 3),
    Rule("freeze_types", "fixedFee", "text", 7),
    Rule("freeze_types", "minimumInterval", "text", 9),
    Rule("club_visits", "exitDate", "blank", 1),
    Rule("club_visits", "isDeleted", "text", 15),
    Rule("measurements", "measurements.value", "text", 6),
    Rule("users", "birthDate", "blank", 1),
    Rule("users", "homeClubId", "text", 11),
    Rule("users", "presentInClub", "text", 9),
    Rule("users", "isActive", "text", 9),
    Rule("users", "facebookId", "blank", 1),
    Rule("users", "prepaidAmount", "text", 7),
    Rule("classes", "attendeesLimit", "blank", 1),
    Rule("classes", "attendeesLimit", "text", 13),
    Rule("classes", "allowBookSeatNumber", "text", 11),
    Rule("classes", "isDeleted", "text", 17),
    Rule("products", "id", "drop", 2),
    Rule("products", "price", "text", 5),
    Rule("products", "isActive", "text", 4),
    Rule("products", "createdTime", "blank", 1),
    Rule("user_classes", "userClassRating", "blank", 1),
    Rule("user_classes", "attended", "text", 14),
    Rule("user_classes", "products", "object", 3),
    Rule("discounts", "isActive", "text", 4),
    Rule("documents", "size", "text", 6),
    Rule("messages", "isReaded", "text", 8),
    Rule("pending_contract_fees", "feeType", "rename", 2, "paymentType"),
    Rule("pending_contract_fees", "fee", "rename", 2, "amount"),
    Rule("membership_cards", "contractId", "text", 5),
    Rule("membership_cards", "isBlocked", "text", 6),
    Rule("user_products", "expireDate", "blank", 1),
    Rule("user_products", "price", "text", 5),
    Rule("user_owned_products", "expireDate", "blank", 1),
    Rule("friends", "dateTo", "blank", 1),
    Rule("friend_statuses", "dateTo", "blank", 1),
    Rule("agreement_types", "signOnClientSide", "text", 2),
)
"""Every rule; those of one table apply in this order."""

SPELLINGS: tuple[tuple[str, str], ...] = (
    ("timeZone", "timezone"),
    ("signDate", "signUpDate"),
    ("feeType", "paymentType"),
    ("fee", "amount"),
)
"""Pairs of spellings of one field: the documented table's and the sample payload's."""

_BLANKS = ("", "null", None)


class Quirks:
    """Applies the rules to rows as they are made, and counts where each of them could strike."""

    def __init__(self) -> None:
        self._rules: dict[str, list[tuple[int, Rule]]] = {}
        for index, rule in enumerate(RULES):
            self._rules.setdefault(rule.table, []).append((index, rule))
        self._met = [0] * len(RULES)

    def apply(self, table: str, fields: Fields, detail: Fields | None) -> None:
        """Spell a new row of `table` oddly, in place, where it is its turn."""
        for index, rule in self._rules.get(table, ()):
            for holder in (fields, detail):
                if holder is not None:
                    self._strike(index, rule, holder)

    def _strike(self, index: int, rule: Rule, holder: Fields) -> None:
        *way, name = rule.field.split(".") if "." in rule.field else (rule.field,)
        for target in _walk(holder, way):
            if name not in target or not _applies(rule.kind, target[name]):
                continue
            turn = self._met[index]
            self._met[index] += 1
            if rule.kind == "blank":
                target[name] = _BLANKS[turn % 3]
            elif turn % rule.every == min(1, rule.every - 1):
                _spell(rule, target, name)


def _walk(holder: Fields, way: list[str]) -> Iterator[Fields]:
    targets: list[Any] = [holder]
    for step in way:
        inside = [target[step] for target in targets if step in target]
        targets = [
            item for found in inside for item in (found if isinstance(found, list) else [found])
        ]
    return iter(targets)


def _applies(kind: str, value: Any) -> bool:
    if kind == "blank":
        return value is None
    if kind == "text":
        return isinstance(value, (bool, int, float))
    if kind == "object":
        return isinstance(value, list) and len(value) == 1
    if kind == "number":
        return isinstance(value, dict)
    return True


def _spell(rule: Rule, target: Fields, name: str) -> None:
    value = target[name]
    if rule.kind == "text":
        target[name] = _as_text(value)
    elif rule.kind == "object":
        target[name] = value[0]
    elif rule.kind == "number":
        target[name] = value["rating"]
    elif rule.kind == "drop":
        del target[name]
    else:
        del target[name]
        target[rule.to] = value


def _as_text(value: bool | float) -> str:
    if isinstance(value, float) and round(value, 2) == value:
        return f"{value:.2f}"
    return str(value)
