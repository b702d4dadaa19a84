"""Which runs a command line asks for: the pipeline, the source's arguments, each checked."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dlt.common.configuration.exceptions import ConfigurationException

from ..catalog import V1
from ..catalog.selection import known_resources
from ..config.dlt_config import section
from ..config.known_keys import check_keys, place_without_files
from ..config.pipelines import NamedPipeline, configured_checks, named_pipeline
from ..destination.names import known_destination
from ..error_translation import explain
from ..errors import ConfigurationError, Problems
from ..pipeline.alerts import configured_alerts
from ..pipeline.runs import PipelineRun, pipeline_runs
from ..source import resolve
from .process import check_environment
from .progress import collector


def planned_runs(
    name: str, options: Mapping[str, Any], arguments: dict[str, Any]
) -> tuple[NamedPipeline, list[PipelineRun]]:
    """Return the pipeline and its jobs, after the whole configuration was checked.

    Args:
        name: The named pipeline.
        options: The command line's options by name.
        arguments: Arguments of the source that replace all others; the command line's are added.

    Raises:
        ConfigurationError: Something is missing or wrong; all of it is named.
    """
    problems = Problems()
    for check in (check_environment, check_keys, configured_checks, configured_alerts):
        with problems.collected():
            check()
    with problems.collected():
        arguments.update({**_arguments(options), **arguments})
    with problems.collected():
        _check_options(options)
    names = [*options["resources"], *options["reset"], *(options["full_refresh"] or ())]
    with problems.collected():
        known_resources(V1, [name for name in names if name != "all"])
    pipeline, planned = None, []
    with problems.collected():
        pipeline = _pipeline(name, options)
        with problems.collected():
            known_destination(pipeline.destination)
        planned = pipeline_runs(pipeline, options["installations"], _progress(options), **arguments)
    if not (options["state"] or options["reset"]):
        _check_sources([job.options.source for job in planned], arguments, problems)
    try:
        problems.raise_all()
    except ConfigurationError as error:
        if " is missing" in str(error):
            error.hint = f"{error.hint} {place_without_files()}".strip()
        raise
    assert pipeline is not None
    return pipeline, planned


def _check_options(options: Mapping[str, Any]) -> None:
    compares = options["verify"] or options["repair"]
    if compares and (options["full_refresh"] or options["start"]):
        raise ConfigurationError("--verify and --repair go with --resources and --group only.")


def _check_sources(
    sources: Sequence[Mapping[str, Any]], arguments: Mapping[str, Any], problems: Problems
) -> None:
    """Check the arguments of each source; those of the command line if nothing was planned."""
    if not sources and section("sources", "perfectgym", "installations"):
        return
    for source in sources or [arguments]:
        with problems.collected():
            _check_source(source)


def _check_source(arguments: Mapping[str, Any]) -> None:
    """Check the source's settings and selection without making all its resources."""
    try:
        resolve(**arguments)
    except ConfigurationException as error:
        raise explain(error) from None


def _pipeline(name: str, options: Mapping[str, Any]) -> NamedPipeline:
    """Return the named pipeline with the command line's settings in place of its own."""
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
        # A sample has its own tables and cursors.
        return replace(pipeline, dataset=f"{pipeline.dataset}_sample")
    return pipeline


def _arguments(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the source that the command line sets."""
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
def demo(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Run the sandbox with `--demo`, and yield the arguments of the source that belong to it.

    Args:
        options: The command line's options by name.

    Raises:
        ConfigurationError: The sandbox is not installed.
    """
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
