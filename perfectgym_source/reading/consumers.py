"""Who reads a list, and what of it is new to them.

A list may be read for its own table, for endpoints that need its ids as parents, or for both in
the same requests. Each of them is a consumer with cursors of its own, kept in the dlt state of its
resource, so that a table that was not selected for a while misses nothing later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, MutableMapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson

from ..catalogue import Endpoint
from ..cursors import Cursors, pack_ids, unpack_ids
from ..values import to_json

Unit = tuple[int, ...]
"""The parents' ids of one request, in the order of the endpoint's parents."""


def unit_key(unit: Unit, variant: int = 0) -> str:
    """A unit as text, for the state."""
    return "|".join(map(str, unit)) + (f"#{variant}" if variant else "")


class Consumer:
    """One resource's view of the lists that it needs.

    Args:
        endpoint: The resource's endpoint.
        state: Its dlt resource state.
        overlap: The span of row versions that is read again.
        sweep_days: After how many days every parent counts as changed; 0 for never.
        now: The time of the run.

    Attributes:
        known: Of a list that is read as a whole, the ids that its table holds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        state: MutableMapping[str, Any],
        overlap: int,
        sweep_days: int,
        now: datetime,
        full_refresh: bool = False,
    ) -> None:
        self.endpoint = endpoint
        self.overlap = overlap
        self._state = state
        self._now = now
        saved: dict[str, str] = {} if full_refresh else dict(state.get("cursors", {}))
        swept = state.get("swept_at")
        due = swept is None or (
            sweep_days > 0 and datetime.fromisoformat(swept) + timedelta(days=sweep_days) <= now
        )
        self.is_full_refresh = full_refresh
        self.is_sweep = due or full_refresh
        self.cursors: dict[str, Cursors] = {
            name: Cursors(packed)
            for name, packed in saved.items()
            if name == endpoint.name or not self.is_sweep
        }
        self.known: set[int] = unpack_ids(state["ids"]) if "ids" in state else set()
        self.pending: set[Unit] = {tuple(unit) for unit in state.get("pending", ())}
        self.failed: set[Unit] = set()
        self._digests: dict[str, str] = {} if full_refresh else dict(state.get("digests", {}))

    def cursor(self, table: str) -> Cursors:
        """Its cursors over the list of a table."""
        return self.cursors.setdefault(table, Cursors())

    def is_changed(self, unit: Unit, elements: Sequence[Any]) -> bool:
        """Whether a full picture differs from the one that was loaded last; takes note of it."""
        try:
            dumped = orjson.dumps(elements, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # what orjson reads but does not write: great depth, large integers
            dumped = (to_json(elements) or "").encode()
        digest = hashlib.blake2b(dumped, digest_size=8).hexdigest()
        key = unit_key(unit)
        changed = self._digests.get(key) != digest
        self._digests[key] = digest
        return changed

    def save(self) -> None:
        """Write the state. Called once, when all that was read has been handed to dlt."""
        self._state["cursors"] = {
            name: cursors.state(self.overlap) for name, cursors in self.cursors.items()
        }
        self._state["pending"] = sorted(map(list, self.failed))
        if self.is_sweep and not self.failed:
            self._state["swept_at"] = self._now.astimezone(timezone.utc).isoformat()
        if self.known or "ids" in self._state:
            self._state["ids"] = pack_ids(self.known)
        if self._digests:
            self._state["digests"] = self._digests


def needs_all_parents(endpoint: Endpoint) -> bool:
    """Whether an endpoint needs every parent in each run, not only the new and changed ones."""
    return endpoint.every_run or len(endpoint.parents) > 1


def is_versioned(endpoint: Endpoint) -> bool:
    """Whether an unchanged row can be told by its row version: lists by `timestamp`, and
    the page-number list of users, whose rows carry one too."""
    return endpoint.is_keyset or endpoint.is_whole


def lists_below(endpoint: Endpoint) -> Iterable[str]:
    """The tables whose ids an endpoint's requests take."""
    return (parent.table for parent in endpoint.parents)
