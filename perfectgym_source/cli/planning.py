"""Which runs a call asks for: the pipeline and the source's arguments, all of them checked."""

from __future__ import annotations

import contextlib
import gc
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from dlt.common.configuration.exceptions import ConfigurationException

from ..catalog import API_VERSIONS
from ..catalog.selection import known_resources
from ..config.dlt_config import section
from ..config.known_keys import check_keys, place_without_files
from ..config.pipelines import DEFAULT, NamedPipeline, configured_checks, named_pipeline
from ..config.settings import NO_ACCOUNT
from ..destination.names import known_destination
from ..error_translation import explain
from ..errors import ConfigurationError, ConfigurationErrors, Problems
from ..marts.connection import is_installed
from ..pipeline.alerts import configured_alerts
from ..pipeline.runs import PipelineRun, pipeline_runs
from ..resolving import resolve
from ..text import listed
from .demo_world import DEMO_DATABASES, demo_world, last_day
from .process import check_environment

DEMO_INSTALLATION = "demo"
DEMO_PIPELINE = "marts"
"""The pipeline of `--demo` if none is named."""


_ACCOUNT = re.compile(r"sources\.perfectgym\.(subdomain|username|password) is missing")


def pipeline_name(options: Mapping[str, Any]) -> str:
    """Return the name of the pipeline that a call means."""
    return options.get("pipeline") or (DEMO_PIPELINE if options.get("demo") else DEFAULT)


class Needs(Enum):
    """What has to be configured for a command."""

    ACCOUNT = "something is requested from the API"
    SETTINGS = "it needs to know what is selected, but no account"
    NOTHING = "it works on what was loaded"


def planned_runs(
    name: str, options: Mapping[str, Any], arguments: dict[str, Any], needs: Needs
) -> tuple[NamedPipeline, list[PipelineRun]]:
    """Return the pipeline and its runs, after the whole configuration was checked.

    Args:
        name: The named pipeline.
        options: The options of the call by name.
        arguments: Arguments of the source that replace all others; those of the call are added.
        needs: What has to be configured.

    Raises:
        ConfigurationError: Something is missing or wrong; all of it is named.
    """
    # Everything is imported: from here on there is garbage, and only what is made now is searched.
    gc.freeze()
    gc.enable()
    problems = Problems()
    for check in (check_environment, check_keys, configured_checks, configured_alerts):
        with problems.collected():
            check()
    with problems.collected():
        arguments.update({**_arguments(options, needs), **arguments})
    named = (options.get(key) or () for key in ("resources", "reset", "full_refresh"))
    with problems.collected():
        known_resources(API_VERSIONS, [name for names in named for name in names if name != "all"])
    pipeline, planned = None, []
    with problems.collected():
        pipeline = _pipeline(name, options)
        with problems.collected():
            known_destination(pipeline.destination)
        chosen = options.get("installations", ())
        planned = pipeline_runs(pipeline, chosen, _progress(options), **arguments)
    if needs is not Needs.NOTHING:
        _check_sources([run.options.source for run in planned], arguments, problems)
    try:
        problems.raise_all()
    except ConfigurationError as error:
        if " is missing" in str(error):
            error.hint = f"{error.hint} {place_without_files()} {_advice(error)}".strip()
        raise
    assert pipeline is not None
    return pipeline, planned


def _advice(error: ConfigurationError) -> str:
    """Return the command that asks for what is missing; empty if more than that is wrong."""
    errors = error.errors if isinstance(error, ConfigurationErrors) else [error]
    is_account = [_ACCOUNT.match(each.message) for each in errors]
    return "`perfectgym init` asks for what is missing." if all(is_account) else ""


def installation_of(run: PipelineRun) -> str:
    """Return the name of a run's installation, by default the host; empty if it is not known."""
    try:
        return resolve(**run.options.source).settings.installation
    except ConfigurationError:
        return ""


def _check_sources(
    sources: Sequence[Mapping[str, Any]], arguments: Mapping[str, Any], problems: Problems
) -> None:
    """Check the arguments of each source; those of the command line if nothing was planned."""
    if not sources and section("sources", "perfectgym", "installations"):
        return
    found = []
    for source in sources or [arguments]:
        with problems.collected():
            try:
                found.append(resolve(**source))
            except ConfigurationException as error:
                raise explain(error) from None
    read = {entry.name for resolved in found for entry in resolved.endpoints}
    refreshed = {name for resolved in found for name in resolved.full_refresh}
    if len(found) == len(sources) and (others := sorted(refreshed - read)):
        with problems.collected():
            raise ConfigurationError(
                f"--full-refresh names {listed(others)}: this run does not load that",
                hint="Name it with --resources, too.",
            )


def _pipeline(name: str, options: Mapping[str, Any]) -> NamedPipeline:
    """Return the named pipeline with the command line's settings in place of its own."""
    given: dict[str, Any] = {}
    if options.get("demo"):
        # Not where one's own rows are.
        database = DEMO_DATABASES[options["demo_api"]]
        given.update(destination="duckdb", database=database, dataset="perfectgym")
        given.update(marts=is_installed(), marts_vars=_demo_variables(options))
    for key in ("destination", "database", "dataset", "table_format", "wait", "marts"):
        if options.get(key) is not None:
            given[key] = options[key]
    if options.get("resources") or options.get("groups"):
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
    if options.get("limit"):
        # A sample has its own tables and cursors.
        return replace(pipeline, dataset=f"{pipeline.dataset}_sample")
    return pipeline


def _demo_variables(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of the demo's marts: its chain is in Poland, and ends on a day."""
    day = last_day(options)
    return {"pg_currency": "PLN", "pg_as_of": day.isoformat()} if day else {}


def _arguments(options: Mapping[str, Any], needs: Needs) -> dict[str, Any]:
    """Return the arguments of the source that the call sets."""
    found: dict[str, Any] = {}
    if needs is not Needs.ACCOUNT:
        # Nothing is requested, so no secrets are needed.
        found.update(NO_ACCOUNT, pii="keep")
    if options.get("full_refresh"):
        found["full_refresh"] = options["full_refresh"]
    if options.get("limit"):
        found.update(limit=options["limit"], full_refresh=["all"])
    start, end = options.get("start"), options.get("end")
    if bool(start) != bool(end):
        raise ConfigurationError("--from and --to go together.")
    if start and end:
        if options["resources"] or options["groups"]:
            raise ConfigurationError("--from and --to load classes: leave --resources out.")
        if end <= start:
            raise ConfigurationError("--to must be after --from.")
        found.update(
            resources=["classes_window"],
            groups=[],
            start_date=start,
            end_date=end,
        )
    return found


@contextlib.contextmanager
def demo(options: Mapping[str, Any], serves: bool) -> Iterator[dict[str, Any]]:
    """Yield the arguments of the source for `--demo`, while the sandbox is running.

    Args:
        options: The options of the call by name.
        serves: Whether something is requested, so that the sandbox is needed.

    Raises:
        ConfigurationError: The sandbox is not installed, or the file holds another world.
    """
    if not options.get("demo"):
        yield {}
        return
    api = options["demo_api"]
    found = {"api": api, "installation": DEMO_INSTALLATION}
    if not serves:
        yield {**found, "base_url": "http://localhost/Api"}
        return
    try:
        from ..sandbox import Sandbox
    except ImportError as error:
        raise ConfigurationError(
            f"The sandbox needs the package {error.name!r}.",
            hint="pip install 'perfectgym-source[sandbox]'",
        ) from None
    with (
        demo_world(options) as (size, until),
        Sandbox(size=size, quirks=until is None, api=api, until=until) as sandbox,
    ):
        account, client = sandbox.employee, sandbox.client
        yield {
            **found,
            "base_url": sandbox.base_url,
            "username": account.username,
            "password": account.password,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        }


def _progress(options: Mapping[str, Any]) -> Any:
    if "progress" not in options:
        return None
    from .progress import collector

    choice = "off" if options["quiet"] else options["progress"]
    # Bars and JSON lines do not go into one stream.
    is_terminal = sys.stderr.isatty() and options["log_format"] == "text"
    return collector(choice, options["progress_seconds"], is_terminal)
