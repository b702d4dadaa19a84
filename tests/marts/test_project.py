"""The dbt project builds, whatever was loaded and wherever it runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
import yaml
from support.marts import PROJECT, Loaded, build, compiled_for_others

pytestmark = pytest.mark.timeout(600)

LAYERS = ("stg", "int", "marts")
OPTIONS = {"hist_overdue_day"}
"""Models that a variable switches on: see test_options."""


def described() -> dict[str, dict[str, Any]]:
    """The models in the project's YAML files, but for those that are built by choice only."""
    optional = {f.stem for f in PROJECT.rglob("*.sql") if "enabled=" in f.read_text("utf-8")}
    models: dict[str, dict[str, Any]] = {}
    for file in sorted((PROJECT / "properties").rglob("*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", []):
            assert model["name"] not in models, f"{model['name']} is described twice"
            models[model["name"]] = model
    return {name: model for name, model in models.items() if name not in optional}


@cache
def columns(file: Path) -> dict[str, dict[str, str]]:
    """The columns of the built models, with their types."""
    found: dict[str, dict[str, str]] = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        for model, column, kind in connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where schema_name in ('perfectgym_stg', 'perfectgym_int', 'perfectgym_marts')"
        ).fetchall():
            found.setdefault(model, {})[column] = kind
    return found


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Marts over a database without a single table."""
    nothing = Loaded("v1", tmp_path_factory.mktemp("marts_empty") / "data.duckdb")
    duckdb.connect(str(nothing.file)).close()
    return build(nothing, pg_as_of=None)


def test_every_model_and_every_column_is_described(marts: Loaded) -> None:
    models = described()
    built = columns(marts.file)
    assert set(built) == set(models) - OPTIONS
    for name, kinds in built.items():
        assert models[name]["description"].startswith("One row is "), name
        assert {c["name"] for c in models[name]["columns"]} == set(kinds), name
        assert all(c["description"] for c in models[name]["columns"]), name


def test_every_mart_has_a_key() -> None:
    for name, model in described().items():
        # One contract and month, of which there are many: the marts above it have keys.
        if name == "int_perfectgym__contract_month":
            continue
        tested = [set(map(str, column.get("data_tests", []))) for column in model["columns"]]
        assert any({"unique", "not_null"} <= tests for tests in tested), name


def test_types_follow_the_names_of_columns(marts: Loaded) -> None:
    wrong = []
    for name, kinds in columns(marts.file).items():
        if name.startswith("stg_"):
            continue
        for column, kind in kinds.items():
            expected = expected_types(column)
            if expected and kind not in expected:
                wrong.append((name, column, kind))
    assert wrong == []


def expected_types(column: str) -> set[str]:
    """The types that a column may have by its name."""
    if column.endswith("_key"):
        return {"VARCHAR"}
    if column.endswith(("_on", "_date")) or column.startswith("valid_"):
        return {"DATE"}
    if column.endswith("_at"):
        return {"TIMESTAMP"}
    if column.startswith(("is_", "has_")):
        return {"BOOLEAN"}
    if column.endswith(("_gross", "_net")) or column.startswith("mrr_") or column == "left_to_pay":
        return {"DECIMAL(18,2)"} if not column.endswith("_rate") else {"DECIMAL(9,4)"}
    return set()


def test_without_a_table_everything_is_empty_and_of_the_same_types(
    empty: Loaded, marts: Loaded
) -> None:
    assert columns(empty.file) == columns(marts.file)
    counts = counted(empty, columns(empty.file))
    counts.pop("dim_date")  # days are there without any data
    assert counts == {**dict.fromkeys(counts, 0), "int_perfectgym__as_of": 1}


def test_views_work_in_a_file_of_another_name_and_attached(marts: Loaded, tmp_path: Path) -> None:
    other = tmp_path / "published.duckdb"
    shutil.copyfile(marts.file, other)
    with duckdb.connect(str(other), read_only=True) as connection:
        (views,) = zip(
            *connection.execute(
                "select view_name from duckdb_views() where schema_name = 'perfectgym_stg'"
            ).fetchall()
        )
        for view in views:
            connection.execute(f"select * from perfectgym_stg.{view}").fetchall()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{other}' as gym (read_only)")
        for view in views:
            connection.execute(f"select * from gym.perfectgym_stg.{view}").fetchall()


def test_staging_has_every_row_of_the_table(marts: Loaded) -> None:
    prefix = f"stg_perfectgym_{marts.generation}__"
    built = {name: kinds for name, kinds in columns(marts.file).items() if name.startswith(prefix)}
    loaded: dict[str, set[str]] = {}
    for table, column in marts.rows(
        "select table_name, column_name from duckdb_columns() where schema_name = 'perfectgym'"
    ):
        loaded.setdefault(table, set()).add(column)
    expected = {}
    for name, kinds in built.items():
        table = name.removeprefix(prefix)
        flagged = "is_deleted" in loaded.get(table, ()) and "is_deleted" not in kinds
        where = " where not coalesce(is_deleted, false)" if flagged else ""
        if table in loaded:
            expected[f"perfectgym.{table}{where}"] = name
    rows = {expected[table]: count for table, count in counted(marts, expected).items()}
    assert counted(marts, built) == {**dict.fromkeys(built, 0), **rows}


def counted(marts: Loaded, relations: Iterable[str]) -> dict[str, int]:
    """The numbers of rows of relations, of which each may have a condition."""
    counts = (f"select $${each}$$, count(*) from {each}" for each in relations)
    return dict(marts.rows(" union all ".join(counts)))


def test_the_models_are_sql_of_bigquery_databricks_and_snowflake(
    marts_v1: Loaded, tmp_path: Path
) -> None:
    compiled = compiled_for_others(marts_v1, tmp_path)
    assert set(compiled) == {"bigquery", "databricks", "snowflake"}
    for database, models in compiled.items():
        assert set(models) == set(described())
        for name, sql in models.items():
            # Names are quoted as DuckDB does; no text of the models has a quote in it.
            text = sql if database == "snowflake" else sql.replace('"', "`")
            assert sqlglot.parse_one(text, dialect=database), name
