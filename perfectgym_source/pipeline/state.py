"""`--state` and `--reset`: what the next run goes by, and how to make it forget that.

Both work on dlt's state as the destination keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dlt
from dlt.common.destination.client import WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from ..destination.names import PIPELINE
from ..destination.publish import loading_file
from ..destination.target import (
    Options,
    View,
    destination_name,
    is_duckdb,
    open_pipeline,
    pending_packages,
    target,
    view,
)
from ..errors import ConfigurationError, suggest
from ..extract.state import SourceState, StateSummary


def states(options: Options) -> list[StateSummary]:
    """The state of every resource that was loaded; none if nothing was.

    Raises:
        DestinationError: The destination cannot be reached.
    """
    with view(options) as found:
        return states_in(found)


def states_in(found: View) -> list[StateSummary]:
    """The state of every resource that was loaded, as a view of the dataset shows it."""
    if found.pipeline is None:
        return []
    with found.pipeline.destination_client() as client:
        if not isinstance(client, WithStateSync):
            return []
        try:
            state: Any = load_pipeline_state_from_destination(PIPELINE, client)
        except DestinationUndefinedEntity:
            return []
    return [stored.summary() for stored in SourceState.of_pipeline(state).stored()]


def reset(options: Options, resources: Sequence[str], installation: str | None = None) -> list[str]:
    """Forget how far resources have been read. Their tables stay; the next run reads them again
    from the beginning, and merges what comes.

    Args:
        options: What names the target.
        resources: The resources.
        installation: Of a dataset of several, the installation; all of them by default.

    Returns:
        The resources, in order, of which something was forgotten.

    Raises:
        ConfigurationError: A resource has no state, or load packages are pending.
        LockedError: A run is under way.
        DestinationError: The destination failed.
    """
    if not _is_there(options):
        raise _unknown(options, resources[0], ())
    with _synced_pipeline(options, publishes=True) as pipeline:
        if pending_packages(pipeline):
            raise ConfigurationError(
                "Load packages of an earlier run are pending, with the state that belongs to them.",
                hint="Run once to complete them, and reset then.",
            )
        known = SourceState.of_pipeline(pipeline.state).resources()
        for name in resources:
            if name not in known:
                raise _unknown(options, name, known)
        with pipeline.managed_state(extract_state=True) as state:
            source = SourceState.of_pipeline(state)
            forgotten = [name for name in resources if _forget(source, name, installation)]
        pipeline.normalize()
        pipeline.load()
    return forgotten


@contextmanager
def _synced_pipeline(options: Options, publishes: bool) -> Iterator[dlt.Pipeline]:
    with (
        target(options, publishes) as destination,
        open_pipeline(options, destination) as pipeline,
    ):
        pipeline.sync_destination()
        yield pipeline


def _is_there(options: Options) -> bool:
    database = options.database.resolve()
    return not is_duckdb(options) or database.exists() or loading_file(database).exists()


def _forget(source: SourceState, resource: str, installation: str | None) -> bool:
    stored = source.stored(resource)
    forgotten = [each.forget() for each in stored if installation in (None, each.installation)]
    return any(forgotten)


def _unknown(options: Options, name: str, known: Collection[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{name!r} has not been loaded into {destination_name(options)} ({options.dataset})"
        f"{suggest(name, known)}",
        hint="--state prints what has.",
    )
