"""How charts are drawn: lines, bars of rates, heat maps, and a style for light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import altair as alt

from ..text import counted
from .reading import Row
from .words import count, month_name, percent

WIDTH, HEIGHT = 400, 260
WIDE = 1240

BLUE, ORANGE, GREEN, RED = "#3f88c5", "#d9772b", "#35956a", "#d0495f"
PURPLE, TEAL, GREY = "#8f6bc4", "#2b98a3", "#858b95"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
_FAINT = "rgba(63, 136, 197, 0.08)"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_BARS = 16


def line_chart(
    rows: Sequence[Row],
    series: Iterable[tuple[str, str, str]],
    title: str,
    in_words: Any,
    is_rate: bool = False,
) -> alt.LayerChart:
    """Return lines over months, not yet styled.

    Args:
        rows: The rows.
        series: Column, name and color of each line.
        title: Of the axis, with its unit.
        in_words: Returns a value as text.
        is_rate: Whether values are parts of one.
    """
    series = list(series)
    data = [
        {
            "month": local_time(row["month"]),
            "value": float(row[column]),
            "kind": name,
            "tip": f"{month_name(row['month'])}: {name.split(' (')[0]} {in_words(row[column])}",
        }
        for row in rows
        for column, name, _ in series
        if row[column] is not None
    ]
    colors = {name: color for _, name, color in series}
    base = chart_of(data).encode(
        x=month_axis("month:T"),
        y=alt.Y(
            "value:Q",
            title=title,
            scale=alt.Scale(zero=is_rate),
            axis=alt.Axis(format="%" if is_rate else "~s", tickCount=6),
        ),
        color=color_scale(colors) if len(colors) > 1 else alt.value(series[0][2]),
    )
    points = base.mark_point(filled=True, size=26, opacity=1).encode(description="tip:N")
    lines: alt.LayerChart = base.mark_line(strokeWidth=2, aria=False) + points
    return lines


def rate_bars(
    rows: Sequence[Row],
    rate: str,
    title: str,
    unit: str,
    noun: tuple[str, ...],
    color: str,
) -> alt.TopLevelMixin:
    """Return horizontal bars of rates, the highest first; of many, the highest and the lowest.

    Args:
        rows: The rows, with the `name` of each bar and the number `n` behind its rate.
        rate: Column with the rate.
        title: What the bars are.
        unit: Of the rate.
        noun: What is counted: its singular, and its plural where that does not end in s.
        color: Of the bars.
    """
    ordered, left_out = _highest_and_lowest(rows, rate)
    title += left_out
    data = [
        {
            "name": str(row["name"]),
            "rate": row[rate],
            "label": f"{percent(row[rate], 0)}, n {count(row['n'])}",
            "tip": f"{row['name']}: {percent(row[rate])} in {counted(row['n'], *noun)}",
        }
        for row in ordered
    ]
    most = max((row["rate"] for row in data), default=1)
    step = 0.2 if most > 0.5 else 0.1 if most > 0.25 else 0.05
    base = chart_of(data).encode(
        x=alt.X(
            "rate:Q",
            title=unit,
            scale=alt.Scale(domain=[0, most * 1.4], nice=False),
            axis=alt.Axis(format="%", values=[step * index for index in range(6)]),
        ),
        y=alt.Y("name:N", sort=None, title=title, axis=alt.Axis(labelLimit=130)),
    )
    text = base.mark_text(align="left", dx=4, color="currentColor", fontSize=11, aria=False)
    bars = base.mark_bar(color=color).encode(description="tip:N")
    height = max(min(HEIGHT, 70 + 32 * len(data)), 60 + 20 * len(data))
    return styled(bars + text.encode(text="label:N"), height)


def _highest_and_lowest(rows: Sequence[Row], rate: str) -> tuple[list[Row], str]:
    """Return the rows with a rate, the highest first, and of many, which of them are shown."""
    ordered = sorted((row for row in rows if row[rate] is not None), key=lambda row: -row[rate])
    if len(ordered) <= _MOST_BARS:
        return ordered, ""
    half = _MOST_BARS // 2
    words = f" ({half} highest and {half} lowest of {len(ordered)})"
    return ordered[:half] + ordered[-half:], words


def heat_map(data: list[Row], title: str, form: str) -> alt.TopLevelMixin:
    """Return a heat map of values by weekday and hour.

    Args:
        data: `day`, `hour`, `value` and `tip` of each cell.
        title: What the values are.
        form: Their format, `%` for rates.
    """
    hours = sorted({row["hour"] for row in data})
    every = list(range(hours[0], hours[-1] + 1)) if hours else []
    cells = (
        chart_of(data)
        .mark_rect()
        .encode(
            x=alt.X(
                "hour:O",
                title="hour",
                scale=alt.Scale(domain=every),
                axis=alt.Axis(labelAngle=0, labelOverlap=True, labelSeparation=5),
            ),
            y=alt.Y("day:O", title="weekday", scale=alt.Scale(domain=list(DAYS))),
            color=heat_color(title, form, data),
            description="tip:N",
        )
    )
    return styled(cells)


def heat_color(title: str, form: str, data: Sequence[Row]) -> alt.Color:
    """Return the color of a value: the stronger, the more; rates do not begin at 0."""
    values = [row["value"] for row in data]
    is_rate = form == "%"
    return alt.Color(
        "value:Q",
        title=title,
        scale=alt.Scale(
            range=[_FAINT, BLUE],
            interpolate="rgb",
            domainMin=math.floor(min(values) * 10) / 10 if is_rate else 0,
            domainMax=math.ceil(max(values) * 10) / 10 if is_rate else max(values),
        ),
        legend=alt.Legend(format=form, gradientLength=180, tickCount=3, labelOverlap="parity"),
    )


def chart_of(data: list[Row]) -> alt.Chart:
    """Return a chart of rows that has neither marks nor axes yet."""
    return alt.Chart(alt.InlineData(values=data))


def zero_line() -> alt.Chart:
    """Return the line at zero."""
    line = chart_of([{"zero": 0}]).mark_rule(color="currentColor", opacity=0.6, aria=False)
    zero: alt.Chart = line.encode(y="zero:Q")
    return zero


def month_axis(field: str) -> alt.X:
    """Return an axis of months."""
    axis = alt.Axis(format="%b %Y", labelAngle=0, tickCount=5, labelSeparation=12)
    return alt.X(field, title="month", axis=axis)


def color_scale(colors: dict[str, str]) -> alt.Color:
    """Return colors by name, with a legend in the same order, also of names without rows."""
    scale = alt.Scale(domain=list(colors), range=list(colors.values()))
    return alt.Color("kind:N", title=None, scale=scale)


def styled(chart: Any, height: int | None = HEIGHT, width: int = WIDTH) -> alt.TopLevelMixin:
    """Return a chart whose text has the color of the page.

    Args:
        chart: The chart.
        height: Its height; None if its parts have sizes of their own.
        width: Its width.
    """
    if height is not None:
        fit = alt.AutoSizeParams(type="fit", contains="padding")
        chart = chart.properties(width=width, height=height, autosize=fit)
    sizes = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal"}
    text = {"labelColor": "currentColor", "titleColor": "currentColor"}
    quiet = {"gridColor": "currentColor", "gridOpacity": 0.12, "domainOpacity": 0.4}
    lines = {"domainColor": "currentColor", "tickColor": "currentColor", "tickOpacity": 0.4}
    styled: alt.TopLevelMixin = (
        chart.configure(
            background="transparent",
            font=_FONT,
        )
        .configure_view(stroke=None)
        .configure_axis(**text, **quiet, **lines, **sizes)
        .configure_axisBand(grid=False)
        # Above the axis, where it is read without turning the head.
        .configure_axisY(titleAngle=0, titleAlign="left", titleAnchor="end", titleX=0, titleY=-8)
        .configure_legend(
            **text,
            **sizes,
            orient="top",
            offset=30,
            columnPadding=22,
            gradientStrokeColor="currentColor",
        )
    )
    return styled


def local_time(month: date) -> str:
    """Return a day as the charts read it: midnight of no particular time zone."""
    return f"{month:%Y-%m-%d}T00:00:00"
