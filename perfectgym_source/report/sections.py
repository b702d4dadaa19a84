"""The sections of the report: which figures, in which chart, from which mart, to decide what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import charts, figures
from .figures import Headline
from .filters import Choices, Filters, choices_of, later
from .reading import PublishedMarts, Reader, Row
from .words import month_name

LOAD = "perfectgym load marts"
"""Loads all that the marts read."""


@dataclass(frozen=True)
class Section:
    """One chart of the report.

    Attributes:
        name: Its name, for links.
        title: Its title.
        text: What it shows, and what to decide by it.
        mart: The mart that it shows.
        figures: Returns its rows.
        chart: Draws them; it takes the currency too.
        measures: The columns of which one has to have a value for a chart.
        is_money: Whether the figures are amounts of one currency.
        is_wide: Whether the chart takes the whole width.
    """

    name: str
    title: str
    text: str
    mart: str
    figures: Callable[[Reader, Filters], list[Row]]
    chart: Callable[[Sequence[Row], str], Any]
    measures: tuple[str, ...]
    is_money: bool = False
    is_wide: bool = False

    def has_values(self, rows: Sequence[Row]) -> bool:
        """Return whether there is something to draw."""
        return any(row[measure] for row in rows for measure in self.measures)


GROUPS = {
    "Members": (
        Section(
            "members",
            "Members",
            "At the end of each month. Does growth follow the plan?",
            "kpi_club_month",
            figures.members,
            charts.members,
            ("members",),
        ),
        Section(
            "movements",
            "Who came, who left",
            "Members by month. Is it sales, or is it retention?",
            "kpi_club_month",
            figures.movements,
            charts.movements,
            ("joined", "returned", "renewed_late", "left_members"),
        ),
        Section(
            "churn",
            "Churn and attrition",
            "Members who left, of those at the start. Which club needs help?",
            "kpi_club_month",
            figures.churn,
            charts.churn,
            ("churn", "attrition"),
        ),
    ),
    "Money": (
        Section(
            "mrr",
            "Monthly recurring revenue",
            "At the end of each month. Do prices and sales carry it?",
            "fct_mrr_month",
            figures.mrr,
            charts.mrr,
            ("mrr",),
            is_money=True,
        ),
        Section(
            "bridge",
            "What changed the MRR",
            "Of the last month; the axis does not begin at 0. What is to be won back?",
            "fct_mrr_month",
            figures.bridge,
            charts.bridge,
            ("start", "end_"),
            is_money=True,
        ),
        Section(
            "overdue",
            "Overdue fees",
            "Open amounts by age, at the last load. Whom to call first?",
            "fct_fee",
            figures.overdue,
            charts.overdue,
            ("amount",),
            is_money=True,
        ),
    ),
    "Visits and classes": (
        Section(
            "visits",
            "Visits by weekday and hour",
            "All of the period, by the hour of entry. When is staff needed?",
            "fct_visit",
            figures.visits,
            charts.visits,
            ("visits",),
        ),
        Section(
            "fill_by_hour",
            "Class fill by weekday and hour",
            "Places taken, of all places. Where is room for another class?",
            "fct_class",
            figures.fill_by_hour,
            charts.fill_by_hour,
            ("fill",),
        ),
        Section(
            "fill_by_type",
            "Class fill by type",
            f"Types with {figures.FEWEST} classes or more. What to add, move or drop?",
            "fct_class",
            figures.fill_by_type,
            charts.fill_by_type,
            ("fill",),
        ),
        Section(
            "fill_by_instructor",
            "Class fill by instructor",
            f"Instructors with {figures.FEWEST} classes or more. Who fills a room?",
            "fct_class",
            figures.fill_by_instructor,
            charts.fill_by_instructor,
            ("fill",),
        ),
        Section(
            "no_shows_by_type",
            "No-shows by type",
            f"Of the bookings attended or not, from {figures.FEWEST} on. Do booking rules work?",
            "fct_booking",
            figures.no_shows_by_type,
            charts.no_shows_by_type,
            ("rate",),
        ),
        Section(
            "no_shows_by_hour",
            "No-shows by hour",
            "By the hour at which classes start. When to book more than there are places?",
            "fct_booking",
            figures.no_shows_by_hour,
            charts.no_shows_by_hour,
            ("rate",),
        ),
    ),
    "Retention": (
        Section(
            "cohorts",
            "Who stays",
            f"Of {figures.FEWEST} or more who joined in a month. How good are the first 90 days?",
            "cohort_retention",
            figures.cohorts,
            charts.cohorts,
            ("share",),
            is_wide=True,
        ),
    ),
}
"""The sections by the heading that they stand under."""


@dataclass(frozen=True)
class Figures:
    """All figures of the report, of one state of the marts.

    Attributes:
        place: The name of the destination.
        choices: What could be chosen.
        filters: What was; None if there is no complete month.
        headlines: The figures of the last month.
        rows: Those of each section by its name.
    """

    place: str
    choices: Choices
    filters: Filters | None
    headlines: list[Headline] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """The currency of all amounts; empty if it is not known."""
        return (self.filters.currency if self.filters else None) or ""

    @property
    def month_before(self) -> str:
        """The name of the month to which the last one is compared."""
        return month_name(later(self.filters.end, -1)) if self.filters else ""


def read_choices(marts: PublishedMarts) -> Choices:
    """Read what can be chosen.

    Raises:
        NothingToReport: There are no marts.
        PerfectGymError: The destination cannot be read.
    """
    with marts.reading() as reader:
        return choices_of(reader)


def read(marts: PublishedMarts, **chosen: Any) -> Figures:
    """Read all figures.

    Args:
        marts: The marts.
        chosen: The filters, as for `Choices.filters`.

    Raises:
        NothingToReport: There are no marts.
        PerfectGymError: The destination cannot be read.
    """
    with marts.reading() as reader:
        choices = choices_of(reader)
        return _figures(reader, Figures(marts.name, choices, choices.filters(**chosen)))


def read_each_currency(marts: PublishedMarts) -> list[Figures]:
    """Read all figures, once for each currency.

    Raises:
        NothingToReport: There are no marts.
        PerfectGymError: The destination cannot be read.
    """
    with marts.reading() as reader:
        choices = choices_of(reader)
        return [
            _figures(reader, Figures(marts.name, choices, choices.filters(currency=currency)))
            for currency in choices.currencies or [None]
        ]


def _figures(reader: Reader, of: Figures) -> Figures:
    if of.filters is None:
        return of
    rows = {
        section.name: section.figures(reader, of.filters)
        for sections in GROUPS.values()
        for section in sections
    }
    return replace(of, headlines=figures.headlines(reader, of.filters), rows=rows)
