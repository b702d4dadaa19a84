"""What the documentation names exists: settings, options, commands, files, exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields

import click
import pytest
from support.pages import ALL, BLOCKS, PROSE, ROOT

from perfectgym_source.catalog import ENDPOINTS, V22
from perfectgym_source.catalog.pii_rules import KINDS
from perfectgym_source.cli.main import command
from perfectgym_source.cli.rendering.listing import EXIT_CODES
from perfectgym_source.config.pipeline_settings import AlertSettings, Checks, NamedPipeline
from perfectgym_source.config.setting import settings_of
from perfectgym_source.config.settings import NAMES, Settings
from perfectgym_source.errors import PerfectGymError
from perfectgym_source.marts.variables import defaults

OF_OTHERS = {
    "docs/decisions.md": {"--only"},
    "docs/performance.md": {"--full", "--help", "--only", "--quick", "--rounds"},
    "docs/development.md": {"--api", "--port", "--seed", "--size", "--strict"},
}
"""The options of other programs."""


def _section(heading: str) -> str:
    """The text of docs/configuration.md under a heading."""
    return PROSE["docs/configuration.md"].split(f"\n## {heading}\n")[1].split("\n## ")[0]


def _keys(heading: str) -> dict[str, str]:
    """The keys in the table under a heading of docs/configuration.md, with their defaults."""
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", _section(heading), re.MULTILINE))


def test_every_setting_is_in_the_tables_of_settings() -> None:
    assert _keys("The source").keys() == {*NAMES}
    assert _keys("A named pipeline").keys() == settings_of(NamedPipeline).keys()
    assert _keys("Checks after loading").keys() == {entry.name for entry in fields(Checks)}
    assert _keys("Alerts").keys() == settings_of(AlertSettings).keys()


def test_the_defaults_of_numbers_are_those_of_the_code() -> None:
    shown = _keys("The source")
    for entry in fields(Settings):
        if entry.name != "api" and isinstance(entry.default, (int, float)):
            default = "`false`" if entry.default is False else f"{entry.default:g}"
            assert shown[entry.name] == default


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_resource_is_in_the_readme_and_in_the_table_of_tables(name: str) -> None:
    if ENDPOINTS[name].table is None:
        assert f"`{name}`" in PROSE["README.md"]
        assert f"\n| `{name}` | " in PROSE["docs/tables.md"]


@pytest.mark.parametrize("name", V22.endpoints)
def test_every_resource_of_v22_is_in_its_table_of_tables(name: str) -> None:
    assert f"\n| `{name}` | " in PROSE["docs/api-v2.2.md"]


def test_the_way_from_v1_names_tables_of_both_generations() -> None:
    page = PROSE["docs/api-v2.2.md"].split("\n## Coming from v1\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", page, re.MULTILINE)
    old = {name for left, _ in rows for name in re.findall(r"`(\w+)`", left)}
    new = {name for _, right in rows for name in re.findall(r"`(\w+)`", right)}
    assert old == {name for name in ENDPOINTS if ENDPOINTS[name].table is None}
    assert new <= set(V22.endpoints)


def _codes(kind: type[PerfectGymError]) -> set[int]:
    return {kind.exit_code}.union(*map(_codes, kind.__subclasses__()))


def test_every_exit_code_of_an_error_is_explained() -> None:
    assert {0, 130, *_codes(PerfectGymError)} <= EXIT_CODES.keys()


def _commands() -> dict[str, click.Command]:
    context = click.Context(command)
    found = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return {name: each for name, each in found.items() if each is not None}


def _options(of: click.Command) -> set[str]:
    named = (
        each.opts + each.secondary_opts for each in of.params if isinstance(each, click.Option)
    )
    return {"--help", *(name for opts in named for name in opts)}


def test_every_option_that_the_pages_name_exists() -> None:
    known = set[str]().union(*map(_options, _commands().values()))
    for page, text in PROSE.items():
        named = set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", text))
        assert named - OF_OTHERS.get(page, set()) <= known, page


def _words_of_commands() -> Iterator[list[str]]:
    """The words behind `perfectgym` wherever a page shows a command."""
    code = [
        line for block in BLOCKS if block.kind in ("", "sh") for line in block.text.splitlines()
    ]
    code += re.findall(r"`(perfectgym [^`\n]*)`", ALL)
    for line in code:
        for words in re.findall(r"(?<![\w.-])(?<!pipeline )perfectgym ([a-z][^#|&>`]*)", line):
            yield words.split()


def test_every_command_that_the_pages_show_exists_and_takes_its_options() -> None:
    shown = list(_words_of_commands())
    assert len(shown) > 20
    for name, *words in shown:
        given = {word.split("=")[0] for word in words if word.startswith("--")}
        assert given <= _options(_commands()[name]), (name, *words)
    assert {name for name, *_ in shown} == _commands().keys()


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    known = {name for names in targets for name in names.split()}
    named = set(re.findall(r"`make (\w+)", ALL))
    assert len(named) > 5
    assert named <= known


def test_every_file_that_the_pages_name_exists() -> None:
    folders = r"(?:\.ci|\.dlt|docs|perfectgym_source|pipelines|tests)"
    named = set(re.findall(rf"(?<![\w/-]){folders}/[\w./-]*\w", ALL))
    assert len(named) > 10
    # `perfectgym init` writes these.
    own = {".dlt/config.toml", ".dlt/secrets.toml"}
    assert [name for name in named - own if not (ROOT / name).exists()] == []


def _keys_in_blocks() -> set[tuple[str, str]]:
    """The keys in blocks of TOML, each with the section that it stands in."""
    found, section = set(), ""
    text = "\n".join(block.text for block in BLOCKS if block.kind == "toml")
    for line in text.splitlines():
        if line.startswith("["):
            section = line[1:].split("]")[0]
        elif line:
            found.add((section, line.split(" = ")[0].strip('"')))
    return found


def test_every_key_in_the_blocks_of_settings_exists() -> None:
    source, pipeline = {*NAMES}, {*settings_of(NamedPipeline)}
    known = {
        "sources.perfectgym": source,
        "sources.perfectgym.installations.north": source,
        "sources.perfectgym.pii": {*KINDS, "default", "unknown", "users.personal_id"},
        "pipelines.core": pipeline,
        "pipelines.marts": pipeline,
        "pipelines.marts.marts_vars": {*defaults()},
        "pipelines.classes": pipeline | source,
        "alerts": {*settings_of(AlertSettings)},
    }
    # What a destination takes is dlt's.
    keys = {(name, key) for name, key in _keys_in_blocks() if not name.startswith("destination.")}
    assert {name for name, _ in keys} == known.keys()
    assert [(name, key) for name, key in keys if key not in known[name]] == []
