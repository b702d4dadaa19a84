"""Act on each installation that a call names, and print what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import click

from ..config.pipelines import NamedPipeline
from ..config.toml_files import read_toml_files_forgivingly, warn_of_readable_secrets
from ..destination import Options
from ..errors import ConfigurationError, PerfectGymError, most_urgent
from ..pipeline.runs import PipelineRun, run_all
from .planning import Needs, demo, installation_of, pipeline_name, planned_runs
from .rendering.json_output import error_data
from .rendering.style import HEAD, styled
from .result import Result, say_json
from .streams import say, say_error

Work = Callable[[NamedPipeline, Options], Result]


def act(
    work: Work,
    options: Mapping[str, Any],
    needs: Needs = Needs.ACCOUNT,
    alert: Callable[[str, ConfigurationError], None] | None = None,
    check: Callable[[Sequence[PipelineRun]], None] | None = None,
) -> int:
    """Do some work for each installation that a call names, and return the exit code.

    Args:
        work: The work.
        options: The options of the call by name.
        needs: What has to be configured.
        alert: Is called if the configuration is wrong.
        check: Is called with what was planned, and refuses what the command cannot do.

    Raises:
        PerfectGymError: The command failed for the only installation.
    """
    read_toml_files_forgivingly()
    warn_of_readable_secrets()
    name = pipeline_name(options)
    click.get_current_context().obj.pipeline = name
    with demo(options, serves=needs is Needs.ACCOUNT) as arguments:
        try:
            pipeline, planned = planned_runs(name, options, arguments, needs)
        except ConfigurationError as error:
            if alert:
                alert(name, error)
            raise
        if check:
            check(planned)
        return _for_each(planned, partial(work, pipeline), options["as_json"])


def _for_each(planned: list[PipelineRun], work: Callable[[Options], Result], as_json: bool) -> int:
    """Do the work for each run, and print the results; those of several under their names.

    Args:
        planned: The runs.
        work: The work.
        as_json: Print JSON instead of text.
    """
    results: dict[str, Result] = {}
    call = click.get_current_context().obj
    if as_json and len(planned) == 1:
        call.installation = planned[0].installation or installation_of(planned[0]) or None
    for ended in run_all(planned, work):
        result = ended.value or _failed(ended.error)
        name = ended.run.installation
        if not as_json:
            if len(planned) > 1:
                say(("\n" if results else "") + styled(f"== {name}", HEAD))
            if ended.error:
                say_error(result.text, err=False)
            else:
                say(result.text, fits=True)
        results[name] = result
    if as_json:
        say_json(call, results)
    return most_urgent(result.exit_code for result in results.values())


def _failed(error: PerfectGymError | None) -> Result:
    error = error or PerfectGymError("The command did not complete")
    return Result(str(error), {"outcome": "failed", "error": error_data(error)}, error.exit_code)
