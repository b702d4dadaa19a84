"""`perfectgym load`, which is `pipelines/run.py`."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ...errors import ApiError, ConfigurationError
from .. import options
from ..command import Command
from ..result import Result

if TYPE_CHECKING:
    from ...config.pipelines import NamedPipeline
    from ...destination import Options

_MOST_TABLES = 5
"""Of a demo: its answers, and what to do next, have to fit the screen."""

EXAMPLES = [
    ("", "what is new"),
    ("finance", "a named pipeline"),
    ("--resources clubs,classes", "only these"),
    ("--dry-run", "only a preview"),
    ("--limit 100", "a sample"),
    ("--from 2026-01-01 --to 2026-02-01", "classes again"),
    ("--full-refresh classes", "from the beginning"),
]


@click.command("load", cls=Command, examples=EXAMPLES)
@options.pipeline
@options.selection
@options.full_refresh
@options.period
@options.option(
    options.WHAT,
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="A sample, into the dataset ..._sample.",
)
@options.option(
    options.WHAT, "--dry-run", is_flag=True, help="Read one page of each; leave no trace."
)
@options.marts
@options.demo
@options.place
@options.table_format
@options.wait
@options.progress
@options.logs
def command(**given: Any) -> int:
    """Load what is new since the last run.

    PIPELINE is a named pipeline, by default core; perfectgym list pipelines shows them, and
    perfectgym list exit-codes what the exit codes mean. Options replace settings of .dlt/.
    """
    if given["dry_run"] and given["limit"]:
        raise ConfigurationError("--dry-run and --limit cannot be given together.")
    return load(given)


def load(given: Mapping[str, Any]) -> int:
    """Load, or show what would be loaded, and return the exit code.

    Args:
        given: The options of the command by name.
    """
    from ..acting import act

    if given["dry_run"]:
        return act(_preview, given)
    return act(partial(_load, options.demo_words(given)), given, alert=_alert)


def _load(demo: str, pipeline: NamedPipeline, of_run: Options) -> Result:
    from ...destination import destination_for
    from ...pipeline.runner import run
    from ..next_steps import after_failure, after_load
    from ..rendering.answers import answers
    from ..rendering.summary import as_data, as_text

    was_there = destination_for(of_run).exists()
    summary = run(of_run)
    text = as_text(summary, _MOST_TABLES if demo else None)
    if demo and summary.marts and not summary.exit_code:
        text += "\n" + answers(of_run.database, of_run.dataset)
    if summary.report.failures:
        text += after_failure(pipeline.name, demo)
    elif demo or not was_there:
        text += after_load(of_run, +summary.report.rows, demo)
    return Result(text, as_data(summary), summary.exit_code)


def _preview(_: NamedPipeline, of_run: Options) -> Result:
    from ...pipeline.dry_run import preview
    from ...resolving import resolve
    from ...resources import Reading
    from ..rendering.dry_run import as_data, as_text

    resolved = resolve(**of_run.source)
    found = preview(Reading(resolved.settings), resolved.endpoints)
    code = ApiError.exit_code if any(entry.error for entry in found.previews) else 0
    return Result(as_text(found), as_data(found), code)


def _alert(name: str, error: ConfigurationError) -> None:
    """Send an alert: a run could not start."""
    from ...pipeline.alerts import configured_alerts

    with contextlib.suppress(ConfigurationError):
        alerts = configured_alerts()
        alerts.started()
        alerts.ended(name, str(error), True)
