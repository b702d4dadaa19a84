"""`perfectgym marts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .. import options
from ..command import Command
from ..result import Result, finish

if TYPE_CHECKING:
    from ...config.pipelines import NamedPipeline
    from ...destination import Options


@click.command(
    "marts",
    cls=Command,
    examples=[
        ("", "those of the pipeline core"),
        ("--path", "the dbt project, for the packages.yml of your own"),
    ],
)
@options.pipeline
@options.installation
@options.option(options.WHAT, "--path", is_flag=True, help="Print the folder of the dbt project.")
@options.demo_flag
@options.place
@options.wait
@options.logs
def command(path: bool, **given: Any) -> int:
    """Build all marts of what was loaded, and test them.

    Nothing is requested from the API. Exit code 11 means that a mart could not be built: it is as
    it was before. With marts = true, each load builds those whose tables have changed.
    """
    from ..acting import act
    from ..planning import Needs

    if path:
        from ...destination.marts_schemas import PROJECT

        data = {"outcome": "ok", "path": PROJECT, "marts": None}
        return finish(Result(str(PROJECT), data), given["as_json"])
    return act(_build, given, Needs.SETTINGS)


def _build(_: NamedPipeline, of_run: Options) -> Result:
    from ...pipeline.runner import build_marts
    from ..rendering.marts import as_data, as_text

    record = build_marts(of_run)
    data = {"outcome": record.outcome, "path": None, "marts": as_data(record)}
    return Result(as_text(record), data, record.exit_code)
