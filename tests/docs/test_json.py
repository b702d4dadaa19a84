"""The objects in docs/json.md are such as the command prints."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from support.pages import BLOCKS, ROOT, Block

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "result.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.kind == "json"], ids=str)
def test_the_examples_fit_the_schema(block: Block) -> None:
    validator = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
    assert [error.message for error in validator.iter_errors(json.loads(block.text))] == []
