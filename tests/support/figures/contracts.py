"""When a contract is in force, how it ends, when it is frozen, and what it costs a month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from .facts import DAY, Contract, Facts, Plan, Rules, cents

TIME_LIMITED = ("month", "interval", "initial", "last", "chosen", "since", "prorata")


def ends_before(contract: Contract, rules: Rules) -> date | None:
    """The first day on which a contract is no longer in force; None while it has no end."""
    last = contract.ends_on
    if last is not None:
        return last + DAY if rules.end_is_last_day else last
    if contract.cancelled_on is None:
        return None
    return max(contract.cancelled_on, contract.committed_on or contract.cancelled_on) + DAY


def has_started(contract: Contract, rules: Rules) -> bool:
    """Whether a contract has any day at all."""
    end = ends_before(contract, rules)
    return contract.starts_on is not None and (end is None or end > contract.starts_on)


def is_in_force(contract: Contract, day: date, rules: Rules) -> bool:
    """Whether a contract is in force on a day."""
    end = ends_before(contract, rules)
    return (
        contract.starts_on is not None and contract.starts_on <= day and (end is None or day < end)
    )


def is_base(contract: Contract, facts: Facts) -> bool:
    """Whether a contract makes a member."""
    plan = facts.plans.get(contract.plan or 0)
    return not contract.is_additional and not (plan is not None and plan.is_addon)


def base_contracts(facts: Facts, rules: Rules) -> dict[int, list[Contract]]:
    """The contracts that make members, by member, in the order of their start."""
    found: dict[int, list[Contract]] = {}
    for contract in facts.contracts:
        if contract.member and has_started(contract, rules) and is_base(contract, facts):
            found.setdefault(contract.member, []).append(contract)
    for own in found.values():
        own.sort(key=_by_start)
    return found


def _by_start(contract: Contract) -> tuple[date, int]:
    return contract.starts_on or date.max, contract.key


def successor(contract: Contract, own: list[Contract], rules: Rules) -> Contract | None:
    """The contract that takes the place of one that ended, if one does."""
    end = ends_before(contract, rules)
    if end is None:
        return None
    for other in own:
        until = ends_before(other, rules)
        if (
            _by_start(other) > _by_start(contract)
            and (other.starts_on or date.max) < end + rules.replace_gap_days * DAY
            and (until is None or until > end)
        ):
            return other
    return None


def end_kind(contract: Contract, own: list[Contract], as_of: date, rules: Rules) -> str:
    """How a contract ended: open, replaced, cancelled or expired."""
    end = ends_before(contract, rules)
    if end is None or end > as_of:
        return "open"
    if successor(contract, own, rules) is not None:
        return "replaced"
    return "cancelled" if contract.cancelled_on is not None else "expired"


def is_frozen(contract: Contract, day: date, rules: Rules) -> bool:
    """Whether a contract is in force and frozen on a day."""
    return is_in_force(contract, day, rules) and any(
        first <= day and (last is None or day <= last) for first, last in contract.freezes
    )


def freeze_days(contract: Contract, rules: Rules, as_of: date) -> int:
    """The days up to a day on which a contract was frozen, each once."""
    days = set()
    for first, last in contract.freezes:
        day = first
        while day <= min(last or as_of, as_of):
            if is_frozen(contract, day, rules):
                days.add(day)
            day += DAY
    return len(days)


def in_months(period: tuple[int, int] | None, rules: Rules) -> Fraction | None:
    """A period of months and days, in months."""
    return None if period is None else period[0] + period[1] / rules.days_per_month


def monthly(amount: Fraction, plan: Plan, rules: Rules) -> Fraction | None:
    """The monthly part of what is paid for each interval of a plan."""
    interval = in_months(plan.interval, rules)
    if interval is None:
        return None
    interval = interval or in_months(plan.commitment, rules)
    return amount / interval if interval else Fraction(0)


@dataclass(frozen=True)
class Price:
    """What a contract costs a month; None where the plan has no interval that is understood."""

    list_gross: Decimal | None
    gross: Decimal | None
    net: Decimal | None
    addon_gross: Decimal = Decimal(0)
    addon_net: Decimal = Decimal(0)
    basis: str = "list"

    def amount(self, rules: Rules) -> Decimal:
        """The part of it that is recurring revenue, add-ons included."""
        if rules.mrr_amount == "net":
            return (self.net or Decimal(0)) + self.addon_net
        return (self.gross or Decimal(0)) + self.addon_gross

    @property
    def discount(self) -> Decimal:
        """What the contract costs less than its plan."""
        if self.list_gross is None or self.gross is None:
            return Decimal(0)
        return max(Decimal(0), self.list_gross - self.gross)


def discounted(
    amount: Fraction, discounts: tuple[tuple[str, Fraction], ...], rules: Rules
) -> Fraction:
    """A price after its discounts, in their order."""
    for kind, value in discounts:
        name = kind.lower()
        if rules.time_limited_discounts == "ignore" and any(w in name for w in TIME_LIMITED):
            continue
        if name.startswith("percent"):
            amount *= 1 - value / 100
        elif name.startswith("amount"):
            amount -= value
        elif name.startswith("fixed"):
            amount = value
        elif name.startswith("free"):
            amount = Fraction(0)
        amount = max(amount, Fraction(0))
    return amount


def price(contract: Contract, day: date, facts: Facts, rules: Rules) -> Price:
    """The price of a contract as it stands on a day."""
    plan = facts.plans.get(contract.plan or 0)
    if plan is None:
        return Price(None, None, None)
    listed = _rounded(monthly(plan.gross, plan, rules))
    addon_gross, addon_net = _addons(contract, plan, day, facts, rules)
    charged = _charged(contract, "Membership", day, facts, rules)
    if charged is not None:
        gross, net = (_rounded(monthly(amount, plan, rules)) for amount in charged)
        return Price(listed, gross, net, addon_gross, addon_net, "charged")
    after = discounted(plan.gross, contract.discounts, rules)
    share = plan.net / plan.gross if plan.gross else Fraction(0)
    gross = _rounded(monthly(after, plan, rules))
    net = _rounded(monthly(after * share, plan, rules))
    return Price(listed, gross, net, addon_gross, addon_net)


def _addons(
    contract: Contract, plan: Plan, day: date, facts: Facts, rules: Rules
) -> tuple[Decimal, Decimal]:
    charged = _charged(contract, "AddOn", day, facts, rules)
    if charged is None:
        valid = [
            plan.addons[addon.name]
            for addon in contract.addons
            if addon.name in plan.addons
            and is_in_force(
                Contract(0, starts_on=addon.starts_on, ends_on=addon.ends_on), day, rules
            )
        ]
        charged = _sum(gross for gross, _ in valid), _sum(net for _, net in valid)
    gross, net = (_rounded(monthly(amount, plan, rules)) or Decimal(0) for amount in charged)
    return gross, net


def _charged(
    contract: Contract, kind: str, day: date, facts: Facts, rules: Rules
) -> tuple[Fraction, Fraction] | None:
    """The sums of the newest charges of a kind that are due by a day; None if there is none."""
    due = [
        charge
        for charge in facts.charges_of.get(contract.key, ())
        if charge.kind == kind and charge.due_on <= day
    ]
    if not due or rules.price_basis == "list":
        return None
    newest = max(charge.due_on for charge in due)
    due = [charge for charge in due if charge.due_on == newest]
    return _sum(each.gross for each in due), _sum(each.net for each in due)


def _sum(amounts: Iterable[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0))


def _rounded(amount: Fraction | None) -> Decimal | None:
    return None if amount is None else cents(amount)
