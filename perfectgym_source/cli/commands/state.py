"""`perfectgym state`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .. import options
from ..command import Command
from ..result import Result

if TYPE_CHECKING:
    from ...config.pipelines import NamedPipeline
    from ...destination import Options


@click.command(
    "state",
    cls=Command,
    examples=[
        ("", "all that was loaded into the dataset"),
        ("--installation north", "of one of several installations"),
    ],
)
@options.pipeline
@options.installation
@options.demo_flag
@options.place
@options.table_format
@options.logs
def command(**given: Any) -> int:
    """Show the cursors: how far each resource has been read.

    Nothing is requested from the API. Exit code 9 means that a run hangs.
    """
    from ..acting import act
    from ..planning import Needs

    return act(_state, given, Needs.NOTHING)


def _state(_: NamedPipeline, of_run: Options) -> Result:
    from ...destination import destination_for
    from ...pipeline.alerts import configured_alerts
    from ...pipeline.state import states_in
    from ...pipeline.status import EXIT_CODE
    from ..rendering.state import as_data, as_text
    from ..rendering.status import run_data

    alerts = configured_alerts()
    with destination_for(of_run).view() as found:
        states = states_in(found)
    if found.is_hanging:
        alerts.ended(of_run.pipeline, found.note, True)
    text = "\n".join(filter(None, (as_text(states), found.note)))
    outcome = "overdue" if found.is_hanging else "ok"
    data = {"outcome": outcome, **as_data(states), "run_under_way": run_data(found)}
    return Result(text, data, EXIT_CODE if found.is_hanging else 0)
