"""The marts hold the figures that plain Python works out from the world itself, to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from support.figures.activity import ageing, booking_states, days_overdue, filled, visits
from support.figures.contracts import (
    base_contracts,
    end_kind,
    ends_before,
    freeze_days,
    has_started,
    is_base,
    price,
)
from support.figures.facts import DAY, Contract
from support.figures.members import (
    club_months,
    cohorts,
    contract_months,
    discount_cost,
    member_months,
)
from support.figures.mrr import KINDS, by_club, mrr_months
from support.installations import Installation, number

pytestmark = pytest.mark.timeout(600)

STATES = ("attended", "no_show", "not_recorded", "standby")


def without_nothing(found: dict[Any, Any]) -> dict[Any, Any]:
    """A mapping without what is zero."""
    return {key: value for key, value in found.items() if value}


def test_members_of_each_month_and_club(installation):
    names = (
        "members_start", "joined", "returned", "renewed_late", "left_members", "transferred_in",
        "transferred_out", "members_end", "frozen_end", "active_end", "within_month",
    )  # fmt: skip
    found = installation.by(("month", "club_key"), ", ".join(names), "kpi_club_month")
    wanted = club_months(*installation.terms)
    for name, values in zip(names, zip(*found.values(), strict=True), strict=True):
        got = without_nothing(dict(zip(found, values, strict=True)))
        assert got == without_nothing({key: counts[name] for key, counts in wanted.items()}), name


def test_every_month_of_every_member(installation):
    found = installation.by(
        ("member_key", "month"), "movement, club_key, is_frozen_end, days_in_force",
        "fct_member_month",
    )  # fmt: skip
    assert {key: (row[0], number(row[1]), *row[2:]) for key, row in found.items()} == {
        (each.member, each.month): (
            each.movement,
            each.club_start if each.movement == "left" else each.club,
            each.is_frozen_end,
            each.days_in_force,
        )
        for each in member_months(*installation.terms)
    }


def test_the_bridge_of_mrr(installation):
    names = ("start", *KINDS, "end")
    columns = ", ".join(f"mrr_{name}" for name in names)
    wanted = mrr_months(*installation.terms)
    found = {
        (month, ("member", number(member)) if member else ("contract", number(owner)), number(club))
        : dict(zip(names, amounts, strict=True))
        for month, member, owner, club, *amounts in installation.rows(
            f"month, member_key, owner_key, club_key, {columns}", "fct_mrr_month"
        )
    }  # fmt: skip
    assert {key: row for key, row in found.items() if any(row.values())} == wanted
    sums = installation.by(("month", "club_key"), columns, "kpi_club_month")
    assert without_nothing(
        {key: dict(zip(names, row, strict=True)) for key, row in sums.items() if any(row)}
    ) == without_nothing(by_club(wanted))


def test_contracts_that_churned_and_what_discounts_cost(installation):
    found = installation.by(
        ("month", "club_key"), "contracts_start, contracts_ended, discount_gross", "kpi_club_month"
    )
    counts = contract_months(*installation.terms)
    wanted = {key: row["contracts_start"] for key, row in counts.items()}
    assert without_nothing({key: row[0] for key, row in found.items()}) == without_nothing(wanted)
    wanted = {key: row["contracts_ended"] for key, row in counts.items()}
    assert without_nothing({key: row[1] for key, row in found.items()}) == without_nothing(wanted)
    costs = discount_cost(*installation.terms)
    assert without_nothing({key: row[2] for key, row in found.items()}) == without_nothing(costs)


def test_the_rates_are_those_of_the_counts(installation):
    members, contracts = club_months(*installation.terms), contract_months(*installation.terms)
    revenue = by_club(mrr_months(*installation.terms))
    found = installation.by(
        ("month", "club_key"),
        "member_churn_rate, attrition_12m_rate, contract_churn_rate, mrr_churn_rate, "
        "is_complete_month",
        "kpi_club_month",
    )
    is_of_start = installation.rules.attrition_denominator == "start"
    wanted = {}
    for month, club in found:
        years = [(_months_before(month, n), club) for n in range(12)]
        starts = [members.get(key, Counter())["members_start"] for key in years]
        left = [members.get(key, Counter())["left_members"] for key in years]
        ended = contracts.get((month, club), Counter())
        amounts = revenue.get((month, club), {})
        lost = -(amounts.get("churn", 0) + amounts.get("contraction", 0))
        is_year = found[month, club][-1] and years[-1] in found
        mean = starts[-1] if is_of_start else Fraction(sum(starts), 12)
        wanted[month, club] = (
            _rate(left[0], starts[0]),
            _rate(sum(left), mean) if is_year else None,
            _rate(ended["contracts_ended"], ended["contracts_start"]),
            _rate(lost, amounts.get("start", 0)),
        )
    # Of four digits.
    assert {key: row[:-1] for key, row in found.items()} == {
        key: tuple(
            None if rate is None else pytest.approx(rate, abs=Decimal("6e-5")) for rate in rates
        )
        for key, rates in wanted.items()
    }
    assert any(rates[1] for rates in wanted.values())


def _months_before(month: date, number: int) -> date:
    index = month.year * 12 + month.month - 1 - number
    return date(index // 12, index % 12 + 1, 1)


def _rate(part: Any, whole: Any) -> Decimal | None:
    return Decimal(float(Fraction(part) / Fraction(whole))) if whole else None


def _contract(
    contract: Contract, own: list[Contract], installation: Installation
) -> tuple[Any, ...]:
    """A contract as its row has it; its price is that of its last day, at most of the last one."""
    facts, rules, as_of = installation.facts, installation.rules, installation.as_of
    end = ends_before(contract, rules)
    is_started = has_started(contract, rules)
    last = as_of if end is None else min(as_of, end - DAY)
    costs = price(contract, last, facts, rules)
    return (
        contract.member,
        contract.club,
        contract.plan,
        end,
        not is_started,
        not is_base(contract, facts),
        end_kind(contract, own, as_of, rules) if own and is_started else None,
        costs.list_gross,
        costs.gross,
        costs.net,
        costs.addon_gross or None,
        costs.basis,
        freeze_days(contract, rules, as_of),
    )


def test_every_contract(installation):
    facts = installation.facts
    of_member = base_contracts(facts, installation.rules)
    found = installation.by(
        ("contract_key",),
        "member_key, club_key, plan_key, valid_to, is_never_started, is_additional, end_kind, "
        "monthly_list_gross, monthly_gross, monthly_net, addon_gross, price_basis, freeze_days",
        "fct_contract",
    )
    wanted = {}
    for contract in facts.contracts:
        own = of_member.get(contract.member or 0, [])
        wanted[(contract.key,)] = _contract(contract, own if contract in own else [], installation)
    assert found.keys() == wanted.keys()
    different = {}
    for key, row in found.items():
        got = [*map(number, row[:3]), *row[3:]]
        expected = list(wanted[key])
        for place in (6, 7, 8, 9, 10, 11):  # no kind of end beside base contracts; no price
            if expected[place] in (None, "list") and place in (6, 11):
                got[place] = expected[place]
            if place == 10:
                got[place] = got[place] or None
        if got != expected:
            different[key] = (got, expected)
    assert different == {}


def test_visits_by_weekday_and_hour(installation):
    wanted = visits(installation.facts.entries, *installation.terms[1:])
    found = installation.rows("weekday, hour, count(*)", "fct_visit", group="1, 2")
    by_hour = Counter((each.entered_at.isoweekday(), each.entered_at.hour) for each in wanted)
    assert {(weekday, hour): count for weekday, hour, count in found} == by_hour
    rows = installation.rows(
        "member_key, club_key, entered_at, minutes, entries, state", "fct_visit"
    )
    assert Counter((number(row[0]), number(row[1]), *row[2:]) for row in rows) == Counter(
        (each.member, each.club, each.entered_at, each.minutes, each.entries, each.state)
        for each in wanted
    )


def test_the_state_of_every_booking(installation):
    found = installation.by(("class_key", "member_key"), "state", "fct_booking")
    assert found == booking_states(*installation.terms)


def test_the_fill_of_every_class(installation):
    found = installation.by(
        ("class_key",),
        "club_key, class_type_key, instructor_key, state, place_limit, booked, places_taken, "
        + ", ".join(STATES),
        "fct_class",
    )
    wanted = {}
    for each in filled(*installation.terms):
        states = [None if each.states is None else each.states[name] for name in STATES]
        places = (each.limit, each.booked, each.places)
        wanted[(each.key,)] = (each.club, each.type, each.instructor, each.state, *places, *states)
    got = {key: (*map(number, row[:3]), *row[3:]) for key, row in found.items()}
    assert {key: (got[key], row) for key, row in wanted.items() if got[key] != row} == {}
    assert got.keys() == wanted.keys()


def test_debts_by_age(installation):
    facts = installation.facts
    found = installation.rows("age_bucket, sum(left_to_pay)", "fct_fee", "left_to_pay > 0", "1")
    assert dict(found) == ageing(facts, installation.as_of, installation.rules)
    days = installation.rows("member_key, days_overdue", "fct_fee", "left_to_pay > 0")
    assert Counter((number(member), late) for member, late in days) == Counter(
        (fee.member, max(0, days_overdue(fee, *installation.terms[1:])))
        for fee in facts.fees
        if fee.left > 0
    )


def test_cohorts(installation):
    found = installation.by(
        ("cohort_month", "first_club_key", "n"), "size, members", "cohort_retention"
    )
    assert found == cohorts(*installation.terms)


def sums(rows: Iterable[tuple[Any, Decimal]]) -> dict[Any, Decimal]:
    """Amounts by key."""
    found: dict[Any, Decimal] = {}
    for key, amount in rows:
        found[key] = found.get(key, Decimal(0)) + amount
    return found


def test_sales_and_payments(installation):
    found = installation.rows("category, sum(amount_gross)", "fct_product_sale", group="1")
    sales = [each for each in installation.facts.sales if each.sold_on <= installation.as_of]
    assert dict(found) == sums((each.category, each.amount) for each in sales)
    found = installation.rows("method, sum(amount_gross)", "fct_payment", "is_money", "1")
    payments = [each for each in installation.facts.payments if each.paid_on <= installation.as_of]
    assert dict(found) == sums((each.method, each.amount) for each in payments)


def test_visits_of_a_month_and_mrr_beside_each_member(installation):
    visited = Counter(
        (each.member, each.entered_at.date().replace(day=1))
        for each in visits(installation.facts.entries, *installation.terms[1:])
    )
    amounts = sums(
        ((owner[1], month), row["end"])
        for (month, owner, _), row in mrr_months(*installation.terms).items()
        if owner[0] == "member"
    )
    found = installation.by(("member_key", "month"), "visits, mrr_end", "fct_member_month")
    assert {key: row[0] for key, row in found.items()} == {key: visited[key] for key in found}
    assert {key: row[1] or 0 for key, row in found.items()} == {
        key: amounts.get(key, 0) for key in found
    }


def test_days_agree_with_the_ends_of_months(installation):
    days = installation.by(("date_day", "club_key"), "members, active", "kpi_club_day")
    months = installation.by(
        ("month", "club_key"), "members_end, active_end", "kpi_club_month", "is_complete_month"
    )
    for (month, club), row in months.items():
        last = (month + 31 * DAY).replace(day=1) - DAY
        assert days.get((last, club), (0, 0)) == row, (month, club)
    assert max(day for day, _ in days) == installation.as_of


def test_joiners_by_source(installation):
    found = installation.rows(
        "member_key, marketing_source",
        "(select m.*, d.marketing_source from fct_member_month as m "
        "join dim_member as d on d.member_key = m.member_key) as joiners",
        "movement = 'joined'",
    )  # fmt: skip
    sources = installation.facts.sources
    assert Counter((number(member), source) for member, source in found) == Counter(
        (each.member, sources.get(each.member))
        for each in member_months(*installation.terms)
        if each.movement == "joined"
    )


def test_classes_and_places_of_each_instructor(installation):
    found = installation.by(
        ("instructor_key", "club_key", "month"), "classes, places_taken, place_limit",
        "kpi_instructor_month", "classes > 0",
    )  # fmt: skip
    wanted: dict[Any, list[int]] = {}
    for each in filled(*installation.terms):
        if each.state == "held" and each.instructor is not None:
            month = each.starts_at.date().replace(day=1)
            sums = wanted.setdefault((each.instructor, each.club, month), [0, 0, 0])
            sums[0] += 1
            sums[1] += (each.places or 0) if each.limit else 0
            sums[2] += each.limit or 0
    assert {key: [value or 0 for value in row] for key, row in found.items()} == wanted
