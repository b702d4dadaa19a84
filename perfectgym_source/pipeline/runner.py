"""Runs the pipeline once: what is pending first, then extract, normalize and load."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.destination.exceptions import DestinationException
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from ..errors import ConfigurationError, DestinationError, PerfectGymError
from ..reading import Report
from ..source import perfectgym_source, report_of
from .lock import run_lock
from .publish import prepare, publish

PIPELINE_NAME = "perfectgym"


@dataclass(frozen=True)
class Options:
    """What one run is to do.

    Attributes:
        destination: A dlt destination's name.
        database: The DuckDB file, if that is the destination.
        dataset: The dataset (schema) to load into.
        source: Arguments of `perfectgym_source`; what is not there comes from the configuration.
        progress: A dlt progress collector, or None.
    """

    destination: str
    database: Path
    dataset: str
    source: Mapping[str, Any] = field(default_factory=dict)
    progress: Any = None


@dataclass
class Summary:
    """What one run did.

    Attributes:
        report: What was read.
        seconds: How long it took.
        pending: Load packages of an earlier run that were completed first.
        destination: Where the rows went, in words.
        dataset: The dataset.
    """

    report: Report
    seconds: float
    pending: int
    destination: str
    dataset: str


def run(options: Options) -> Summary:
    """Load what is new.

    Raises:
        ConfigurationError: Before the first request, if a setting is missing or wrong.
        LockedError: Another run is loading into the same place.
        PerfectGymError: The API or the destination failed; the exit code is the error's.
    """
    started = time.monotonic()
    source = perfectgym_source(**options.source)
    with run_lock(_folder(options)):
        try:
            pending = _load(options, source)
        except Exception as error:
            raise _in_our_words(error, options) from error
    return Summary(
        report=report_of(source),
        seconds=time.monotonic() - started,
        pending=pending,
        destination=_destination_name(options),
        dataset=options.dataset,
    )


def _load(options: Options, source: DltSource) -> int:
    """Load, and publish the DuckDB file; gives the number of pending packages completed first."""
    destination: Any = options.destination
    if _is_duckdb(options):
        destination = dlt.destinations.duckdb(str(prepare(options.database.resolve())))
    pipeline = dlt.pipeline(
        PIPELINE_NAME,
        pipelines_dir=str(_folder(options)),
        destination=destination,
        dataset_name=options.dataset,
        progress=options.progress,
    )
    # After a failed load, dlt's own `run` loads what is pending and extracts nothing new.
    pending = len(pipeline.list_extracted_load_packages()) + len(
        pipeline.list_normalized_load_packages()
    )
    if pending:
        pipeline.normalize()
        pipeline.load()
    loaded = pipeline.run(source)
    if _is_duckdb(options) and (
        pending or loaded.loads_ids or not options.database.resolve().exists()
    ):
        publish(options.database.resolve())
    return pending


def _folder(options: Options) -> Path:
    """The working folder: one for each target, because dlt would carry the state of one over to
    another."""
    where = str(options.database.resolve()) if _is_duckdb(options) else options.destination
    name = hashlib.sha256(f"{where}\n{options.dataset}".encode()).hexdigest()[:12]
    return Path(dlt.current.run_context().data_dir) / "perfectgym" / name


def _is_duckdb(options: Options) -> bool:
    return options.destination == "duckdb"


def _destination_name(options: Options) -> str:
    return str(options.database) if _is_duckdb(options) else options.destination


def _in_our_words(error: BaseException, options: Options) -> BaseException:
    """The error that says what happened, from the chain in which dlt wraps it."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    for kind in (PerfectGymError, KeyboardInterrupt):
        for found in chain:
            if isinstance(found, kind):
                return found
    deepest = chain[-1]
    for found in chain:
        if isinstance(found, ConfigurationException):
            return ConfigurationError(
                f"The destination {options.destination!r} is not configured: {_first_line(found)}",
                hint="Set its credentials in .dlt/secrets.toml.",
            )
        if isinstance(found, (DestinationException, duckdb.Error, OSError)):
            return DestinationError(
                f"The destination {_destination_name(options)} failed: {_first_line(deepest)}",
                hint="Nothing is lost: the next run completes what was extracted.",
            )
    if isinstance(error, PipelineStepFailed) and error.step == "load":
        return DestinationError(
            f"The destination {_destination_name(options)} failed: {_first_line(deepest)}",
            hint="Nothing is lost: the next run completes what was extracted.",
        )
    return error


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
