"""What contracts cost: charges, when they were paid, and what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from ...data import programme
from .lives import ANNUAL, TRIAL, Life, Term
from .rhythm import month_after

MEMBERSHIP, JOINING, FREEZE, ADD_ON = "MembershipFee", "JoiningFee", "FreezeFee", "AddOnFee"
_JOINING_CENTS = 9900
_AHEAD = timedelta(31)


@dataclass
class Charge:
    """One charge: its kind, cents and due day, and when it was paid, if it was."""

    kind: str
    cents: int
    due: date
    paid: date | None = None


def price(plan: int, discounts: tuple[int, ...], interval: int) -> int:
    """The cents of an interval of a plan, less discounts in their order."""
    gross = Decimal(programme.PLANS[plan][3])
    for number in discounts:
        _, kind, value = programme.DISCOUNTS[number]
        if kind == "Percent" or (kind == "PercentForInitialMonths" and interval < 3):
            gross *= 1 - Decimal(value) / 10_000
        elif kind == "Amount":
            gross = max(Decimal(0), gross - value)
        elif kind == "Fixed":
            gross = Decimal(value)
    return int(gross.quantize(Decimal(1), ROUND_HALF_UP))


def charges(
    random: Random, life: Life, term: Term, until: date, add_on: int | None
) -> list[Charge]:
    """The charges of a contract, up to a month ahead, in the order in which they are due.

    Args:
        random: a source of chance.
        life: the member.
        term: the contract.
        until: the last day of the world.
        add_on: the cents of its add-on.
    """
    found = []
    if term is life.terms[0] and term.plan != TRIAL and not term.discounts:
        found.append(Charge(JOINING, _JOINING_CENTS, term.starts))
    for interval, due in enumerate(_due_days(term, until)):
        if any(freeze.first <= due <= freeze.last for freeze in term.freezes):
            continue
        found.append(Charge(MEMBERSHIP, price(term.plan, term.discounts, interval), due))
        if add_on is not None:
            found.append(Charge(ADD_ON, add_on, due))
    for freeze in term.freezes:
        cents = programme.FREEZE_TYPES[freeze.kind][4]
        if cents and freeze.first <= until:
            found.append(Charge(FREEZE, cents, freeze.first))
    found.sort(key=lambda charge: charge.due)
    _pay(random, life, term, found, until)
    return found


def _due_days(term: Term, until: date) -> Iterator[date]:
    months = 12 if term.plan == ANNUAL else 1
    last = min(term.last() or date.max, until + _AHEAD)
    for interval in range(999):
        due = month_after(term.starts, interval * months)
        if due > last:
            return
        yield due
        if term.plan == TRIAL:
            return


def _pay(random: Random, life: Life, term: Term, found: list[Charge], until: date) -> None:
    stopped = len(found)
    if life.dues == "never" and len(found) > 1:
        stopped = max(1, len(found) - random.randrange(1, 6))
    last = term.last()
    if last is not None and last <= until and random.random() < 0.04:
        stopped = min(stopped, len(found) - 1)
    for place, charge in enumerate(found):
        delay = 0
        if life.dues == "till":
            delay = random.randrange(0, 6)
        elif life.dues in ("late", "never"):
            delay = random.choice((2, 8, 15, 20, 35, 50, 80))
        elif random.random() < 0.03:
            delay = random.randrange(5, 40)
        paid = charge.due + timedelta(delay)
        if not charge.cents:
            paid = charge.due
        if paid <= until and (place < stopped or not charge.cents):
            charge.paid = paid
