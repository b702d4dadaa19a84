"""The facts of a sandbox's world as API v1 shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timezone
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from support.truth import BLANKS, ZONES

from perfectgym_source.sandbox.world import World

from .facts import (
    Addon,
    Booking,
    Class,
    Contract,
    Entry,
    Facts,
    Fee,
    Payment,
    Plan,
    Sale,
    cents,
)

_UNITS = {"day": (0, 1), "week": (0, 7), "month": (1, 0), "quarter": (3, 0), "year": (12, 0)}


def facts_of_v1(world: World) -> Facts:
    """Everything that the marts can know from API v1."""
    contracts = tuple(_contracts(world))
    clubs = {contract.key: contract.club for contract in contracts}
    return Facts(
        plans={row.key: _plan(row) for row in world.rows("payment_plans")},
        contracts=contracts,
        fees=tuple(_fees(world)),
        entries=tuple(_entries(world)),
        classes=tuple(_class(row) for row in world.classes),
        bookings=tuple(_booking(row) for row in world.rows("user_classes")),
        sales=tuple(_sales(world)),
        payments=tuple(_payments(world, clubs)),
    )


def _given(row: Any, *names: str) -> Any:
    """The value under the first spelling that is there; None if it is blank."""
    value = next((row[name] for name in names if name in row), None)
    return None if value in BLANKS else value


def _elements(value: Any) -> list[Any]:
    return [] if value in BLANKS else [value] if isinstance(value, dict) else list(value)


def _true(value: Any) -> bool:
    return str(value).lower() in ("true", "1")


def _integer(value: Any) -> int | None:
    return None if value in BLANKS else int(value)


def _day(value: Any) -> date | None:
    return None if value in BLANKS else date.fromisoformat(value[:10])


def _amount(value: Any) -> Fraction:
    return Fraction(0) if value in BLANKS else Fraction(str(value))


def _period(text: Any) -> tuple[int, int] | None:
    found = re.fullmatch(r"\s*(\d+)\s*(day|week|month|quarter|year)s?\s*", str(text).lower())
    if found is None:
        return None
    months, days = _UNITS[found[2]]
    return int(found[1]) * months, int(found[1]) * days


def _plan(row: Any) -> Plan:
    detail = row.detail
    fee = detail["fees"]["membershipFee"]
    return Plan(
        row.key,
        _amount(fee["gross"]),
        _amount(fee["net"]),
        _period(detail["paymentInterval"]),
        _period(detail["commitmentPeriod"]),
        _true(row["isAddOnPaymentPlan"]),
        {
            each["name"]: (_amount(each["fee"]["gross"]), _amount(each["fee"]["net"]))
            for each in _elements(detail["addOns"])
        },
    )


def _contracts(world: World) -> Iterator[Contract]:
    members = {row.key: row for row in world.users}
    for row in world.contracts:
        if _true(row["isDeleted"]):
            continue
        owner = row.hidden.get("userId")
        member = owner if owner in members else None
        summaries = [
            each
            for each in _elements(members[member]["contracts"] if member else None)
            if each["paymentPlanId"] == row["paymentPlan"]["id"]
            and each["startDate"] == row["startDate"]
        ]
        yield Contract(
            row.key,
            member,
            _integer(members[member]["homeClubId"]) if member else None,
            row["paymentPlan"]["id"],
            _day(row["startDate"]),
            _day(row["endDate"]),
            _day(row["cancelDate"]),
            _day(row["commitmentDate"]),
            bool(summaries) and all(_true(each["isAdditionalContract"]) for each in summaries),
            tuple(
                (each["membershipFeeDiscountType"], _amount(each["membershipFeeDiscountValue"]))
                for each in _elements(row["discounts"])
            ),
            tuple(
                Addon(each["name"], _day(each["startDate"]), _day(each["endDate"]))
                for summary in summaries
                for each in _elements(summary["addons"])
            ),
            tuple(
                (date.fromisoformat(each["startDate"][:10]), _day(each["endDate"]))
                for each in _elements(row["freezes"])
                if not _true(each["isDeleted"])
            ),
        )


def _fees(world: World) -> Iterator[Fee]:
    for row in world.rows("pending_contract_fees"):
        if not _true(row["isDeleted"]):
            fee = _given(row, "fee", "amount")
            left = cents(_amount(fee["gross"] if isinstance(fee, dict) else fee))
            kind = str(_given(row, "feeType", "paymentType"))
            yield Fee(row.params["userId"], kind, _day(row["dueDate"]), left)


def _payments(world: World, clubs: dict[int, int | None]) -> Iterator[Payment]:
    for row in world.rows("contract_fees"):
        for paid in _elements(row["paidTransactions"]):
            day = date.fromisoformat(paid["date"][:10])
            club = clubs.get(row.params["contractId"])
            yield Payment(day, club, None, cents(_amount(paid["amount"])))


def _entries(world: World) -> Iterator[Entry]:
    zones = {row["id"]: ZONES[row.get("timeZone") or row["timezone"]] for row in world.clubs}
    for row in world.rows("club_visits"):
        if _true(row["isDeleted"]):
            continue
        club = row["club"]["id"]
        zone = ZoneInfo(zones[club])
        enter, leave = datetime.fromisoformat(row["enterDate"]), None
        if row["exitDate"] not in BLANKS:
            leave = datetime.fromisoformat(row["exitDate"])
        yield Entry(
            row["userId"],
            club,
            enter,
            leave,
            enter.replace(tzinfo=zone).astimezone(timezone.utc),
            None if leave is None else leave.replace(tzinfo=zone).astimezone(timezone.utc),
        )


def _class(row: Any) -> Class:
    return Class(
        row.key,
        row.params["clubId"],
        datetime.fromisoformat(row["startDate"]),
        datetime.fromisoformat(row["endDate"]),
        _integer(row["attendeesLimit"]),
        _integer(row["attendeesCount"]),
        row["classType"]["id"],
        row["instructor"]["id"] if row["instructor"] else None,
        _true(row["isDeleted"]),
    )


def _booking(row: Any) -> Booking:
    booked, attended, standby = (_true(row[name]) for name in ("booked", "attended", "standby"))
    attended = attended and not _true(row["isDeleted"])
    is_cancelled = _true(row["isDeleted"]) or not (booked or attended or standby)
    return Booking(row.params["classId"], row.params["userId"], attended, standby, is_cancelled)


def _sales(world: World) -> Iterator[Sale]:
    for row in world.rows("user_products"):
        amount = _amount(row["price"]) * _amount(row["initialQuantity"])
        sold_on = date.fromisoformat(row["createdTime"][:10])
        yield Sale(sold_on, row.params["clubId"], row["category"], cents(amount))
