"""The incremental state of one resource during a run.

An endpoint may be read for its own table, for endpoints that take its ids, or for both with the
same requests. Each of these resources has cursors of its own, so that a table that was not selected
for a while misses nothing later.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence, Set
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from ...catalog import Endpoint
from ...catalog.coerce import as_json, to_json
from ...config.settings import Settings
from ..deletion_guard import RowCounts
from ..partitions import Partition, partition_key, partition_of
from .cursors import Cursor, Cursors
from .stored import StoredState, Way

SKEW = timedelta(hours=1)
"""The clocks of machines that load into one place may differ so much; what is further in the
future was recorded by a clock that was ahead."""

DAILY = 24.0
"""Hours between two sweeps of a set that turned out to have no row versions, and between two
attempts to read an endpoint in the usual way."""


class ResourceState:
    """The state of a resource, with its cursors over all endpoints that it needs.

    Args:
        endpoint: The resource's endpoint.
        stored: Its stored state.
        settings: The source's settings.
        now: The time of the run.
        full_refresh: Whether everything is read from the beginning.

    Attributes:
        is_sweep: Whether all is read: all partitions, or all rows where a cursor does not find
            every change.
        loaded_ids: The ids in the table, where rows that are missing are removed.
        counts: The number of rows in the table, where full lists replace those of partitions.
        pending: By endpoint, the partitions that earlier runs could not read. Those that were not
            even requested are first, so that partitions that fail each time do not keep the others
            from being read.
        deleted: Those of them whose parent is deleted, as the parent's own endpoint said.
        failed: By endpoint, the partitions that this run could not read.
        loaded_from: The first day of the rows in the table, where that is later than `start_date`
            is now.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        stored: StoredState,
        settings: Settings,
        now: datetime,
        full_refresh: bool = False,
    ) -> None:
        self.endpoint = endpoint
        self.overlap = settings.timestamp_overlap
        self._settings = settings
        self._start_date = settings.start_date
        self._is_abandoned = False
        self._stored = stored
        self._now = now
        self.is_full_refresh = full_refresh
        due = self._is_due(stored.swept_at, self._sweep_hours(endpoint))
        self.is_sweep = due or full_refresh
        self.cursors: dict[str, Cursors] = {}
        if not full_refresh:
            self.cursors = {
                name: cursors
                for name, cursors in stored.cursors.items()
                if name == endpoint.name or not self.is_sweep
            }
        self.loaded_ids = stored.ids
        self.counts = RowCounts(stored.counts, is_guard=not full_refresh)
        self.pending = {name: dict.fromkeys(found) for name, found in stored.pending.items()}
        self.deleted = stored.deleted
        self.failed: dict[str, set[Partition]] = {}
        self._postponed: dict[str, set[Partition]] = {}
        self._failed_deleted: dict[str, set[Partition]] = {}
        self.loaded_from = self._later_start(stored.start_date)
        self.stored_digests = stored.digests
        self._digests = {} if full_refresh else stored.digests
        self._is_swept = not endpoint.has_sweeps
        self._swept_digests: dict[str, str] = {}
        self._way = None if full_refresh else stored.way

    def cursor(self, endpoint: str) -> Cursors:
        """Return the resource's cursors over an endpoint."""
        return self.cursors.setdefault(endpoint, Cursors())

    @cached_property
    def _former(self) -> Mapping[str, list[int]]:
        return self._stored.former

    def former_cursor(self, key: str) -> Cursor:
        """Return a cursor over the resource's own endpoint as it was before the endpoint was to be
        read from its beginning.

        Args:
            key: The partition's key.
        """
        return Cursor.unpacked(self._former.get(key, [0]))

    @cached_property
    def known_parents(self) -> Set[int] | None:
        """Return the ids of the parents whose rows earlier runs read; None if the state does not
        hold them, which it does for cursors of partitions with one parent."""
        if not self.endpoint.is_keyset or len(self.endpoint.parents) != 1:
            return None
        return self.cursor(self.endpoint.name).first_ids()

    def fail(
        self, endpoint: str, partition: Partition, is_deleted: bool, is_postponed: bool = False
    ) -> None:
        """Record a partition that could not be read: the next run requests it again.

        Args:
            endpoint: The endpoint.
            partition: The partition.
            is_deleted: Whether its parent is deleted.
            is_postponed: Whether it was not even requested.
        """
        self.failed.setdefault(endpoint, set()).add(partition)
        if is_postponed:
            self._postponed.setdefault(endpoint, set()).add(partition)
        if is_deleted:
            self._failed_deleted.setdefault(endpoint, set()).add(partition)

    def abandon(self) -> None:
        """Leave the stored state unchanged, because an endpoint it depends on could not be read."""
        self._is_abandoned = True

    def _later_start(self, loaded_from: date | None) -> date | None:
        """Return the `start_date` of earlier runs, if it was moved to an earlier day since."""
        if self.endpoint.backfill_date_field is None or loaded_from is None or self.is_full_refresh:
            return None
        is_earlier = self._start_date is None or self._start_date < loaded_from
        return loaded_from if is_earlier else None

    def _is_due(self, last: datetime | None, hours: float) -> bool:
        """Return whether something is to be done again that is done once in so many hours.

        A last time that is yet to come tells nothing: the clock was ahead.
        """
        if last is None:
            return True
        was_ahead = last > self._now + SKEW and hours < math.inf
        return was_ahead or (self._now - last).total_seconds() >= hours * 3600

    def _sweep_hours(self, endpoint: Endpoint) -> float:
        if not (endpoint.has_sweeps or endpoint.is_periodic):
            return self._settings.sweep_days * 24 or math.inf
        hours = DAILY if endpoint.sweep_hours is None else endpoint.sweep_hours
        configured = self._settings.sweep_hours
        return configured if hours and configured is not None else hours

    def begin(self, endpoint: Endpoint) -> None:
        """Find out whether all rows are read, of an endpoint that has sweeps."""
        due = self._is_due(self._stored.swept_at, self._sweep_hours(endpoint))
        self.is_sweep = due or self.is_full_refresh
        self._is_swept = False

    @property
    def way(self) -> int:
        """Return the index of the way in which the endpoint was read last: see `WayFinder`."""
        return 0 if self._way is None else self._way.index

    @property
    def way_to_try(self) -> int:
        """Return the index of the way that is tried first."""
        found = self._way
        return 0 if found is None or self._is_due(found.since, DAILY) else found.index

    def found_way(self, index: int) -> bool:
        """Record the way in which the endpoint was read, and return whether it is another one."""
        is_other = index != self.way
        if index == 0:
            self._way = None
        elif is_other or index != self.way_to_try:
            self._way = Way(index, self._now)
        return is_other

    def swept(self) -> None:
        """Record that all rows were read."""
        self._digests = self._swept_digests
        self._is_swept = True

    def is_changed_page(self, first: int, elements: Sequence[Any]) -> bool:
        """Return whether a page of a sweep differs from the one loaded last, and record it.

        Args:
            first: The id of its first row.
            elements: Its rows.
        """
        key = str(first)
        self._swept_digests[key] = digest = _digest(elements)
        return self._digests.get(key) != digest

    def is_changed(self, partition: Partition, elements: Sequence[Any]) -> bool:
        """Return whether a full list differs from the one loaded last, and record it."""
        digest = _digest(elements)
        key = partition_key(partition)
        changed = self._digests.get(key) != digest
        self._digests[key] = digest
        return changed

    def forget_partitions(
        self, valid: Collection[Partition], parents: Collection[Partition]
    ) -> list[Partition]:
        """Forget the partitions whose parents no longer belong together, and return them.

        Args:
            valid: The partitions whose parents do.
            parents: Their first ids, of which all partitions are known.
        """
        obsolete = [
            partition
            for partition in map(partition_of, self.stored_digests)
            if partition not in valid and partition[:-1] in parents
        ]
        for partition in obsolete:
            self.forget_partition(partition)
        return obsolete

    def forget_partition(self, partition: Partition) -> None:
        """Forget a partition whose rows are removed."""
        self._digests.pop(partition_key(partition), None)
        self.counts.forget(partition)

    def save(self) -> None:
        """Write the state. Called once, when all rows have been handed to dlt."""
        if self._is_abandoned:
            return
        stored, name = self._stored, self.endpoint.name
        stored.pending = {
            endpoint: sorted(partitions, key=lambda found: self._order(endpoint, found))
            for endpoint, partitions in self.failed.items()
        }
        stored.deleted = self._failed_deleted
        if self.loaded_from is not None:
            # These must be read from the beginning again, because of the rows left out earlier.
            for partition in self.failed.get(name, ()):
                for index in range(len(self.endpoint.request_variants)):
                    self.cursor(name).restart(partition_key(partition, index))
        if self.endpoint.backfill_date_field:
            stored.start_date = self._start_date
            stored.former = self._former if self.failed.get(name) else {}
        stored.save_cursors(self.cursors, self.overlap)
        if self.is_sweep and self._is_swept:  # what failed is pending
            stored.swept_at = self._now
        stored.ids = self.loaded_ids
        # After a sweep that broke off, pages with other rows than before may be in the table.
        stored.digests = self._swept_digests or self._digests
        stored.counts = self.counts.current
        stored.form = self._settings.form
        stored.way = self._way

    def release(self) -> None:
        """Forget what was read of the state, after it has been written."""
        self._is_abandoned = True
        self.loaded_ids, self.cursors, self.known_parents = set(), {}, None

    def _order(self, endpoint: str, partition: Partition) -> tuple[bool, Partition]:
        return partition not in self._postponed.get(endpoint, ()), partition


def _digest(elements: Sequence[Any]) -> str:
    try:
        dumped = orjson.dumps(elements, as_json, orjson.OPT_SORT_KEYS)
    except TypeError:  # what orjson reads but does not write: great depth, large integers
        dumped = (to_json(elements) or "").encode()
    return hashlib.blake2b(dumped, digest_size=8).hexdigest()
