"""The answers that a demo ends with."""

from __future__ import annotations

from pathlib import Path

import duckdb

from perfectgym_source.cli.rendering.answers import answers
from perfectgym_source.cli.rendering.style import unstyled

MADE = """
    CREATE SCHEMA perfectgym_marts; USE perfectgym_marts;
    CREATE TABLE dim_club AS SELECT 'demo|1' AS club_key, 'Centre' AS name;
    CREATE TABLE kpi_club_month (month DATE, club_key TEXT, currency TEXT, mrr_end DECIMAL(18, 2),
        left_members BIGINT, members_start BIGINT, active_end BIGINT, is_complete_month BOOLEAN);
    CREATE TABLE fct_visit (weekday INTEGER, hour INTEGER);
"""
ROWS = """
    INSERT INTO kpi_club_month VALUES
        ('2025-12-01', 'demo|1', NULL, 1000, 0, 0, 30, true),
        ('2026-01-01', 'demo|1', NULL, 1234.5, 1, 30, 1029, true),
        ('2026-01-01', NULL, NULL, 0.5, 1, 10, 1, true),
        ('2026-02-01', 'demo|1', NULL, 9, 9, 9, 9, false);
    INSERT INTO fct_visit VALUES (7, 10), (1, 18), (1, 18);
"""


def made(file: Path, sql: str) -> str:
    with duckdb.connect(str(file)) as connection:
        connection.execute(sql)
    return unstyled(answers(file, "perfectgym"))


def test_answers_are_of_complete_months(tmp_path: Path) -> None:
    assert made(tmp_path / "demo.duckdb", MADE + ROWS).splitlines() == [
        "",
        "club at the end of 2026-01  active members",
        "Centre                               1,029",
        "no club                                  1",
        "",
        "month    MRR (net)  members left",
        "2026-01   1,235.00         5.0 %",
        "2025-12   1,000.00",
        "",
        "Most visits begin in the hours from Mon 18:00, Sun 10:00.",
    ]


def test_without_a_complete_month_there_are_none(tmp_path: Path) -> None:
    assert made(tmp_path / "demo.duckdb", MADE) == ""


def test_what_was_not_loaded_gives_no_answer(tmp_path: Path) -> None:
    """The pipeline `core` has no contracts of members, and so neither revenue nor members."""
    rows = """
        INSERT INTO kpi_club_month (month, club_key, is_complete_month)
            VALUES ('2026-01-01', 'demo|1', true);
        INSERT INTO fct_visit VALUES (7, 10);
    """
    assert made(tmp_path / "demo.duckdb", MADE + rows).splitlines() == [
        "",
        "Most visits begin in the hours from Sun 10:00.",
    ]
