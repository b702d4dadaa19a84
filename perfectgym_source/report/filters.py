"""What the report is about: the clubs, the months and the currency that are chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from .reading import Reader, Row

MONTHS_SHOWN = 24
"""Months of the period, unless another one is chosen."""
_OF_NO_CLUB = (
    "SELECT count(*) AS n FROM {fct_fee} AS fee WHERE left_to_pay > 0 AND club_key IS NULL"
)


@dataclass(frozen=True)
class Filters:
    """What the report is about.

    Attributes:
        start: First day of the first month; only complete months count.
        end: First day of the last month.
        currency: Currency of all amounts; None for those of which it is not known.
        clubs: Keys of clubs; all of them, and what belongs to none, if there are no keys.
        is_only_currency: Whether there is no other one, so that it is that of amounts without a
            club too.
    """

    start: date
    end: date
    currency: str | None = None
    clubs: tuple[str, ...] = ()
    is_only_currency: bool = True

    @property
    def after(self) -> date:
        """The first day that no longer counts."""
        return later(self.end, 1)

    def at_club(self, column: str = "club_key") -> str:
        """Return the condition on a column with keys of clubs, which are its values."""
        return f"{column} IN ({', '.join(['%s'] * len(self.clubs))})" if self.clubs else "1 = 1"


@dataclass(frozen=True)
class Choices:
    """What can be chosen.

    Attributes:
        clubs: Names of clubs by their key.
        months: First days of the complete months, the oldest first.
        currencies: The currencies, that of most clubs first; None where it is not known.
    """

    clubs: dict[str, str]
    months: list[date]
    currencies: list[str | None]

    def filters(
        self,
        start: date | None = None,
        end: date | None = None,
        currency: str | None = "",
        clubs: Sequence[str] = (),
    ) -> Filters | None:
        """Return the filters of a choice; None if there is no complete month.

        Args:
            start: The first month.
            end: The last month.
            currency: The currency, None for amounts of which it is not known; empty for the first.
            clubs: Keys of clubs; by default all.
        """
        if not self.months:
            return None
        end = end or self.months[-1]
        shown = [month for month in self.months if month <= end][-MONTHS_SHOWN:]
        start = min(start or shown[0], end)
        if currency == "":
            currency = self.currencies[0] if self.currencies else None
        return Filters(start, end, currency, tuple(clubs), len(self.currencies) < 2)


def choices_of(reader: Reader) -> Choices:
    """Return what can be chosen."""
    clubs = reader.rows(
        "SELECT club_key, name, currency FROM {dim_club} AS club WHERE NOT is_excluded"
    )
    months = reader.rows(
        "SELECT DISTINCT month FROM {kpi_club_month} AS kpi WHERE is_complete_month ORDER BY month"
    )
    found = [row["currency"] for row in clubs]
    found += [
        row["currency"] for row in reader.rows("SELECT DISTINCT currency FROM {fct_mrr_month} AS m")
    ]
    if len(set(found)) > 1 and reader.rows(_OF_NO_CLUB)[0]["n"]:
        found.append(None)
    return Choices(
        clubs=_named(clubs),
        months=[day(row["month"]) for row in months],
        currencies=sorted(set(found), key=lambda name: (-found.count(name), name or "")),
    )


def _named(clubs: Sequence[Row]) -> dict[str, str]:
    """Return the names of clubs by key, in order; those of the same name with their key."""
    names = Counter(row["name"] for row in clubs)
    named = {
        row["club_key"]: row["name"]
        if row["name"] and names[row["name"]] == 1
        else f"{row['name'] or 'Club'} ({row['club_key']})"
        for row in clubs
    }
    return dict(sorted(named.items(), key=lambda club: (club[1].lower(), club[0])))


def later(first: date, months: int) -> date:
    """Return the first day of a month that is some months later, or earlier."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def day(value: Any) -> date:
    """Return a date as such: a destination may have times where others have dates."""
    return value.date() if isinstance(value, datetime) else cast("date", value)
