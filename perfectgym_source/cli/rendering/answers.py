"""Three answers out of the marts, to begin with: who trains, what it brings in, and when."""

from __future__ import annotations

from calendar import day_abbr
from pathlib import Path
from typing import Any

from .table import table

_MEMBERS = """
    SELECT coalesce(club.name, 'no club'), sum(active_end) FROM {marts}.kpi_club_month
    LEFT JOIN {marts}.dim_club AS club USING (club_key)
    WHERE month = ? GROUP BY 1 HAVING sum(active_end) > 0 ORDER BY 2 DESC, 1 LIMIT 3
"""
_REVENUE = """
    SELECT strftime(month, '%Y-%m'), coalesce(currency, ''), sum(mrr_end),
        100.0 * sum(left_members) / nullif(sum(members_start), 0)
    FROM {marts}.kpi_club_month WHERE is_complete_month
    GROUP BY 1, 2 HAVING sum(mrr_end) IS NOT NULL ORDER BY 1 DESC, 2 LIMIT 3
"""
_PEAKS = """
    SELECT weekday, hour FROM {marts}.fct_visit GROUP BY ALL ORDER BY count(*) DESC, 1, 2 LIMIT 3
"""
_NEWEST = "SELECT max(month) FROM {marts}.kpi_club_month WHERE is_complete_month"


def answers(database: Path, dataset: str) -> str:
    """Return three answers as text, those that the marts give; empty if there is no complete month.

    Args:
        database: The published file.
        dataset: The dataset with marts.
    """
    import duckdb

    marts = f'"{dataset}_marts"'
    with duckdb.connect(str(database), read_only=True) as connection:

        def rows(query: str, *values: object) -> list[tuple[Any, ...]]:
            return connection.execute(query.format(marts=marts), values).fetchall()

        [[month]] = rows(_NEWEST)
        if month is None:
            return ""
        members = [(name, f"{count:,}") for name, count in rows(_MEMBERS, month)]
        revenue = [
            (name, currency, f"{mrr:,.2f}", "" if churn is None else f"{churn:.1f} %")
            for name, currency, mrr, churn in rows(_REVENUE)
        ]
        peaks = [f"{day_abbr[day - 1]} {hour}:00" for day, hour in rows(_PEAKS)]
    lines = []
    if members:
        members = [(f"club at the end of {month:%Y-%m}", "active members"), *members]
        lines += ["", *table(members, right=[1])]
    if revenue:
        revenue = [("month", "currency", "MRR (net)", "members left"), *revenue]
        lines += ["", *table(revenue, right=[2, 3])]
    if peaks:
        lines += ["", f"Most visits begin in the hours from {', '.join(peaks)}."]
    return "\n".join(lines)
