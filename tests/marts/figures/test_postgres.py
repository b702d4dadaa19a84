"""PostgreSQL builds the same rows as DuckDB, of both generations at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(600)

LAYERS = ("int", "marts")
INSTALLATIONS = ("first", "second")


def test_postgres_has_the_rows_of_duckdb(in_duckdb, in_postgres):
    different = []
    for layer in LAYERS:
        found: dict[str, list[str]] = {}
        for model, column in in_duckdb.query(
            "select table_name, column_name from duckdb_columns() "
            f"where schema_name = '{in_duckdb.name}_{layer}'"
        ):
            found.setdefault(model, []).append(column)
        assert len(found) > 15
        for model, columns in found.items():
            # Each row but those of the calendar belongs to an installation.
            own = " or ".join(f"installation = '{name}'" for name in INSTALLATIONS)
            where = f" where {own}" if "installation" in columns else ""
            here, there = (
                {
                    comparable(row)
                    for row in marts.query(
                        f"select {', '.join(columns)} from {marts.name}_{layer}.{model}{where}"
                    )
                }
                for marts in (in_duckdb, in_postgres)
            )
            if here != there:
                different.append(
                    (model, sorted(here - there, key=str)[:2], sorted(there - here, key=str)[:2])
                )
    assert different == []


def comparable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row without what differs in kind only: PostgreSQL counts in decimals, and so on."""
    return tuple(
        value
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal)
        else round(Decimal(value), 4).normalize()
        for value in row
    )
