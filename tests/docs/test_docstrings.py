"""The examples in docstrings are right as they stand."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

from support.each import for_each

import perfectgym_source

PACKAGE = Path(perfectgym_source.__file__).parent
MODULES = [
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for file in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in file.read_text(encoding="utf-8")
]


@for_each(MODULES)
def test_the_examples_of_a_module_give_what_they_say(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted and not found.failed
