"""Loaded tables of a large chain, made by DuckDB itself: what the marts read, without a load."""

from __future__ import annotations

from pathlib import Path

import duckdb

LAST_DAY = "2026-06-30"
"""The last day that counts."""

_TABLES = """
CREATE SCHEMA perfectgym;
USE perfectgym;
CREATE TABLE clubs AS
    SELECT 1 + range AS id, 'Club ' || range AS name, false AS is_deleted FROM range({clubs});
CREATE TABLE payment_plans AS
    SELECT 1 + range AS id, 'Plan ' || range AS name, true AS is_active FROM range(10);
CREATE TABLE payment_plan_details AS
    SELECT *, '1 Month' AS payment_interval, '12 Months' AS commitment_period,
        50 + id * 5.5 AS fees__membership_fee__gross, 40 + id * 4.4 AS fees__membership_fee__net
    FROM payment_plans;
CREATE TABLE users AS
    SELECT 1 + range AS id, 'M' || range AS number, 1 + range % {clubs} AS home_club_id,
        false AS is_deleted
    FROM range({members});
-- Of each member several contracts, one after the other, some with a gap between them.
CREATE TABLE contracts AS
    WITH numbered AS (
        SELECT 1 + range AS id, range % {members} AS member, range // {members} AS turn
        FROM range({contracts})
    ), started AS (
        SELECT *, (DATE '2017-01-01' + CAST(member * 7919 % 2800 + turn * 430 AS INTEGER)) AS day
        FROM numbered
    )
    SELECT id, member + 1 AS user_id, 1 + id % 10 AS payment_plan__id,
        'Plan ' || (id % 10) AS payment_plan__name, day AS sign_date, day AS start_date,
        CASE WHEN id % 3 THEN day + CAST(300 + id * 31 % 200 AS INTEGER) END AS end_date,
        CASE WHEN id % 3 THEN day + CAST(250 AS INTEGER) END AS cancel_date,
        day + CAST(365 AS INTEGER) AS commitment_date, 'Current' AS status, false AS is_deleted
    FROM started;
CREATE TABLE user_contracts AS SELECT user_id, id FROM contracts;
CREATE TABLE contracts__freezes AS
    SELECT id AS contract_id, 0 AS _position, id, start_date + 60 AS start_date,
        start_date + 90 AS end_date, 'Holiday' AS reason__name
    FROM contracts WHERE id % 5 = 0;
CREATE TABLE contracts__discounts AS
    SELECT id AS contract_id, 0 AS _position, 'Percent' AS membership_fee_discount_type,
        '10' AS membership_fee_discount_value
    FROM contracts WHERE id % 4 = 0;
CREATE TABLE club_visits AS
    WITH entered AS (
        SELECT range AS id, TIMESTAMP '2025-07-01 06:00:00'
            + to_minutes(CAST(hash(range) % 525600 AS BIGINT)) AS moment
        FROM range({visits})
    )
    SELECT id, 1 + id % {members} AS user_id, 1 + id % {clubs} AS club__id, moment AS enter_date,
        moment + INTERVAL 75 MINUTE AS exit_date, moment AS enter_date_utc,
        moment + INTERVAL 75 MINUTE AS exit_date_utc
    FROM entered;
CREATE TABLE class_types AS
    SELECT 1 + range AS id, 'Type ' || range AS name, false AS is_deleted FROM range(20);
CREATE TABLE classes AS
    WITH planned AS (
        SELECT range AS id, TIMESTAMP '2024-07-01 07:00:00'
            + to_minutes(CAST(hash(range) % 1051200 AS BIGINT)) AS moment
        FROM range({classes})
    )
    SELECT id, 1 + id % {clubs} AS club_id, 1 + id % 20 AS class_type__id,
        1 + id % 50 AS instructor__id, moment AS start_date,
        moment + INTERVAL 60 MINUTE AS end_date, moment AS start_date_utc,
        moment + INTERVAL 60 MINUTE AS end_date_utc, 20 AS attendees_limit,
        id * 7 % 22 AS attendees_count, id % 50 = 0 AS is_deleted
    FROM planned;
"""


def make_tables(file: Path, contracts: int, visits: int, classes: int, clubs: int = 20) -> None:
    """Make the tables in a new DuckDB file, in the dataset `perfectgym`.

    Args:
        file: The file.
        contracts: How many contracts there are; of five, three members.
        visits: How many visits, within a year.
        classes: How many classes, within two years.
        clubs: How many clubs.
    """
    members = max(1, contracts * 3 // 5)
    sizes = {"contracts": contracts, "visits": visits, "classes": classes, "clubs": clubs}
    with duckdb.connect(str(file)) as connection:
        connection.execute(_TABLES.format(members=members, **sizes))
