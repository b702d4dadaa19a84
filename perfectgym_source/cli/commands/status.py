"""`perfectgym status`."""

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
    "status",
    cls=Command,
    examples=[
        ("", "the tables of the pipeline core"),
        ("finance --json", "another pipeline, for monitoring"),
    ],
)
@options.pipeline
@options.selection
@options.demo_flag
@options.place
@options.table_format
@options.logs
def command(**given: Any) -> int:
    """Say how fresh each table is, and what is overdue.

    The run history is read, and nothing is requested from the API. Exit code 9 means that a
    resource is older than max_age_hours of its pipeline, or that a run hangs.
    """
    from ..acting import act
    from ..planning import Needs

    return act(_status, given, Needs.SETTINGS)


def _status(pipeline: NamedPipeline, of_run: Options) -> Result:
    from ...pipeline.alerts import configured_alerts
    from ...pipeline.status import status
    from ...resolving import resolve
    from ..rendering.status import as_data, as_text

    alerts = configured_alerts()
    resolved = resolve(**of_run.source)
    installation, max_age = resolved.settings.installation, pipeline.max_age_hours
    found = status(of_run, resolved.endpoints, installation, max_age)
    if found.problem:
        alerts.ended(pipeline.name, found.problem, True)
    return Result(as_text(found), as_data(found), found.exit_code)
