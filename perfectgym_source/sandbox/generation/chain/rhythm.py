"""The rhythm of a chain: seasons, weekdays and hours, and how each of its clubs fares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random

JOINING = (1.9, 1.25, 1.1, 0.95, 0.85, 0.7, 0.6, 0.5, 1.35, 1.1, 0.9, 0.65)
"""How many join, by the month, where 1 is usual; each of these is used alike."""
LEAVING = (0.8, 0.9, 1.0, 1.0, 1.15, 1.3, 1.25, 1.1, 0.9, 0.85, 0.95, 1.1)
VISITING = (1.3, 1.15, 1.1, 1.0, 0.95, 0.85, 0.75, 0.65, 1.05, 1.05, 1.0, 0.8)
FREEZING = (0.6, 0.7, 0.7, 0.8, 1.0, 2.2, 3.2, 2.8, 0.9, 0.7, 0.7, 1.0)
WEEKDAYS = (1.25, 1.2, 1.15, 1.1, 0.9, 0.75, 0.65)
"""How many train on a weekday, from Monday on."""

_WORKING_HOURS = (4, 10, 7, 5, 4, 4, 5, 4, 3, 4, 8, 13, 15, 11, 7, 3)
_FREE_HOURS = (0, 1, 3, 7, 11, 12, 9, 7, 6, 6, 5, 3, 2, 1, 0, 0)
_FIRST_HOUR = 6
_CUMULATED = tuple(tuple(accumulate(hours)) for hours in (_WORKING_HOURS, _FREE_HOURS))


@dataclass(frozen=True)
class Fortune:
    """How a club fares.

    Attributes:
        opened: the month of the chain in which it opened.
        campaign: how many join in its first month.
        joiners: who join in an average month, when it opened and now.
        leaving: how gladly they leave, when it opened and now.
    """

    opened: int
    campaign: int
    joiners: tuple[float, float]
    leaving: tuple[float, float]

    def joining_in(self, month: int, months: int) -> float:
        """How many join in a month of the chain, apart from its season."""
        return _between(self.joiners, self._age(month, months))

    def leaving_in(self, month: int, months: int) -> float:
        """How gladly members leave in a month of the chain, apart from its season."""
        return _between(self.leaving, self._age(month, months))

    def _age(self, month: int, months: int) -> float:
        return min(1.0, max(0, month - self.opened) / max(1, months - self.opened))


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * share


FORTUNES = (
    Fortune(0, 44, (4.4, 5.2), (0.95, 0.85)),
    Fortune(0, 42, (4.2, 1.5), (0.9, 2.3)),
    Fortune(13, 24, (5.2, 7.6), (0.8, 0.7)),
)
"""One that holds its own, one that shrinks, and a new one that grows."""


def month_after(day: date, months: int) -> date:
    """The same day some months later, or the last one of that month."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(1)).day
    return date(year, month, min(day.day, last))


def about(random: Random, expected: float) -> int:
    """A number that is as expected on average."""
    return int(expected * (0.75 + 0.5 * random.random()) + random.random())


def draw_minute(random: Random, day: date) -> int:
    """A minute of a day at which somebody comes."""
    is_free = day.weekday() > 4
    hours = range(_FIRST_HOUR, _FIRST_HOUR + len(_WORKING_HOURS))
    hour = random.choices(hours, cum_weights=_CUMULATED[is_free])[0]
    return hour * 60 + random.randrange(60)
