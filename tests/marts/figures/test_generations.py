"""What both generations of the API can answer, they answer alike; the past stays as it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from support.figures.activity import ageing, booking_states, fill, filled, visits
from support.figures.contracts import TIME_LIMITED, price
from support.figures.events import AS_OF
from support.figures.facts import DAY, Rules, next_month
from support.figures.members import club_months, cohorts, contract_months, discount_cost
from support.figures.mrr import mrr_months

pytestmark = pytest.mark.timeout(600)

RULES = Rules()


def test_members_classes_visits_and_debts_are_the_same(chain_facts):
    old, new = chain_facts["chain_v1"], chain_facts["chain_v22"]
    for figure in (club_months, contract_months, cohorts, booking_states, ageing):
        assert figure(old, AS_OF, RULES) == figure(new, AS_OF, RULES), figure.__name__
    assert fill(filled(old, AS_OF, RULES)) == fill(filled(new, AS_OF, RULES))
    assert visits(old.entries, AS_OF, RULES) == visits(new.entries, AS_OF, RULES)


def test_prices_differ_by_a_cent_of_tax_and_by_discounts_without_a_date(chain_facts):
    old, new = chain_facts["chain_v1"], chain_facts["chain_v22"]
    others = {contract.key: contract for contract in new.contracts}
    assert others.keys() == {contract.key for contract in old.contracts}
    different = []
    for contract in old.contracts:
        if any(word in kind.lower() for kind, _ in contract.discounts for word in TIME_LIMITED):
            continue
        mine = price(contract, AS_OF, old, RULES)
        other = price(others[contract.key], AS_OF, new, RULES)
        if mine.gross != other.gross or abs(mine.net - other.net) > Decimal("0.01"):
            different.append((contract.key, mine, other))
    assert different == []


@pytest.mark.parametrize("name", ["chain_v1", "chain_v22"])
def test_a_day_more_changes_no_month_that_was_complete(chain_facts, name):
    facts, this_month = chain_facts[name], AS_OF.replace(day=1)
    for figure in (club_months, contract_months, cohorts, discount_cost, mrr_months):
        before, now = (
            {
                key: value
                for key, value in figure(facts, day, RULES).items()
                if (key[0] if figure is not cohorts else month_of(key)) < this_month
            }
            for day in (AS_OF - DAY, AS_OF)
        )
        assert before == now, figure.__name__


def month_of(cohort: tuple[date, int | None, int]) -> date:
    """The month at whose end the members of a cohort are counted."""
    month = cohort[0]
    for _ in range(cohort[2]):
        month = next_month(month)
    return month
