"""The page on definitions names the variables of the marts, with their defaults."""

from __future__ import annotations

import re

import yaml
from support.pages import PROSE, ROOT

PROJECT = ROOT / "perfectgym_source" / "marts" / "dbt" / "dbt_project.yml"


def test_every_variable_is_in_the_table_with_its_default() -> None:
    page = PROSE["docs/definitions.md"]
    shown = dict(re.findall(r"^\| `(pg_\w+)` \| `(.*?)` \|", page, re.MULTILINE))
    variables = yaml.safe_load(PROJECT.read_text(encoding="utf-8"))["vars"]
    assert "`pg_sources`" in page
    assert {name: yaml.safe_load(text) for name, text in shown.items()} == {
        name: default for name, default in variables.items() if name != "pg_sources"
    }
