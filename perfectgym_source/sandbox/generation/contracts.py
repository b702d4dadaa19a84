"""Contracts with discounts, freezes, fees and freeze types, and their summaries in users."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from ..data import programme
from ..store.rows import Row
from .builder import Builder, day, money
from .references import membership_ref, plan_ref

_WEB = "https://cdn.fitness-park.example"
_MONTH = 30 * 1440


def make_contracts(builder: Builder) -> None:
    """Add `contracts`, `contract_fees` and `freeze_types` in the order of signing.

    The first contracts go to one user each, the rest to anyone; `contracts` of `users` and of
    their details are filled in.
    """
    random = builder.random("contracts")
    users = builder.rows("users")
    plans = [p for p in builder.rows("payment_plans") if not builder.notes(p)["add_on"]]
    extras = [p for p in builder.rows("payment_plans") if builder.notes(p)["add_on"]]
    if not users:
        return
    owners = [
        users[number] if number < len(users) else random.choice(users)
        for number in range(builder.size.contracts)
    ]
    signed = []
    for owner in owners:
        joined = builder.notes(owner)["joined"]
        signed.append((random.randrange(joined, min(builder.now, joined + 500 * 1440)), owner))
    signed.sort(key=lambda entry: entry[0])
    parts: dict[str, int] = {"freeze": 0}
    for number, (when, owner) in enumerate(signed):
        plan = random.choice(plans)
        extra = random.choice(extras) if extras and number % 4 == 0 else None
        _contract(builder, random, number, when, owner, plan, extra, parts)


def _contract(
    builder: Builder,
    random: Random,
    number: int,
    signed: int,
    owner: Row,
    plan: Row,
    extra: Row | None,
    parts: dict[str, int],
) -> None:
    now = builder.now
    starts = signed - signed % 1440 + random.randrange(0, 15) * 1440
    months = random.choice((1, 6, 12, 12))
    commitment = starts + months * _MONTH
    cancelled = commitment - random.randrange(0, _MONTH) if random.random() < 0.35 else None
    ends = commitment if cancelled is not None or random.random() < 0.3 else None
    if cancelled is not None and cancelled > now:
        cancelled = now - random.randrange(1440)
    active = starts <= now and (ends is None or ends > now)
    terms = Terms(
        {
            "signDate": day(signed),
            "startDate": day(starts),
            "cancelDate": None if cancelled is None else day(cancelled),
            "endDate": None if ends is None else day(ends),
        },
        day(commitment),
        "Current" if active else ("NotStarted" if starts > now else "Ended"),
        max(signed, min(now, ends or 0), min(now, cancelled or 0)),
        active,
    )
    terms.is_deleted = number % 45 == 44
    terms.is_additional = bool(builder.notes(owner)["contracts"])
    terms.add_on = extra["name"] if extra is not None else None
    terms.discounts = _discounts(builder, number, builder.notes(owner)["club"]["id"], plan)
    terms.freezes = _freezes(builder, random, number, starts, parts)
    cents = builder.notes(plan)["cents"]
    contract_id = 10_001 + number
    terms.paid = [
        transaction(cents, 0, terms.changed - turn * _MONTH) for turn in range(contract_id % 5)
    ]
    terms.pending = [
        transaction(cents, cents - 1000 * turn, now + turn * _MONTH + 5 * 1440)
        for turn in range(contract_id % 3 if active else 0)
    ]
    add_contract(builder, number, owner, plan, terms)


@dataclass
class Terms:
    """What was agreed, and what became of it.

    Attributes:
        dates: `signDate`, `startDate`, `cancelDate` and `endDate`.
        commitment: until when it binds.
        status, is_active, is_deleted, is_additional: as the API has them.
        changed: the moment of its last change.
        discounts, freezes: rows inside the contract.
        add_on: the name of an add-on plan.
        paid, pending: transactions of its fees.
        hidden: what v2.2 knows besides.
    """

    dates: dict[str, Any]
    commitment: str
    status: str
    changed: int
    is_active: bool
    is_deleted: bool = False
    is_additional: bool = False
    discounts: list[dict[str, Any]] = field(default_factory=list)
    freezes: list[dict[str, Any]] = field(default_factory=list)
    add_on: str | None = None
    paid: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    hidden: dict[str, Any] = field(default_factory=dict)


def transaction(
    cents: int, to_settle: int, when: int, kind: str = "MembershipFee"
) -> dict[str, Any]:
    """One of the transactions of a contract's fees, paid or due at a moment."""
    return {
        "amount": money(cents),
        "amountToSettle": money(to_settle),
        "date": day(when),
        "type": kind,
    }


def add_contract(builder: Builder, number: int, owner: Row, plan: Row, terms: Terms) -> Row:
    """Add the `number`-th contract with its fees and freeze types, and tell its owner."""
    contract_id = 10_001 + number
    active = terms.is_active and not terms.is_deleted
    contract = builder.add(
        "contracts",
        {
            "id": contract_id,
            "timestamp": 0,
            **terms.dates,
            "commitmentDate": terms.commitment,
            "isActive": active,
            "isDeleted": terms.is_deleted,
            "isCurrent": active,
            "status": terms.status,
            "documentUrl": f"{_WEB}/contracts/{contract_id}.pdf" if number % 5 else None,
            "membership": membership_ref(builder.notes(plan)["membership"]),
            "paymentPlan": plan_ref(plan),
            "discounts": terms.discounts,
            "freezes": terms.freezes,
        },
        when=terms.changed,
        hidden={"userId": owner["id"], "isAdditional": terms.is_additional},
    )
    _fees(builder, contract_id, terms, builder.notes(plan)["cents"])
    _freeze_types(builder, number, terms.changed, {"contractId": contract_id})
    _tell(builder, owner, contract, terms, plan)
    return contract


def _discounts(builder: Builder, number: int, club_id: int, plan: Row) -> list[dict[str, Any]]:
    if number % 3 == 2:
        return []
    offered = [
        row
        for row in builder.rows("discounts")
        if row.params["clubId"] == club_id and row.params["paymentPlanId"] == plan["id"]
    ]
    return [dict(row) for row in offered[: 1 + number % 2]]


def _freezes(
    builder: Builder, random: Random, number: int, starts: int, parts: dict[str, int]
) -> list[dict[str, Any]]:
    freezes = []
    for turn in range((0, 0, 0, 1, 0, 2)[number % 6]):
        parts["freeze"] += 1
        key = parts["freeze"]
        begins = starts + (2 + turn * 3) * _MONTH
        freezes.append(freeze(builder, key, begins, begins + 21 * 1440, key % 6, key % 3))
    return freezes


def freeze(
    builder: Builder, key: int, begins: int, ends: int, reason: int, kind: int
) -> dict[str, Any]:
    """A freeze inside a contract, by its days and the indices of its reason and type."""
    name, period, least, greatest, cents = programme.FREEZE_TYPES[kind]
    return builder.stamp(
        min(begins, builder.now),
        {
            "id": key,
            "startDate": day(begins),
            "endDate": day(ends),
            "reason": {"id": 1 + reason, "name": programme.FREEZE_REASONS[reason]},
            "type": {
                "id": 1 + kind,
                "name": name,
                "isActive": True,
                "freezePeriod": period,
                "minimumInterval": least,
                "maximumIntarval": greatest,
                "fixedFee": money(cents),
                "administrationFee": 0.0,
            },
            "isDeleted": key % 10 == 9,
            "timestamp": 0,
        },
    )


def _fees(builder: Builder, number: int, terms: Terms, cents: int) -> None:
    joining = 9900 if number % 2 else 0
    count = len(terms.paid) + len(terms.pending)
    builder.add(
        "contract_fees",
        {
            "id": number,
            "timestamp": 0,
            **terms.dates,
            "isActive": terms.is_active,
            "isDeleted": False,
            "administarationFee": 29.5,
            "freezFee": money(1990) if number % 4 == 0 else 0.0,
            "joiningFee": money(joining),
            "membershipFee": money(cents),
            "totalFee": money(2950 + joining + cents * count),
            "paidTransactions": terms.paid,
            "pendingTransactions": terms.pending,
            "status": terms.status,
            "isCurrent": terms.is_active,
        },
        when=terms.changed,
        params={"contractId": number},
        hidden=terms.hidden,
    )


def _freeze_types(builder: Builder, number: int, changed: int, params: dict[str, Any]) -> None:
    for index, (name, period, least, greatest, cents) in enumerate(programme.FREEZE_TYPES):
        if index > number % 4:
            continue
        builder.add(
            "freeze_types",
            {
                "id": index + 1,
                "name": name,
                "isActive": index != 2,
                "freezePeriod": period,
                "minimumInterval": least,
                "maximumIntarval": greatest,
                "fixedFee": money(cents),
                "administrationFee": money(500) if cents else 0.0,
                "isDeleted": False,
                "timestamp": 0,
                "freezeFee": money(cents),
                "availableStartDates": [
                    day(builder.now + turn * 1440) for turn in (1, 8, 15)[: index + 1]
                ],
                "freezeMaxLength": greatest * 30,
            },
            when=changed,
            params=params,
        )


def _tell(builder: Builder, owner: Row, contract: Row, terms: Terms, plan: Row) -> None:
    addons = []
    if terms.add_on is not None:
        addons.append(
            {
                "clubServiceType": "Rental" if "Locker" in terms.add_on else "Service",
                "description": f"{terms.add_on}, added to the contract",
                "name": terms.add_on,
                "startDate": terms.dates["startDate"],
                "endDate": terms.dates["endDate"],
                "isActive": terms.is_active,
            }
        )
    notes, detail = builder.notes(owner), owner.detail or {}
    owner["contracts"].append(
        {
            "startDate": terms.dates["startDate"],
            "endDate": terms.dates["endDate"],
            "isActive": terms.is_active,
            "isAdditionalContract": terms.is_additional,
            "paymentPlanId": plan["id"],
            "paymentPlanName": plan["name"],
            "addons": addons,
        }
    )
    notes["contracts"].append(contract)
    detail["contracts"].append(contract)
