"""Build the marts of what was loaded, without a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ..config.settings import Settings, api_version
from ..destination import Destination, Options, Session, destination_for, stored_state
from ..errors import ConfigurationError
from ..extract.state.source_state import SourceState
from ..marts.build import Marts
from ..marts.connection import check_adapter
from ..marts.dictionary import dictionary
from ..marts.record import MartsRecord
from .history.retention import history_in


def build_marts(options: Options) -> MartsRecord:
    """Build all marts of what was loaded, and test them.

    Raises:
        ConfigurationError: Nothing was loaded, or dbt cannot build marts there.
        LockedError: A run is loading into the same place.
        PerfectGymError: The destination failed.
    """
    with _loaded_marts(options) as marts:
        marts.check_schemas()
        record = marts.build(tests=True)
        if record is None:
            raise _nothing_loaded(marts.session.destination)
        history_in(marts.session).keep_marts(record)
        return record


def data_dictionary(options: Options) -> str:
    """Return the data dictionary of the loaded tables and the marts, as one HTML page.

    Raises:
        ConfigurationError: Nothing was loaded, or dbt cannot build marts there.
        LockedError: A run is loading into the same place.
        PerfectGymError: The destination failed.
    """
    with _loaded_marts(options, publishes=False) as marts:
        return dictionary(marts)


@contextlib.contextmanager
def _loaded_marts(options: Options, publishes: bool = True) -> Iterator[Marts]:
    """Open the destination, and yield the marts of what was loaded there.

    The dataset itself tells what it holds: nothing is requested, so no address need be configured.
    """
    check_adapter(options)
    destination = destination_for(options)
    if not destination.exists():
        raise _nothing_loaded(destination)
    with destination.open(publishes) as session:
        with session.pipeline() as pipeline, pipeline.destination_client() as client:
            state = SourceState.of_pipeline(stored_state(client, pipeline.pipeline_name))
        loaded = state.identity
        if loaded is None:
            raise _nothing_loaded(destination)
        yield Marts(session, api_version(loaded.api), loaded.installation, loaded.is_shared)


def _nothing_loaded(destination: Destination) -> ConfigurationError:
    return ConfigurationError(
        f"Nothing has been loaded into {destination.describe()} ({destination.options.dataset})",
        hint="The marts are built of what `perfectgym load` loads.",
    )


def marts_in(session: Session, settings: Settings) -> Marts:
    """Return the marts of a dataset.

    Args:
        session: The destination under its lock.
        settings: The settings of its source.
    """
    return Marts(session, settings.api, settings.installation, settings.shared_dataset)
