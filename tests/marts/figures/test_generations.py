"""What both generations of the API can answer, they answer alike."""

from __future__ import annotations

from decimal import Decimal

from support.figures.activity import ageing, booking_states, fill, filled, visits
from support.figures.contracts import TIME_LIMITED, price
from support.figures.events import AS_OF
from support.figures.facts import Rules
from support.figures.members import club_months, cohorts, contract_months

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
