"""Monthly recurring revenue by owner and club, and what moved it from one month to the next."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

from .contracts import has_started, is_frozen, is_in_force, price
from .facts import Contract, Facts, Rules, cents, last_of, months

KINDS = ("new", "reactivation", "expansion", "contraction", "churn", "transfer", "freeze")
Owner = tuple[str, int]
Amounts = dict[int | None, Decimal]


def bridge(before: Amounts, after: Amounts, had_any: bool) -> dict[int | None, dict[str, Decimal]]:
    """What moved the price of an owner's contracts, by club.

    Args:
        before: what was in force at the end of the last month, frozen or not, by club.
        after: the same at the end of this one.
        had_any: whether there was anything at the end of an earlier month.
    """
    moved = {
        club: after.get(club, Decimal(0)) - before.get(club, Decimal(0))
        for club in {**before, **after}
    }
    if not sum(before.values()):
        return {c: {"new" if not had_any else "reactivation": d} for c, d in moved.items() if d}
    if not sum(after.values()):
        return {club: {"churn": delta} for club, delta in moved.items() if delta}
    up = sum((delta for delta in moved.values() if delta > 0), Decimal(0))
    down = -sum((delta for delta in moved.values() if delta < 0), Decimal(0))
    found: dict[int | None, dict[str, Decimal]] = {}
    for club, delta in moved.items():
        whole = up if delta > 0 else down
        if delta:
            shared = cents(Fraction(min(up, down)) * Fraction(delta) / Fraction(whole))
            rest = "expansion" if delta > 0 else "contraction"
            found[club] = {"transfer": shared, rest: delta - shared}
    return found


def owner_of(contract: Contract) -> Owner:
    """The member of a contract, else the contract itself."""
    if contract.member:
        return "member", contract.member
    return "contract", contract.key


def mrr_months(
    facts: Facts, as_of: date, rules: Rules
) -> dict[tuple[date, Owner, int | None], dict[str, Decimal]]:
    """The bridge of every month, owner and club in which there was anything to pay."""
    owners: dict[Owner, list[Contract]] = {}
    for contract in facts.contracts:
        if has_started(contract, rules):
            owners.setdefault(owner_of(contract), []).append(contract)
    found: dict[tuple[date, Owner, int | None], dict[str, Decimal]] = {}
    for owner, own in sorted(owners.items()):
        before: Amounts = {}
        frozen_before: Amounts = {}
        had_any = False
        for month in months(min(each.starts_on or as_of for each in own), as_of):
            after, frozen = _on(own, min(last_of(month), as_of), facts, rules)
            moved = bridge(before, after, had_any)
            for club in {**before, **after}:
                row = dict.fromkeys(("start", *KINDS, "end"), Decimal(0))
                row.update(moved.get(club, {}))
                row["freeze"] = frozen_before.get(club, Decimal(0)) - frozen.get(club, Decimal(0))
                row["start"] = before.get(club, Decimal(0)) - frozen_before.get(club, Decimal(0))
                row["end"] = after.get(club, Decimal(0)) - frozen.get(club, Decimal(0))
                if any(row.values()):
                    found[month, owner, club] = row
            had_any = had_any or bool(sum(after.values()))
            before, frozen_before = after, frozen
    return found


def _on(own: list[Contract], day: date, facts: Facts, rules: Rules) -> tuple[Amounts, Amounts]:
    """What is in force on a day, and what of it is frozen, by club."""
    total: Amounts = {}
    frozen: Amounts = {}
    for contract in own:
        if is_in_force(contract, day, rules):
            amount = price(contract, day, facts, rules).amount(rules)
            total[contract.club] = total.get(contract.club, Decimal(0)) + amount
            if rules.freeze_in_mrr == "pause" and is_frozen(contract, day, rules):
                frozen[contract.club] = frozen.get(contract.club, Decimal(0)) + amount
    return total, frozen


def by_club(
    rows: dict[tuple[date, Owner, int | None], dict[str, Decimal]],
) -> dict[tuple[date, int | None], dict[str, Decimal]]:
    """The bridge by month and club."""
    found: dict[tuple[date, int | None], dict[str, Decimal]] = {}
    for (month, _, club), row in rows.items():
        sums = found.setdefault((month, club), dict.fromkeys(row, Decimal(0)))
        for name, amount in row.items():
            sums[name] += amount
    return found
