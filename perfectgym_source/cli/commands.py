"""What the command line does: a run, a check, a verification, for each installation."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Optional, TypeVar

import click
from dlt.common.configuration.exceptions import ConfigurationException

from ..catalog import ENDPOINTS, V1
from ..catalog.selection import known_resources, selected_endpoints
from ..causes import check_environment, explained
from ..config.dlt_config import section
from ..config.known_keys import check_keys, place_without_files
from ..config.pipelines import DEFAULT, NamedPipeline, named_pipeline
from ..config.secret_files import warn_of_readable_secrets
from ..destination.servers import known_destination
from ..destination.target import Options
from ..errors import ApiError, ConfigurationError, PerfectGymError, Problems
from ..pipeline.alerts import configured_alerts
from ..pipeline.checks import configured_checks
from ..pipeline.jobs import PipelineRun, each, exit_code, jobs
from ..pipeline.probe import as_text as check_as_text
from ..pipeline.probe import check
from ..pipeline.runner import run
from ..source import perfectgym_source, reading_of
from ..text import listed
from .progress import collector
from .streams import say
from .summary import as_json as summary_as_json
from .summary import as_text as summary_as_text

if TYPE_CHECKING:
    from ..sandbox import Sandbox

T = TypeVar("T")
CommandResult = tuple[str, dict[str, Any], int]
"""What came of an action: for people, for machines, and its exit code."""


def act(name: Optional[str], options: Mapping[str, Any]) -> int:
    """Do what the command line asks for, and give its exit code.

    Args:
        name: The named pipeline; by default `core`.
        options: The command line's options by name.

    Raises:
        PerfectGymError: What was to be done failed, for all there was to do.
    """
    warn_of_readable_secrets()
    if options["reset"] and not options["yes"] and not _confirmed(options["reset"]):
        say("Nothing was changed.")
        return 0
    actions: dict[str, Callable[[NamedPipeline, Options], CommandResult]] = {
        "status": _status,
        "state": _state,
        "reset": partial(_reset, options["reset"]),
        "only_check": _check,
        "dry_run": _dry_run,
        "repair": _repair,
        "verify": _verify,
    }
    asked = [do for option, do in actions.items() if options[option]]
    with _demo(options) as arguments:
        try:
            pipeline, planned = _planned(name or DEFAULT, options, arguments)
        except ConfigurationError as error:
            if not asked:
                _alert(name or DEFAULT, error)
            raise
        do = partial(asked[0] if asked else _run, pipeline)
        return _for_each(planned, do, options["as_json"])


def _confirmed(resources: Sequence[str]) -> bool:
    try:
        if sys.stdin is None:  # it is closed
            raise click.Abort
        return click.confirm(f"Forget the cursors of {listed(resources)}, and read all again?")
    except click.Abort:
        if sys.stdin is not None and sys.stdin.isatty():
            raise
        raise ConfigurationError(
            "--reset asks before it forgets, and nobody is there to answer", hint="Add --yes."
        ) from None


def _planned(
    name: str, options: Mapping[str, Any], arguments: dict[str, Any]
) -> tuple[NamedPipeline, list[PipelineRun]]:
    """The pipeline and its jobs, once the whole configuration is checked.

    Raises:
        ConfigurationError: Something is missing or wrong; all of it is named.
    """
    problems = Problems()
    for check_one in (check_environment, check_keys, configured_checks, configured_alerts):
        with problems.collected():
            check_one()
    with problems.collected():
        arguments.update({**_arguments(options), **arguments})
    with problems.collected():
        if (options["verify"] or options["repair"]) and (
            options["full_refresh"] or options["start"]
        ):
            raise ConfigurationError("--verify and --repair go with --resources and --group only.")
    names = [*options["resources"], *options["reset"], *(options["full_refresh"] or ())]
    with problems.collected():
        known_resources(V1, [name for name in names if name != "all"])
    pipeline, planned = None, []
    with problems.collected():
        pipeline = _pipeline(name, options)
        with problems.collected():
            known_destination(pipeline.destination)
        planned = jobs(pipeline, arguments, options["installations"], _progress(options))
    is_of_source = not (options["state"] or options["reset"])
    for source in [job.options.source for job in planned] or [arguments] if is_of_source else ():
        if planned or not section("sources", "perfectgym", "installations"):
            with problems.collected():
                _check_source(source)
    try:
        problems.raise_all()
    except ConfigurationError as error:
        if " is missing" in str(error):
            error.hint = f"{error.hint} {place_without_files()}".strip()
        raise
    assert pipeline is not None
    return pipeline, planned


def _check_source(arguments: Mapping[str, Any]) -> None:
    """Check the source's settings and selection, without the time that all its resources take."""
    least = {**arguments, "resources": ["clubs"], "groups": None}
    try:
        settings = reading_of(perfectgym_source(**least)).settings
    except ConfigurationException as error:
        raise explained(error) from None
    selected_endpoints(
        settings.api, settings.mode, arguments.get("resources"), arguments.get("groups")
    )


def _alert(name: str, error: ConfigurationError) -> None:
    """Tell people that a run did not even start."""
    with contextlib.suppress(ConfigurationError):
        alerts = configured_alerts()
        alerts.started()
        alerts.ended(name, str(error), True)


def _for_each(
    planned: list[PipelineRun], do: Callable[[Options], CommandResult], is_json: bool
) -> int:
    """Do it for each job and print what came of it; with several, under their names."""
    codes = []
    data: dict[str, Any] = {}
    for outcome in each(planned, do):
        if outcome.result is not None:
            text, found, code = outcome.result
        else:
            error = outcome.error or PerfectGymError("It did not come to its end")
            text, code = f"Error: {error}", error.exit_code
            found = {"outcome": "failed", "error": str(error), "exit_code": code}
        codes.append(code)
        data[outcome.job.installation] = found
        if not is_json:
            if len(planned) > 1:
                say(("\n" if len(codes) > 1 else "") + f"== {outcome.job.installation}")
            say(text)
    if is_json:
        say(json.dumps({"installations": data} if len(planned) > 1 else found))
    return exit_code(codes)


def _run(_: NamedPipeline, options: Options) -> CommandResult:
    summary = run(options)
    return summary_as_text(summary), summary_as_json(summary), summary.exit_code


def _verify(_: NamedPipeline, options: Options) -> CommandResult:
    from ..verify.verification import EXIT_CODES, verify
    from .verify_summary import verification_as_json, verification_as_text

    done = verify(options)
    return verification_as_text(done), verification_as_json(done), EXIT_CODES[done.outcome]


def _repair(_: NamedPipeline, options: Options) -> CommandResult:
    from ..verify.repair import repair
    from ..verify.verification import EXIT_CODES
    from .verify_summary import repair_as_json, repair_as_text

    done = repair(options)
    return repair_as_text(done), repair_as_json(done), EXIT_CODES[done.outcome]


def _check(_: NamedPipeline, options: Options) -> CommandResult:
    source = perfectgym_source(**options.source)
    selected = [ENDPOINTS[name] for name in source.resources]
    found = check(reading_of(source).settings, selected)
    data = {
        "findings": [
            {"resource": entry.resource, "works": entry.works, "text": entry.text}
            for entry in found.findings
        ]
    }
    return check_as_text(found), data, 0 if found.works else ApiError.exit_code


def _status(pipeline: NamedPipeline, options: Options) -> CommandResult:
    from ..pipeline.status import as_json, as_text, status

    alerts = configured_alerts()
    source = perfectgym_source(**options.source)
    installation = reading_of(source).settings.installation
    found = status(options, list(source.resources), installation, pipeline.max_age_hours)
    if found.problem:
        alerts.ended(pipeline.name, found.problem, True)
    return as_text(found), as_json(found), found.exit_code


def _state(_: NamedPipeline, options: Options) -> CommandResult:
    from ..destination.target import view
    from ..pipeline.alerts import configured_alerts
    from ..pipeline.state import as_json, as_text, states_in
    from ..pipeline.status import EXIT_CODE, run_as_json

    alerts = configured_alerts()
    with view(options) as found:
        held = states_in(found)
    if found.is_hanging:
        alerts.ended(options.pipeline, found.note, True)
    text = "\n".join(filter(None, (as_text(held), found.note)))
    data = {**as_json(held), "run_under_way": run_as_json(found)}
    return text, data, EXIT_CODE if found.is_hanging else 0


def _reset(resources: Sequence[str], _: NamedPipeline, options: Options) -> CommandResult:
    from ..pipeline.state import reset

    installation = options.source.get("installation")
    is_shared = options.source.get("shared_dataset")
    forgotten = reset(options, resources, installation if is_shared else None)
    names = ", ".join(forgotten) or "nothing"
    text = f"Forgotten: {names}. The next run reads it from the beginning; the tables stay."
    return text, {"forgotten": forgotten}, 0


def _dry_run(_: NamedPipeline, options: Options) -> CommandResult:
    from ..pipeline.dry_run import as_text, preview

    source = perfectgym_source(**options.source)
    selected = [ENDPOINTS[name] for name in source.resources]
    found = list(preview(reading_of(source), selected))
    code = ApiError.exit_code if any(entry.error for entry in found) else 0
    data = [asdict(entry) for entry in found]
    for entry in data:
        entry["is_failure"] = entry.pop("error") is not None
    return as_text(found), {"previews": data}, code


def _pipeline(name: str, options: Mapping[str, Any]) -> NamedPipeline:
    """The named pipeline, with what the command line says in place of its own."""
    given = {
        key: options[key]
        for key in ("destination", "database", "dataset", "table_format", "wait")
        if options[key] is not None
    }
    if options["resources"] or options["groups"]:
        given.update(resources=options["resources"], groups=options["groups"])
    pipeline = replace(named_pipeline(name), **given)
    if pipeline.database.is_dir():
        problem = f"The database {pipeline.database} is a folder"
        if "database" in section("pipelines").get(name, {}):
            problem = (
                f"pipelines.{name}.database is a folder ({pipeline.database}): name a file in it; "
                "it is set in .dlt/config.toml"
            )
        raise ConfigurationError(problem, hint="--database names another file.")
    if options["limit"]:
        # A sample has tables and cursors of its own.
        return replace(pipeline, dataset=f"{pipeline.dataset}_sample")
    return pipeline


def _arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the source that the command line gives."""
    found: dict[str, Any] = {}
    if any(options[name] for name in ("status", "state", "reset")):
        # Nothing is requested, so no secrets are needed.
        found.update(username="nobody", password="none", pii="keep")
    if options["full_refresh"]:
        found["full_refresh"] = options["full_refresh"]
    if options["limit"]:
        found.update(limit=options["limit"], full_refresh=["all"])
    if bool(options["start"]) != bool(options["end"]):
        raise ConfigurationError("--from and --to go together.")
    if options["start"]:
        if options["resources"] or options["groups"]:
            raise ConfigurationError("--from and --to load classes: leave --resources out.")
        if options["end"] <= options["start"]:
            raise ConfigurationError("--to must be after --from.")
        found.update(
            resources=["classes_window"],
            groups=[],
            start_date=options["start"].date(),
            end_date=options["end"].date(),
        )
    return found


@contextlib.contextmanager
def _demo(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if not options["demo"]:
        yield {}
        return
    try:
        from ..sandbox import Sandbox
    except ImportError as error:
        raise ConfigurationError(
            f"--demo needs the package {error.name!r}.",
            hint="pip install 'perfectgym-source[sandbox]'",
        ) from None
    sandbox: Sandbox
    with Sandbox(size=options["demo_size"], seed=1) as sandbox:
        yield {
            "base_url": sandbox.base_url,
            "username": sandbox.employee.username,
            "password": sandbox.employee.password,
            "installation": "demo",
            "requests_per_second": 0,
        }


def _progress(options: Mapping[str, Any]) -> Any:
    choice = "off" if options["quiet"] else options["progress"]
    # Bars and JSON lines do not go into one stream.
    is_terminal = sys.stderr.isatty() and options["log_format"] == "text"
    return collector(choice, options["progress_seconds"], is_terminal)
