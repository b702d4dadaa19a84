"""The commands: each acts on one installation, and returns text, JSON data and an exit code."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from ..config.pipelines import DEFAULT, NamedPipeline
from ..config.toml_files import warn_of_readable_secrets
from ..destination import Options, destination_for
from ..errors import ApiError, ConfigurationError, PerfectGymError
from ..pipeline.alerts import configured_alerts
from ..pipeline.runs import PipelineRun, exit_code, run_all
from ..resources import Reading
from ..source import resolve
from ..text import listed
from .planning import demo, planned_runs
from .rendering.json_output import to_json
from .rendering.table import fitted
from .streams import say


@dataclass(frozen=True)
class Result:
    """The result of a command.

    Attributes:
        text: For people.
        data: The JSON object.
        exit_code: The exit code.
    """

    text: str
    data: Mapping[str, Any]
    exit_code: int = 0


Command = Callable[[NamedPipeline, Options], Result]


def act(action: str | None, name: str | None, options: Mapping[str, Any]) -> int:
    """Do what the command line asks for, and return its exit code.

    Args:
        action: The option that names the command, as a key of `options`; None for a run.
        name: The named pipeline; by default `core`.
        options: The command line's options by name.

    Raises:
        PerfectGymError: The command failed for the only installation.
    """
    warn_of_readable_secrets()
    if action == "reset" and not options["yes"] and not _confirmed(options["reset"]):
        say("Nothing was changed.")
        return 0
    with demo(options) as arguments:
        try:
            pipeline, planned = planned_runs(name or DEFAULT, options, arguments)
        except ConfigurationError as error:
            if action is None:
                _alert(name or DEFAULT, error)
            raise
        command = _commands(options)[action] if action else _run
        return _for_each(planned, partial(command, pipeline), options["as_json"])


def _commands(options: Mapping[str, Any]) -> Mapping[str, Command]:
    """Return the commands by the option that asks for them."""
    return {
        "status": _status,
        "state": _state,
        "reset": partial(_reset, options["reset"]),
        "only_check": _check,
        "dry_run": _dry_run,
        "repair": _repair,
        "verify": _verify,
    }


def _confirmed(resources: Sequence[str]) -> bool:
    try:
        if sys.stdin is None:  # it is closed
            raise click.Abort
        return click.confirm(f"Forget the cursors of {listed(resources)}, and read all again?")
    except click.Abort:
        if sys.stdin is not None and sys.stdin.isatty():
            raise
        raise ConfigurationError(
            "--reset asks for confirmation, and standard input is no terminal", hint="Add --yes."
        ) from None


def _alert(name: str, error: ConfigurationError) -> None:
    """Send an alert: a run could not start."""
    with contextlib.suppress(ConfigurationError):
        alerts = configured_alerts()
        alerts.started()
        alerts.ended(name, str(error), True)


def _for_each(planned: list[PipelineRun], command: Callable[[Options], Result], json: bool) -> int:
    """Run a command for each job and print the results; those of several under their names.

    Args:
        planned: The jobs.
        command: The command.
        json: Print JSON instead of text.
    """
    results: dict[str, Result] = {}
    for ended in run_all(planned, command):
        result = ended.value or _failed(ended.error)
        name = ended.run.installation
        if not json:
            if len(planned) > 1:
                say(("\n" if results else "") + f"== {name}")
            say(fitted(result.text))
        results[name] = result
    if json:
        data = {name: result.data for name, result in results.items()}
        say(to_json({"installations": data} if len(planned) > 1 else data[planned[0].installation]))
    return exit_code([result.exit_code for result in results.values()])


def _failed(error: PerfectGymError | None) -> Result:
    error = error or PerfectGymError("The command did not complete")
    data = {"outcome": "failed", "error": error, "exit_code": error.exit_code}
    return Result(f"Error: {error}", data, error.exit_code)


def _run(_: NamedPipeline, options: Options) -> Result:
    from ..pipeline.runner import run
    from .rendering.summary import as_data, as_text

    summary = run(options)
    return Result(as_text(summary), as_data(summary), summary.exit_code)


def _verify(_: NamedPipeline, options: Options) -> Result:
    from ..verify.verification import EXIT_CODES, verify
    from .rendering.verification import verification_data, verification_text

    done = verify(options)
    return Result(verification_text(done), verification_data(done), EXIT_CODES[done.outcome])


def _repair(_: NamedPipeline, options: Options) -> Result:
    from ..verify.repair import repair
    from ..verify.verification import EXIT_CODES
    from .rendering.verification import repair_data, repair_text

    done = repair(options)
    return Result(repair_text(done), repair_data(done), EXIT_CODES[done.outcome])


def _check(_: NamedPipeline, options: Options) -> Result:
    from ..pipeline.probe import check
    from .rendering.check import as_data, as_text

    resolved = resolve(**options.source)
    found = check(resolved.settings, resolved.endpoints)
    return Result(as_text(found), as_data(found), 0 if found.works else ApiError.exit_code)


def _status(pipeline: NamedPipeline, options: Options) -> Result:
    from ..pipeline.status import status
    from .rendering.status import as_data, as_text

    alerts = configured_alerts()
    resolved = resolve(**options.source)
    found = status(
        options, resolved.endpoints, resolved.settings.installation, pipeline.max_age_hours
    )
    if found.problem:
        alerts.ended(pipeline.name, found.problem, True)
    return Result(as_text(found), as_data(found), found.exit_code)


def _state(_: NamedPipeline, options: Options) -> Result:
    from ..pipeline.state import states_in
    from ..pipeline.status import EXIT_CODE
    from .rendering.state import as_data, as_text
    from .rendering.status import run_data

    alerts = configured_alerts()
    with destination_for(options).view() as found:
        states = states_in(found)
    if found.is_hanging:
        alerts.ended(options.pipeline, found.note, True)
    text = "\n".join(filter(None, (as_text(states), found.note)))
    data = {**as_data(states), "run_under_way": run_data(found)}
    return Result(text, data, EXIT_CODE if found.is_hanging else 0)


def _reset(resources: Sequence[str], _: NamedPipeline, options: Options) -> Result:
    from ..pipeline.state import reset

    is_shared = options.source.get("shared_dataset")
    forgotten = reset(options, resources, options.source.get("installation") if is_shared else None)
    names = ", ".join(forgotten) or "nothing"
    text = f"Forgotten: {names}. The next run reads it from the beginning; the tables stay."
    return Result(text, {"forgotten": forgotten})


def _dry_run(_: NamedPipeline, options: Options) -> Result:
    from ..pipeline.dry_run import preview
    from .rendering.dry_run import as_data, as_text

    resolved = resolve(**options.source)
    found = preview(Reading(resolved.settings), resolved.endpoints)
    code = ApiError.exit_code if any(entry.error for entry in found.previews) else 0
    return Result(as_text(found), as_data(found), code)
