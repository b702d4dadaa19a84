"""`perfectgym repair`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..command import Command
from ..result import Result
from .verify import compared

if TYPE_CHECKING:
    from ...config.pipelines import NamedPipeline
    from ...destination import Options


@click.command(
    "repair",
    cls=Command,
    examples=[
        ("", "all tables of the pipeline core"),
        ("--resources clubs,classes", "only these"),
    ],
)
@compared
def command(**given: Any) -> int:
    """Verify, and make the tables equal to the API.

    What is missing or stale is loaded again, and what the API does not have is deleted, unless
    that is most of a table.
    """
    from ..acting import act

    return act(_repair, given)


def _repair(_: NamedPipeline, of_run: Options) -> Result:
    from ...verify.repair import repair
    from ...verify.verification import EXIT_CODES
    from ..rendering.verification import repair_data, repair_text

    done = repair(of_run)
    code = EXIT_CODES[done.outcome] or (done.marts.exit_code if done.marts else 0)
    return Result(repair_text(done), repair_data(done), code)
