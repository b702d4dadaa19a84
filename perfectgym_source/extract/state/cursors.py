"""Cursors over row versions, with the overlap that catches late commits.

A row version is taken when a transaction writes and is seen when it commits, so a row can appear
below the cursor. Each run therefore requests the versions in a span below the cursor again, and the
cursor stores which rows of that span were received: only the others are new.
"""

from __future__ import annotations

import threading
from collections.abc import Collection

from .packing import pack_partitions, unpack_first_ids, unpack_partitions

PRUNE_AT = 10_000
"""How many received rows a cursor stores before it drops those that it no longer needs."""

LEAP = 1 << 40
"""Two rows of an endpoint are not so far apart: each step is a change somewhere in the
installation."""

MOST_DOUBTED = 100
"""So many rows beyond a leap are taken for rows with false versions; more are believed."""

Version = tuple[int, int]
"""A row in one version: the row version and the row's id."""


class Cursor:
    """The cursor of one partition.

    Attributes:
        value: The highest row version received; 0 if none.
    """

    __slots__ = (
        "_awaited",
        "_base",
        "_before",
        "_beyond_leap",
        "_held",
        "_leapt_from",
        "_lowered",
        "_prune_at",
        "_received",
        "value",
    )

    def __init__(self, value: int = 0, recent: set[Version] | None = None) -> None:
        self.value = value
        self._base = value
        self._before = recent if recent is not None else set()
        self._received: set[Version] = set()
        self._awaited: dict[int, int] | None = None
        self._lowered: set[int] = set()
        self._prune_at = PRUNE_AT
        self._held: int | None = None
        self._leapt_from: int | None = None
        self._beyond_leap = 0

    def start(self, overlap: int) -> int:
        """Return the version after which to request rows (strictly greater)."""
        return max(0, self._base - overlap)

    @property
    def is_at_start(self) -> bool:
        """Return whether the partition was never read before this run."""
        return self._base == 0

    def is_new(self, version: int, row_id: int, overlap: int) -> bool:
        """Return whether a row had not been received in this version when the run began.

        Rows without versions have 0: for them it is the id that counts.
        """
        below = 0 < version <= self._base - overlap
        return not below and (version, row_id) not in self._before

    def are_new(self, versions: Collection[tuple[int, int | None]], overlap: int) -> list[bool]:
        """Return for each row whether it is new: see `is_new`."""
        below, before = self._base - overlap, self._before
        if below <= 0 and not before:
            return [True] * len(versions)
        return [not 0 < row[0] <= below and row not in before for row in versions]

    def is_ahead(self, highest: int, overlap: int, may_vanish: bool = False) -> bool:
        """Return whether the API's versions fell, as after the vendor has restored a backup, since
        the rows of the span that is requested again were received.

        Then one of these rows has come with a lower version than before, or has not come: a row
        that changes gets a higher one, a deleted row too.

        Args:
            highest: The highest row version of the partition.
            overlap: The span.
            may_vanish: Whether rows leave the list in other ways: then all of them must be gone.
        """
        awaited = self._await(overlap)
        is_gone = not may_vanish or highest <= self.start(overlap)
        return bool(awaited) if is_gone else not self._lowered.isdisjoint(awaited)

    def _await(self, overlap: int) -> dict[int, int]:
        """Return the rows of the span that are still to come: their known versions by id."""
        if self._awaited is None:
            start = self.start(overlap)
            known = sorted(row for row in self._before if start < row[0] <= self._base)
            self._awaited = {row_id: version for version, row_id in known}
        return self._awaited

    def receive(self, versions: Collection[Version], overlap: int) -> None:
        """Record rows that were received.

        The cursor does not follow a few rows whose versions lie far above all others: changes of
        the others would never be requested again.
        """
        self._received.update(versions)
        if awaited := self._await(overlap):
            for version, row_id in versions:
                if row_id in awaited:
                    if version >= awaited[row_id] or version == 0:
                        del awaited[row_id]
                    else:
                        self._lowered.add(row_id)
        highest = max(versions, default=(0, 0))[0]
        if self._leapt_from is not None or highest - self.value > LEAP:
            self._find_leap(versions)
        self.value = max(self.value, highest)
        if len(self._received) > self._prune_at:
            self._received = self._recent(self._received, overlap)
            self._prune_at = 2 * len(self._received) + PRUNE_AT

    def _find_leap(self, versions: Collection[Version]) -> None:
        before = self.value
        for version, _ in sorted(versions):
            is_believed = self._leapt_from is None or self._beyond_leap > MOST_DOUBTED
            if version - before > LEAP and before > 0 and is_believed:
                self._leapt_from, self._beyond_leap = before, 0
            self._beyond_leap += 1
            before = max(before, version)

    def hold_below(self, version: int) -> None:
        """Cap the cursor below this version, so that the next run reads it again."""
        self._held = version if self._held is None else min(self._held, version)

    def prune(self, overlap: int) -> None:
        """End the run: forget the rows so far below that they are not requested again."""
        if self._leapt_from is not None and self._beyond_leap <= MOST_DOUBTED:
            self.value = self._leapt_from
        if self._held is not None:
            self.value = max(0, min(self.value, self._held - 1))
        self._before = self._recent(self._before | self._received, overlap)
        self._received = set()

    def _recent(self, versions: set[Version], overlap: int) -> set[Version]:
        floor = self.value - overlap
        return {pair for pair in versions if pair[0] == 0 or pair[0] > floor}

    def packed(self) -> list[int]:
        """Return the state as integers: the value, then the stored rows by their distances."""
        numbers = [self.value]
        for version, row_id in sorted(self._before):
            numbers += (self.value - version, row_id)
        return numbers

    @classmethod
    def unpacked(cls, numbers: list[int]) -> Cursor:
        """Return the cursor whose `packed` returned these numbers."""
        value = numbers[0]
        pairs = zip(numbers[1::2], numbers[2::2])
        return cls(value, {(value - distance, row_id) for distance, row_id in pairs})


class Cursors:
    """The cursors of one endpoint, one for each partition: a parent's id, several, or none.

    A partition is the text that `partition_key` makes of a request. Threads may share it. The
    stored text is read when the first cursor is needed, and is kept as it is if none of them moves.

    Args:
        state: What `state` returned at the end of the last run.
    """

    def __init__(self, state: str | None = None) -> None:
        self._state = state
        self._cursors: dict[str, Cursor] = {}
        self._unpacked: dict[str, list[int]] | None = None
        self._lock = threading.Lock()

    def __getitem__(self, partition: str) -> Cursor:
        """Return the cursor of a partition; one at the beginning if it was never read."""
        if (cursor := self._cursors.get(partition)) is not None:
            return cursor
        numbers = self._stored().get(partition)
        cursor = Cursor() if numbers is None else Cursor.unpacked(numbers)
        return self._cursors.setdefault(partition, cursor)

    def restart(self, partition: str) -> None:
        """Put the cursor of a partition at the beginning."""
        self._cursors[partition] = Cursor()

    def undo(self, partition: str) -> None:
        """Put the cursor of a partition where it was when the run began."""
        self._cursors.pop(partition, None)

    def first_ids(self) -> set[int]:
        """Return the first parent's id of each partition that an earlier run read."""
        return unpack_first_ids(self._state) if self._state else set()

    def state(self, overlap: int) -> str:
        """Return the cursors as text for dlt's state."""
        for cursor in self._cursors.values():
            cursor.prune(overlap)
        used = {partition: cursor.packed() for partition, cursor in self._cursors.items()}
        stored = self._stored() if used else {}
        if self._state and all(stored.get(partition) == used[partition] for partition in used):
            return self._state
        return pack_partitions({**stored, **used})

    def _stored(self) -> dict[str, list[int]]:
        with self._lock:
            if self._unpacked is None:
                self._unpacked = unpack_partitions(self._state) if self._state else {}
            return self._unpacked
