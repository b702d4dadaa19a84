"""The worked examples of the definitions, on the code that says what the marts must hold."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from support.figures.activity import ageing, booking_states, fill, filled, visits
from support.figures.contracts import (
    discounted,
    end_kind,
    ends_before,
    is_frozen,
    monthly,
    price,
    successor,
)
from support.figures.facts import (
    Addon,
    Booking,
    Charge,
    Class,
    Contract,
    Entry,
    Facts,
    Fee,
    Plan,
    Rules,
    cents,
)
from support.figures.members import (
    club_months,
    cohorts,
    contract_months,
    discount_cost,
    member_months,
)
from support.figures.mrr import by_club, mrr_months

RULES = Rules()
GROSS = Rules(mrr_amount="gross")
AS_OF = date(2026, 6, 30)


def day(month: int, number: int, year: int = 2026) -> date:
    return date(year, month, number)


def plan(key: int, gross: str, net: str | None = None, **fields) -> Plan:
    return Plan(key, Fraction(gross), Fraction(net or gross), **fields)


def of(amount: str) -> Decimal:
    return Decimal(amount)


def test_e1_the_day_of_notice_shortens_no_contract_that_has_an_end():
    noticed = Contract(1, cancelled_on=day(2, 20), starts_on=day(1, 10), ends_on=day(3, 31))
    assert ends_before(noticed, RULES) == day(4, 1)
    assert ends_before(noticed, Rules(end_is_last_day=False)) == day(3, 31)
    bound = Contract(1, starts_on=day(1, 10), cancelled_on=day(2, 20), committed_on=day(5, 31))
    assert ends_before(bound, RULES) == day(6, 1)
    assert ends_before(Contract(1, starts_on=day(1, 10)), RULES) is None


def test_e2_a_contract_that_follows_at_once_replaces():
    first = Contract(1, 7, 1, 1, day(1, 1), day(3, 14), cancelled_on=day(3, 1))
    second = Contract(2, 7, 1, 2, day(3, 15))
    facts = Facts({1: plan(1, "129.95"), 2: plan(2, "149.90")}, (first, second))
    assert end_kind(first, [first, second], AS_OF, RULES) == "replaced"
    assert successor(first, [first, second], RULES) is second
    assert end_kind(second, [first, second], AS_OF, RULES) == "open"
    assert end_kind(first, [first], AS_OF, RULES) == "cancelled"
    march = by_club(mrr_months(facts, AS_OF, RULES))[day(3, 1), 1]
    assert (march["expansion"], march["churn"]) == (of("19.95"), 0)
    assert contract_months(facts, AS_OF, RULES)[day(3, 1), 1]["contracts_ended"] == 0


def movements(*contracts: Contract, as_of: date = AS_OF) -> dict[date, str]:
    rows = member_months(Facts(contracts=contracts), as_of, RULES)
    return {row.month: row.movement for row in rows if row.movement != "stayed"}


def test_e3_a_gap_of_a_month_is_a_late_renewal_and_the_past_stays():
    ended = Contract(1, 7, starts_on=day(11, 5, 2025), ends_on=day(1, 20))
    joined_and_left = {day(11, 1, 2025): "joined", day(1, 1): "left"}
    late = movements(ended, Contract(2, 7, starts_on=day(2, 10)))
    assert late == {**joined_and_left, day(2, 1): "renewed_late"}
    returned = movements(ended, Contract(2, 7, starts_on=day(3, 10)))
    assert returned == {**joined_and_left, day(3, 1): "returned"}


def test_a_pass_of_seven_days_is_shown_apart_and_who_stays_then_joins():
    trial = Contract(1, 7, starts_on=day(1, 5), ends_on=day(1, 11))
    assert movements(trial) == {day(1, 1): "within_month"}
    assert movements(trial, Contract(2, 7, starts_on=day(2, 3))) == {
        day(1, 1): "within_month",
        day(2, 1): "joined",
    }


def test_e4_monthly_list_prices():
    prices = {
        ("109.50", (1, 0)): of("109.50"),
        ("1080", (12, 0)): of("90.00"),
        ("19.99", (0, 7)): of("86.92"),
    }
    for (amount, interval), expected in prices.items():
        found = monthly(Fraction(amount), plan(1, amount, interval=interval), RULES)
        assert found is not None and cents(found) == expected
    assert monthly(Fraction(5), plan(1, "5", interval=None), RULES) is None
    once = plan(1, "600", interval=(0, 0), commitment=(6, 0))
    assert monthly(Fraction(600), once, RULES) == 100
    assert monthly(Fraction(600), plan(1, "600", interval=(0, 0)), RULES) == 0


def test_e5_discounts_in_their_order():
    ten, five = ("Percent", Fraction(10)), ("Amount", Fraction(5))
    facts = Facts({1: plan(1, "109.50", "89.02")})
    found = price(Contract(1, plan=1, discounts=(ten,)), AS_OF, facts, RULES)
    assert (found.gross, found.net) == (of("98.55"), of("80.12"))
    amount = Fraction("109.50")
    assert discounted(amount, (ten, five), RULES) == Fraction("93.55")
    assert discounted(amount, (("Fixed", Fraction(79)),), RULES) == 79
    assert discounted(amount, (("Amount", Fraction(200)),), RULES) == 0
    assert discounted(amount, (("FreeMonth", Fraction(0)),), RULES) == amount
    apply = Rules(time_limited_discounts="apply")
    assert discounted(amount, (("FreeMonth", Fraction(0)),), apply) == 0


def test_e6_charges_are_the_price_from_the_day_they_are_due():
    charges = (
        Charge(1, "Membership", day(1, 1), Fraction(100), Fraction(80)),
        Charge(1, "Membership", day(2, 1), Fraction(110), Fraction(90)),
    )
    facts = Facts({1: plan(1, "120")}, charges=charges)
    contract = Contract(1, plan=1, starts_on=day(1, 1))
    found = [price(contract, day(month, 28), facts, RULES) for month in (1, 2, 3)]
    assert [each.gross for each in found] == [100, 110, 110]
    assert {each.basis for each in found} == {"charged"}
    before = price(contract, day(12, 31, 2025), facts, RULES)
    assert (before.gross, before.basis) == (120, "list")


def seven_owners() -> Facts:
    """E7: A 100 to 120, B 60 to 50, C leaves, D is new, E is back, F freezes, G stays."""
    start, january, february = day(1, 1), day(1, 31), day(2, 1)
    contracts = (
        Contract(1, 1, 1, 100, start, january),
        Contract(2, 1, 1, 120, february),
        Contract(3, 2, 1, 60, start, january),
        Contract(4, 2, 1, 50, february),
        Contract(5, 3, 1, 90, start, day(2, 10)),
        Contract(6, 4, 1, 150, day(2, 5)),
        Contract(7, 5, 1, 50, day(11, 1, 2025), day(12, 15, 2025)),
        Contract(8, 5, 1, 50, day(2, 20)),
        Contract(9, 6, 1, 30, start, freezes=((day(2, 15), day(3, 15)),)),
        Contract(10, 7, 1, 720, start),
    )
    prices = (100, 120, 60, 50, 90, 150, 30, 720)
    return Facts({each: plan(each, str(each)) for each in prices}, contracts)


def test_e7_the_bridge_of_a_month():
    february = by_club(mrr_months(seven_owners(), day(2, 28), RULES))[day(2, 1), 1]
    assert february == {
        "start": 1000,
        "new": 150,
        "reactivation": 50,
        "expansion": 20,
        "contraction": -10,
        "churn": -90,
        "transfer": 0,
        "freeze": -30,
        "end": 1090,
    }


def test_e8_a_move_between_clubs_is_a_transfer():
    facts = Facts(
        {80: plan(80, "80"), 95: plan(95, "95")},
        (Contract(1, 8, 1, 80, day(1, 1), day(1, 31)), Contract(2, 8, 2, 95, day(2, 1))),
    )
    moved = by_club(mrr_months(facts, day(2, 28), RULES))
    assert moved[day(2, 1), 1]["transfer"] == -80
    assert (moved[day(2, 1), 2]["transfer"], moved[day(2, 1), 2]["expansion"]) == (80, 15)


def test_e9_the_members_of_that_month():
    counts = club_months(seven_owners(), day(2, 28), RULES)[day(2, 1), 1]
    assert counts == Counter(
        members_start=5, joined=1, returned=1, left_members=1, members_end=6, active_end=5,
        frozen_end=1,
    )  # fmt: skip


def test_e11_entries_that_belong_together():
    evening = datetime(2026, 3, 1, 18)

    def minutes(number: int) -> datetime:
        return evening + timedelta(minutes=number)

    one = visits(
        [Entry(1, 1, minutes(0), minutes(70)), Entry(1, 1, minutes(72), minutes(120))],
        AS_OF,
        RULES,
    )
    assert [(each.minutes, each.entries, each.state) for each in one] == [(120, 2, "closed")]
    [late] = visits([Entry(1, 1, minutes(330), minutes(400))], AS_OF, RULES)
    assert (late.entered_at.hour, late.minutes) == (23, 70)
    of_day = date(2026, 3, 1)
    [open_] = visits([Entry(1, 1, datetime(2026, 3, 1, 10))], of_day, RULES)
    assert (open_.state, open_.minutes) == ("exit_missing", None)
    [inside] = visits([Entry(1, 1, datetime(2026, 3, 1, 15))], of_day, RULES)
    assert inside.state == "inside"


def test_e12_and_e13_bookings_and_fill():
    at, until = datetime(2026, 3, 1, 18), datetime(2026, 3, 1, 19)
    bookings = [
        *(Booking(1, member, attended=True) for member in range(8)),
        *(Booking(1, member) for member in (8, 9)),
        Booking(1, 10, standby=True),
        *(Booking(1, member, cancelled=True) for member in (11, 12, 13)),
        *(Booking(2, member) for member in range(6)),
    ]
    facts = Facts(
        classes=(Class(1, 1, at, until, 20, 10), Class(2, 1, at, until, 20, 6)),
        bookings=tuple(bookings),
    )
    states = Counter(booking_states(facts, AS_OF, RULES).values())
    assert states == Counter(attended=8, no_show=2, standby=1, cancelled=3, not_recorded=6)
    assert set(booking_states(facts, date(2026, 3, 1), RULES).values()) >= {"upcoming"}
    classes = (
        Class(1, 1, at, until, 20, 15),
        Class(2, 1, at, until, 10, 12),
        Class(3, 1, at, until, None, 7),
        Class(4, 1, at, until, 20, 9, is_deleted=True),
    )
    found = filled(Facts(classes=classes), AS_OF, RULES)
    assert fill(found) == (25, 30)
    assert Counter(each.state for each in found) == Counter(held=3, cancelled=1)


def test_e14_the_age_of_debts():
    due = [day(6, 30), day(6, 29), day(5, 31), day(5, 30), day(3, 31)]
    facts = Facts(fees=tuple(Fee(1, "membership", each, of("10")) for each in due))
    assert ageing(facts, AS_OF, RULES) == {"not_due": 10, "1-30": 20, "31-60": 10, "91+": 10}


def test_e15_a_cohort_shrinks():
    ends = [day(1, 20), day(2, 15), *[None] * 8]
    contracts = [Contract(n, n, 1, None, day(1, 3), end) for n, end in enumerate(ends, 1)]
    found = cohorts(Facts(contracts=tuple(contracts)), day(4, 10), RULES)
    assert {n: members for (_, _, n), (size, members) in found.items() if size == 10} == {
        0: 9,
        1: 8,
        2: 8,
    }


def test_e17_the_cost_of_a_discount():
    contract = Contract(1, 7, 1, 1, day(1, 1), day(6, 30), discounts=(("Percent", Fraction(10)),))
    found = discount_cost(Facts({1: plan(1, "109.50")}, (contract,)), AS_OF, RULES)
    assert sum(found.values()) == of("65.70")


def test_addons_count_while_they_are_valid():
    towel = Addon("Towel", day(2, 1), day(3, 31))
    facts = Facts({1: plan(1, "100", addons={"Towel": (Fraction(10), Fraction(8))})})
    contract = Contract(1, 7, 1, 1, day(1, 1), addons=(towel,))
    amounts = [price(contract, day(m, 28), facts, GROSS).amount(GROSS) for m in (1, 2, 3, 4)]
    assert amounts == [100, 110, 110, 100]


def test_a_freeze_has_its_first_and_its_last_day():
    contract = Contract(1, 7, starts_on=day(1, 1), freezes=((day(2, 1), day(2, 28)),))
    days = [day(1, 31), day(2, 1), day(2, 28), day(3, 1)]
    assert [is_frozen(contract, each, RULES) for each in days] == [False, True, True, False]
