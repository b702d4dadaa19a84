"""Who was a member at the end of which month, who joined and who left, and how cohorts stay."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .contracts import (
    base_contracts,
    end_kind,
    ends_before,
    has_started,
    is_base,
    is_frozen,
    is_in_force,
    price,
)
from .facts import DAY, Contract, Facts, Rules, last_of, months


@dataclass(frozen=True)
class MemberMonth:
    """A month in which a person was a member, or stopped to be one."""

    member: int
    month: date
    movement: str
    club_start: int | None
    club_end: int | None
    club: int | None
    is_frozen_end: bool
    days_in_force: int


def newest(contracts: list[Contract]) -> Contract | None:
    """The contract that was started last."""
    return max(contracts, key=lambda each: (each.starts_on, each.key), default=None)


def _on(own: list[Contract], day: date, rules: Rules) -> list[Contract]:
    return [contract for contract in own if is_in_force(contract, day, rules)]


def member_months(facts: Facts, as_of: date, rules: Rules) -> list[MemberMonth]:
    """Every month of every member, up to a day; the last one may be unfinished."""
    return [
        month
        for member, own in sorted(base_contracts(facts, rules).items())
        for month in _months_of(member, own, as_of, rules)
    ]


def _months_of(member: int, own: list[Contract], as_of: date, rules: Rules) -> list[MemberMonth]:
    found: list[MemberMonth] = []
    was_member = False
    first = min(contract.starts_on or date.max for contract in own)
    for month in months(first, as_of):
        eve, last = month - DAY, min(last_of(month), as_of)
        days = [month + n * DAY for n in range((last - month).days + 1)]
        in_force = [day for day in days if _on(own, day, rules)]
        before, after = newest(_on(own, eve, rules)), newest(_on(own, last, rules))
        if not in_force and before is None:
            continue
        if before is not None:
            movement = "stayed" if after is not None else "left"
        elif after is None:
            movement = "within_month"
        elif not was_member:
            movement = "joined"
        else:
            ended = max(end for each in own if (end := ends_before(each, rules)) and end <= month)
            late = (in_force[0] - ended).days <= rules.rejoin_gap_days
            movement = "renewed_late" if late else "returned"
        was_member = was_member or after is not None
        inside = newest([each for day in in_force for each in _on(own, day, rules)])
        club = after or before or inside
        frozen = after is not None and all(
            is_frozen(each, last, rules) for each in _on(own, last, rules)
        )
        found.append(
            MemberMonth(
                member,
                month,
                movement,
                before.club if before else None,
                after.club if after else None,
                club.club if club else None,
                frozen,
                len(in_force),
            )
        )
    return found


def club_months(facts: Facts, as_of: date, rules: Rules) -> dict[tuple[date, int | None], Counter]:
    """Movements of members by month and club."""
    found: dict[tuple[date, int | None], Counter] = {}

    def count(month: date, club: int | None, name: str) -> None:
        found.setdefault((month, club), Counter())[name] += 1

    for each in member_months(facts, as_of, rules):
        is_start, is_end = (
            each.movement in ("stayed", "left"),
            each.movement
            not in (
                "left",
                "within_month",
            ),
        )
        if is_start:
            count(each.month, each.club_start, "members_start")
        if is_end:
            count(each.month, each.club_end, "members_end")
            count(each.month, each.club_end, "frozen_end" if each.is_frozen_end else "active_end")
        if each.movement == "left":
            count(each.month, each.club_start, "left_members")
        elif each.movement == "within_month":
            count(each.month, each.club, "within_month")
        elif each.movement != "stayed":
            count(each.month, each.club_end, each.movement)
        elif each.club_start != each.club_end:
            count(each.month, each.club_start, "transferred_out")
            count(each.month, each.club_end, "transferred_in")
    return found


def contract_months(
    facts: Facts, as_of: date, rules: Rules
) -> dict[tuple[date, int | None], Counter]:
    """By month and club: base contracts at the start, and those of them that churned."""
    found: dict[tuple[date, int | None], Counter] = {}
    of_member = base_contracts(facts, rules)
    for contract in facts.contracts:
        if not has_started(contract, rules) or not is_base(contract, facts):
            continue
        own = of_member.get(contract.member or 0, [contract])
        for month in months(contract.starts_on or as_of, as_of):
            if is_in_force(contract, month - DAY, rules):
                counts = found.setdefault((month, contract.club), Counter())
                counts["contracts_start"] += 1
                if not is_in_force(contract, min(last_of(month), as_of), rules):
                    kind = end_kind(contract, own, as_of, rules)
                    counts["contracts_ended"] += kind in ("cancelled", "expired")
    return found


def discount_cost(
    facts: Facts, as_of: date, rules: Rules
) -> dict[tuple[date, int | None], Decimal]:
    """What contracts cost less than their plans, by month and club."""
    found: dict[tuple[date, int | None], Decimal] = {}
    for contract in facts.contracts:
        for month in months(contract.starts_on or as_of, as_of):
            last = min(last_of(month), as_of)
            if is_in_force(contract, last, rules) and not is_frozen(contract, last, rules):
                cost = price(contract, last, facts, rules).discount
                place = (month, contract.club)
                found[place] = found.get(place, Decimal(0)) + cost
    return found


def cohorts(
    facts: Facts, as_of: date, rules: Rules
) -> dict[tuple[date, int | None, int], tuple[int, int]]:
    """Size and remaining members by month and club of the first base contract and month since."""
    found: dict[tuple[date, int | None, int], tuple[int, int]] = {}
    complete = as_of if as_of == last_of(as_of) else as_of.replace(day=1) - DAY
    for own in base_contracts(facts, rules).values():
        start = min(contract.starts_on or date.max for contract in own)
        first = newest([contract for contract in own if contract.starts_on == start])
        assert first is not None
        for n, month in enumerate(months(start, complete)):
            place = (start.replace(day=1), first.club, n)
            size, members = found.get(place, (0, 0))
            found[place] = (size + 1, members + bool(_on(own, last_of(month), rules)))
    return found
