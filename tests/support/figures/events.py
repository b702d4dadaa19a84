"""Edits after which a world has an example of each rule of the definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from perfectgym_source.sandbox.world import World

AS_OF = date(2026, 6, 30)
DISCOUNT_KINDS = (
    ("Percent", "10.00"),
    ("Amount", "5.00"),
    ("Fixed", "79.00"),
    ("Free", "0.00"),
    ("Amount", "200.00"),
    ("PercentForInitialMonths", "50.00"),
    ("FreeMonth", "0"),
    ("Percent", "33.33"),
)


@dataclass(frozen=True)
class Signed:
    """A contract to add."""

    plan: int
    start: str
    end: str | None = None
    cancel: str | None = None
    commitment: str | None = None
    freezes: tuple[tuple[str, str | None], ...] = ()
    discounts: tuple[tuple[str, str], ...] = ()
    addons: tuple[tuple[str, str, str | None], ...] = ()
    is_additional: bool = False
    is_deleted: bool = False
    more: dict[str, Any] = field(default_factory=dict)


HISTORIES: tuple[tuple[Signed, ...], ...] = (
    # An upgrade the day after, a downgrade one day later, an overlap, a short one inside.
    (Signed(74, "2025-05-01", "2026-03-14", "2026-03-01"), Signed(71, "2026-03-15")),
    (Signed(71, "2025-05-01", "2026-03-14", "2026-03-01"), Signed(74, "2026-03-16")),
    (Signed(71, "2025-01-15", "2025-12-31"), Signed(73, "2025-06-01", None)),
    (Signed(71, "2025-01-15", "2025-12-31"), Signed(75, "2025-06-01", "2025-06-30")),
    # Gaps of 20, 30, 31 and 48 days.
    (Signed(71, "2025-09-01", "2026-01-20"), Signed(71, "2026-02-10")),
    (Signed(71, "2025-09-01", "2026-01-20"), Signed(71, "2026-02-20")),
    (Signed(71, "2025-09-01", "2026-01-20"), Signed(71, "2026-02-21")),
    (Signed(71, "2025-09-01", "2026-01-20"), Signed(73, "2026-03-10")),
    # Passes of seven days: alone; before a contract; of somebody who was a member before.
    (Signed(78, "2026-03-03", "2026-03-09"),),
    (Signed(78, "2026-03-03", "2026-03-09"), Signed(71, "2026-03-20")),
    (Signed(78, "2026-03-03", "2026-03-09"), Signed(71, "2026-04-02")),
    (Signed(71, "2024-01-01", "2024-06-30"), Signed(78, "2026-03-03", "2026-03-09"),
     Signed(71, "2026-03-15")),
    (Signed(78, "2026-01-28", "2026-02-03"),),
    # Freezes: a leaver who is frozen, overlaps, one without an end, one beyond the contract.
    (Signed(71, "2025-01-01", "2026-02-10", freezes=(("2026-01-15", "2026-02-28"),)),),
    (Signed(73, "2025-01-01", freezes=(
        ("2026-01-10", "2026-02-10"), ("2026-02-01", "2026-03-31"))),),
    (Signed(73, "2025-01-01", freezes=(("2026-05-31", None),)),),
    (Signed(73, "2025-01-01", "2025-12-31", freezes=(("2024-12-01", "2026-03-01"),)),),
    # Two contracts of which one is frozen, and an owner who starts frozen.
    (Signed(71, "2025-01-01", freezes=(("2025-03-10", "2025-04-10"),)), Signed(75, "2025-02-01")),
    (Signed(71, "2026-02-10", freezes=(("2026-02-10", "2026-03-15"),)),),
    # Additional: by itself, by its plan, beside a base contract.
    (Signed(71, "2025-10-01", is_additional=True),),
    (Signed(79, "2025-10-01", "2026-04-30"),),
    (Signed(71, "2025-10-01"), Signed(80, "2025-12-01", is_additional=True)),
    # Notices: with a commitment, after it, without one; a contract that never started.
    (Signed(71, "2025-01-10", None, "2026-02-20", "2026-05-31"),),
    (Signed(71, "2025-01-10", None, "2026-02-20", "2026-01-31"),),
    (Signed(71, "2025-01-10", None, "2026-02-20"),),
    (Signed(71, "2026-02-10", "2026-02-09"),),
    (Signed(71, "2026-01-31", "2026-01-31"), Signed(71, "2026-02-28", "2026-02-28")),
    # Later than what counts; deleted; another interval; a text that is none.
    (Signed(71, "2026-07-01"),),
    (Signed(71, "2025-01-10", is_deleted=True),),
    (Signed(81, "2025-01-10"), Signed(76, "2025-03-01", "2026-02-28")),
    (Signed(82, "2025-11-01", addons=(("Towel Service", "2025-11-01", None),)),),
    # Add-ons that come and go, and one that the plan does not have.
    (Signed(71, "2025-10-01", addons=(("Towel Service", "2025-12-01", "2026-02-28"),)),),
    (Signed(73, "2025-10-01", addons=(
        ("Towel Service", "2025-10-01", "2026-03-31"), ("Sauna Access", "2026-01-15", None),
        ("Parking", "2026-01-15", None))),),
    # Discounts, one by one and one after another.
    *((Signed(73, f"2025-0{month}-12", discounts=(kind,)),)
      for month, kind in enumerate(DISCOUNT_KINDS, 1)),
    (Signed(73, "2025-05-05", discounts=DISCOUNT_KINDS[:2]),),
    (Signed(74, "2025-05-05", discounts=(DISCOUNT_KINDS[1], DISCOUNT_KINDS[0])),),
    (Signed(73, "2025-05-05", discounts=(DISCOUNT_KINDS[2], DISCOUNT_KINDS[0])),),
    # A price that falls to nothing and rises again.
    (Signed(71, "2025-05-05", "2025-12-31", discounts=(DISCOUNT_KINDS[3],)),
     Signed(71, "2026-01-01")),
)  # fmt: skip
"""The contracts of one new member each."""

INTERVALS = {
    81: ("2 WEEKS", "12 Months"),
    82: ("1 quarter", "1 Year"),
    76: ("Semester", "6 Months"),
}
"""Intervals and commitments of plans that are changed."""


def _charged(due: str, gross: str) -> tuple[tuple[str, str, str, bool], ...]:
    return (("Membership", due, gross, False),)


MOVES: tuple[tuple[int, tuple[Any, ...]], ...] = (
    # Nobody's contract.
    (71, ((1, "2026-01-05", None, _charged("2026-01-05", "80")),)),
    # Another club, for more, for less, and with a month between.
    (71, ((1, "2025-11-05", "2026-01-31", _charged("2025-11-05", "80")),
          (2, "2026-02-01", None, _charged("2026-02-01", "95")))),
    (71, ((1, "2025-11-05", "2026-01-31", _charged("2025-11-05", "95")),
          (2, "2026-02-01", None, _charged("2026-02-01", "80.01")))),
    (71, ((1, "2025-11-05", "2026-01-31", _charged("2025-11-05", "95")),
          (2, "2026-03-01", None, _charged("2026-02-20", "80.01")))),
    # From one club to two, of which the shares are no whole cents; and from two to one.
    (71, ((1, "2025-11-05", "2026-01-31", _charged("2025-11-05", "100")),
          (2, "2026-02-01", None, _charged("2026-02-01", "100.01")),
          (3, "2026-02-01", None, _charged("2026-02-01", "50.02")))),
    (71, ((1, "2025-11-05", "2026-01-31", _charged("2025-11-05", "100")),
          (2, "2025-11-05", "2026-01-31", _charged("2025-11-05", "33.33")),
          (3, "2026-02-01", None, _charged("2026-02-01", "70.07")))),
    # Charges: a rise, two of one day, one that was cancelled, one to come, add-ons, another kind.
    (71, ((1, "2025-11-05", None, (
        ("Membership", "2025-11-05", "100", False), ("Membership", "2026-01-31", "60", False),
        ("Membership", "2026-01-31", "50", False), ("Membership", "2026-03-01", "999", True),
        ("Membership", "2026-07-01", "120", False), ("AddOn", "2026-02-01", "12.50", False),
        ("JoiningFee", "2025-11-05", "99", False))),)),
    # Charges for a year, and before the start.
    (81, ((1, "2025-11-05", None, _charged("2025-10-01", "1080")),)),
    (78, ((1, "2026-02-20", "2026-02-26", _charged("2026-02-20", "0")),)),
)  # fmt: skip
"""Plans, with contracts in clubs and the charges of each: of the first members, in v2.2."""


def make_eventful(world: World) -> None:
    """Add members, contracts, visits, bookings and debts of every kind."""
    sign_all(world, HISTORIES)
    _sign(world, None, Signed(71, "2026-01-01"))
    _visit(world, 5003)
    _owe(world, 5004)
    _book(world)


def sign_all(world: World, histories: Sequence[tuple[Signed, ...]]) -> None:
    """Add a member for each history of contracts."""
    for plan, (interval, commitment) in INTERVALS.items():
        world.change("payment_plans", plan, paymentInterval=interval, commitmentPeriod=commitment)
    for number, history in enumerate(histories):
        home = None if number == 7 else 1 + number % 3
        member = world.add("users", homeClubId=home, birthDate="1990-02-03T00:00:00")
        for signed in history:
            _sign(world, member.key, signed)
        _tell(world, member, history)


def _midnight(day: str | None) -> str | None:
    return None if day is None else f"{day}T00:00:00"


def _sign(world: World, member: Any, signed: Signed) -> None:
    plan = world.find("payment_plans", signed.plan)
    row = world.add(
        "contracts",
        signDate=_midnight(signed.start),
        startDate=_midnight(signed.start),
        endDate=_midnight(signed.end),
        cancelDate=_midnight(signed.cancel),
        commitmentDate=_midnight(signed.commitment),
        isDeleted=signed.is_deleted,
        paymentPlan={"id": plan.key, "name": plan["name"], "isActive": True},
        discounts=[
            {"id": 900 + n, "name": kind, "isActive": True, "membershipFeeDiscountType": kind,
             "membershipFeeDiscountValue": value, "combineDiscounts": []}
            for n, (kind, value) in enumerate(signed.discounts)
        ],
        freezes=[
            {"id": 90_000 + len(world.contracts) * 10 + n, "startDate": _midnight(first),
             "endDate": _midnight(last), "isDeleted": False, "timestamp": world.timestamp,
             "reason": {"id": 1, "name": "Illness"}, "type": {"id": 1, "name": "Free of charge"}}
            for n, (first, last) in enumerate(signed.freezes)
        ],
    )  # fmt: skip
    row.hidden = {} if member is None else {"userId": member}
    row.forget_json()


def _tell(world: World, member: Any, history: tuple[Signed, ...]) -> None:
    """Show the contracts beside the member, as v1 does."""
    summaries = [
        {"startDate": _midnight(signed.start), "endDate": _midnight(signed.end), "isActive": True,
         "isAdditionalContract": signed.is_additional, "paymentPlanId": signed.plan,
         "paymentPlanName": "", "addons": [
            {"clubServiceType": "Service", "description": name, "name": name, "isActive": True,
             "startDate": _midnight(first), "endDate": _midnight(last)}
            for name, first, last in signed.addons]}
        for signed in history
    ]  # fmt: skip
    if member.detail is not None:
        member.detail["contracts"] = []
    member["contracts"] = summaries
    member.forget_json()


def _visit(world: World, member: int) -> None:
    """Entries that belong together, that cross midnight or a change of the clock, and are open."""
    for first, last in (
        ("2026-05-04T18:00:00", "2026-05-04T19:10:00"),
        ("2026-05-04T19:12:00", "2026-05-04T20:00:00"),
        ("2026-05-04T20:05:00", "2026-05-04T20:30:00"),
        ("2026-05-04T20:35:01", "2026-05-04T21:00:00"),
        ("2026-05-05T23:30:00", "2026-05-06T00:40:00"),
        ("2026-03-29T01:30:00", "2026-03-29T03:30:00"),
        ("2026-05-08T06:00:00", None),
        ("2026-05-08T06:03:00", "2026-05-08T07:00:00"),
        ("2026-05-09T06:00:00", "2026-05-09T18:00:00"),
        ("2026-05-10T06:00:00", "2026-05-10T18:01:00"),
        ("2026-06-29T10:00:00", None),
        ("2026-06-30T11:59:00", None),
        ("2026-06-30T12:01:00", None),
        ("2026-06-30T20:00:00", None),
        ("2026-06-30T23:59:00", "2026-07-01T01:00:00"),
        ("2026-07-01T00:00:00", None),
    ):
        world.add("club_visits", userId=member, enterDate=first, exitDate=last)
        member += 1 if last is None else 0


def _owe(world: World, member: int) -> None:
    """Debts of every age."""
    for age in (-10, 0, 1, 30, 31, 60, 61, 90, 91, 400):
        due = (AS_OF - timedelta(days=age)).isoformat()
        fee = {"net": 8.13, "tax": 1.87, "taxRate": 23.0, "gross": 10 + age / 100}
        world.add("pending_contract_fees", user_id=member, dueDate=_midnight(due), fee=fee)


def _book(world: World) -> None:
    """Classes that are over-booked, without a limit, deleted, not recorded, just over."""
    booked = [row for row in world.classes if world.rows("user_classes", class_id=row.key)]
    past = [row for row in booked if row["startDate"] < "2026-06-20"]
    world.change("classes", past[0], attendeesLimit=1)
    world.change("classes", past[1], attendeesLimit=0)
    world.change("classes", past[2], attendeesLimit=None)
    world.change("classes", past[3], isDeleted=True)
    world.change("classes", past[4], attendeesCount=99)
    for row in world.rows("user_classes", class_id=past[5].key):
        world.change("user_classes", row, attended=False)
    for row in world.rows("user_classes", class_id=past[6].key)[:1]:
        world.change("user_classes", row, attended=True, isDeleted=True)
    standby = sum(
        row["standby"] is True for row in world.rows("user_classes", class_id=past[7].key)
    )
    world.change("classes", past[7], attendeesCount=past[7]["attendeesCount"] + standby)
    for row, until in zip(past[8:11], ("T23:59:00", "T00:00:00", "T00:01:00"), strict=True):
        day = "2026-06-29" if until == "T23:59:00" else "2026-06-30"
        world.change("classes", row, startDate=f"{day[:-2]}29T12:00:00", endDate=f"{day}{until}")


def make_eventful_sets(world: World) -> None:
    """Add what only v2.2 can show: clubs of contracts, and what they were charged."""
    for member, (plan, clubs) in enumerate(MOVES, 5001):
        for club, start, end, charges in clubs:
            key = world.sets.add(
                "Contracts",
                memberId=0 if member == 5001 else member,
                clubId=club,
                paymentPlanId=plan,
                signUpDate=_midnight(start),
                startDate=_midnight(start),
                endDate=_midnight(end),
                cancelDate=None,
                isAdditionalContract=False,
            ).key
            for kind, due, gross, is_cancelled in charges:
                amount = Decimal(gross)
                net = (amount / Decimal("1.23")).quantize(Decimal("0.01"))
                world.sets.add(
                    "ContractCharges",
                    contractId=key,
                    memberId=member,
                    type=kind,
                    dueDate=_midnight(due),
                    amount={"net": net, "gross": amount, "vat": amount - net},
                    leftToPay=Decimal(0),
                    isCancelled=is_cancelled,
                )
