"""Memberships, payment plans and discounts: what members can sign."""

from __future__ import annotations

from typing import Any

from ..data import programme
from .builder import Builder, day, fee, moment
from .clubs import zone_type_refs
from .references import club_ref, membership_ref, plan_ref

_START = moment(2022, 1, 3, 8)


def make_memberships(builder: Builder) -> None:
    """Add `memberships` with access rules; a few are inactive, one is deleted."""
    if not builder.size.clubs:
        return
    random = builder.random("memberships")
    clubs = builder.rows("clubs")
    refs = zone_type_refs()
    for index, name in enumerate(programme.MEMBERSHIPS):
        created = _START + index * 30 * 1440
        everywhere = index % 3 == 0 or builder.size.months > 0
        allowed = clubs if everywhere else [c for c in clubs if c["id"] % 2 == index % 2]
        rule = builder.stamp(
            created + 60,
            {
                "id": 500 + index,
                "timestamp": 0,
                "isDeleted": False,
                "name": f"{name}: access",
                "description": "All clubs" if everywhere else "Some clubs",
                "allowedClubs": [club_ref(club) for club in allowed],
                "allowedZoneTypes": [dict(ref) for ref in refs[: 2 + index % 4]],
            },
        )
        zone_types = [
            builder.stamp(
                created + 90,
                {
                    "id": ref["id"],
                    "timestamp": 0,
                    "isDeleted": False,
                    "name": ref["name"],
                    "description": ref["description"],
                    "dailyLimiy": programme.ZONE_TYPES[ref["id"] - 1][2],
                },
            )
            for ref in refs[: 2 + index % 4]
        ]
        builder.add(
            "memberships",
            {
                "id": 31 + index,
                "timestamp": 0,
                "name": name,
                "isActive": index != 4 and (index != 7 or builder.size.months > 0),
                "isDeleted": index == 7 and not builder.size.months,
            },
            when=min(builder.now - 90, created + random.randrange(900 * 1440)),
            detail={
                "startDate": day(created),
                "endDate": day(builder.now + 365 * 1440) if index % 2 else None,
                "accessRules": [rule],
                "allowedZoneTypes": zone_types,
                "paymentPlans": [],
            },
            notes={"clubs": [club["id"] for club in allowed]},
        )


def make_plans(builder: Builder) -> None:
    """Add `payment_plans` with their details, and tell each membership which it has."""
    memberships = builder.rows("memberships")
    if not memberships:
        return
    random = builder.random("plans")
    for index, (name, membership, add_on, cents, _, _) in enumerate(programme.PLANS):
        of = memberships[membership]
        created = _START + index * 21 * 1440
        row = builder.add(
            "payment_plans",
            {
                "id": 71 + index,
                "timestamp": 0,
                "name": name,
                "isActive": index != 6 and (index != 10 or builder.size.months > 0),
                "isAddOnPaymentPlan": add_on,
                "isDeleted": index == 10 and not builder.size.months,
            },
            when=min(builder.now - 120, created + random.randrange(800 * 1440)),
            detail=_plan_detail(builder, index),
            hidden={"clubs": builder.notes(of)["clubs"], "from": day(created)},
            notes={"add_on": add_on, "cents": cents, "membership": of},
        )
        if of.detail is not None:
            of.detail["paymentPlans"].append(plan_ref(row))


def _plan_detail(builder: Builder, index: int) -> dict[str, Any]:
    name, membership, add_on, cents, interval, period = programme.PLANS[index]
    return {
        "startDate": day(_START + index * 21 * 1440),
        "endDate": None if index % 3 else day(builder.now + 500 * 1440),
        "minimumAge": None if add_on or index % 4 == 0 else 16,
        "freezeAllowed": not add_on,
        "paymentOnStartDate": index % 2 == 0,
        "displayName": f"{name} – {'extra' if add_on else 'plan'}",
        "shortDescription": f"{name}, {interval.lower()} at a time",
        "description": f"{name}: paid every {interval.lower()}, bound for {period.lower()}.",
        "commitmentPeriod": period,
        "fees": {
            "joiningFee": fee(9900 if not add_on else 0),
            "administarationFee": fee(2950),
            "membershipFee": fee(cents),
            "freezFee": fee(1990, 8),
        },
        "paymentInterval": interval,
        "membership": membership_ref(builder.rows("memberships")[membership]),
        "channels": ["Web", "Mobile"] if index % 3 == 0 else ["Reception"],
        "addOns": [
            {
                "name": extra[0],
                "description": f"{extra[0]} added to {name}",
                "fee": fee(extra[3]),
            }
            for extra in programme.PLANS
            if extra[2] and not add_on
        ][: 1 + index % 3],
        "regulationFiles": [{"id": 900 + index, "name": f"regulations-{index + 1}.pdf"}],
    }


def make_discounts(builder: Builder) -> None:
    """Add `discounts` for each club and each of its plans that is no add-on."""
    discount_id = 0
    for plan in builder.rows("payment_plans"):
        number = plan["id"] - 71
        if programme.PLANS[number][2]:
            continue
        for club_id in plan.hidden["clubs"]:
            previous: dict[str, Any] | None = None
            kinds = programme.DISCOUNTS if builder.size.months else ()
            for index in range(len(kinds) or (number + club_id) % 4):
                discount_id += 1
                previous = _discount(discount_id, index, previous)
                if kinds:
                    previous = dict(previous, **_of_kind(*kinds[index]))
                builder.add(
                    "discounts",
                    previous,
                    params={"clubId": club_id, "paymentPlanId": plan["id"]},
                    hidden={
                        "channels": ("Web", "Reception") if index else ("Reception",),
                        "from": day(_START),
                        "until": day(builder.now + 180 * 1440),
                    },
                )


def _of_kind(name: str, kind: str, value: int) -> dict[str, Any]:
    return {
        "isActive": True,
        "name": name,
        "membershipFeeDiscountType": kind,
        "membershipFeeDiscountValue": f"{value / 100:.2f}",
        "joiningFeeDiscountValue": "0.00",
        "administartionFeeDiscountValue": "0.00",
        "combineDiscounts": [],
    }


def _discount(discount_id: int, index: int, other: dict[str, Any] | None) -> dict[str, Any]:
    per_cent = 5 * (1 + index)
    return {
        "id": discount_id,
        "isActive": discount_id % 6 != 5,
        "name": (f"{per_cent}% off", "No joining fee", "Welcome back")[index % 3],
        "administartionFeeDiscountType": "Percent",
        "joiningFeeDiscountType": "Amount" if index == 1 else "Percent",
        "membershipFeeDiscountType": "Percent",
        "administartionFeeDiscountValue": "100.00" if index == 1 else "0.00",
        "joiningFeeDiscountValue": "99.00" if index == 1 else "50.00",
        "membershipFeeDiscountValue": f"{per_cent}.00",
        "combineDiscounts": [{**other, "combineDiscounts": []}] if other else [],
    }
