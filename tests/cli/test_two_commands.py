"""Options that name two commands are refused before anything happens."""

from __future__ import annotations

from itertools import combinations

import click
import pytest
from click.testing import CliRunner

from perfectgym_source.cli.main import ACTIONS, command
from perfectgym_source.errors import ConfigurationError


def arguments(option: str) -> list[str]:
    return ["--reset", "clubs", "--yes"] if option == "--reset" else [option]


@pytest.mark.parametrize("options", [*combinations(ACTIONS.values(), 2)], ids=" ".join)
def test_two_commands_are_refused(
    options: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise AssertionError("It went on.")

    monkeypatch.setattr("perfectgym_source.cli.commands.act", fail)
    for given in (options, options[::-1]):
        done = CliRunner().invoke(command, [word for name in given for word in arguments(name)])
        assert done.output == ""
        assert isinstance(done.exception, ConfigurationError), done
        assert done.exception.exit_code == 2
        assert all(name in str(done.exception) for name in options)


def test_every_command_is_an_option() -> None:
    options = {
        parameter.name: parameter.opts[0]
        for parameter in command.params
        if isinstance(parameter, click.Option)
    }
    assert {name: options[name] for name in ACTIONS} == ACTIONS
