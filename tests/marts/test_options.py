"""The options of the marts that keep what no table of the API keeps."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.marts import AS_OF, UNTESTED, Loaded, dbt

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def kept(marts_v1: Loaded, tmp_path: Path) -> Loaded:
    return Loaded("v1", Path(shutil.copy(marts_v1.file, tmp_path / "data.duckdb")))


def build(loaded: Loaded, day: str, *models: str, **variables: Any) -> None:
    # Without tests: the other models stay as they were built.
    untested = ("--exclude-resource-type", "test", "unit_test")
    dbt(
        loaded,
        *("build", "--select", *models, *untested),
        variables={"pg_as_of": None, **variables},
        # Another variable would have the whole project parsed anew.
        environment={**UNTESTED, "PERFECTGYM_MARTS_AS_OF": day},
    )


def test_open_amounts_are_kept_for_each_day_once(kept: Loaded) -> None:
    models = ("int_perfectgym__as_of", "hist_overdue_day")
    for day in ("2026-06-29", AS_OF, AS_OF):
        build(kept, day, *models, pg_keep_overdue_history=True)
    open_now = kept.rows("select count(*), sum(left_to_pay) from fct_fee where left_to_pay > 0")
    assert open_now[0][0] > 0
    days = "select as_of_date::text, sum(fees), sum(left_to_pay) from hist_overdue_day group by 1"
    assert kept.rows(f"{days} order by 1") == [("2026-06-29", *open_now[0]), (AS_OF, *open_now[0])]


def test_list_prices_of_the_past_stay(kept: Loaded) -> None:
    models = ("int_perfectgym__plan+1", "int_perfectgym__plan_price", "dim_plan")
    build(kept, AS_OF, *models, pg_plan_price_history=True)
    with duckdb.connect(str(kept.file)) as connection:
        fee = "fees__membership_fee__gross"
        connection.execute(f"update perfectgym.payment_plan_details set {fee} = {fee} + 1")
    before = dict(kept.rows("select plan_key, list_gross from dim_plan"))
    build(kept, AS_OF, *models, pg_plan_price_history=True)
    prices = kept.rows(
        "select plan_key, list_gross, price_from::text from int_perfectgym__plan_price order by all"
    )
    first = {plan: price for plan, price, since in prices if since == "1900-01-01"}
    later = {plan: price for plan, price, since in prices if since != "1900-01-01"}
    assert first == before
    assert later == dict(kept.rows("select plan_key, list_gross from dim_plan"))
    assert later == {plan: price + 1 for plan, price in before.items()}
