"""Marts as the report reads them, with made-up rows of two years and four clubs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
from psycopg2.extras import execute_values

from perfectgym_source.destination import Options
from perfectgym_source.report.reading import PublishedMarts

STEPS = ("new", "reactivation", "expansion", "contraction", "churn", "transfer", "freeze")
TABLES = {
    "dim_club": "club_key text, name text, currency text, is_excluded boolean",
    "dim_class_type": "class_type_key text, name text",
    "dim_instructor": "instructor_key text, display_name text",
    "kpi_club_month": "club_key text, month date, members_start bigint, joined bigint, "
    "returned bigint, renewed_late bigint, left_members bigint, transferred_in bigint, "
    "transferred_out bigint, members_end bigint, active_end bigint, visits bigint, "
    "is_complete_month boolean",
    "fct_mrr_month": "club_key text, month date, currency text, "
    + ", ".join(f"mrr_{step} numeric(18,2)" for step in ("start", *STEPS, "end")),
    "fct_visit": "club_key text, visit_date date, weekday bigint, hour bigint",
    "fct_class": "class_key text, club_key text, class_type_key text, instructor_key text, "
    "starts_at timestamp, weekday bigint, hour bigint, state text, places_taken bigint, "
    "place_limit bigint",
    "fct_booking": "class_key text, state text",
    "fct_fee": "club_key text, currency text, fee_kind text, left_to_pay numeric(18,2), "
    "days_overdue bigint, age_bucket text",
    "cohort_retention": "cohort_month date, first_club_key text, n bigint, size bigint, "
    "members bigint",
}
CLUBS = {"a|1": "Harbor", "a|2": "Market", "a|3": "Old Town", "a|4": "<b>West</b> & Co"}
MONTHS = [date(2024 + index // 12, index % 12 + 1, 1) for index in range(26)]
"""All but the last one are complete."""
CLASS_TYPES = ("Body Pump", "Yoga", "Zumba", "Spinning", "Pilates", "HIIT", "Boxing", "Rare")
INSTRUCTORS = ("Ada L.", "Bo N.", "Cy M.", None)

Rows = dict[str, list[tuple[Any, ...]]]


def made_up(seed: int = 1, currencies: Sequence[str | None] = ("EUR",) * 4) -> Rows:
    """Return rows of all marts.

    Args:
        seed: Of the random numbers.
        currencies: Those of the four clubs.
    """
    chance = random.Random(seed)
    of_club = dict(zip(CLUBS, currencies))
    rows: Rows = {name: [] for name in TABLES}
    rows["dim_club"] = [(key, name, of_club[key], False) for key, name in CLUBS.items()]
    rows["dim_club"].append(("a|9", "Demo club", "EUR", True))
    rows["dim_class_type"] = [(f"t{index}", name) for index, name in enumerate(CLASS_TYPES)]
    rows["dim_instructor"] = [(f"i{index}", name) for index, name in enumerate(INSTRUCTORS)]
    for key in CLUBS:
        _months(rows, key, of_club[key], chance)
        rows["fct_class"] += _classes(key, chance)
    for class_key, _, kind, *_, state, taken, _ in rows["fct_class"]:
        if state == "held":
            odds = (0.06 + 0.02 * int(kind[1:]), 0.9)
            rows["fct_booking"] += [(class_key, _state(odds, chance)) for _ in range(taken)]
    rows["fct_fee"] = list(_fees(of_club, chance))
    return rows


def create(connection: Any, rows: Rows, schema: str = "perfectgym_marts") -> None:
    """Create the marts.

    Args:
        connection: DuckDB's connection, or a cursor of psycopg2.
        rows: The rows of each.
        schema: The schema to create.
    """
    connection.execute(f"CREATE SCHEMA {schema}")
    for name, columns in TABLES.items():
        connection.execute(f"CREATE TABLE {schema}.{name} ({columns})")
        into = f"INSERT INTO {schema}.{name}"
        if rows[name] and isinstance(connection, duckdb.DuckDBPyConnection):
            columns = [f"c{index}" for index in range(len(rows[name][0]))]
            connection.register("made_up", pyarrow.table(dict(zip(columns, zip(*rows[name])))))
            connection.execute(f"{into} FROM made_up")
        elif rows[name]:
            execute_values(connection, f"{into} VALUES %s", rows[name])


def database(file: Path, rows: Rows | None = None, schema: str = "perfectgym_marts") -> Path:
    """Return a DuckDB file with marts, added to what there is."""
    with duckdb.connect(str(file)) as connection:
        create(connection, made_up() if rows is None else rows, schema)
    return file


def marts_in(file: Path, *datasets: str) -> PublishedMarts:
    """Return the marts of datasets in a DuckDB file."""
    return PublishedMarts(
        [Options("duckdb", file, dataset) for dataset in datasets or ("perfectgym",)]
    )


def _months(rows: Rows, key: str, currency: str | None, chance: random.Random) -> None:
    growth = {"a|1": 1.3, "a|2": 1.05, "a|3": 0.75, "a|4": 1.0}[key]
    members, mrr = 300 + 150 * int(key[-1]), Decimal(9_000 + 4_000 * int(key[-1]))
    for index, month in enumerate(MONTHS):
        season = 1.6 if month.month in (1, 9) else 0.7 if month.month in (7, 8) else 1.0
        joined = int(chance.gauss(22, 3) * season * growth)
        returned, late = chance.randint(0, 4), chance.randint(0, 5)
        left = int(chance.gauss(25, 4) * (1.2 if month.month in (2, 6) else 1))
        end = members + joined + returned + late - left
        visits = int(end * chance.uniform(5, 7) * season)
        complete = index < len(MONTHS) - 1
        rows["kpi_club_month"].append(
            (key, month, members, joined, returned, late, left, 0, 0, end, int(end * 0.95), visits)
            + (complete,)
        )
        steps = [
            Decimal(joined * 35),
            Decimal(returned * 30),
            Decimal(chance.randint(50, 400)),
            -Decimal(chance.randint(50, 300)),
            -Decimal(left * 34),
            Decimal(0),
            Decimal(chance.randint(-300, 200)),
        ]
        rows["fct_mrr_month"].append((key, month, currency, mrr, *steps, mrr + sum(steps)))
        members, mrr = end, mrr + sum(steps)
        rows["fct_visit"] += _visits(key, month, visits // 60, chance)
        size = joined + returned
        for n in range(len(MONTHS) - 1 - index):
            stays = int(size * (0.75 + 0.25 * 0.7**n) * 0.985**n)
            rows["cohort_retention"].append((month, key, n, size, stays))


def _visits(key: str, month: date, number: int, chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for _ in range(number):
        day = month + timedelta(days=chance.randrange(28))
        hour = int(chance.gauss(7, 1.2) if chance.random() < 0.35 else chance.gauss(18, 2))
        yield key, day, day.isoweekday(), min(max(hour, 6), 22)


def _classes(key: str, chance: random.Random) -> Iterator[tuple[Any, ...]]:
    for index in range(260):
        day = MONTHS[0] + timedelta(days=index * 3)
        kind = chance.randrange(7)
        hour = chance.choice((7, 9, 12, 17, 18, 18, 19, 20))
        limit = chance.choice((12, 20, 25, 0))
        taken = min(limit, int(limit * chance.betavariate(3 + kind, 3)))
        state = chance.choices(("held", "cancelled"), (0.95, 0.05))[0]
        at = datetime(day.year, day.month, day.day, hour)
        yield (
            *(f"{key}-{index}", key, f"t{kind}", f"i{chance.randrange(4)}", at),
            *(day.isoweekday(), hour, state, taken, limit),
        )
    # Too few of a type to say something about them.
    at = datetime(2025, 6, 3, 5)
    yield f"{key}-rare", key, "t7", None, at, 2, 5, "held", 1, 1


def _state(odds: tuple[float, float], chance: random.Random) -> str:
    no_show, recorded = odds
    if chance.random() > recorded:
        return "not_recorded"
    return "no_show" if chance.random() < no_show else "attended"


def _fees(of_club: Mapping[str, str | None], chance: random.Random) -> Iterator[tuple[Any, ...]]:
    buckets = ((0, "not_due"), (12, "1-30"), (45, "31-60"), (75, "61-90"), (200, "91+"))
    for _ in range(400):
        days, bucket = chance.choices(buckets, (40, 30, 15, 8, 7))[0]
        kind = chance.choices(("membership", "joining", "addon", "other"), (70, 10, 15, 5))[0]
        amount = Decimal(chance.randint(500, 9_000)) / 100
        club = chance.choice((*of_club, None))
        yield club, of_club.get(club or ""), kind, amount, days, bucket
