"""The stored state of one resource in one installation: the only module that knows its keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from ..partitions import Partition, partition_key, partition_of
from .cursors import Cursors
from .packing import (
    pack,
    pack_ids,
    pack_partitions,
    unpack,
    unpack_ids,
    unpack_partitions,
    unpack_values,
)

_CURSORS = "cursors"
_PENDING = "pending"
_PENDING_PARENTS = "pending_lists"
_DELETED = "gone"
_SWEPT_AT = "swept_at"
_IDS = "ids"
_DIGESTS = "digests"
_COUNTS = "counts"
_START_DATE = "start_date"
_LEFT_OUT = "left_out"
_WAY = "way"
_WITHOUT_ZONE = "without_zone"
_FORMER = "former"
_FORM = "form"


@dataclass(frozen=True)
class ListState:
    """The cursors of a resource over one endpoint, in short.

    Attributes:
        partitions: The number of partitions that have been read; 1 for an endpoint without parents.
        lowest: The lowest of their cursors, as a row version.
        highest: The highest.
    """

    partitions: int
    lowest: int
    highest: int


@dataclass(frozen=True)
class StateSummary:
    """The state of a resource in short.

    Attributes:
        resource: The resource.
        installation: The installation, in a dataset of several.
        lists: Its own endpoint, and those whose ids it takes, by name.
        pending: The number of partitions that could not be read and are requested again.
        last_sweep: When all partitions were read last.
    """

    resource: str
    installation: str | None
    lists: Mapping[str, ListState]
    pending: int
    last_sweep: datetime | None


@dataclass(frozen=True)
class Way:
    """The way in which an endpoint is read, where it is not the usual one.

    Attributes:
        index: Its index among the ways.
        since: When the usual way was refused last.
    """

    index: int
    since: datetime


class StoredState:
    """The stored state of one resource in one installation.

    Properties return values of the state's Python types; assigning one writes it.

    Args:
        resource: The resource.
        state: The mapping that dlt stores.
        installation: The installation, in a dataset of several.
    """

    def __init__(
        self,
        resource: str,
        state: MutableMapping[str, Any],
        installation: str | None = None,
    ) -> None:
        self.resource = resource
        self.installation = installation
        self._state = state

    @property
    def is_loaded(self) -> bool:
        """Return whether the resource has been loaded."""
        return _CURSORS in self._state

    @property
    def cursors(self) -> dict[str, Cursors]:
        """Return the cursors, by endpoint."""
        return {name: Cursors(packed) for name, packed in self._state.get(_CURSORS, {}).items()}

    @property
    def former(self) -> dict[str, list[int]]:
        """Return the packed cursors over the resource's own endpoint, by partition: those of the
        last run, or from before it was to be read from its beginning."""
        texts = (self._state.get(_FORMER), self._state.get(_CURSORS, {}).get(self.resource))
        found: dict[str, list[int]] = {}
        for partitions in map(unpack_partitions, filter(None, texts)):
            found.update((key, numbers) for key, numbers in partitions.items() if numbers[0])
        return found

    @former.setter
    def former(self, cursors: Mapping[str, Sequence[int]]) -> None:
        self._state.pop(_FORMER, None)
        if cursors:
            self._state[_FORMER] = pack_partitions(cursors)

    @property
    def pending(self) -> dict[str, list[Partition]]:
        """Return the partitions to request again, by endpoint."""
        pending = {
            self.resource: self._state.get(_PENDING, ()),
            **self._state.get(_PENDING_PARENTS, {}),
        }
        return {name: [tuple(each) for each in found] for name, found in pending.items()}

    @pending.setter
    def pending(self, partitions: Mapping[str, Iterable[Partition]]) -> None:
        parents = {name: list(map(list, found)) for name, found in partitions.items()}
        self._state[_PENDING] = parents.pop(self.resource, [])
        self._set_or_drop(_PENDING_PARENTS, parents)

    @property
    def deleted(self) -> dict[str, set[Partition]]:
        """Return those of the pending partitions whose parent is deleted, by endpoint."""
        return {
            name: set(map(tuple, found)) for name, found in self._state.get(_DELETED, {}).items()
        }

    @deleted.setter
    def deleted(self, partitions: Mapping[str, Iterable[Partition]]) -> None:
        found = {name: sorted(map(list, each)) for name, each in partitions.items()}
        self._set_or_drop(_DELETED, found)

    @property
    def swept_at(self) -> datetime | None:
        """Return when all partitions were read last."""
        moment = self._state.get(_SWEPT_AT)
        return None if moment is None else datetime.fromisoformat(moment)

    @swept_at.setter
    def swept_at(self, moment: datetime) -> None:
        self._state[_SWEPT_AT] = moment.astimezone(timezone.utc).isoformat()

    @property
    def ids(self) -> set[int]:
        """Return the ids that the table of a full list holds."""
        return unpack_ids(self._state[_IDS]) if _IDS in self._state else set()

    @ids.setter
    def ids(self, ids: Collection[int]) -> None:
        if ids or _IDS in self._state:
            self._state[_IDS] = pack_ids(ids)

    @property
    def digests(self) -> dict[str, str]:
        """Return the digests of the responses that were loaded last, by partition key.

        A digest is empty after `forget`: the partition is in the table, its content unknown.
        """
        return dict(self._state.get(_DIGESTS, {}))

    @digests.setter
    def digests(self, digests: Mapping[str, str]) -> None:
        if digests or _DIGESTS in self._state:
            self._state[_DIGESTS] = dict(digests)

    @property
    def counts(self) -> dict[Partition, int]:
        """Return the number of rows in the table, by partition."""
        found = unpack(self._state[_COUNTS]) if _COUNTS in self._state else {}
        return {partition_of(key): count for key, count in found.items()}

    @counts.setter
    def counts(self, counts: Mapping[Partition, int]) -> None:
        found = {partition_key(each): count for each, count in sorted(counts.items()) if count}
        if found or _COUNTS in self._state:
            self._state[_COUNTS] = pack(found)

    @property
    def start_date(self) -> date | None:
        """Return the first day of the rows in the table."""
        day = self._state.get(_START_DATE)
        return None if day is None else date.fromisoformat(day)

    @start_date.setter
    def start_date(self, day: date | None) -> None:
        self._state[_START_DATE] = None if day is None else day.isoformat()

    @property
    def way(self) -> Way | None:
        """Return the way in which the endpoint was read last; None if it was the usual one."""
        found = self._state.get(_WAY)
        return found and Way(found[0], datetime.fromisoformat(found[1]))

    @way.setter
    def way(self, way: Way | None) -> None:
        self._state.pop(_WAY, None)
        if way is not None:
            self._state[_WAY] = [way.index, way.since.astimezone(timezone.utc).isoformat()]

    @property
    def left_out(self) -> set[str]:
        """Return the unknown fields that were reported but are not in the schema."""
        return set(self._state.get(_LEFT_OUT, ()))

    @left_out.setter
    def left_out(self, columns: Collection[str]) -> None:
        self._state[_LEFT_OUT] = sorted(columns)

    @property
    def without_zone(self) -> set[int | None]:
        """Return the clubs whose rows were loaded without a time zone; None for rows of no club."""
        return set(self._state.get(_WITHOUT_ZONE, ()))

    @without_zone.setter
    def without_zone(self, clubs: Collection[int | None]) -> None:
        self._state.pop(_WITHOUT_ZONE, None)
        if clubs:
            self._state[_WITHOUT_ZONE] = sorted(clubs, key=str)

    @property
    def form(self) -> list[str | None] | None:
        """Return the settings by which the rows were made: see `Settings.form`."""
        return self._state.get(_FORM)

    @form.setter
    def form(self, settings: Sequence[str | None]) -> None:
        self._state[_FORM] = list(settings)

    def save_cursors(self, cursors: Mapping[str, Cursors], overlap: int) -> None:
        """Write cursors, by endpoint, at the end of a run; `overlap` as for `Cursor.start`."""
        self._state[_CURSORS] = {name: each.state(overlap) for name, each in cursors.items()}

    @property
    def highest_version(self) -> int:
        """Return the highest row version of all cursors; 0 if there is none."""
        return max((part.highest for part in self.summary().lists.values()), default=0)

    def summary(self) -> StateSummary:
        """Return the state in short."""
        lists = {}
        for name, packed in sorted(self._state.get(_CURSORS, {}).items()):
            values = unpack_values(packed)
            lists[name] = ListState(len(values), min(values, default=0), max(values, default=0))
        return StateSummary(
            resource=self.resource,
            installation=self.installation,
            lists=lists,
            pending=sum(map(len, self.pending.values())),
            last_sweep=self.swept_at,
        )

    def forget(self) -> bool:
        """Forget how far the resource was read, and return whether there was something to forget.

        The table keeps its rows, so the state keeps what tells which rows the API has deleted
        since: the ids of a full list, and which partitions are in the table, with how many rows.
        So it does with the cursors where `start_date` leaves rows out: see `former`.
        """
        partitions = dict.fromkeys(self.digests, "")
        former = self.former if self._state.keys() & {_START_DATE, _FORMER} else {}
        forgotten = self._state.keys() - {_IDS, _COUNTS, _FORMER}
        for key in forgotten:
            del self._state[key]
        self.digests, self.former = partitions, former
        return bool(forgotten)

    def _set_or_drop(self, key: str, value: Mapping[str, Any]) -> None:
        self._state.pop(key, None)
        if value:
            self._state[key] = value
