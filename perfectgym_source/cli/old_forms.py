"""The forms of calls before there were commands, such as `perfectgym --status`.

They work until the next release, each with a line that names the new form.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from itertools import islice

import click

from ..errors import ConfigurationError
from . import completion
from .commands.load import command as load

OLD = {
    "--check": ("check",),
    "--verify": ("verify",),
    "--repair": ("repair",),
    "--status": ("status",),
    "--state": ("state",),
    "--reset": ("reset",),
    "--list": ("list",),
    "--list-pipelines": ("list", "pipelines"),
}
"""The commands by the options that asked for them."""


def in_new_form(arguments: Sequence[str], commands: Collection[str]) -> list[str]:
    """Return the arguments of `perfectgym` with a command in front.

    Args:
        arguments: Arguments of the old form or of the new one.
        commands: The words that may be commands; none after `pipelines/run.py`.

    Raises:
        ConfigurationError: Options name two commands, or a command stands behind them.
    """
    first = arguments[0] if arguments else ""
    if first in commands or first == "--version" or (commands and first in ("-h", "--help")):
        return list(arguments)
    actions = [name for name in OLD if any(_name(word) == name for word in arguments)]
    if len(actions) > 1:
        raise ConfigurationError(
            f"{' and '.join(actions)} cannot be given together: run one after the other."
        )
    if actions:
        return _command_first(arguments, actions[0])
    pipelines = completion.pipeline_names()
    options, words = _apart(arguments)
    is_word = bool(first.strip()) and not first.startswith("-")
    if commands and is_word and first not in pipelines:
        return list(arguments)  # it is taken for a mistyped command
    if commands and words and words[0] in {*commands} - {*pipelines}:
        name, *others = words
        raise ConfigurationError(
            f"{name!r} is a command, and stands behind options",
            hint=f"It comes first: {shlex.join(['perfectgym', name, *others, *options])}",
        )
    return ["load", *arguments]


def note_on(program: str, arguments: Sequence[str], new: Sequence[str]) -> str:
    """Return the line that names the new form of a call."""
    return (
        f"Deprecated: {shlex.join([program, *arguments])} is now "
        f"{shlex.join(['perfectgym', *new])}; the old form ends with the next release."
    )


def _command_first(arguments: Sequence[str], action: str) -> list[str]:
    """Return arguments with the command of an option in front, and its values behind."""
    others = [word for word in arguments if _name(word) != action]
    values: list[str] = []
    if action == "--reset":
        values, others = _values(arguments, action)
    options, words = _apart(others)
    if action == "--reset":
        words = [*values, *(["--pipeline", *words] if words else [])]
    return [*OLD[action], *words, *options]


def _values(arguments: Sequence[str], option: str) -> tuple[list[str], list[str]]:
    """Return the values of an option, and the other arguments."""
    values: list[str] = []
    others: list[str] = []
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name == option:
            values.append(value if equals else next(words, ""))
        else:
            others.append(word)
    return values, others


def _apart(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the options of a load with their values, and the other words."""
    with_value = {
        name
        for parameter in load.params
        if isinstance(parameter, click.Option) and not parameter.is_flag
        for name in parameter.opts
        if name != "--full-refresh"
    }
    options: list[str] = []
    others: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in with_value:
            options += [word, *islice(words, 1)]
        else:
            (options if word.startswith("-") else others).append(word)
    return options, others


def _name(word: str) -> str:
    return word.partition("=")[0]
