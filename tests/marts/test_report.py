"""The report over the real marts, of both generations of the API."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from support.mart_tables import marts_in
from support.marts import Loaded

from perfectgym_source.report import sections
from perfectgym_source.report.page import html_page


@pytest.fixture(autouse=True)
def _own_dlt_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path_factory.mktemp("dlt")))


def test_it_shows_the_figures_of_the_marts(marts: Loaded) -> None:
    found = sections.read(marts_in(marts.file))
    assert found.filters
    first, last = found.filters.start, found.filters.end
    months = marts.rows("SELECT DISTINCT month FROM kpi_club_month WHERE is_complete_month")
    assert last == max(month for (month,) in months)

    members = marts.rows(
        "SELECT month, sum(members_end), sum(active_end) FROM kpi_club_month "
        f"WHERE month BETWEEN '{first}' AND '{last}' GROUP BY month ORDER BY month"
    )
    assert [tuple(row.values()) for row in found.rows["members"]] == members
    assert sum(row["visits"] for row in found.rows["visits"]) == sum(
        count
        for (count,) in marts.rows(
            f"SELECT visits FROM kpi_club_month WHERE month BETWEEN '{first}' AND '{last}'"
        )
    )
    # Rates of the marts are those of one club.
    [club, *_] = [key for key in found.choices.clubs if _has_members(marts, key, last)]
    of_club = sections.read(marts_in(marts.file), clubs=(club,))
    expected = marts.rows(
        "SELECT member_churn_rate, attrition_12m_rate FROM kpi_club_month "
        f"WHERE club_key = '{club}' AND month = '{last}'"
    )
    row = of_club.rows["churn"][-1]
    [rates] = [tuple(None if rate is None else float(rate) for rate in each) for each in expected]
    assert (row["churn"], row["attrition"]) == pytest.approx(rates, abs=1e-4)
    overdue = marts.rows(
        "SELECT age_bucket, fee_kind, sum(left_to_pay) FROM fct_fee "
        "WHERE left_to_pay > 0 AND days_overdue > 0 GROUP BY ALL"
    )
    amounts = {(row["age_bucket"], row["fee_kind"]): row["amount"] for row in found.rows["overdue"]}
    assert amounts == {(bucket, kind): amount for bucket, kind, amount in overdue}


def test_every_chart_can_be_drawn(marts: Loaded) -> None:
    reports = sections.read_each_currency(marts_in(marts.file))
    text = html_page(reports, datetime(2026, 7, 1, tzinfo=timezone.utc))
    drawn = [
        section.name
        for group in sections.GROUPS.values()
        for section in group
        if section.has_values(reports[0].rows[section.name])
    ]
    assert text.count("<svg") >= len(drawn)
    assert {"members", "movements", "churn", "mrr", "visits", "fill_by_type"} <= set(drawn)


def _has_members(marts: Loaded, club: str, month: date) -> bool:
    found = marts.rows(
        f"SELECT members_start FROM kpi_club_month WHERE club_key = '{club}' AND month = '{month}'"
    )
    return bool(found and found[0][0])
