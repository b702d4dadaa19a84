"""A chain: a world with the rhythm of real clubs, which ends on any day."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from support.sandbox_client import canonical

from perfectgym_source.sandbox import World
from perfectgym_source.sandbox.store.rows import Row

UNTIL = date(2026, 6, 30)


@pytest.fixture(scope="module")
def world() -> World:
    """A chain that nobody changes."""
    return World("chain", quirks=False)


def day(text: str | None) -> date | None:
    """The day of a local time."""
    return None if text is None else date.fromisoformat(text[:10])


def start(row: Row) -> date:
    """The day on which a row starts."""
    return date.fromisoformat(row["startDate"][:10])


def last(contract: Row) -> date:
    """The last day on which a contract is in force."""
    if contract["endDate"] is None and contract["cancelDate"] is not None:
        days = (day(contract["cancelDate"]), day(contract["commitmentDate"]))
        return max(each for each in days if each)
    return day(contract["endDate"]) or date.max


def by_member(world: World) -> dict[int, list[Row]]:
    """The contracts of each member in the order of their start."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in sorted(world.contracts, key=start):
        found[row.hidden["userId"]].append(row)
    return found


def members(world: World, club: int, on: date) -> int:
    """Members of a club on a day."""
    owners = by_member(world)
    return sum(
        any(start(row) <= on <= last(row) for row in owners[user["id"]])
        for user in world.users
        if user["homeClubId"] == club
    )


def held(world: World) -> dict[int, Row]:
    """The classes that took place."""
    return {row["id"]: row for row in world.classes if start(row) <= UNTIL and not row["isDeleted"]}


def test_the_same_day_makes_the_same_world_and_another_one_ends_there(world: World) -> None:
    tables = ("contracts", "club_visits", "user_classes", "pending_contract_fees")
    again = World("chain", quirks=False, until=UNTIL)
    for table in tables:
        assert canonical(again.truth(table)) == canonical(world.truth(table))
    assert again.beyond == world.beyond
    until = date(2028, 2, 29)
    other = World("chain", quirks=False, until=until)
    visits = [day(row["enterDate"]) for row in other.rows("club_visits")]
    assert max(each for each in visits if each) == until
    assert min(each for each in visits if each) <= until - timedelta(730)
    with pytest.raises(ValueError, match="'tiny' does not end on a day of choice"):
        World("tiny", until=UNTIL)


def test_what_happened_ends_with_the_last_day_and_what_is_booked_lies_ahead(world: World) -> None:
    assert max(start(row) for row in world.classes) == UNTIL + timedelta(7)
    ahead = {row["id"] for row in world.classes if start(row) > UNTIL}
    booked = [row for row in world.rows("user_classes") if row["id"] in ahead]
    assert booked
    assert not any(row["attended"] for row in booked)
    for row in world.contracts:
        assert date.fromisoformat(row["signDate"][:10]) <= UNTIL
        assert (day(row["cancelDate"]) or UNTIL) <= UNTIL
    for row in world.rows("contract_fees"):
        assert all((day(fee["date"]) or UNTIL) <= UNTIL for fee in row["paidTransactions"])


def test_members_come_at_seven_and_at_eighteen_and_later_at_the_weekend(world: World) -> None:
    visits = [row["enterDate"] for row in world.rows("club_visits")]
    hours: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for text in visits:
        hours[date.fromisoformat(text[:10]).weekday() > 4][int(text[11:13])] += 1
    working, free = hours[False], hours[True]
    assert working.most_common(1)[0][0] == 18
    assert max(range(6, 12), key=lambda hour: working[hour]) == 7
    assert free.most_common(1)[0][0] in (10, 11)
    assert working.total() / 5 > 1.3 * free.total() / 2


def test_january_is_high_and_august_is_low(world: World) -> None:
    months = Counter(row["enterDate"][:7] for row in world.rows("club_visits"))
    assert months["2025-01"] > months["2024-12"] > months["2024-08"]
    assert months["2025-08"] < 0.8 * min(months["2025-05"], months["2025-09"])
    joined = Counter(start(rows[0]).isoformat()[:7] for rows in by_member(world).values())
    assert joined["2026-01"] > 2 * joined["2025-08"]


def test_one_club_grows_and_another_one_shrinks(world: World) -> None:
    before = UNTIL - timedelta(365)
    assert members(world, 3, UNTIL) > 1.5 * members(world, 3, before)
    assert members(world, 2, UNTIL) < 0.9 * members(world, 2, before)
    assert members(world, 1, UNTIL) > members(world, 1, before)


def test_some_classes_are_full_and_others_nearly_empty(world: World) -> None:
    places: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in held(world).values():
        if row["attendeesLimit"]:
            for key in (row["classType"]["name"], row["startDate"][11:16]):
                places[key][0] += row["attendeesCount"]
                places[key][1] += row["attendeesLimit"]
    fill = {key: booked / limit for key, (booked, limit) in places.items()}
    assert fill["Indoor Cycling"] > 2 * fill["Mini Movers"]
    assert fill["18:15"] > 1.5 * fill["12:15"]
    standby = [row for row in world.rows("user_classes") if row["standby"]]
    assert len(standby) > 100


def test_who_does_not_show_up_depends_on_the_class(world: World) -> None:
    classes = held(world)
    found: dict[str, Counter[bool]] = defaultdict(Counter)
    booked: Counter[int] = Counter()
    for row in world.rows("user_classes"):
        of = classes.get(row["id"])
        if of is not None and row["booked"]:
            found[of["classType"]["name"]][row["attended"]] += 1
            booked[row["id"]] += 1
    rates = {name: count[False] / count.total() for name, count in found.items()}
    assert 0.03 < min(rates.values()) < 0.13
    assert max(rates.values()) > 0.2
    assert booked == Counter({key: row["attendeesCount"] for key, row in classes.items()})


def test_some_pay_late_and_a_few_not_at_all(world: World) -> None:
    ages = [
        (UNTIL - date.fromisoformat(row["dueDate"][:10])).days
        for row in world.rows("pending_contract_fees")
    ]
    assert all(sum(low < age <= low + 30 for age in ages) >= 3 for low in (-31, 0, 30, 60))
    assert sum(age > 90 for age in ages) >= 10
    open_fees = sum(len(row["pendingTransactions"]) for row in world.rows("contract_fees"))
    assert len(ages) == open_fees


def test_contracts_end_and_are_followed_in_every_way(world: World) -> None:
    gaps = [
        (start(later) - last(earlier)).days - 1
        for rows in by_member(world).values()
        for earlier, later in pairwise(rows)
    ]
    assert all(gap >= 0 for gap in gaps)
    assert sum(gap == 0 for gap in gaps) > 50  # renewed, up or down
    assert any(0 < gap <= 30 for gap in gaps)
    assert sum(gap > 30 for gap in gaps) > 10  # back after a while
    contracts = world.contracts
    assert sum(row["cancelDate"] is not None for row in contracts) > 80
    assert any(row["cancelDate"] and not row["endDate"] for row in contracts)
    assert any(row["endDate"] and not row["cancelDate"] for row in contracts)
    kinds = {row["membershipFeeDiscountType"] for each in contracts for row in each["discounts"]}
    assert kinds == {"Percent", "Amount", "Fixed", "PercentForInitialMonths"}
    plans = {row["id"]: row.detail for row in world.rows("payment_plans")}
    intervals = {(plans[row["paymentPlan"]["id"]] or {})["paymentInterval"] for row in contracts}
    assert intervals == {"1 Month", "1 Year", "7 Days"}
    months = Counter(row["startDate"][5:7] for each in contracts for row in each["freezes"])
    assert months["07"] + months["08"] > months["02"] + months["03"]
    assert any(summary["addons"] for user in world.users for summary in user["contracts"])


def test_v22_shows_the_same_debts_prices_and_sales(world: World) -> None:
    sets = world.sets
    charges = sets.truth("ContractCharges")
    open_fees = {row["contractId"]: Decimal(0) for row in charges}
    for row in charges:
        open_fees[row["contractId"]] += row["leftToPay"]
    owed: dict[int, Decimal] = dict.fromkeys(open_fees, Decimal(0))
    for row in world.rows("pending_contract_fees"):
        owed[row.hidden["contractId"]] += Decimal(str(row["fee"]["gross"]))
    assert open_fees == owed
    prices = {
        (row["contractId"], row["dueDate"]): row["amount"]["gross"]
        for row in charges
        if row["type"] == "Membership"
    }
    for row in world.contracts:
        if start(row) <= UNTIL:
            assert prices[row["id"], row["startDate"]] == _first_price(world, row)
    clubs = {row["id"]: row["homeClubId"] for row in world.users}
    for each in sets.truth("Contracts"):
        assert each["clubId"] == clubs[each["memberId"]]
    sold = {
        row["id"]: row["amount"]["gross"]
        for row in sets.truth("Transactions")
        if row["productId"] is not None and row["memberId"]
    }
    bought = {
        row["transactionId"]: Decimal(str(row["price"])) * row["initialQuantity"]
        for row in world.rows("user_products")
    }
    assert sold == bought


def _first_price(world: World, contract: Row) -> Decimal:
    plan = world.find("payment_plans", contract["paymentPlan"]["id"]).detail or {}
    price = Decimal(str(plan["fees"]["membershipFee"]["gross"]))
    for row in contract["discounts"]:
        value = Decimal(row["membershipFeeDiscountValue"])
        kind = row["membershipFeeDiscountType"]
        if kind.startswith("Percent"):
            price = round(price * (1 - value / 100) + Decimal("1e-9"), 2)
        else:
            price = value if kind == "Fixed" else price - value
    return price


def test_v22_knows_sources_tills_and_trainings(world: World) -> None:
    sets = world.sets
    for row in sets.truth("Members", "marketingSources"):
        if row["memberType"] == "Member":
            assert len(row["marketingSources"]) == 1
    payments = sets.truth("ContractPayments")
    tills: dict[int, Any] = {row["id"]: row for row in sets.truth("Transactions")}
    assert 0.1 < sum(row["transactionId"] is not None for row in payments) / len(payments) < 0.5
    for row in payments:
        sale = tills.get(row["transactionId"])
        if row["transactionId"] is not None:
            assert sale is not None
            assert sale["contractId"] == row["contractId"]
            assert sale["amount"]["gross"] == row["amount"]["gross"]
    assert sum(row["isRefund"] for row in tills.values()) > 0
    trainings = sets.truth("PersonalTrainingBookings", "personalTrainingBookingDetails")
    slots = {row["employeeId"] for row in sets.truth("EmployeeAvailabilitySlots")}
    details = [row["personalTrainingBookingDetails"] for row in trainings]
    assert {row["employeeId"] for row in details} <= slots
    assert 0.7 < sum(row["isCompleted"] for row in details) / len(details) < 1
