"""Contracts with discounts, freezes, fees and freeze types, and their summaries in users."""

from __future__ import annotations

from random import Random
from typing import Any

from ..data import programme
from ..store import Row
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
    contract_id = 10_001 + number
    starts = signed - signed % 1440 + random.randrange(0, 15) * 1440
    months = random.choice((1, 6, 12, 12))
    commitment = starts + months * _MONTH
    cancelled = commitment - random.randrange(0, _MONTH) if random.random() < 0.35 else None
    ends = commitment if cancelled is not None or random.random() < 0.3 else None
    if cancelled is not None and cancelled > builder.now:
        cancelled = builder.now - random.randrange(1440)
    active = starts <= builder.now and (ends is None or ends > builder.now)
    deleted = number % 45 == 44
    dates: dict[str, Any] = {
        "signDate": day(signed),
        "startDate": day(starts),
        "cancelDate": None if cancelled is None else day(cancelled),
        "endDate": None if ends is None else day(ends),
    }
    status = "Current" if active else ("NotStarted" if starts > builder.now else "Ended")
    changed = max(signed, min(builder.now, ends or 0), min(builder.now, cancelled or 0))
    membership = builder.notes(plan)["membership"]
    club_id = builder.notes(owner)["club"]["id"]
    params = {"contractId": contract_id}
    contract = builder.add(
        "contracts",
        {
            "id": contract_id,
            "timestamp": 0,
            **dates,
            "commitmentDate": day(commitment),
            "isActive": active and not deleted,
            "isDeleted": deleted,
            "isCurrent": active and not deleted,
            "status": status,
            "documentUrl": f"{_WEB}/contracts/{contract_id}.pdf" if number % 5 else None,
            "membership": membership_ref(membership),
            "paymentPlan": plan_ref(plan),
            "discounts": _discounts(builder, number, club_id, plan),
            "freezes": _freezes(builder, random, number, starts, parts),
        },
        when=changed,
        hidden={"userId": owner["id"]},
    )
    _fees(builder, contract, dates, active, status, changed, plan)
    _freeze_types(builder, number, changed, params)
    _tell(builder, owner, contract, dates, active, plan, extra)


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
        begins = starts + (2 + turn * 3) * _MONTH
        name, period, least, greatest, cents = programme.FREEZE_TYPES[parts["freeze"] % 3]
        freezes.append(
            builder.stamp(
                min(begins, builder.now),
                {
                    "id": parts["freeze"],
                    "startDate": day(begins),
                    "endDate": day(begins + 21 * 1440),
                    "reason": {
                        "id": 1 + parts["freeze"] % 6,
                        "name": programme.FREEZE_REASONS[parts["freeze"] % 6],
                    },
                    "type": {
                        "id": 1 + parts["freeze"] % 3,
                        "name": name,
                        "isActive": True,
                        "freezePeriod": period,
                        "minimumInterval": least,
                        "maximumIntarval": greatest,
                        "fixedFee": money(cents),
                        "administrationFee": 0.0,
                    },
                    "isDeleted": parts["freeze"] % 10 == 9,
                    "timestamp": 0,
                },
            )
        )
    return freezes


def _fees(
    builder: Builder,
    contract: Row,
    dates: dict[str, Any],
    active: bool,
    status: str,
    changed: int,
    plan: Row,
) -> None:
    cents = builder.notes(plan)["cents"]
    number = contract["id"]
    settled = [
        {
            "amount": money(cents),
            "amountToSettle": 0.0,
            "date": day(changed - turn * _MONTH),
            "type": "MembershipFee",
        }
        for turn in range(number % 5)
    ]
    pending = [
        {
            "amount": money(cents),
            "amountToSettle": money(cents - 1000 * turn),
            "date": day(builder.now + turn * _MONTH + 5 * 1440),
            "type": "MembershipFee",
        }
        for turn in range(number % 3 if active else 0)
    ]
    joining = 9900 if number % 2 else 0
    builder.add(
        "contract_fees",
        {
            "id": number,
            "timestamp": 0,
            **dates,
            "isActive": active,
            "isDeleted": False,
            "administarationFee": 29.5,
            "freezFee": money(1990) if number % 4 == 0 else 0.0,
            "joiningFee": money(joining),
            "membershipFee": money(cents),
            "totalFee": money(2950 + joining + cents * (len(settled) + len(pending))),
            "paidTransactions": settled,
            "pendingTransactions": pending,
            "status": status,
            "isCurrent": active,
        },
        when=changed,
        params={"contractId": number},
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
                "availableStartDates": [day(builder.now + turn * 1440) for turn in (1, 8, 15)][: index + 1],
                "freezeMaxLength": greatest * 30,
            },
            when=changed,
            params=params,
        )


def _tell(
    builder: Builder,
    owner: Row,
    contract: Row,
    dates: dict[str, Any],
    active: bool,
    plan: Row,
    extra: Row | None,
) -> None:
    addons = []
    if extra is not None:
        addons.append(
            {
                "clubServiceType": "Rental" if "Locker" in extra["name"] else "Service",
                "description": f"{extra['name']}, added to the contract",
                "name": extra["name"],
                "startDate": dates["startDate"],
                "endDate": dates["endDate"],
                "isActive": active,
            }
        )
    notes, detail = builder.notes(owner), owner.detail or {}
    owner["contracts"].append(
        {
            "startDate": dates["startDate"],
            "endDate": dates["endDate"],
            "isActive": active,
            "isAdditionalContract": bool(notes["contracts"]),
            "paymentPlanId": plan["id"],
            "paymentPlanName": plan["name"],
            "addons": addons,
        }
    )
    notes["contracts"].append(contract)
    detail["contracts"].append(contract)
