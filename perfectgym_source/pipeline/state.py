"""`--state` and `--reset`: what the next run goes by, and how to make it forget that.

Both work on dlt's state as the destination keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
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
from ..extract.cursors import Cursors

_KEPT = "ids"
"""The ids that a table of a whole list holds: it keeps its rows, and without them, nobody would
notice which of them are gone."""


@dataclass(frozen=True)
class ListState:
    """How far a resource has read one list.

    Attributes:
        partitions: How many parents' parts of it have been read; 1 for a list without parents.
        lowest: The lowest of their cursors, as a row version.
        highest: The highest.
    """

    partitions: int
    lowest: int
    highest: int


@dataclass(frozen=True)
class ResourceState:
    """What the next run goes by.

    Attributes:
        resource: The resource.
        installation: The installation, in a dataset of several.
        lists: Its own list, and those whose ids it takes, by name.
        pending: Parts that could not be read, and are asked for again.
        last_sweep: When all parts were read the last time.
    """

    resource: str
    installation: str | None
    lists: Mapping[str, ListState]
    pending: int
    last_sweep: datetime | None


def states(options: Options) -> list[ResourceState]:
    """The state of every resource that was loaded; none if nothing was.

    Raises:
        DestinationError: The destination cannot be reached.
    """
    with view(options) as found:
        return states_in(found)


def states_in(found: View) -> list[ResourceState]:
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
    return [
        _described(name, installation, own)
        for name, held in sorted(_resources(state or {}).items())
        for installation, own in _parts(held)
        if own
    ]


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
        known = _resources(pipeline.state)
        for name in resources:
            if name not in known:
                raise _unknown(options, name, known)
        with pipeline.managed_state(extract_state=True) as state:
            held = _resources(state)
            forgotten = [name for name in resources if _forget(held[name], installation)]
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


def _resources(state: Mapping[str, Any]) -> dict[str, MutableMapping[str, Any]]:
    source = state.get("sources", {}).get("perfectgym", {})
    found: dict[str, MutableMapping[str, Any]] = source.get("resources", {})
    return found


def _parts(
    held: MutableMapping[str, Any],
) -> Iterator[tuple[str | None, MutableMapping[str, Any]]]:
    """The state of each installation, or the only one, without a name."""
    shared = [key for key in held if key.startswith("in ")]
    for key in sorted(shared):
        yield key[len("in ") :], held[key]
    if not shared:
        yield None, held


def _described(name: str, installation: str | None, state: Mapping[str, Any]) -> ResourceState:
    lists = {}
    for listed, packed in sorted(state.get("cursors", {}).items()):
        values = [cursor.value for _, cursor in Cursors(packed).items()]
        lists[listed] = ListState(len(values), min(values, default=0), max(values, default=0))
    swept = state.get("swept_at")
    return ResourceState(
        resource=name,
        installation=installation,
        lists=lists,
        pending=sum(map(len, (state.get("pending", ()), *state.get("pending_lists", {}).values()))),
        last_sweep=datetime.fromisoformat(swept) if swept else None,
    )


def _forget(held: MutableMapping[str, Any], installation: str | None) -> bool:
    forgotten = False
    for name, state in _parts(held):
        if installation in (None, name):
            # Which parts of a list are in the table, without what was in them.
            parts = dict.fromkeys(state.get("digests", {}), "")
            for key in state.keys() - {_KEPT}:
                del state[key]
                forgotten = True
            if parts:
                state["digests"] = parts
    return forgotten


def _unknown(options: Options, name: str, known: Collection[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{name!r} has not been loaded into {destination_name(options)} ({options.dataset})"
        f"{suggest(name, known)}",
        hint="--state prints what has.",
    )
