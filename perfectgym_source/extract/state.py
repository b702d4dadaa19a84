"""Who reads a list, and what of it is new to them.

A list may be read for its own table, for endpoints that need its ids as parents, or for both in
the same requests. Each of them is a consumer with cursors of its own, kept in the dlt state of its
resource, so that a table that was not selected for a while misses nothing later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

import orjson

from ..catalog import Endpoint
from ..catalog.coerce import as_json, to_json
from ..config.settings import Settings
from .cursors import Cursors, pack_ids, unpack_ids

Partition = tuple[int, ...]
"""The parents' ids of one request, in the order of the endpoint's parents."""


def partition_key(partition: Partition, variant: int = 0) -> str:
    """A partition as text, for the state."""
    return "|".join(map(str, partition)) + (f"#{variant}" if variant else "")


class Consumer:
    """One resource's view of the lists that it needs.

    Args:
        endpoint: The resource's endpoint.
        state: Its dlt resource state.
        settings: The source's settings.
        now: The time of the run.
        full_refresh: Whether everything is read from the beginning.

    Attributes:
        known: Of a list that is read as a whole, the ids that its table holds.
        pending: By list, the partitions that earlier runs could not read, those that were not even
            requested first: who failed again and again must not keep the others from being read.
        gone: Those of them whose parent the parent's own list had called deleted.
        failed: By list, the partitions that this run could not read.
        loaded_from: The first day of the rows that are in the table, where that is later than
            `start_date` is now.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        state: MutableMapping[str, Any],
        settings: Settings,
        now: datetime,
        full_refresh: bool = False,
    ) -> None:
        self.endpoint = endpoint
        self.overlap = settings.timestamp_overlap
        self._start_date = settings.start_date
        self._is_abandoned = False
        self._state = state
        self._now = now
        saved: dict[str, str] = {} if full_refresh else dict(state.get("cursors", {}))
        swept = state.get("swept_at")
        days = settings.sweep_days
        due = swept is None or (
            days > 0 and datetime.fromisoformat(swept) + timedelta(days=days) <= now
        )
        self.is_full_refresh = full_refresh
        self.is_sweep = due or full_refresh
        self.cursors: dict[str, Cursors] = {
            name: Cursors(packed)
            for name, packed in saved.items()
            if name == endpoint.name or not self.is_sweep
        }
        self.known: set[int] = unpack_ids(state["ids"]) if "ids" in state else set()
        pending = {endpoint.name: state.get("pending", ()), **state.get("pending_lists", {})}
        self.pending: dict[str, dict[Partition, None]] = {
            table: dict.fromkeys(map(tuple, partitions)) for table, partitions in pending.items()
        }
        self.gone = {
            table: set(map(tuple, partitions))
            for table, partitions in state.get("gone", {}).items()
        }
        self.failed: dict[str, set[Partition]] = {}
        self._postponed: dict[str, set[Partition]] = {}
        self._failed_gone: dict[str, set[Partition]] = {}
        self.loaded_from = self._later_start(state.get("start_date"))
        self._loaded: set[str] = set(state.get("digests", {}))
        self._digests: dict[str, str] = {} if full_refresh else dict(state.get("digests", {}))

    def cursor(self, table: str) -> Cursors:
        """Its cursors over the list of a table."""
        return self.cursors.setdefault(table, Cursors())

    def fail(
        self, table: str, partition: Partition, is_gone: bool, is_postponed: bool = False
    ) -> None:
        """Note a partition of a list that could not be read: the next run requests it again.

        Args:
            table: The list.
            partition: The partition.
            is_gone: Whether its parent is deleted.
            is_postponed: Whether it was not even requested.
        """
        self.failed.setdefault(table, set()).add(partition)
        if is_postponed:
            self._postponed.setdefault(table, set()).add(partition)
        if is_gone:
            self._failed_gone.setdefault(table, set()).add(partition)

    def abandon(self) -> None:
        """Leave the state as it was, because a list that it depends on could not be read."""
        self._is_abandoned = True

    def _later_start(self, loaded_from: str | None) -> date | None:
        """Return the `start_date` of earlier runs, if it was moved to an earlier day since."""
        if self.endpoint.backfill_date_field is None or loaded_from is None or self.is_full_refresh:
            return None
        start = date.fromisoformat(loaded_from)
        return start if self._start_date is None or self._start_date < start else None

    def is_changed(self, partition: Partition, elements: Sequence[Any]) -> bool:
        """Whether a full picture differs from the one that was loaded last; takes note of it."""
        try:
            dumped = orjson.dumps(elements, as_json, orjson.OPT_SORT_KEYS)
        except TypeError:  # what orjson reads but does not write: great depth, large integers
            dumped = (to_json(elements) or "").encode()
        digest = hashlib.blake2b(dumped, digest_size=8).hexdigest()
        key = partition_key(partition)
        changed = self._digests.get(key) != digest
        self._digests[key] = digest
        return changed

    def forget_partitions(
        self, known: Collection[Partition], parents: Collection[Partition]
    ) -> list[Partition]:
        """Forget the partitions that no longer belong together, and return them.

        Args:
            known: The partitions that do.
            parents: Their first ids, of which all partitions are known.
        """
        loaded = [tuple(map(int, key.split("|"))) for key in self._loaded]
        gone = [
            partition
            for partition in loaded
            if partition not in known and partition[:-1] in parents
        ]
        for partition in gone:
            self._digests.pop(partition_key(partition), None)
        return gone

    def save(self) -> None:
        """Write the state. Called once, when all that was read has been handed to dlt."""
        if self._is_abandoned:
            return
        pending = {
            table: sorted(
                map(list, partitions),
                key=lambda u: (tuple(u) not in self._postponed.get(table, ()), u),
            )
            for table, partitions in self.failed.items()
        }
        self._state["pending"] = pending.pop(self.endpoint.name, [])
        for name, partitions in (
            ("pending_lists", pending),
            ("gone", _as_lists(self._failed_gone)),
        ):
            self._state.pop(name, None)
            if partitions:
                self._state[name] = partitions
        if self.loaded_from is not None:
            # What these had left out before they read again from their beginning.
            for partition in self.failed.get(self.endpoint.name, ()):
                for number in range(len(self.endpoint.request_variants)):
                    self.cursor(self.endpoint.name).restart(partition_key(partition, number))
        self._state["cursors"] = {
            name: cursors.state(self.overlap) for name, cursors in self.cursors.items()
        }
        if self.endpoint.backfill_date_field:
            start = self._start_date
            self._state["start_date"] = None if start is None else start.isoformat()
        if self.is_sweep:  # what failed is pending
            self._state["swept_at"] = self._now.astimezone(timezone.utc).isoformat()
        if self.known or "ids" in self._state:
            self._state["ids"] = pack_ids(self.known)
        if self._digests:
            self._state["digests"] = self._digests


def _as_lists(partitions: Mapping[str, Iterable[Partition]]) -> dict[str, list[list[int]]]:
    return {table: sorted(map(list, found)) for table, found in partitions.items()}


def needs_all_parents(endpoint: Endpoint) -> bool:
    """Whether an endpoint needs every parent in each run, not only the new and changed ones."""
    return endpoint.always_refresh or len(endpoint.parents) > 1


def is_versioned(endpoint: Endpoint) -> bool:
    """Whether an unchanged row can be told by its row version: lists by `timestamp`, and
    the page-number list of users, whose rows carry one too."""
    return endpoint.is_keyset or endpoint.is_full_list


def parent_endpoints(endpoint: Endpoint) -> Iterable[str]:
    """The tables whose ids an endpoint's requests take."""
    if endpoint.pairs_from:
        return (endpoint.pairs_from,)
    return (parent.table for parent in endpoint.parents)
