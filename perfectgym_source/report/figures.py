"""The figures of the report: rows, queried from the marts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .filters import Filters, day, later
from .reading import Reader, Row

FEWEST = 5
"""A group of fewer is left out: a rate of it says little, or too much about one person."""

_BRIDGE = ("new", "reactivation", "expansion", "contraction", "churn", "transfer", "freeze")


def members(reader: Reader, by: Filters) -> list[Row]:
    """Return members and active members by month."""
    return _monthly(reader, by, "sum(members_end) AS members, sum(active_end) AS active")


def movements(reader: Reader, by: Filters) -> list[Row]:
    """Return the members who came and left by month; those between clubs if clubs are chosen."""
    return _monthly(
        reader,
        by,
        "sum(joined) AS joined, sum(returned) AS returned, sum(renewed_late) AS renewed_late, "
        "sum(left_members) AS left_members, sum(transferred_in) AS transferred_in, "
        "sum(transferred_out) AS transferred_out",
    )


def mrr(reader: Reader, by: Filters) -> list[Row]:
    """Return the monthly recurring revenue by month."""
    return reader.rows(
        f"SELECT month, sum(mrr_end) AS mrr FROM {{fct_mrr_month}} AS mrr "
        f"WHERE month BETWEEN %s AND %s AND currency IS NOT DISTINCT FROM %s AND {by.at_club()} "
        "GROUP BY month ORDER BY month",
        *(by.start, by.end, by.currency, *by.clubs),
    )


def bridge(reader: Reader, by: Filters) -> list[Row]:
    """Return the steps from the revenue before the last month to that at its end, in one row."""
    steps = ", ".join(f"sum(mrr_{name}) AS {name}" for name in ("start", *_BRIDGE, "end"))
    return reader.rows(
        f"SELECT {steps.replace(' AS end', ' AS end_')} FROM {{fct_mrr_month}} AS mrr "
        f"WHERE month = %s AND currency IS NOT DISTINCT FROM %s AND {by.at_club()}",
        *(by.end, by.currency, *by.clubs),
    )


def churn(reader: Reader, by: Filters) -> list[Row]:
    """Return churn by month, and attrition over the twelve months up to it.

    Attrition is all that left in these, over their average of members at the start, or over those
    at the start of the first, as `pg_attrition_denominator` says.
    """
    earlier = replace(by, start=later(by.start, -11))
    columns = "sum(left_members) AS left_members, sum(members_start) AS members_start"
    found = _monthly(reader, earlier, columns)
    result = []
    for index, row in enumerate(found):
        if day(row["month"]) < by.start:
            continue
        year = found[max(0, index - 11) : index + 1]
        if len(year) < 12 or day(year[0]["month"]) != later(day(row["month"]), -11):
            year = []
        starts = [each["members_start"] or 0 for each in year]
        left = sum(each["left_members"] or 0 for each in year)
        whole = 12 * starts[0] if starts and reader.is_attrition_of_start else sum(starts)
        rates = {
            "churn": ratio(row["left_members"], row["members_start"]),
            "attrition": ratio(left * 12, whole),
        }
        result.append({**row, **rates})
    return result


def visits(reader: Reader, by: Filters) -> list[Row]:
    """Return the visits by weekday and hour."""
    return reader.rows(
        f"SELECT weekday, hour, count(*) AS visits FROM {{fct_visit}} AS visit "
        f"WHERE visit_date >= %s AND visit_date < %s AND {by.at_club()} "
        "GROUP BY weekday, hour ORDER BY weekday, hour",
        *(by.start, by.after, *by.clubs),
    )


def fill_by_type(reader: Reader, by: Filters) -> list[Row]:
    """Return the fill of held classes by class type."""
    return _fill(reader, by, "coalesce(kind.name, class.class_type_key)", "name")


def fill_by_instructor(reader: Reader, by: Filters) -> list[Row]:
    """Return the fill of held classes by instructor."""
    return _fill(reader, by, "coalesce(teacher.display_name, class.instructor_key)", "name")


def fill_by_hour(reader: Reader, by: Filters) -> list[Row]:
    """Return the fill of held classes by weekday and hour."""
    return _fill(reader, by, "class.weekday", "weekday", "class.hour", "hour")


def no_shows_by_type(reader: Reader, by: Filters) -> list[Row]:
    """Return the rate of no-shows by class type."""
    return _no_shows(reader, by, "coalesce(kind.name, class.class_type_key)", "name")


def no_shows_by_hour(reader: Reader, by: Filters) -> list[Row]:
    """Return the rate of no-shows by the hour at which classes start."""
    return _no_shows(reader, by, "class.hour", "hour")


def overdue(reader: Reader, by: Filters) -> list[Row]:
    """Return what is overdue today by age and kind of fee, the newest first."""
    return reader.rows(
        "SELECT age_bucket, fee_kind, sum(left_to_pay) AS amount, min(days_overdue) AS days, "
        "count(*) AS n FROM {fct_fee} AS fee "
        "WHERE left_to_pay > 0 AND days_overdue > 0 "
        "AND (currency IS NOT DISTINCT FROM %s OR (club_key IS NULL AND %s)) "
        f"AND {by.at_club()} "
        "GROUP BY age_bucket, fee_kind ORDER BY min(days_overdue), fee_kind",
        *(by.currency, by.is_only_currency, *by.clubs),
    )


def cohorts(reader: Reader, by: Filters) -> list[Row]:
    """Return the share of the members who joined in a month that are still there n months later."""
    found = reader.rows(
        "SELECT cohort_month, n, sum(members) AS members, sum(size) AS size "
        "FROM {cohort_retention} AS cohort "
        f"WHERE cohort_month BETWEEN %s AND %s AND {by.at_club('first_club_key')} "
        "GROUP BY cohort_month, n ORDER BY cohort_month, n",
        *(by.start, by.end, *by.clubs),
    )
    return [
        {**row, "share": ratio(row["members"], row["size"])}
        for row in found
        if row["size"] >= FEWEST
    ]


@dataclass(frozen=True)
class Headline:
    """One figure of the last month.

    Attributes:
        label: What it is.
        value: The figure; None if it is not known.
        before: That of the month before.
        unit: `members`, `money`, `rate` or `count`.
    """

    label: str
    value: Any
    before: Any
    unit: str


def headlines(reader: Reader, by: Filters) -> list[Headline]:
    """Return the figures of the last month, each with that of the month before."""
    last = replace(by, start=later(by.end, -1))
    columns = (
        "sum(members_end) AS members, sum(left_members) AS left_members, "
        "sum(members_start) AS members_start, sum(visits) AS visits"
    )
    of_members = _two(last, _monthly(reader, last, columns))
    of_mrr = _two(last, mrr(reader, last))
    of_fill = [_fill_of_all(reader, month) for month in _each_month(last)]
    rates = [ratio(row.get("left_members"), row.get("members_start")) for row in of_members]
    found = (
        ("Members", [row.get("members") for row in of_members], "count"),
        ("MRR", [row.get("mrr") for row in of_mrr], "money"),
        ("Churn", rates, "rate"),
        ("Visits", [row.get("visits") for row in of_members], "count"),
        ("Class fill", of_fill, "rate"),
    )
    return [Headline(label, after, before, unit) for label, (before, after), unit in found]


def ratio(part: Any, whole: Any) -> float | None:
    """Return a part of a whole; None if there is no whole."""
    return float(part) / float(whole) if whole and part is not None else None


def _monthly(reader: Reader, by: Filters, columns: str) -> list[Row]:
    return reader.rows(
        f"SELECT month, {columns} FROM {{kpi_club_month}} AS kpi "
        f"WHERE is_complete_month AND month BETWEEN %s AND %s AND {by.at_club()} "
        "GROUP BY month ORDER BY month",
        *(by.start, by.end, *by.clubs),
    )


_CLASSES = (
    "{fct_class} AS class "
    "LEFT JOIN {dim_class_type} AS kind ON kind.class_type_key = class.class_type_key "
    "LEFT JOIN {dim_instructor} AS teacher ON teacher.instructor_key = class.instructor_key"
)


def _in_period(by: Filters) -> tuple[str, Sequence[Any]]:
    """Return the condition on classes, and its values."""
    condition = f"class.starts_at >= %s AND class.starts_at < %s AND {by.at_club('class.club_key')}"
    return condition, (by.start, by.after, *by.clubs)


def _fill(reader: Reader, by: Filters, *groups: str) -> list[Row]:
    """Return the fill of held classes.

    Args:
        reader: The reader.
        by: The filters.
        groups: Expressions, each followed by its name.
    """
    condition, values = _in_period(by)
    pairs = list(zip(groups[::2], groups[1::2]))
    columns = "".join(f"{expression} AS {name}, " for expression, name in pairs)
    names = ", ".join(expression for expression, _ in pairs)
    found = reader.rows(
        f"SELECT {columns}sum(places_taken) AS places_taken, sum(place_limit) AS place_limit, "
        f"count(*) AS n FROM {_CLASSES} "
        f"WHERE class.state = 'held' AND place_limit > 0 AND {condition}"
        + (f" AND {pairs[0][0]} IS NOT NULL GROUP BY {names} ORDER BY {names}" if pairs else ""),
        *values,
    )
    fewest = FEWEST if pairs else 1
    return [
        {**row, "fill": ratio(row["places_taken"], row["place_limit"])}
        for row in found
        if row["n"] >= fewest
    ]


def _fill_of_all(reader: Reader, by: Filters) -> float | None:
    found = _fill(reader, by)
    return found[0]["fill"] if found else None


def _no_shows(reader: Reader, by: Filters, expression: str, name: str) -> list[Row]:
    condition, values = _in_period(by)
    found = reader.rows(
        f"SELECT {expression} AS {name}, count(*) AS n, "
        "sum(CASE WHEN booking.state = 'no_show' THEN 1 ELSE 0 END) AS no_show "
        f"FROM {{fct_booking}} AS booking JOIN {_CLASSES} ON class.class_key = booking.class_key "
        f"WHERE booking.state IN ('attended', 'no_show') AND {condition} "
        f"AND {expression} IS NOT NULL GROUP BY {expression} ORDER BY {expression}",
        *values,
    )
    return [{**row, "rate": ratio(row["no_show"], row["n"])} for row in found if row["n"] >= FEWEST]


def _two(by: Filters, found: Sequence[Row]) -> list[Row]:
    """Return the rows of both months, an empty one where there is none."""
    by_month = {day(row["month"]): row for row in found}
    return [by_month.get(month, {}) for month in (by.start, by.end)]


def _each_month(by: Filters) -> list[Filters]:
    return [replace(by, start=month, end=month) for month in (by.start, by.end)]
