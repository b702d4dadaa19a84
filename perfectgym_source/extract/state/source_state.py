"""The state of the source in one dataset, as dlt stores it with the rows that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from ...config.settings import Settings
from .stored import StoredState

SOURCE = "perfectgym"
"""The source's name in the state of a pipeline."""

_SHARED = "in "
"""In a dataset of several installations, each resource has a section of this name for each."""

_INSTALLATION = "installation"
_IS_SHARED = "is_shared"
_PII = "pii"
_API = "api"

FIRST_API = "v1"
"""The generation of the API in datasets that do not name one."""


@dataclass(frozen=True)
class DatasetIdentity:
    """What all loads into one dataset have in common.

    Attributes:
        installation: The installation; empty in a dataset of several.
        is_shared: Whether the dataset holds several installations.
        pii: The fingerprint of the rules for personal data; None if the dataset was loaded before
            there were any.
        api: The generation of the API, by name.
    """

    installation: str
    is_shared: bool
    pii: Mapping[str, Any] | None
    api: str = FIRST_API


class SourceState:
    """The state of the source in one dataset.

    Args:
        state: dlt's state of the source; by default an empty one, which nothing stores.
    """

    def __init__(self, state: MutableMapping[str, Any] | None = None) -> None:
        self._state: MutableMapping[str, Any] = {} if state is None else state

    @classmethod
    def of_pipeline(cls, state: Mapping[str, Any] | None) -> SourceState:
        """Return the source's state in the state of a pipeline; an empty one if it has none."""
        return cls(((state or {}).get("sources") or {}).get(SOURCE))

    @property
    def identity(self) -> DatasetIdentity | None:
        """Return what all loads into the dataset have in common; None if it is new."""
        if _INSTALLATION not in self._state:
            return None
        return DatasetIdentity(
            installation=self._state[_INSTALLATION],
            is_shared=self._state.get(_IS_SHARED, False),
            pii=self._state.get(_PII),
            api=self._state.get(_API, FIRST_API),
        )

    @identity.setter
    def identity(self, identity: DatasetIdentity) -> None:
        self._state[_INSTALLATION] = identity.installation
        self._state[_IS_SHARED] = identity.is_shared
        self._state[_PII] = identity.pii
        self._state.pop(_API, None)
        if identity.api != FIRST_API:
            self._state[_API] = identity.api

    def resource(self, name: str, installation: str | None = None) -> StoredState:
        """Return the state of a resource, in an installation as `section` returns it.

        A new one is stored as soon as it is written.
        """
        state = self._state.setdefault("resources", {}).setdefault(name, {})
        if installation is not None:
            state = state.setdefault(f"{_SHARED}{installation}", {})
        return StoredState(name, state, installation)

    def resources(self) -> list[str]:
        """Return the names of the resources that have a state."""
        return sorted(self._state.get("resources") or {})

    def stored(self, resource: str | None = None) -> Iterator[StoredState]:
        """Yield the states of a resource, or of all, one for each installation."""
        for name in self.resources() if resource is None else [resource]:
            state = self._state["resources"][name]
            shared = sorted(key for key in state if key.startswith(_SHARED))
            for key in filter(state.get, shared):
                yield StoredState(name, state[key], key[len(_SHARED) :])
            if state and not shared:
                yield StoredState(name, state)


def section(settings: Settings) -> str | None:
    """Return the installation in whose section of the state a run works; None if there are none."""
    return settings.installation if settings.shared_dataset else None
