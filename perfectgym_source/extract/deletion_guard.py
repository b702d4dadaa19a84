"""The guard against mass deletion: an account that lost a permission may receive empty lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..catalog import Endpoint
from ..errors import ApiError
from .partitions import Partition

MAY_VANISH = 20
"""So many rows may vanish from a table at once, and beyond that up to half of it."""


def are_too_many(vanished: int, loaded: int) -> bool:
    """Return whether so many of the loaded rows have vanished that none of them is removed."""
    return vanished > max(MAY_VANISH, loaded // 2)


def refusal(endpoint: Endpoint, vanished: int, loaded: int) -> ApiError | None:
    """Return an error if so many rows have vanished that the account may have lost a permission.

    Args:
        endpoint: The endpoint.
        vanished: The number of rows that the API no longer has.
        loaded: The number of rows that were loaded.
    """
    if not are_too_many(vanished, loaded):
        return None
    return ApiError(
        f"{vanished} of {loaded} rows have vanished from the list at once: none of them is "
        "removed.",
        hint="Is the account still allowed to see them? If it is right, load this resource "
        "with --full-refresh.",
        resource=endpoint.name,
    )


class RowCounts:
    """The number of rows in each partition of a table whose partitions are replaced.

    Args:
        loaded: The numbers at the end of the last run.
        is_guard: Whether lists are compared with them.

    Attributes:
        current: The numbers now, without partitions that have no rows.
    """

    def __init__(self, loaded: Mapping[Partition, int], is_guard: bool = True) -> None:
        self._loaded = dict(loaded)
        self._is_guard = is_guard
        self.current = dict(loaded)
        self._held: list[tuple[Partition, Sequence[Any]]] = []
        self._has_rows = False

    def hold(self, partition: Partition, elements: Sequence[Any]) -> bool:
        """Record the list of a partition; keep it if it lost most of its rows.

        Only lists that lost more than half of their rows can bring a table below half.

        Returns:
            Whether it is kept until all lists have been read, for `release` or `drop`.
        """
        before, now = self._loaded.get(partition, 0), len(elements)
        self.current[partition] = now
        if now:
            self._has_rows = True
        if before <= 2 * now or not self._is_guard:
            return False
        self._held.append((partition, elements))
        return True

    def forget(self, partition: Partition) -> None:
        """Forget a partition whose rows are removed: they are not missed."""
        self.current.pop(partition, None)
        self._loaded.pop(partition, None)

    def refusal(self, endpoint: Endpoint) -> ApiError | None:
        """Return why the lists that were kept must not be loaded; None if they may be.

        They are compared with the whole table, because what changes together may vanish together
        (contracts that end, classes that are canceled). If no list has a row, they are compared
        with the lists that were read: so it is for an account that may no longer see any.
        """
        if not self._held:
            return None
        lost = self._lost(self.current)
        return refusal(endpoint, lost, sum(self._loaded.values()) if self._has_rows else lost)

    def release(self) -> list[tuple[Partition, Sequence[Any]]]:
        """Return the lists that were kept, to be loaded."""
        held, self._held = self._held, []
        return held

    def drop(self) -> list[Partition]:
        """Drop the lists that were kept, and return their partitions, whose rows stay."""
        dropped = [partition for partition, _ in self.release()]
        self.current.update({partition: self._loaded[partition] for partition in dropped})
        return dropped

    def are_refused(self, counts: Mapping[Partition, int]) -> bool:
        """Return whether lists with these numbers of rows would be refused."""
        return are_too_many(self._lost(counts), sum(self._loaded.values()))

    def _lost(self, counts: Mapping[Partition, int]) -> int:
        return sum(max(0, n - counts.get(key, 0)) for key, n in self._loaded.items())
