"""Contracts, their fees, and what was paid at the till."""

from __future__ import annotations

from datetime import date
from itertools import count
from random import Random
from typing import Any

from ...data import programme
from ...store.rows import Row
from ..belongings import add_pending_fee
from ..builder import Builder, day
from ..contracts import Terms, add_contract, freeze, transaction
from .dues import Charge, charges
from .lives import Life, Term
from .people import People, midnight
from .trade import TYPES, add_sale


def make_agreements(builder: Builder, people: People) -> None:
    """Add `contracts`, `contract_fees`, `freeze_types` and `pending_contract_fees`."""
    random = builder.random("agreements")
    signed = sorted(
        (
            (term.signed, term.starts, index, term)
            for index, life in enumerate(people.lives)
            for term in life.terms
        ),
        key=lambda entry: entry[:3],
    )
    plans = builder.rows("payment_plans")
    freezes, fees = count(1), count(1)
    for number, (_, _, index, term) in enumerate(signed):
        life, user, plan = people.lives[index], people.users[index], plans[term.plan]
        terms = _terms(builder, term, people.until)
        terms.discounts = _discounts(builder, life, plan, term)
        for each in term.freezes:
            first, last = midnight(each.first), midnight(each.last)
            terms.freezes.append(
                freeze(builder, next(freezes), first, last, each.reason, each.kind)
            )
        extra = _add_on(plan) if term.has_add_on else None
        terms.add_on = extra["name"] if extra else None
        cents = round(extra["fee"]["gross"] * 100) if extra else None
        due = charges(random, life, term, people.until, cents)
        _settle(builder, people, random, 10_001 + number, user, life, due, terms)
        contract = add_contract(builder, number, user, plan, terms)
        for charge in due:
            if charge.paid is None:
                moment = midnight(charge.due)
                add_pending_fee(
                    builder,
                    next(fees),
                    charge.kind.replace("Fee", " fee"),
                    charge.cents,
                    moment,
                    min(moment, builder.now - 1),
                    {"userId": user["id"]},
                    contract["id"],
                )


def _terms(builder: Builder, term: Term, until: date) -> Terms:
    last = term.last()
    known = [term.signed, *(each for each in (term.cancelled, term.ends) if each)]
    frozen = any(each.first <= until <= each.last for each in term.freezes)
    if term.starts > until:
        status = "NotStarted"
    elif last is not None and last < until:
        status = "Ended"
    else:
        status = "Freezed" if frozen else "Current"
    return Terms(
        {
            "signDate": day(midnight(term.signed)),
            "startDate": day(midnight(term.starts)),
            "cancelDate": None if term.cancelled is None else day(midnight(term.cancelled)),
            "endDate": None if term.ends is None else day(midnight(term.ends)),
        },
        day(midnight(term.committed)),
        status,
        min(builder.now - 1, 600 + midnight(max(each for each in known if each <= until))),
        status in ("Current", "Freezed"),
    )


def _discounts(builder: Builder, life: Life, plan: Row, term: Term) -> list[dict[str, Any]]:
    if not term.discounts:
        return []
    offered = [
        row
        for row in builder.rows("discounts")
        if row.params["clubId"] == life.club + 1 and row.params["paymentPlanId"] == plan["id"]
    ]
    return [dict(offered[number]) for number in term.discounts]


def _add_on(plan: Row) -> dict[str, Any] | None:
    offered = (plan.detail or {})["addOns"]
    first = offered if isinstance(offered, dict) else (offered[-1] if offered else None)
    return first if first and programme.PLANS[plan["id"] - 71][4] == "1 Month" else None


def _settle(
    builder: Builder,
    people: People,
    random: Random,
    contract_id: int,
    user: Row,
    life: Life,
    due: list[Charge],
    terms: Terms,
) -> None:
    """Tell the terms what was paid and what is open; v2.2 knows when each was due, and where."""
    tills: list[int | None] = []
    for charge in due:
        if charge.paid is None:
            terms.pending.append(
                transaction(charge.cents, charge.cents, midnight(charge.due), charge.kind)
            )
            continue
        paid = midnight(charge.paid)
        terms.paid.append(transaction(charge.cents, 0, paid, charge.kind))
        sale = None
        if life.dues == "till" and charge.cents:
            sale = next(people.sales)
            fields = {"contractId": contract_id, "memberId": user["id"], "clubId": life.club + 1}
            fields["contractTransactionType"] = TYPES[charge.kind]
            moment = paid + random.randrange(8 * 60, 20 * 60)
            add_sale(builder, random, sale, charge.cents, moment, fields)
        tills.append(sale)
    terms.hidden = {
        "due": [day(midnight(charge.due)) for charge in due if charge.paid],
        "till": tills,
    }
