"""Lives of members: how they join, change, freeze, leave and come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from . import rhythm
from .rhythm import month_after

TRIAL = 7
"""The plan of the seven-day pass, as an index into the plans of the programme."""
ANNUAL = 10
_PLANS = (0, 1, 2, 3, 4, 5, 10)
_POPULARITY = (18, 8, 34, 17, 9, 10, 4)
_BOUND = {0: 12, 1: 1, 2: 12, 3: 1, 4: 6, 5: 5, 10: 12}
"""Months for which a plan binds."""
_ENDING = (4, 5)
"""Plans that end by themselves."""
_NEXT = {0: (2, 10), 1: (0, 3), 2: (0, 4), 3: (2, 1), 4: (2, 2), 5: (2, 3), 10: (0, 0)}
"""Plans to which members of a plan change: up and down, or what comes close to it."""
_DAY = timedelta(1)


@dataclass
class Freeze:
    """A freeze of a contract: first and last day, indices of its reason and type."""

    first: date
    last: date
    reason: int
    kind: int


@dataclass
class Term:
    """One contract of a member.

    Attributes:
        plan: an index into the plans of the programme.
        signed, starts, committed: days.
        ends: its last day, once that is known.
        cancelled: the day of notice.
        discounts: indices into the discounts of the programme.
        freezes: in order.
        has_add_on: whether an add-on of its plan was taken.
    """

    plan: int
    signed: date
    starts: date
    committed: date
    ends: date | None = None
    cancelled: date | None = None
    discounts: tuple[int, ...] = ()
    freezes: list[Freeze] = field(default_factory=list)
    has_add_on: bool = False

    def last(self) -> date | None:
        """The last day on which it is in force; None while it is open."""
        if self.ends is None and self.cancelled is not None:
            return max(self.cancelled, self.committed)
        return self.ends


@dataclass
class Life:
    """One member.

    Attributes:
        club: an index into the clubs.
        terms: contracts in the order of their start.
        training: visits to the gym in an average week.
        classes: bookings in an average week.
        dues: how fees are paid: `debit`, `till`, `late` or `never` in the end.
        source: where the member came from, an index into the sources of leads.
    """

    club: int
    terms: list[Term]
    training: float
    classes: float
    dues: str
    source: int

    def days(self, until: date) -> Iterator[date]:
        """The days up to one on which the member may train: in force and not frozen."""
        for term in self.terms:
            last = min(term.last() or until, until)
            day = term.starts
            for freeze in term.freezes:
                while day < freeze.first and day <= last:
                    yield day
                    day += _DAY
                day = max(day, freeze.last + _DAY)
            while day <= last:
                yield day
                day += _DAY


class Lives:
    """Makes the lives of a chain.

    Args:
        random: a source of chance.
        until: the last day of the world.
        months: how many months it has.
    """

    def __init__(self, random: Random, until: date, months: int) -> None:
        self._random = random
        self._until = until
        self._months = months
        self.first = month_after(until.replace(day=1), 1 - months)

    def make(self) -> list[Life]:
        """All lives in the order of joining."""
        lives = []
        for club, fortune in enumerate(rhythm.FORTUNES):
            for month in range(fortune.opened, self._months):
                first = month_after(self.first, month)
                expected = fortune.joining_in(month, self._months) * rhythm.JOINING[first.month - 1]
                if month == fortune.opened:
                    expected = fortune.campaign
                length = (month_after(first, 1) - first).days
                for _ in range(rhythm.about(self._random, expected)):
                    joined = first + timedelta(self._random.randrange(length))
                    if joined <= self._until:
                        lives.append(self._life(club, joined))
        return sorted(lives, key=lambda life: life.terms[0].signed)

    def _life(self, club: int, joined: date) -> Life:
        random = self._random
        life = Life(
            club,
            [],
            0.05 if random.random() < 0.12 else min(4.5, random.lognormvariate(-0.25, 0.65)),
            random.uniform(0.5, 3.0) if random.random() < 0.68 else 0.05,
            random.choices(("debit", "till", "late", "never"), (66, 20, 10, 4))[0],
            random.choices(range(5), (26, 30, 22, 16, 6))[0],
        )
        starts: date | None = joined
        if random.random() < 0.24:
            starts = self._trial(life, joined)
        while starts is not None and starts <= self._until:
            starts = self._membership(life, starts)
        return life

    def _trial(self, life: Life, joined: date) -> date | None:
        """A pass of seven days, and the day on which a contract follows."""
        last = joined + timedelta(6)
        life.terms.append(Term(TRIAL, joined, joined, last, ends=last))
        if self._random.random() < 0.4:
            return None
        return last + timedelta(1 + max(0, self._random.randrange(-6, 12)))

    def _membership(self, life: Life, starts: date) -> date | None:
        """Contracts without a gap, and the day on which the member returns."""
        plan = self._random.choices(_PLANS, _POPULARITY)[0]
        following: tuple[int, date] | None = (plan, starts)
        while following is not None and following[1] <= self._until:
            plan, starts = following
            term = self._term(plan, starts, is_first=not life.terms)
            life.terms.append(term)
            following = self._ending(life, term)
            self._freeze(term)
        last = life.terms[-1].last()
        if last is None or self._random.random() > 0.2:
            return None
        late = self._random.random() < 0.3
        return last + timedelta(
            self._random.randrange(5, 27) if late else self._random.randrange(40, 220)
        )

    def _term(self, plan: int, starts: date, is_first: bool) -> Term:
        random = self._random
        signed = starts - timedelta(random.randrange(1, 12) if random.random() < 0.3 else 0)
        committed = month_after(starts, _BOUND[plan]) - _DAY
        term = Term(plan, min(signed, self._until), starts, committed)
        if plan in _ENDING:
            term.ends = committed
        if random.random() < (0.4 if is_first else 0.22):
            chosen = random.choices(range(6), (38, 18, 8, 14, 3, 14))[0]
            term.discounts = (0, 1) if chosen == 0 and random.random() < 0.15 else (chosen,)
            if plan in _ENDING or plan == ANNUAL:
                term.discounts = (0,)
        term.has_add_on = random.random() < 0.14
        return term

    def _ending(self, life: Life, term: Term) -> tuple[int, date] | None:
        """End a contract, or leave it open; the plan and the start of the one that follows."""
        random, bound = self._random, _BOUND[term.plan]
        if term.plan in _ENDING:
            after = term.committed + _DAY
            fate = random.random()
            if fate < 0.45:
                return term.plan, after
            return (_NEXT[term.plan][0], after) if fate < 0.57 else None
        fortune = rhythm.FORTUNES[life.club]
        for month in range(1, 999):
            last = month_after(term.starts, month) - _DAY
            if last > self._until + timedelta(31):
                return None
            if month > 2 and random.random() < 0.009 and last < self._until:
                term.ends = last
                return random.choices(_NEXT[term.plan], (3, 2))[0], last + _DAY
            if month < bound:  # moved away, fell ill
                rate = 0.006
            elif month == bound > 1:
                rate = 0.34
            else:
                rate = 0.075 if bound == 1 else 0.045
            elapsed = (last.year - self.first.year) * 12 + last.month - self.first.month
            rate *= fortune.leaving_in(elapsed, self._months) * rhythm.LEAVING[last.month - 1]
            notice = last - timedelta(random.randrange(28, 45))
            if random.random() < rate and notice >= term.signed:
                if notice > self._until:
                    return None
                term.cancelled = notice
                # Some offices note the day of notice only: the commitment tells the end.
                if month != bound or random.random() > 0.1:
                    term.ends = last
                return None
        return None

    def _freeze(self, term: Term) -> None:
        random = self._random
        last = min(term.last() or date.max, self._until + timedelta(10))
        day = term.starts + timedelta(30)
        while day < last and term.plan != ANNUAL:
            day += timedelta(random.randrange(20, 40))
            if day + timedelta(10) >= last:
                break
            if random.random() < 0.02 * rhythm.FREEZING[day.month - 1]:
                is_holiday = day.month in (6, 7, 8) and random.random() < 0.8
                reason = 4 if is_holiday else random.choice((0, 0, 1, 1, 2, 3, 5))
                end = min(day + timedelta(random.choice((13, 20, 29, 29, 59))), last)
                kind = 2 if reason in (0, 1, 2) else random.randrange(2)
                term.freezes.append(Freeze(day, end, reason, kind))
                day = end + timedelta(45)
