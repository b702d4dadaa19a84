"""`perfectgym reset`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ...errors import ConfigurationError
from ...text import listed
from .. import completion, options
from ..command import Command
from ..result import Result, finish
from ..streams import say

if TYPE_CHECKING:
    from ...config.pipelines import NamedPipeline
    from ...destination import Options


@click.command(
    "reset",
    cls=Command,
    examples=[
        ("classes", "asks first"),
        ("clubs classes --yes", "does not ask"),
    ],
)
@click.argument(
    "reset",
    nargs=-1,
    required=True,
    metavar="RESOURCE...",
    callback=options.split_names,
    shell_complete=completion.resources,
)
@options.pipeline_option
@options.installation
@options.demo_flag
@options.place
@options.table_format
@options.wait
@options.option(options.OUTPUT, "--yes", is_flag=True, help="Do not ask.")
@options.logs
def command(**given: Any) -> int:
    """Forget cursors, so that resources are read from the beginning.

    The tables stay. The next run reads the resources again, and merges what it receives.
    """
    from ..acting import act
    from ..planning import Needs

    if not given["yes"] and not _confirmed(given["reset"]):
        data = {"outcome": "canceled", "forgotten": []}
        return finish(Result("Nothing was changed.", data), given["as_json"])
    return act(partial(_reset, given["reset"]), given, Needs.NOTHING)


def _confirmed(resources: Sequence[str]) -> bool:
    question = f"Forget the cursors of {listed(resources)}, and read all again?"
    try:
        if sys.stdin is not None:  # it is not closed
            # Standard output may be read as JSON.
            return click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        say("", err=True)  # the question stands on the line
    raise ConfigurationError(
        "reset asks for confirmation, and standard input is no terminal", hint="Add --yes."
    )


def _reset(resources: Sequence[str], _: NamedPipeline, of_run: Options) -> Result:
    from ...pipeline.state import reset

    is_shared = of_run.source.get("shared_dataset")
    forgotten = reset(of_run, resources, of_run.source.get("installation") if is_shared else None)
    names = ", ".join(forgotten) or "nothing"
    text = f"Forgotten: {names}. The next run reads it from the beginning; the tables stay."
    return Result(text, {"outcome": "ok", "forgotten": forgotten})
