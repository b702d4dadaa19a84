"""The made-up marts of these tests have the columns of the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.mart_tables import TABLES

import perfectgym_source.marts

PROPERTIES = Path(perfectgym_source.marts.__file__).parent / "dbt" / "properties" / "marts"


@pytest.mark.parametrize("mart", TABLES)
def test_every_column_that_the_report_reads_is_one_of_the_mart(mart: str) -> None:
    described = {
        model["name"]: {column["name"] for column in model["columns"]}
        for file in PROPERTIES.glob("*.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", ())
    }
    columns = {column.split()[0] for column in TABLES[mart].replace("(18,2)", "").split(",")}
    assert columns <= described[mart]
