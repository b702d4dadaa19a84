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
