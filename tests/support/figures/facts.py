"""What a gym chain did, as plain records, and the choices by which it is counted.

The figures of this folder are worked out from these records in plain Python, without SQL and
without the models of the marts: they are what the marts must say.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rules:
    """The variables of the definitions, with their defaults."""

    end_is_last_day: bool = True
    rejoin_gap_days: int = 30
    replace_gap_days: int = 1
    mrr_amount: str = "net"
    price_basis: str = "auto"
    freeze_in_mrr: str = "pause"
    days_per_month: Fraction = Fraction("30.4375")
    time_limited_discounts: str = "ignore"
    attrition_denominator: str = "average"
    visit_merge_minutes: int = 5
    visit_max_hours: int = 12
    noshow_after_hours: int = 24
    ageing_days: tuple[int, ...] = (30, 60, 90)
    grace_days: int = 0


@dataclass(frozen=True)
class Plan:
    """A payment plan; periods are months and days, None where the text is not understood."""

    key: int
    gross: Fraction = Fraction(0)
    net: Fraction = Fraction(0)
    interval: tuple[int, int] | None = (1, 0)
    commitment: tuple[int, int] | None = None
    is_addon: bool = False
    addons: dict[str, tuple[Fraction, Fraction]] = field(default_factory=dict)


@dataclass(frozen=True)
class Addon:
    """Something that is paid beside a contract, known by its name in the plan."""

    name: str
    starts_on: date | None
    ends_on: date | None


@dataclass(frozen=True)
class Contract:
    """A contract that was not deleted."""

    key: int
    member: int | None = None
    club: int | None = None
    plan: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    cancelled_on: date | None = None
    committed_on: date | None = None
    is_additional: bool = False
    discounts: tuple[tuple[str, Fraction], ...] = ()
    addons: tuple[Addon, ...] = ()
    freezes: tuple[tuple[date, date | None], ...] = ()


@dataclass(frozen=True)
class Charge:
    """What a contract was or will be charged."""

    contract: int | None
    kind: str
    due_on: date
    gross: Fraction
    net: Fraction


@dataclass(frozen=True)
class Fee:
    """An amount that a member owes, or owed."""

    member: int | None
    kind: str
    due_on: date | None
    left: Decimal


@dataclass(frozen=True)
class Entry:
    """One passage through a turnstile, in local time; instants where they are known."""

    member: int | None
    club: int | None
    entered_at: datetime
    left_at: datetime | None = None
    entered: datetime | None = None
    left: datetime | None = None


@dataclass(frozen=True)
class Class:
    """A class on the timetable, deleted or not, in local time."""

    key: int
    club: int | None
    starts_at: datetime
    ends_at: datetime
    limit: int | None = None
    count: int | None = None
    type: int | None = None
    instructor: int | None = None
    is_deleted: bool = False


@dataclass(frozen=True)
class Booking:
    """A member in a class."""

    class_key: int
    member: int
    attended: bool = False
    standby: bool = False
    cancelled: bool = False


@dataclass(frozen=True)
class Sale:
    """A line of a sale to a member or at the counter."""

    sold_on: date
    club: int | None
    category: str | None
    amount: Decimal


@dataclass(frozen=True)
class Payment:
    """Money that came in, or went back."""

    paid_on: date
    club: int | None
    method: str | None
    amount: Decimal


@dataclass(frozen=True)
class Facts:
    """All records of an installation.

    Attributes:
        charges: None where contracts go by their list price.
        sources: how members heard of the chain.
        counts_are_booked: whether the classes say how many places are booked.
    """

    plans: dict[int, Plan] = field(default_factory=dict)
    contracts: tuple[Contract, ...] = ()
    charges: tuple[Charge, ...] | None = None
    fees: tuple[Fee, ...] = ()
    entries: tuple[Entry, ...] = ()
    classes: tuple[Class, ...] = ()
    bookings: tuple[Booking, ...] = ()
    sales: tuple[Sale, ...] = ()
    payments: tuple[Payment, ...] = ()
    sources: dict[int, str | None] = field(default_factory=dict)
    counts_are_booked: bool = True

    @cached_property
    def charges_of(self) -> dict[int | None, list[Charge]]:
        """The charges by contract."""
        found: dict[int | None, list[Charge]] = {}
        for charge in self.charges or ():
            found.setdefault(charge.contract, []).append(charge)
        return found


def cents(amount: Fraction) -> Decimal:
    """An amount to the cent, halves away from zero."""
    whole = math.floor(abs(amount) * 100 + Fraction(1, 2))
    return Decimal(whole if amount >= 0 else -whole).scaleb(-2)


def first_of(day: date) -> date:
    """The first day of a month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the following month."""
    return (day.replace(day=1) + 31 * DAY).replace(day=1)


def last_of(day: date) -> date:
    """The last day of a month."""
    return next_month(day) - DAY


def months(first: date, last: date) -> Iterable[date]:
    """The first days of all months from one day to another."""
    month = first_of(first)
    while month <= last:
        yield month
        month = next_month(month)
