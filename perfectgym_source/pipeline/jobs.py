"""What a named pipeline does: one run, or one for each installation, none touching another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from ..causes import explained
from ..config.dlt_config import settings_beside_variables
from ..config.installations import dataset_of, installations
from ..config.known_keys import check_keys
from ..config.pipelines import NamedPipeline
from ..destination.target import Options, check_names
from ..errors import ConfigurationError, PerfectGymError, Problems

T = TypeVar("T")


@dataclass(frozen=True)
class PipelineRun:
    """One run to be made.

    Attributes:
        installation: The installation's name; empty where the configuration names none.
        options: What the run is to do.
    """

    installation: str
    options: Options


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """How a job ended.

    Attributes:
        job: The job.
        result: What it gave, if it came to its end.
        error: What ended it otherwise.
    """

    job: PipelineRun
    result: T | None
    error: PerfectGymError | None


def jobs(
    pipeline: NamedPipeline,
    arguments: Mapping[str, Any],
    chosen: Collection[str] = (),
    progress: Any = None,
) -> list[PipelineRun]:
    """The runs of a pipeline.

    Args:
        pipeline: The pipeline, with what the command line gives in its place.
        arguments: Arguments of `perfectgym_source` that beat all others. With a `base_url` among
            them, the configured installations do not matter.
        chosen: The installations, by default those of the pipeline, or all.
        progress: A dlt progress collector.

    Raises:
        ConfigurationError: An installation is unknown, or wrong; a key is mistyped; or a dataset
            or the DuckDB file cannot have its name.
    """
    options = Options(
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
        source={
            # What dlt is not given, it would take from LIMIT in the environment.
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
    problems = Problems()
    configured = settings_beside_variables()
    named: dict[str, dict[str, Any]] = {}
    with problems.collected():
        check_keys()
    with problems.collected():
        if "base_url" not in arguments:
            named = installations(
                chosen or pipeline.installations, needs_account="password" not in arguments
            )
    if not named:
        with problems.collected():
            check_names(options)
        problems.raise_all()
        return [PipelineRun("", replace(options, source={**configured, **options.source}))]
    made = []
    users: dict[str, str] = {}
    for name, own in named.items():
        with problems.collected():
            dataset = _dataset(pipeline, options, name)
            if users.setdefault(dataset, name) != name and not pipeline.shared_dataset:
                raise ConfigurationError(
                    f"The installations {users[dataset]!r} and {name!r} would go into the same "
                    f"dataset {dataset!r}.",
                    hint="Rename one of them, or set shared_dataset = true.",
                )
            source = {
                **configured,
                "shared_dataset": pipeline.shared_dataset,
                **own,
                **options.source,
            }
            made.append(PipelineRun(name, replace(options, dataset=dataset, source=source)))
    problems.raise_all()
    return made


def _dataset(pipeline: NamedPipeline, options: Options, installation: str) -> str:
    """The dataset of an installation, whose name has been checked."""
    if pipeline.shared_dataset:
        check_names(options)
        return options.dataset
    dataset = dataset_of(options.dataset, installation)
    check_names(replace(options, dataset=dataset), installation)
    return dataset


def each(planned: Collection[PipelineRun], do: Callable[[Options], T]) -> Iterator[Outcome[T]]:
    """Do something for each job, whatever becomes of the others.

    Raises:
        PerfectGymError: There is only one job, and it failed.
    """
    for job in planned:
        try:
            yield Outcome(job, do(job.options), None)
        except Exception as error:
            known = explained(error)
            if len(planned) == 1 or not isinstance(known, PerfectGymError):
                raise
            yield Outcome(job, None, known)


def exit_code(codes: Collection[int]) -> int:
    """The exit code of several jobs: 0 if all succeeded, or the smallest of the others, which is
    the one that needs a person most."""
    return min((code for code in codes if code), default=0)
