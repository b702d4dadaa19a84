"""The members of a chain: their lives, their rows, and who may train on which day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from itertools import count

from ...store.rows import Row
from ..builder import Builder
from .lives import Life

_EPOCH = date(2020, 1, 1)
AHEAD = timedelta(7)
"""How far ahead classes and trainings are booked."""


def day_of(minute: int) -> date:
    """The day of a local minute."""
    return _EPOCH + timedelta(minute // 1440)


def midnight(day: date) -> int:
    """The local minute at which a day begins."""
    return (day - _EPOCH).days * 1440


class People:
    """The members of a chain.

    Attributes:
        until: the last day of the world.
        lives, users: their lives and their rows, in the same order.
        sales: numbers of sales.
    """

    def __init__(self, builder: Builder, lives: list[Life]) -> None:
        self.until = self.last_day(builder)
        self.lives = lives
        self.users: list[Row] = []
        self.sales = count(40_001)

    @staticmethod
    def last_day(builder: Builder) -> date:
        """The last day of a world that ends at a midnight."""
        return day_of(builder.now - 1)

    @cached_property
    def training(self) -> list[dict[date, list[int]]]:
        """Who may train, as indices, for each club and day, some days ahead included."""
        clubs = 1 + max(life.club for life in self.lives)
        found: list[dict[date, list[int]]] = [{} for _ in range(clubs)]
        for index, life in enumerate(self.lives):
            days = found[life.club]
            for day in life.days(self.until + AHEAD):
                days.setdefault(day, []).append(index)
        return found
