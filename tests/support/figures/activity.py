"""Visits, classes, bookings, debts: what happened from day to day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from .facts import DAY, Booking, Class, Entry, Facts, Fee, Rules


def end_of(day: date) -> datetime:
    """The moment at which a day is over."""
    return datetime.combine(day + DAY, time())


@dataclass(frozen=True)
class Visit:
    """Entries of a member in a club that belong together."""

    member: int | None
    club: int | None
    entered_at: datetime
    minutes: int | None
    entries: int
    state: str


def visits(entries: Iterable[Entry], as_of: date, rules: Rules) -> list[Visit]:
    """The visits up to the end of a day."""
    groups: list[list[Entry]] = []
    until = datetime.min
    for entry in sorted(entries, key=lambda e: (str(e.member), str(e.club), _entered(e))):
        if entry.entered_at >= end_of(as_of):
            continue
        is_next = (
            groups
            and entry.member is not None
            and (groups[-1][0].member, groups[-1][0].club) == (entry.member, entry.club)
            and _entered(entry) <= until + timedelta(minutes=rules.visit_merge_minutes)
        )
        if is_next:
            groups[-1].append(entry)
            until = max(until, _left(entry) or _entered(entry))
        else:
            groups.append([entry])
            until = _left(entry) or _entered(entry)
    return [_visit(group, as_of, rules) for group in groups]


def _entered(entry: Entry) -> datetime:
    return (entry.entered or entry.entered_at).replace(tzinfo=None)


def _left(entry: Entry) -> datetime | None:
    left = entry.left or entry.left_at
    return None if left is None else left.replace(tzinfo=None)


def _visit(group: list[Entry], as_of: date, rules: Rules) -> Visit:
    first, last = group[0], group[-1]
    longest = timedelta(hours=rules.visit_max_hours)
    minutes, state = None, "exit_missing"
    if _left(last) is not None:
        stay = max(left for each in group if (left := _left(each))) - _entered(first)
        if stay <= longest:
            minutes, state = int(stay.total_seconds() // 60), "closed"
    elif end_of(as_of) - first.entered_at < longest:
        state = "inside"
    return Visit(first.member, first.club, first.entered_at, minutes, len(group), state)


def is_held(each: Class, as_of: date) -> bool:
    """Whether a class took place."""
    return not each.is_deleted and each.ends_at <= end_of(as_of)


def class_state(each: Class, as_of: date) -> str:
    """Whether a class was held, is to come, or was cancelled."""
    if each.is_deleted:
        return "cancelled"
    return "held" if is_held(each, as_of) else "upcoming"


def booking_states(facts: Facts, as_of: date, rules: Rules) -> dict[tuple[int, int], str]:
    """The state of each booking, by class and member."""
    classes = {each.key: each for each in facts.classes}
    marked = {booking.class_key for booking in facts.bookings if booking.attended}
    return {
        (booking.class_key, booking.member): booking_state(
            booking, classes[booking.class_key], booking.class_key in marked, as_of, rules
        )
        for booking in facts.bookings
        if booking.class_key in classes
    }


def booking_state(booking: Booking, of: Class, is_marked: bool, as_of: date, rules: Rules) -> str:
    """The state of a booking; `is_marked`: somebody in the class is marked as attended."""
    if booking.attended:
        return "attended"
    if booking.cancelled:
        return "cancelled"
    if booking.standby:
        return "standby"
    if of.is_deleted:
        return "class_cancelled"
    if of.ends_at > end_of(as_of) - timedelta(hours=rules.noshow_after_hours):
        return "upcoming"
    return "no_show" if is_marked else "not_recorded"


@dataclass(frozen=True)
class Filled:
    """A class with the places that were taken, and what became of its bookings."""

    key: int
    club: int | None
    type: int | None
    instructor: int | None
    state: str
    limit: int | None
    booked: int | None
    states: Counter[str] | None
    starts_at: datetime

    @property
    def places(self) -> int | None:
        """Places taken, never more than there are."""
        if self.booked is None or not self.limit:
            return self.booked
        return min(self.booked, self.limit)


def filled(facts: Facts, as_of: date, rules: Rules) -> list[Filled]:
    """Every class; the states of its bookings only where these are complete."""
    states: dict[int, Counter[str]] = {}
    booked: Counter[int] = Counter()
    for (key, _), state in booking_states(facts, as_of, rules).items():
        states.setdefault(key, Counter())[state] += 1
        booked[key] += state not in ("cancelled", "standby")
    found = []
    for each in facts.classes:
        own = states.get(each.key, Counter())
        count, is_complete = booked[each.key], True
        if facts.counts_are_booked:
            is_complete = each.count in (count, count + own["standby"])
            count = count if is_complete else each.count or 0
        found.append(
            Filled(
                each.key,
                each.club,
                each.type,
                each.instructor,
                class_state(each, as_of),
                each.limit,
                count,
                own if is_complete else None,
                each.starts_at,
            )
        )
    return found


def fill(classes: Iterable[Filled]) -> tuple[int, int]:
    """Places taken and places of the held classes that have a limit."""
    counted = [each for each in classes if each.state == "held" and each.limit]
    return sum(each.places or 0 for each in counted), sum(each.limit or 0 for each in counted)


def days_overdue(fee: Fee, as_of: date, rules: Rules) -> int:
    """How long an amount has been due; negative while it is not."""
    return 0 if fee.due_on is None else (as_of - fee.due_on).days - rules.grace_days


def bucket(fee: Fee, as_of: date, rules: Rules) -> str:
    """The age of a debt."""
    age, least = days_overdue(fee, as_of, rules), 1
    if age <= 0:
        return "not_due"
    for most in rules.ageing_days:
        if age <= most:
            return f"{least}-{most}"
        least = most + 1
    return f"{least}+"


def ageing(facts: Facts, as_of: date, rules: Rules) -> dict[str, Decimal]:
    """What is owed, by age."""
    found: dict[str, Decimal] = {}
    for fee in facts.fees:
        if fee.left > 0:
            name = bucket(fee, as_of, rules)
            found[name] = found.get(name, Decimal(0)) + fee.left
    return found
