"""The figures of the report, counted in plain Python from the rows of the marts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from support.mart_tables import TABLES, Rows

Row = dict[str, Any]


class Counted:
    """Figures over the rows of some clubs (of none: all rows), from a month to another."""

    def __init__(self, rows: Rows, start: date, end: date, clubs: Collection[str] = ()) -> None:
        self.rows = rows
        self.start, self.end = start, end
        self.clubs = clubs

    def table(self, name: str, keep: Callable[[Row], Any] = lambda row: True) -> list[Row]:
        """Return the rows of a mart that belong to the clubs."""
        columns = [column.split()[0] for column in TABLES[name].replace("(18,2)", "").split(",")]
        found = [dict(zip(columns, row)) for row in self.rows[name]]
        if "club_key" in columns and name != "dim_club":
            found = [row for row in found if not self.clubs or row["club_key"] in self.clubs]
        return [row for row in found if keep(row)]

    def is_inside(self, day: date) -> bool:
        return (
            (self.start.year, self.start.month)
            <= (day.year, day.month)
            <= (
                self.end.year,
                self.end.month,
            )
        )

    def sums(
        self, name: str, key: Callable[[Row], Any], column: str, **more: Any
    ) -> dict[Any, Any]:
        """Return the sums of a column by key."""
        found: dict[Any, Any] = defaultdict(int)
        for row in self.table(name, **more):
            found[key(row)] += row[column]
        return dict(found)

    def monthly(self, name: str, column: str) -> dict[date, Any]:
        """Return the sums of a column by month, of complete months."""
        return self.sums(
            name,
            lambda row: row["month"],
            column,
            keep=lambda row: self.is_inside(row["month"]) and row.get("is_complete_month", True),
        )

    def fill(self, key: Callable[[Row], Any]) -> dict[Any, float]:
        """Return the fill of held classes by key, of five or more."""
        taken: dict[Any, list[int]] = defaultdict(list)
        for row in self.table("fct_class"):
            if self.is_inside(row["starts_at"]) and row["state"] == "held" and row["place_limit"]:
                taken[key(row)] += [row["places_taken"], row["place_limit"]]
        return {
            name: sum(found[::2]) / sum(found[1::2])
            for name, found in taken.items()
            if len(found) >= 10
        }

    def no_shows(self, key: Callable[[Row], Any]) -> dict[Any, float]:
        """Return the rate of no-shows by key of the class, of five bookings or more."""
        classes = {row["class_key"]: row for row in self.table("fct_class")}
        states: dict[Any, list[str]] = defaultdict(list)
        for row in self.table("fct_booking", lambda row: row["class_key"] in classes):
            of = classes[row["class_key"]]
            if self.is_inside(of["starts_at"]) and row["state"] in ("attended", "no_show"):
                states[key(of)].append(row["state"])
        return {
            name: found.count("no_show") / len(found)
            for name, found in states.items()
            if len(found) >= 5
        }
