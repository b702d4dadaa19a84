"""The README says what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest

from perfectgym_source.catalogue.table import readme_table
from perfectgym_source.errors import PerfectGymError
from perfectgym_source.pipeline.cli import EPILOG, command
from perfectgym_source.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_tables_is_the_catalogue_s() -> None:
    shown = README.split("table` -->\n")[1].split("\n<!-- end of tables")[0]
    assert shown == readme_table()


@pytest.mark.parametrize("name", [entry.name for entry in fields(Settings)])
def test_every_setting_is_in_the_table_of_settings(name: str) -> None:
    rows = [line for line in README.splitlines() if re.match(rf"\| .*`{name}`.*\|", line)]
    assert rows, f"{name} is not documented"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (entry.name, "`false`" if entry.default is False else f"{entry.default:g}")
        for entry in fields(Settings)
        if isinstance(entry.default, (int, float))
    ],
)
def test_the_defaults_of_numbers_are_those_of_the_code(name: str, shown: str) -> None:
    [row] = [line for line in README.splitlines() if re.match(rf"\| [^|]*`{name}`", line)]
    names = re.findall(r"`(\w+)`", row.split("|")[1])
    defaults = row.split("|")[2].replace(",", " ").split()
    assert defaults[names.index(name)] == shown


def _codes(kind: type[PerfectGymError]) -> set[int]:
    return {kind.exit_code}.union(*map(_codes, kind.__subclasses__()))


def test_every_exit_code_is_in_the_readme_and_in_the_help() -> None:
    for code in {0, 130, *_codes(PerfectGymError)}:
        assert re.search(rf"^\| {code} \|", README, re.MULTILINE), code
        assert re.search(rf"^  {code} ", EPILOG, re.MULTILINE), code


def test_every_option_that_the_readme_names_exists() -> None:
    options = {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
    }
    # The chapter on benchmarks is about another program.
    text = re.sub(r"## Benchmarks\n.*?\n## ", "", README, flags=re.DOTALL)
    named = set(re.findall(r"run\.py (--[a-z-]+)", text)) | set(re.findall(r"`(--[a-z-]+)`", text))
    assert named - {"--help", "--port", "--seed", "--size"} <= options
