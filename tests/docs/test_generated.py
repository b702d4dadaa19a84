"""The parts of the documentation that are made from the code are up to date."""

from __future__ import annotations

import runpy
from typing import Any

import pytest
from support.pages import ALL, PROSE, ROOT


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "generate.py"))


def test_make_docs_would_change_nothing(generator: dict[str, Any]) -> None:
    texts = generator["parts"]()
    stale = [page for page, text in PROSE.items() if generator["with_parts"](text, texts) != text]
    assert stale == [], "run `make docs`"


def test_every_generated_part_stands_in_one_page(generator: dict[str, Any]) -> None:
    for name in generator["parts"]():
        assert ALL.count(f"<!-- {name}: ") == ALL.count(f"<!-- end of {name} -->") == 1, name


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "generate_models.py"))


def test_dbt_knows_the_tables_in_the_words_of_the_catalog(models: dict[str, Any]) -> None:
    made = models["files"]()
    assert [path.name for path, text in made.items() if path.read_text("utf-8") != text] == []


def test_a_staging_model_has_the_key_of_its_table(models: dict[str, Any]) -> None:
    other = {}
    for path in models["STAGING"].glob("*/*.sql"):
        call = models["staging_call"](path.read_text("utf-8"))
        endpoint = models["GENERATIONS"][call["generation"]].endpoints.get(call["table"])
        if endpoint and set(endpoint.key) != set(call["key"]):
            other[path.stem] = (call["key"], endpoint.key)
    assert other == {}
