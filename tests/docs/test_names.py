"""The README says what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click
import duckdb
import pytest

from perfectgym_source.catalog.pii_rules import KINDS
from perfectgym_source.catalog.readme import readme_table
from perfectgym_source.cli.main import COMMANDS, command
from perfectgym_source.cli.rendering.listing import EXIT_CODES
from perfectgym_source.config.pipeline_settings import AlertSettings, Checks, NamedPipeline
from perfectgym_source.config.readme import readme_tables
from perfectgym_source.config.setting import settings_of
from perfectgym_source.config.settings import NAMES, Settings
from perfectgym_source.errors import PerfectGymError
from perfectgym_source.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_tables_is_the_catalog_s() -> None:
    shown = README.split("catalog.readme` -->\n")[1].split("\n<!-- end of tables")[0]
    assert shown == readme_table()


@pytest.mark.parametrize(("name", "table"), readme_tables().items())
def test_the_tables_of_settings_are_those_of_the_code(name: str, table: str) -> None:
    [shown] = re.findall(
        rf"<!-- {name}: [^\n]*-->\n(.*?)\n<!-- end of {name} -->", README, re.DOTALL
    )
    assert shown == table


@pytest.mark.parametrize("name", [*NAMES])
def test_every_setting_is_in_the_table_of_settings(name: str) -> None:
    rows = [line for line in README.splitlines() if re.match(rf"\| .*`{name}`.*\|", line)]
    assert rows, f"{name} is not documented"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (entry.name, "`false`" if entry.default is False else f"{entry.default:g}")
        for entry in fields(Settings)
        if entry.name != "api"
        if isinstance(entry.default, (int, float))
    ],
)
def test_the_defaults_of_numbers_are_those_of_the_code(name: str, shown: str) -> None:
    lines = readme_tables()["settings"].splitlines()
    [row] = [line for line in lines if re.match(rf"\| [^|]*`{name}`", line)]
    names = re.findall(r"`(\w+)`", row.split("|")[1])
    defaults = row.split("|")[2].replace(",", " ").split()
    assert defaults[names.index(name)] == shown


def _codes(kind: type[PerfectGymError]) -> set[int]:
    return {kind.exit_code}.union(*map(_codes, kind.__subclasses__()))


def test_every_exit_code_is_in_the_readme_and_in_the_list() -> None:
    for code in {0, 130, *_codes(PerfectGymError), *EXIT_CODES}:
        assert re.search(rf"^\| {code} \|", README, re.MULTILINE), code
        assert code in EXIT_CODES


def test_every_option_that_the_readme_names_exists() -> None:
    context = click.Context(command)
    commands = [command.get_command(context, name) for name in COMMANDS]
    options = {
        name
        for each in commands
        if each is not None
        for parameter in each.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
    }
    # The chapter on benchmarks is about another program.
    text = re.sub(r"## Benchmarks\n.*?\n## ", "", README, flags=re.DOTALL)
    named = set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", text))
    of_others = {"--help", "--port", "--seed", "--size", "--strict"}
    assert len(named & options) > 15
    assert named - of_others <= options


def test_every_file_that_the_readme_names_exists() -> None:
    folders = r"(?:\.ci|\.dlt|perfectgym_source|pipelines|tests)"
    named = set(re.findall(rf"(?<![\w/-]){folders}/[\w./-]*\w", README))
    assert len(named) > 10
    # `perfectgym init` makes these.
    made = {".dlt/config.toml", ".dlt/secrets.toml"}
    assert [name for name in named - made if not (ROOT / name).exists()] == []


def _tables(head: str) -> set[str]:
    """The keys in the first column of the table with this head."""
    rows = (
        README.split(f"\n| {head} | default | meaning |\n")[1]
        .split("\n<!-- end of")[0]
        .splitlines()
    )
    return {key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])}


def _keys_in_blocks() -> set[tuple[str, str]]:
    """The keys in blocks of TOML, each with the section that it stands in."""
    found, section = set(), ""
    for line in "\n".join(re.findall(r"```toml\n(.*?)```", README, re.DOTALL)).splitlines():
        if line.startswith("["):
            section = line[1:].split("]")[0]
        elif line:
            found.add((section, line.split(" = ")[0].strip('"')))
    return found


def test_every_key_that_the_readme_names_exists() -> None:
    source = {*NAMES}
    pipeline = {*settings_of(NamedPipeline)}
    assert _tables("key") == source
    assert _tables("key under `[checks]`") == {entry.name for entry in fields(Checks)}
    assert _tables("key of a pipeline") == pipeline
    assert _tables("key under `[alerts]`") == {*settings_of(AlertSettings)}

    known = {
        "sources.perfectgym.installations.north": source,
        "sources.perfectgym.pii": {*KINDS, "default", "unknown", "users.personal_id"},
        "pipelines.core": pipeline,
        "pipelines.classes": pipeline | source,
        "alerts": {*settings_of(AlertSettings)},
    }
    # What a destination takes is dlt's.
    keys = {(name, key) for name, key in _keys_in_blocks() if not name.startswith("destination.")}
    assert {name for name, _ in keys} == known.keys()
    assert [(name, key) for name, key in keys if key not in known[name]] == []


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_a_program_of_one_s_own_works(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    with Sandbox(size="tiny", seed=1) as sandbox:
        monkeypatch.setenv("SOURCES__PERFECTGYM__BASE_URL", sandbox.base_url)
        monkeypatch.setenv("SOURCES__PERFECTGYM__USERNAME", sandbox.employee.username)
        monkeypatch.setenv("SOURCES__PERFECTGYM__PASSWORD", sandbox.employee.password)
        exec(block, {})
    [file] = [path for path in tmp_path.glob("*.duckdb") if not path.stem.endswith("_loading")]
    with duckdb.connect(str(file), read_only=True) as connection:
        classes = connection.table(f"{file.stem}.perfectgym.classes")
        assert len(classes) == len(sandbox.world.classes)
