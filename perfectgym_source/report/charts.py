"""The charts of the report: rows of figures as charts of Altair.

Text has the color of the page around, and all other colors can be told from a light and from a dark
one, so that a chart fits both. What the pointer shows of a mark is its description (`tip`).
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from ..text import counted
from .drawing import (
    BLUE,
    DAYS,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    TEAL,
    WIDE,
    WIDTH,
    chart_of,
    color_scale,
    heat_color,
    heat_map,
    line_chart,
    local_time,
    month_axis,
    rate_bars,
    styled,
    zero_line,
)
from .reading import Row
from .words import amount, count, month_name, percent

_MOVEMENTS = (
    ("joined", "joined", GREEN, 1),
    ("returned", "returned", TEAL, 1),
    ("renewed_late", "renewed late", BLUE, 1),
    ("transferred_in", "from another club", PURPLE, 1),
    ("left_members", "left", RED, -1),
    ("transferred_out", "to another club", GREY, -1),
)
_STEPS = ("new", "reactivation", "expansion", "transfer", "freeze", "contraction", "churn")
_FEES = ("membership", "joining", "admin", "freeze", "addon", "other")
_CLASS, _BOOKING = ("class", "classes"), ("booking",)


def members(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Lines of members and active members by month."""
    series = (("members", "members", BLUE), ("active", "active (not frozen)", ORANGE))
    return styled(line_chart(rows, series, "members", count))


def mrr(rows: Sequence[Row], currency: str) -> alt.TopLevelMixin:
    """Line of the monthly recurring revenue by month."""
    series = (("mrr", "MRR", BLUE),)
    return styled(line_chart(rows, series, _mrr_title(currency), lambda v: amount(v, currency)))


def churn(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Lines of churn and attrition by month."""
    series = (
        ("churn", "churn (% of members in the month)", RED),
        ("attrition", "attrition (% of members in 12 months)", PURPLE),
    )
    of_each = [line_chart(rows, [one], one[1], percent, is_rate=True) for one in series]
    # Their scales differ tenfold.
    both = alt.vconcat(*(each.properties(width=WIDTH - 55, height=70) for each in of_each))
    return styled(both.resolve_scale(color="independent"), None)


def movements(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Bars around zero of who came and who left by month."""
    data = [
        {
            "month": local_time(row["month"]),
            "n": sign * int(row[column]),
            "kind": name,
            "order": index,
            "tip": f"{month_name(row['month'])}: {count(row[column])} {name}",
        }
        for row in rows
        for index, (column, name, _, sign) in enumerate(_MOVEMENTS)
        if row[column]
    ]
    there = {row["kind"] for row in data}
    colors = {name: color for _, name, color, _ in _MOVEMENTS if name in there}
    bars = (
        chart_of(data)
        .mark_bar()
        .encode(
            x=month_axis("yearmonth(month):T"),
            y=alt.Y("n:Q", title="members", stack="zero", axis=alt.Axis(format=",d", tickCount=6)),
            color=color_scale(colors),
            order="order:Q",
            description="tip:N",
        )
    )
    return styled(bars + zero_line())


def bridge(rows: Sequence[Row], currency: str) -> alt.TopLevelMixin:
    """Floating bars from the revenue before a month to that at its end."""
    [row] = rows
    level = float(row["start"] or 0)
    data = [_step("start", 0.0, level, GREY, currency)]
    for name in _STEPS:
        change = float(row[name] or 0)
        if change:
            color = GREEN if change > 0 else RED
            data.append(_step(name, level, level + change, color, currency))
            level += change
    data.append(_step("end", 0.0, float(row["end_"] or 0), GREY, currency))
    lowest = min(min(step["low"], step["high"]) for step in data[1:-1] or data)
    # The steps are small beside the whole: the axis begins shortly below them.
    highest = max(step["high"] for step in data)
    floor = max(0.0, lowest - (highest - lowest) * 0.5) if len(data) > 2 else 0.0
    for step in data:
        step["low"] = max(step["low"], floor) if step["low"] >= 0 else step["low"]
    bars = (
        chart_of(data)
        .mark_bar(clip=True)
        .encode(
            x=alt.X("step:N", sort=None, title="step", axis=alt.Axis(labelAngle=-35)),
            y=alt.Y(
                "low:Q",
                title=_mrr_title(currency),
                scale=alt.Scale(domainMin=floor, zero=False, nice=False, domainMax=highest * 1.01),
                axis=alt.Axis(format="~s", tickCount=6),
            ),
            y2="high:Q",
            color=alt.Color("color:N", scale=None),
            description="tip:N",
        )
    )
    return styled(bars)


def visits(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Heat map of visits by weekday and hour."""
    data = [
        {
            **_slot(row),
            "value": int(row["visits"]),
            "tip": f"{_at(row)}: {counted(row['visits'], 'visit')}",
        }
        for row in rows
        if row["weekday"] and row["hour"] is not None
    ]
    return heat_map(data, "visits", ",d")


def fill_by_hour(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Heat map of class fill by weekday and hour."""
    data = [
        {
            **_slot(row),
            "value": row["fill"],
            "tip": f"{_at(row)}: {percent(row['fill'])} of places in {counted(row['n'], *_CLASS)}",
        }
        for row in rows
        if row["fill"] is not None
    ]
    return heat_map(data, "% of places", "%")


def fill_by_type(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Bars of class fill by class type."""
    return rate_bars(rows, "fill", "class type", "% of places", _CLASS, GREEN)


def fill_by_instructor(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Bars of class fill by instructor."""
    return rate_bars(rows, "fill", "instructor", "% of places", _CLASS, TEAL)


def no_shows_by_type(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Bars of the rate of no-shows by class type."""
    return rate_bars(rows, "rate", "class type", "% of bookings", _BOOKING, ORANGE)


def no_shows_by_hour(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Bars of the rate of no-shows by hour."""
    data = [
        {
            "hour": int(row["hour"]),
            "rate": row["rate"],
            "tip": f"{row['hour']}:00: {percent(row['rate'])} of {counted(row['n'], 'booking')}",
        }
        for row in rows
    ]
    bars = (
        chart_of(data)
        .mark_bar(color=ORANGE)
        .encode(
            x=alt.X("hour:O", title="hour of the start", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("rate:Q", title="% of bookings", axis=alt.Axis(format="%", tickCount=6)),
            description="tip:N",
        )
    )
    return styled(bars)


def overdue(rows: Sequence[Row], currency: str) -> alt.TopLevelMixin:
    """Stacked bars of overdue amounts by age and kind of fee."""
    colors = dict(zip(_FEES, (BLUE, GREEN, GREY, TEAL, PURPLE, ORANGE)))
    order = list(dict.fromkeys(row["age_bucket"] for row in rows))
    data = [
        {
            "bucket": row["age_bucket"],
            "kind": row["fee_kind"] or "other",
            "amount": float(row["amount"]),
            "tip": f"{row['age_bucket']} days, {row['fee_kind'] or 'other'}: "
            f"{amount(row['amount'], currency)} in {counted(row['n'], 'fee')}",
        }
        for row in rows
    ]
    there = {row["kind"] for row in data}
    bars = (
        chart_of(data)
        .mark_bar()
        .encode(
            x=alt.X("bucket:N", sort=order, title="days overdue", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(
                "amount:Q",
                title=f"overdue ({currency})" if currency else "overdue",
                axis=alt.Axis(format="~s", tickCount=6),
            ),
            color=color_scale({name: color for name, color in colors.items() if name in there}),
            description="tip:N",
        )
    )
    return styled(bars)


def cohorts(rows: Sequence[Row], _: str) -> alt.TopLevelMixin:
    """Heat map of the share of each cohort that is still there."""
    data = [
        {
            "cohort": month_name(row["cohort_month"]),
            "n": int(row["n"]),
            "value": row["share"],
            "label": f"{row['share'] * 100:.0f}",
            "tip": f"{month_name(row['cohort_month'])} after {counted(row['n'], 'month')}: "
            f"{percent(row['share'])} of {count(row['size'])}",
        }
        for row in rows
        if row["share"] is not None
    ]
    base = chart_of(data).encode(
        x=alt.X("n:O", title="months since the first one", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("cohort:O", sort=None, title="month of joining"),
    )
    cells = base.mark_rect().encode(
        color=heat_color("% still members", "%", data), description="tip:N"
    )
    shares = base.mark_text(fontSize=11, color="currentColor", aria=False).encode(text="label:N")
    height = 110 + 17 * len({row["cohort"] for row in data})
    return styled(cells + shares, height, WIDE)


def _step(name: str, low: float, high: float, color: str, currency: str) -> Row:
    change = high - low
    sign = "" if name in ("start", "end") else "+" if change > 0 else ""
    return {
        "step": name,
        "low": min(low, high),
        "high": max(low, high),
        "color": color,
        "tip": f"{name} {sign}{amount(change, currency)}",
    }


def _slot(row: Row) -> Row:
    return {"day": DAYS[int(row["weekday"]) - 1], "hour": int(row["hour"])}


def _at(row: Row) -> str:
    return f"{DAYS[int(row['weekday']) - 1]} {row['hour']}:00"


def _mrr_title(currency: str) -> str:
    return f"MRR ({currency} per month)" if currency else "MRR (per month)"
