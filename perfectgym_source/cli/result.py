"""The result of a command, for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from .command import Call
from .streams import say


@dataclass(frozen=True)
class Result:
    """The result of a command.

    Attributes:
        text: For people.
        data: The JSON object: `outcome`, and the keys that other commands do not have.
        exit_code: The exit code.
    """

    text: str
    data: Mapping[str, Any]
    exit_code: int = 0


def say_json(call: Call, results: Mapping[str, Result]) -> None:
    """Print the JSON object of a call, with its result or those of several installations."""
    from .rendering.json_output import envelope

    text = envelope(call, results)
    call.has_result = True
    say(text)


def finish(result: Result, as_json: bool) -> int:
    """Print the result of a command that concerns no installation, and return its exit code."""
    if as_json:
        say_json(click.get_current_context().obj, {"": result})
    else:
        say(result.text, fits=True)
    return result.exit_code
