"""The runs of a named pipeline: one, or one for each installation, independent of each other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import dlt
from dlt.extract import DltSource

from ..catalog import Endpoint
from ..config.dlt_config import settings_beside_variables
from ..config.installations import dataset_of, installations
from ..config.known_keys import check_keys
from ..config.pipelines import DEFAULT, NamedPipeline, named_pipeline
from ..destination import Options, destination_for
from ..error_translation import explain
from ..errors import ConfigurationError, PerfectGymError, Problems
from ..marts.variables import checked_variables
from ..resolving import resolve

if TYPE_CHECKING:
    from .runner import Summary

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class PipelineRun:
    """One run to be made.

    Attributes:
        installation: Name of the installation; empty where the configuration names none.
        options: The destination, the selection and the settings of the run.
    """

    installation: str
    options: Options

    def endpoints(self) -> list[Endpoint]:
        """Return the endpoints that the run reads; their names are the resources.

        Raises:
            ConfigurationError: A setting is missing or wrong.
        """
        return resolve(**self.options.source).endpoints

    def selecting(self, resources: Sequence[str] = (), groups: Sequence[str] = ()) -> PipelineRun:
        """Return the same run for other resources and groups.

        Args:
            resources: Names of resources.
            groups: Names of groups, besides the resources.
        """
        selection = {"resources": list(resources), "groups": list(groups)}
        source = {**self.options.source, **selection}
        return replace(self, options=replace(self.options, source=source))

    def by_group(self) -> dict[str, PipelineRun]:
        """Return a run for each group, and one for the resources that are named besides, by name.

        The name of the latter is `resources`.

        Raises:
            ConfigurationError: A setting is missing or wrong.
        """
        groups, resources = (self.options.source[key] for key in ("groups", "resources"))
        api = resolve(**self.options.source).settings.api
        parts = {name: self.selecting(groups=[name]) for name in groups or () if name in api.groups}
        if named := [name for name in resources or () if name in api.endpoints]:
            parts["resources"] = self.selecting(named)
        return parts

    def source(self, **arguments: Any) -> DltSource:
        """Return the dlt source of the run, for programs that load it by dlt themselves.

        Args:
            arguments: Arguments of `perfectgym_source` that replace those of the run.

        Raises:
            ConfigurationError: A setting is missing or wrong.
        """
        from ..source import perfectgym_source

        return perfectgym_source(**{**self.options.source, **arguments})

    def dlt_pipeline(self) -> dlt.Pipeline:
        """Return dlt's pipeline into the destination itself, without lock, history and checks.

        A DuckDB file is written in place: it cannot be read during a load.

        Raises:
            ConfigurationError: The destination cannot be loaded by dlt alone.
        """
        return destination_for(self.options).direct_pipeline()


def pipeline_runs(
    pipeline: str | NamedPipeline = DEFAULT,
    chosen: Collection[str] = (),
    progress: Any = None,
    **arguments: Any,
) -> list[PipelineRun]:
    """Return the runs of a pipeline: one for each installation, or one.

    Args:
        pipeline: Name of the pipeline, or the pipeline itself.
        chosen: Names of installations; by default those of the pipeline, or all.
        progress: A dlt progress collector.
        arguments: Arguments of `perfectgym_source` that replace the configured ones. With a
            `base_url` among them, the configured installations are ignored.

    Raises:
        ConfigurationError: A pipeline, an installation or a key is unknown or wrong, or a dataset
            or the DuckDB file cannot have its name.
    """
    if isinstance(pipeline, str):
        pipeline = named_pipeline(pipeline)
    options = _options(pipeline, arguments, progress)
    problems = Problems()
    configured = settings_beside_variables()
    named: dict[str, dict[str, Any]] = {}
    with problems.collected():
        check_keys()
    if pipeline.marts_vars:
        with problems.collected():
            section = f"pipelines.{pipeline.name}.marts_vars"
            variables = checked_variables(pipeline.marts_vars, section)
            options = replace(options, marts_vars=variables)
    with problems.collected():
        if "base_url" not in arguments:
            named = installations(
                chosen or pipeline.installations, needs_account="password" not in arguments
            )
    runs = []
    if named:
        runs = _runs_of_installations(pipeline, options, named, configured, problems)
    else:
        runs = [PipelineRun("", replace(options, source={**configured, **options.source}))]
        with problems.collected():
            destination_for(options).check_names()
    problems.raise_all()
    return runs


def run_pipeline(planned: PipelineRun) -> Summary:
    """Load new data, record the run, and send alerts.

    Args:
        planned: A run, as `pipeline_runs` returns it.

    Returns:
        The summary. Its `report.failures` are the parts that could not be read; all others were
        loaded.

    Raises:
        ConfigurationError: A setting is missing or wrong; nothing was requested.
        LockedError: Another run is loading into the same destination.
        DestinationLocked: Another program has the DuckDB file open; nothing was requested.
        PerfectGymError: The API or the destination failed.
    """
    from .runner import run

    return run(planned.options)


def _options(pipeline: NamedPipeline, arguments: Mapping[str, Any], progress: Any) -> Options:
    """Return the options of a pipeline's run, without those of an installation."""
    return Options(
        destination=pipeline.destination,
        database=pipeline.database,
        dataset=pipeline.dataset,
        table_format=pipeline.table_format,
        wait=pipeline.wait,
        storage_version=pipeline.storage_version,
        pipeline=pipeline.name,
        history_days=pipeline.history_days,
        keep_states=pipeline.keep_states,
        max_run_hours=pipeline.max_run_hours,
        marts=pipeline.marts,
        marts_vars=pipeline.marts_vars,
        source={
            # dlt would take values that are not given from LIMIT and the like in the environment.
            "limit": None,
            "full_refresh": None,
            "resources": list(pipeline.resources),
            "groups": list(pipeline.groups),
            "on_error": "continue",
            **pipeline.source,
            **arguments,
        },
        progress=progress,
    )


def _runs_of_installations(
    pipeline: NamedPipeline,
    options: Options,
    named: Mapping[str, Mapping[str, Any]],
    configured: Mapping[str, Any],
    problems: Problems,
) -> list[PipelineRun]:
    """Return a run for each installation, and add what is wrong with them to the problems.

    Args:
        pipeline: The pipeline.
        options: Its options.
        named: Arguments of `perfectgym_source` by installation.
        configured: Those of all installations.
        problems: Receives the errors.
    """
    runs = []
    users: dict[str, str] = {}
    for name, of_installation in named.items():
        with problems.collected():
            dataset = _dataset(pipeline, options, name)
            if users.setdefault(dataset, name) != name and not pipeline.shared_dataset:
                raise ConfigurationError(
                    f"The installations {users[dataset]!r} and {name!r} would be loaded into the "
                    f"same dataset {dataset!r}.",
                    hint="Rename one of them, or set shared_dataset = true.",
                )
            source = {
                **configured,
                "shared_dataset": pipeline.shared_dataset,
                **of_installation,
                **options.source,
            }
            runs.append(PipelineRun(name, replace(options, dataset=dataset, source=source)))
    return runs


def _dataset(pipeline: NamedPipeline, options: Options, installation: str) -> str:
    """Return the dataset of an installation, after a check of its name."""
    if pipeline.shared_dataset:
        destination_for(options).check_names()
        return options.dataset
    dataset = dataset_of(options.dataset, installation)
    destination_for(replace(options, dataset=dataset)).check_names(installation)
    return dataset


@dataclass(frozen=True)
class RunResult(Generic[T]):
    """The result of the work on one run.

    Attributes:
        run: The run.
        value: The value that the work returned; None if it failed.
        error: The error, if it failed.
    """

    run: PipelineRun
    value: T | None
    error: PerfectGymError | None


def run_all(runs: Collection[PipelineRun], work: Callable[[Options], T]) -> Iterator[RunResult[T]]:
    """Do some work for each run; one that fails does not stop the others.

    Raises:
        PerfectGymError: There is only one run, and it failed.
        Exception: A bug, at the end if there are other runs.
    """
    bugs: list[Exception] = []
    for planned in runs:
        try:
            yield RunResult(planned, work(planned.options), None)
        except Exception as error:
            known = explain(error)
            if len(runs) == 1:
                raise
            if isinstance(known, PerfectGymError):
                yield RunResult(planned, None, known)
            else:
                bugs.append(error)
                name, kind = planned.installation, type(error).__name__
                logger.error("A bug in the run of %s: %s", name, kind, exc_info=error)
    if bugs:
        raise bugs[0]
