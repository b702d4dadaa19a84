"""`state` and `reset`: what the next run goes by, and how to make it forget that.

Both work on dlt's state as the destination keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import dlt

from ..destination import (
    Destination,
    Options,
    View,
    destination_for,
    load_packages,
    pending_packages,
    stored_state,
)
from ..errors import ConfigurationError, suggest
from ..extract.state.source_state import SourceState
from ..extract.state.stored import StateSummary


def states(options: Options) -> list[StateSummary]:
    """Return the state of every resource that was loaded; none if nothing was.

    Raises:
        DestinationError: The destination cannot be reached.
    """
    with destination_for(options).view() as found:
        return states_in(found)


def states_in(found: View) -> list[StateSummary]:
    """Return the state of every resource that was loaded, as a view of the dataset shows it."""
    if found.pipeline is None:
        return []
    with found.pipeline.destination_client() as client:
        state = stored_state(client, found.pipeline.pipeline_name)
    return [stored.summary() for stored in SourceState.of_pipeline(state).stored()]


def reset(options: Options, resources: Sequence[str], installation: str | None = None) -> list[str]:
    """Forget how far resources have been read. Their tables stay; the next run reads them again
    from the beginning, and merges what comes.

    Args:
        options: The options, which name the destination.
        resources: The resources.
        installation: Of a dataset of several, the installation; all of them by default.

    Returns:
        The resources, in order, of which something was forgotten.

    Raises:
        ConfigurationError: A resource has no state, or load packages are pending.
        LockedError: A run is under way.
        DestinationError: The destination failed.
    """
    destination = destination_for(options)
    if not destination.exists():
        raise _unknown(destination, resources[0], ())
    with destination.open() as session, session.pipeline() as pipeline:
        pipeline.sync_destination()
        if pending_packages(pipeline):
            raise ConfigurationError(
                "Load packages of an earlier run are pending, with the state that belongs to them.",
                hint="Run once to complete them, and reset then.",
            )
        known = SourceState.of_pipeline(pipeline.state).resources()
        for name in resources:
            if name not in known:
                raise _unknown(destination, name, known)
        with changed_state(pipeline) as source:
            forgotten = [name for name in resources if _forget(source, name, installation)]
    return forgotten


@contextmanager
def changed_state(pipeline: dlt.Pipeline) -> Iterator[SourceState]:
    """Give the state of the source to be changed, and store it in the destination.

    Args:
        pipeline: dlt's pipeline, in step with the destination and without pending load packages.
    """
    with pipeline.managed_state(extract_state=True) as state:
        yield SourceState.of_pipeline(state)
    pipeline.normalize()
    load_packages(pipeline)


def _forget(source: SourceState, resource: str, installation: str | None) -> bool:
    stored = source.stored(resource)
    forgotten = [each.forget() for each in stored if installation in (None, each.installation)]
    return any(forgotten)


def _unknown(destination: Destination, name: str, known: Collection[str]) -> ConfigurationError:
    where = f"{destination.describe()} ({destination.options.dataset})"
    return ConfigurationError(
        f"{name!r} has not been loaded into {where}{suggest(name, known)}",
        hint="`perfectgym state` prints what has.",
    )
