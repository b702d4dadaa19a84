"""Marts of datasets that lack some tables: what needs them is unknown, all else is as ever."""

from __future__ import annotations

import pytest
from support.mart_builds import Marts

pytestmark = pytest.mark.timeout(600)

MARTS = {
    "fct_booking": "class_key, member_key, state",
    "fct_class": "class_key, club_key, state, booked, places_taken, attended, no_show",
    "fct_contract": "contract_key, valid_from, valid_to, plan_key",
    "fct_fee": "due_on, left_to_pay, fee_kind",
    "fct_freeze": "contract_key, starts_on, ends_on",
    "fct_member_month": "member_key, month, movement",
    "fct_mrr_month": "month, owner_key, club_key, mrr_end",
    "fct_payment": "paid_on, method, amount_gross",
    "fct_product_sale": "sold_on, category, amount_gross",
    "fct_visit": "member_key, club_key, entered_at, minutes, state",
}
"""Columns of marts that can be compared."""
SAME = {
    "no_members": {"fct_booking", "fct_class", "fct_product_sale", "fct_visit"},
    "no_prices": {*MARTS} - {"fct_mrr_month"},
    "no_contracts": {"fct_booking", "fct_class", "fct_product_sale", "fct_visit"},
    "no_charges": {*MARTS} - {"fct_mrr_month", "fct_fee", "fct_payment"},
    "no_classes": {*MARTS} - {"fct_class", "fct_booking"},
    "no_bookings": {*MARTS} - {"fct_class", "fct_booking"},
    "no_visits_nor_clubs": {*MARTS} - {"fct_visit"},
    "no_sales": {*MARTS} - {"fct_product_sale", "fct_payment"},
    "no_sales_nor_fees": {*MARTS} - {"fct_product_sale", "fct_fee", "fct_payment"},
}
"""The marts that say the same without the tables."""
ZERO_ROWS = {
    "no_contracts": ("fct_contract", "fct_member_month", "fct_mrr_month", "cohort_retention"),
    "no_classes": ("fct_class",),
    "no_bookings": ("fct_booking",),
    "no_visits_nor_clubs": ("fct_visit",),
    "no_sales": ("fct_product_sale",),
    "no_sales_nor_fees": ("fct_product_sale", "fct_payment", "fct_fee"),
}
"""Marts that are empty without the tables."""
UNKNOWN = {
    "no_contracts": ("members_end", "joined", "mrr_end", "discount_gross", "contracts_start"),
    "no_classes": ("classes_held", "places_taken", "attended"),
    "no_visits_nor_clubs": ("visits",),
}
"""Figures of a club that nobody knows without the tables."""


def rows(marts: Marts, mart: str, columns: str, name: str) -> list[tuple[object, ...]]:
    """Rows of an installation; keys begin with its name, which is taken off."""
    found = marts.query(f"select {columns} from {mart} where installation = '{name}'")
    return sorted(
        tuple(
            value.replace(f"{name}|", "") if isinstance(value, str) else value for value in row
        )
        for row in found
    )  # fmt: skip


def test_marts_that_need_no_missing_table_stay_the_same(in_duckdb, left_out):
    name, whole, group = left_out
    different = [
        mart
        for mart in sorted(SAME[group])
        if repr(rows(in_duckdb, mart, MARTS[mart], name))
        != repr(rows(in_duckdb, mart, MARTS[mart], whole))
    ]
    assert different == []


def test_figures_that_need_a_missing_table_are_unknown_not_zero(in_duckdb, left_out):
    name, _, group = left_out
    for mart in ZERO_ROWS.get(group, ()):
        assert rows(in_duckdb, mart, "1", name) == [], mart
    for column in UNKNOWN.get(group, ()):
        found = in_duckdb.query(
            f"select count(*), count({column}) from kpi_club_month where installation = '{name}'"
        )
        assert found[0][1] == 0, column


@pytest.mark.parametrize("name", ["old_drop_no_members", "new_drop_no_members"])
def test_contracts_without_their_members_still_have_their_price(in_duckdb, name):
    whole = name.removesuffix("_no_members")
    sql = "select month, sum(mrr_end) from fct_mrr_month where installation = '{}' group by 1"
    assert sorted(in_duckdb.query(sql.format(name))) == sorted(in_duckdb.query(sql.format(whole)))


def test_without_bookings_nobody_knows_who_came(in_duckdb):
    sql = "select count(*), count(attended), count(booked) from fct_class where installation = '{}'"
    [(classes, attended, booked)] = in_duckdb.query(sql.format("old_drop_no_bookings"))
    assert classes == booked > 0
    known = in_duckdb.query(
        "select count(attended) from fct_class "
        "where installation = 'old_drop_no_bookings' and booked > 0"
    )
    assert known == [(0,)]
    assert attended < classes


def test_personal_data_is_hashed_or_left_out(in_duckdb):
    for name, length in (
        ("old_hash", 64),
        ("new_hash", 64),
        ("old_drop", None),
        ("new_drop", None),
    ):
        found = in_duckdb.query(
            "select distinct length(display_name), count(birth_date) over () from dim_member "
            f"where installation = '{name}' and not is_inferred"
        )
        assert {births for _, births in found} == {0}, name
        if length is None:
            assert {size for size, _ in found} == {None}, name
