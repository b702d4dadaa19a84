"""`perfectgym verify`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from .. import options
from ..command import Command
from ..result import Result

if TYPE_CHECKING:
    from ...config.pipelines import NamedPipeline
    from ...destination import Options

compared = options.combined(
    options.pipeline,
    options.selection,
    options.demo,
    options.place,
    options.wait,
    options.progress,
    options.logs,
)
"""The options of commands that compare tables with the API."""


@click.command(
    "verify",
    cls=Command,
    examples=[
        ("", "all tables of the pipeline core"),
        ("--resources clubs,classes", "only these"),
    ],
)
@compared
def command(**given: Any) -> int:
    """Compare the tables with the API.

    The API is read from the beginning; nothing is loaded, and no cursor moves. Exit code 8 means
    that tables differ: perfectgym repair makes them equal.
    """
    from ..acting import act

    return act(partial(_verify, options.demo_words(given)), given)


def _verify(demo: str, pipeline: NamedPipeline, of_run: Options) -> Result:
    from ...verify.verification import EXIT_CODES, verify
    from ..next_steps import after_difference
    from ..rendering.verification import verification_data, verification_text

    done = verify(of_run)
    text = verification_text(done)
    if done.outcome == "different":
        text += after_difference(pipeline.name, demo)
    return Result(text, verification_data(done), EXIT_CODES[done.outcome])
