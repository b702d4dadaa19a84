"""What the shell completes on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from perfectgym_source.catalog import GROUP_NAMES, RESOURCE_NAMES
from perfectgym_source.cli.main import COMMANDS, command

CONFIGURED = """
[pipelines.nightly]
groups = ["company"]
[pipelines.core]
schedule = "15 3 * * *"
[sources.perfectgym.installations.north]
subdomain = "north"
"""
SECRETS = """
[sources.perfectgym.installations.south]
password = "-"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DLT_PROJECT_DIR")
    (tmp_path / ".dlt").mkdir()
    return tmp_path / ".dlt"


def complete(*arguments: str) -> list[str]:
    if arguments[0] not in COMMANDS:
        arguments = ("load", *arguments)
    *before, incomplete = arguments
    found = ShellComplete(command, {}, "perfectgym", "_PERFECTGYM_COMPLETE").get_completions(
        before, incomplete
    )
    return [item.value for item in found]


def complete_command(incomplete: str) -> list[str]:
    found = ShellComplete(command, {}, "perfectgym", "_PERFECTGYM_COMPLETE")
    return [item.value for item in found.get_completions([], incomplete)]


def test_names_of_commands() -> None:
    assert complete_command("") == list(COMMANDS)
    assert complete_command("st") == ["status", "state"]
    assert complete("list", "") == ["resources", "pipelines", "installations", "exit-codes"]


@pytest.mark.parametrize("words", ["load --resources", "reset", "load --full-refresh"])
def test_names_of_resources(words: str) -> None:
    option = words.split()
    assert complete(*option, "contract_d") == [
        "contract_details",
        "contract_discount_assignments",
        "contract_discount_definitions",
        "contract_discounts_to_clubs",
        "contract_discounts_to_payment_plans",
        "contract_discounts_to_related",
    ]
    assert complete(*option, "") == list(RESOURCE_NAMES)
    assert complete(*option, "xy") == []


def test_the_last_name_of_a_list_without_those_that_it_holds() -> None:
    assert complete("--resources", "clubs,contract_fees,contract_fe") == []
    assert complete("--resources", "clubs,contract_fees,contract_de") == [
        "clubs,contract_fees,contract_details"
    ]
    assert complete("--group", "class,cl") == ["class,club", "class,classes", "class,clubs"]


def test_names_of_groups() -> None:
    assert complete("--group", "") == list(GROUP_NAMES)


def test_names_of_pipelines_and_installations(folder: Path) -> None:
    assert complete("") == ["core", "members", "finance", "marts", "everything"]
    assert complete("--installation", "") == []
    (folder / "config.toml").write_text(CONFIGURED, encoding="utf-8-sig")
    (folder / "secrets.toml").write_text(SECRETS)
    assert complete("") == ["core", "members", "finance", "marts", "everything", "nightly"]
    assert complete("--demo", "ni") == ["nightly"]
    assert complete("--installation", "") == ["north", "south"]
    assert complete("--installation", "north,") == ["north,south"]


def test_names_of_pipelines_in_the_folder_that_dlt_looks_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "config.toml").write_text(CONFIGURED)
    monkeypatch.chdir("/")
    assert complete("ni") == []
    monkeypatch.setenv("DLT_PROJECT_DIR", str(folder.parent))
    assert complete("ni") == ["nightly"]


@pytest.mark.parametrize(
    "text",
    [
        "[pipelines",
        "pipelines = 1",
        "[pipelines]\ncore = '\udcff'",
        "wait = 1\nwait = 2",
    ],
)
def test_a_configuration_that_is_wrong_does_not_disturb(folder: Path, text: str) -> None:
    (folder / "config.toml").write_bytes(text.encode(errors="surrogateescape"))
    (folder / "secrets.toml").write_text("[pipelines.nightly]")
    assert complete("") == ["core", "members", "finance", "marts", "everything", "nightly"]
