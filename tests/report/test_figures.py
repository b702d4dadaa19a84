"""The figures of the report are those of the marts, counted another way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.mart_figures import Counted
from support.mart_tables import CLUBS, MONTHS, TABLES, Rows, database, made_up, marts_in

from perfectgym_source.report import figures
from perfectgym_source.report.filters import Choices, Filters, choices_of
from perfectgym_source.report.reading import PublishedMarts

ALL = Filters(date(2024, 2, 1), date(2026, 1, 1), "EUR")
SOME = replace(ALL, start=date(2025, 3, 1), end=date(2025, 8, 1), clubs=("a|2", "a|4"))
FILTERS = pytest.mark.parametrize("by", [ALL, SOME], ids=["all", "some"])


def counted(rows: Rows, by: Filters) -> Counted:
    return Counted(rows, by.start, by.end, by.clubs)


def read(marts: PublishedMarts, name: str, by: Filters) -> list[dict[str, Any]]:
    with marts.reading() as reader:
        found: list[dict[str, Any]] = getattr(figures, name)(reader, by)
        return found


def test_the_choices_are_those_of_the_marts(marts: PublishedMarts) -> None:
    with marts.reading() as reader:
        choices = choices_of(reader)
    # Without the club that does not count; in the order of their names.
    assert choices.clubs == {key: CLUBS[key] for key in ("a|4", "a|1", "a|2", "a|3")}
    assert choices.months == MONTHS[:-1]
    assert choices.currencies == ["EUR"]
    assert choices.filters() == ALL
    assert choices.filters(start=MONTHS[9], end=MONTHS[3]) == replace(
        ALL, start=MONTHS[3], end=MONTHS[3]
    )


@FILTERS
def test_members_and_movements_by_month(marts: PublishedMarts, rows: Rows, by: Filters) -> None:
    by_hand = counted(rows, by)
    for name, columns in (
        ("members", {"members": "members_end", "active": "active_end"}),
        ("movements", {name: name for name in ("joined", "returned", "renewed_late")}),
        ("movements", {"left_members": "left_members"}),
    ):
        found = read(marts, name, by)
        for column, of_mart in columns.items():
            assert {row["month"]: row[column] for row in found} == by_hand.monthly(
                "kpi_club_month", of_mart
            )


@FILTERS
def test_the_revenue_and_what_changed_it_to_the_cent(
    marts: PublishedMarts, rows: Rows, by: Filters
) -> None:
    by_hand = counted(rows, by)
    found = read(marts, "mrr", by)
    assert {row["month"]: row["mrr"] for row in found} == by_hand.monthly(
        "fct_mrr_month", "mrr_end"
    )
    [bridge] = read(marts, "bridge", by)
    last = {
        name: by_hand.monthly("fct_mrr_month", f"mrr_{name}")[by.end]
        for name in ("start", "new", "churn", "freeze", "end")
    }
    assert {name: bridge["end_" if name == "end" else name] for name in last} == last
    assert bridge["end_"] == sum(value for name, value in bridge.items() if name != "end_")


@FILTERS
@pytest.mark.parametrize("denominator", [None, "average", "start"])
def test_churn_and_attrition(
    marts: PublishedMarts, rows: Rows, by: Filters, denominator: str | None
) -> None:
    variables = {"pg_attrition_denominator": denominator} if denominator else {}
    marts = PublishedMarts([replace(options, marts_vars=variables) for options in marts.options])
    left = counted(rows, replace(by, start=MONTHS[0])).monthly("kpi_club_month", "left_members")
    start = counted(rows, replace(by, start=MONTHS[0])).monthly("kpi_club_month", "members_start")
    months = sorted(left)
    found = read(marts, "churn", by)
    assert [row["month"] for row in found] == [month for month in months if month >= by.start]
    for row in found:
        index = months.index(row["month"])
        assert row["churn"] == pytest.approx(left[row["month"]] / start[row["month"]])
        year = months[index - 11 : index + 1] if index >= 11 else []
        if not year:
            assert row["attrition"] is None
            continue
        mean = sum(start[month] for month in year) / 12
        whole = start[year[0]] if denominator == "start" else mean
        assert row["attrition"] == pytest.approx(sum(left[month] for month in year) / whole)


@FILTERS
def test_visits_by_weekday_and_hour(marts: PublishedMarts, rows: Rows, by: Filters) -> None:
    by_hand: dict[tuple[int, int], int] = {}
    each = counted(rows, by)
    for row in each.table("fct_visit", lambda row: each.is_inside(row["visit_date"])):
        slot = (row["weekday"], row["hour"])
        by_hand[slot] = by_hand.get(slot, 0) + 1
    found = read(marts, "visits", by)
    assert {(row["weekday"], row["hour"]): row["visits"] for row in found} == by_hand


@FILTERS
def test_fill_and_no_shows(marts: PublishedMarts, rows: Rows, by: Filters) -> None:
    by_hand = counted(rows, by)
    kinds = dict(rows["dim_class_type"])
    teachers = {key: name or key for key, name in rows["dim_instructor"]}

    def kind(row: dict[str, Any]) -> str:
        return str(kinds[row["class_type_key"]])

    for name, expected in (
        ("fill_by_type", by_hand.fill(kind)),
        ("fill_by_instructor", by_hand.fill(lambda row: teachers.get(row["instructor_key"]))),
        ("no_shows_by_type", by_hand.no_shows(kind)),
        ("no_shows_by_hour", by_hand.no_shows(lambda row: row["hour"])),
    ):
        found = read(marts, name, by)
        rate = "fill" if name.startswith("fill") else "rate"
        label = "hour" if name.endswith("hour") else "name"
        assert {row[label]: row[rate] for row in found} == pytest.approx(expected)
        assert "Rare" not in {row[label] for row in found}
    found = read(marts, "fill_by_hour", by)
    slots = {(row["weekday"], row["hour"]): row["fill"] for row in found}
    assert slots == pytest.approx(by_hand.fill(lambda row: (row["weekday"], row["hour"])))


@pytest.mark.parametrize("number", [figures.FEWEST - 1, figures.FEWEST])
def test_from_the_fewest_on_a_group_has_a_rate(tmp_path: Path, number: int) -> None:
    at, state = datetime(2025, 6, 3, 5), ["no_show", *["attended"] * (number - 1)]
    held = [(f"c{n}", "a|1", "t1", "i1", at, 2, 5, "held", 1, 2) for n in range(number)]
    rows: Rows = {
        **{name: [] for name in TABLES},
        "fct_class": held,
        "fct_booking": list(zip(["c0"] * number, state)),
        "cohort_retention": [(MONTHS[3], "a|1", 1, number, 1)],
    }
    marts = marts_in(database(tmp_path / "few.duckdb", rows))
    for name in ("fill_by_type", "no_shows_by_hour", "cohorts"):
        assert len(read(marts, name, ALL)) == (number >= figures.FEWEST), name


def test_overdue_by_age_and_kind_with_what_belongs_to_no_club(
    marts: PublishedMarts, rows: Rows
) -> None:
    for by in (ALL, SOME):
        expected = counted(rows, by).sums(
            "fct_fee",
            lambda row: (row["age_bucket"], row["fee_kind"]),
            "left_to_pay",
            keep=lambda row: row["days_overdue"] > 0,
        )
        found = read(marts, "overdue", by)
        assert {(row["age_bucket"], row["fee_kind"]): row["amount"] for row in found} == expected
        order = list(dict.fromkeys(row["age_bucket"] for row in found))
        assert order == ["1-30", "31-60", "61-90", "91+"]


def test_cohorts_of_few_are_left_out(tmp_path: Path) -> None:
    rows = made_up()
    rows["cohort_retention"] = [
        (MONTHS[2], "a|1", 0, 10, 10),
        (MONTHS[2], "a|1", 1, 10, 8),
        (MONTHS[2], "a|2", 1, 5, 1),
        (MONTHS[3], "a|1", 0, 4, 4),
    ]
    marts = marts_in(database(tmp_path / "gym.duckdb", rows))
    found = [(row["cohort_month"], row["n"], row["share"]) for row in read(marts, "cohorts", ALL)]
    assert found == [(MONTHS[2], 0, 1.0), (MONTHS[2], 1, 9 / 15)]


def test_the_headlines_are_the_last_month_and_the_one_before(
    marts: PublishedMarts, rows: Rows
) -> None:
    with marts.reading() as reader:
        found = {each.label: (each.before, each.value) for each in figures.headlines(reader, ALL)}
    before, last = MONTHS[-3], MONTHS[-2]
    kpi = Counted(rows, before, last)
    members = kpi.monthly("kpi_club_month", "members_end")
    assert found["Members"] == (members[before], members[last])
    mrr = kpi.monthly("fct_mrr_month", "mrr_end")
    assert found["MRR"] == (mrr[before], mrr[last])
    for index, month in enumerate((before, last)):
        fill = Counted(rows, month, month).fill(lambda _: "all")["all"]
        assert found["Class fill"][index] == pytest.approx(fill)


@pytest.mark.parametrize("unknown", [None, "CHF"])
def test_amounts_of_two_currencies_are_never_added(tmp_path: Path, unknown: str | None) -> None:
    rows = made_up(currencies=("EUR", "CHF", "EUR", unknown))
    marts = marts_in(database(tmp_path / "gym.duckdb", rows))
    with marts.reading() as reader:
        choices = choices_of(reader)
        # That of a fee without a club is not known.
        assert set(choices.currencies) == {"EUR", "CHF", None}
        assert not Choices({}, MONTHS, ["EUR", "CHF"]).filters().is_only_currency
        total = Decimal(0)
        of_west = {unknown: ["a|4"]}
        for currency, clubs in {"EUR": ["a|1", "a|3"], "CHF": ["a|2"], None: []}.items():
            clubs += of_west.get(currency, [])
            by = choices.filters(currency=currency)
            assert by
            of_clubs = Counted(rows, by.start, by.end, clubs or ["none"])
            expected = of_clubs.monthly("fct_mrr_month", "mrr_end")
            found = figures.mrr(reader, by)
            assert {row["month"]: row["mrr"] for row in found} == expected
            total += sum(row["amount"] for row in figures.overdue(reader, by))
    fees = Counted(rows, ALL.start, ALL.end).table("fct_fee")
    assert total == sum(row["left_to_pay"] for row in fees if row["days_overdue"] > 0)


def test_several_installations_are_one_report(tmp_path: Path, rows: Rows) -> None:
    file = database(tmp_path / "gym.duckdb", rows, "gym_north_marts")
    database(file, rows, "gym_south_marts")
    both = read(marts_in(file, "gym_north", "gym_south", "gym_not_built"), "members", ALL)
    one = read(marts_in(file, "gym_north"), "members", ALL)
    assert [row["members"] for row in both] == [row["members"] * 2 for row in one]


def test_clubs_of_the_same_name_are_told_apart(tmp_path: Path, rows: Rows) -> None:
    same = [
        ("a|1", "City", "EUR", False),
        ("a|2", "City", "EUR", False),
        ("a|3", None, "EUR", False),
    ]
    marts = marts_in(database(tmp_path / "gym.duckdb", {**rows, "dim_club": same}))
    with marts.reading() as reader:
        clubs = choices_of(reader).clubs
    assert clubs == {"a|1": "City (a|1)", "a|2": "City (a|2)", "a|3": "Club (a|3)"}
