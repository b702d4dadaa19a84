"""`perfectgym check`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ...errors import ApiError
from .. import options
from ..command import Command
from ..result import Result

if TYPE_CHECKING:
    from ...config.pipelines import NamedPipeline
    from ...destination import Options


@click.command(
    "check",
    cls=Command,
    examples=[
        ("", "what the pipeline core reads"),
        ("everything", "all that the API offers"),
        ("--demo", "the same against the built-in sandbox"),
    ],
)
@options.pipeline
@options.selection
@options.demo
@options.logs
def command(**given: Any) -> int:
    """Sign in, and say what the account may read.

    Each resource of PIPELINE, by default core, is requested once. Nothing is loaded.
    """
    from ..acting import act

    return act(partial(_check, options.demo_words(given)), given)


def _check(demo: str, pipeline: NamedPipeline, of_run: Options) -> Result:
    from ...pipeline.probe import check
    from ...resolving import resolve
    from ..next_steps import after_check
    from ..rendering.check import as_data, as_text

    resolved = resolve(**of_run.source)
    found = check(resolved.settings, resolved.endpoints)
    text = as_text(found)
    if found.works:
        text += after_check(pipeline.name, demo)
    return Result(text, as_data(found), 0 if found.works else ApiError.exit_code)
