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


def check_vanished(endpoint: Endpoint, vanished: int, loaded: int) -> None:
    """Raise if so many rows have vanished that the account may have lost a permission.

    Args:
        endpoint: The endpoint.
        vanished: The number of rows that the API no longer has.
        loaded: The number of rows that were loaded.

    Raises:
        ApiError: They are too many.
    """
    if are_too_many(vanished, loaded):
        raise ApiError(
            f"{vanished} of {loaded} rows have vanished from the list at once: none of them is "
            "removed.",
            hint="Is the account still allowed to see them? If it is right, load this resource "
            "with --full-refresh.",
            resource=endpoint.name,
        )


class RowCounts:
    """The number of rows in each partition of a table whose partitions are replaced.

    Args:
        loaded: The numbers at the end of the last run; empty if they are not to be compared.

    Attributes:
        current: The numbers now, without partitions that have no rows.
    """

    def __init__(self, loaded: Mapping[Partition, int]) -> None:
        self._loaded = loaded
        self.current = dict(loaded)
        self._held: list[tuple[Partition, Sequence[Any]]] = []

    def hold(self, partition: Partition, elements: Sequence[Any]) -> bool:
        """Record the list of a partition; keep it if it lost most of its rows.

        Only lists that lost more than half of their rows can bring a table below half.

        Returns:
            Whether it is kept until all lists have been read, for `released`.
        """
        before, now = self._loaded.get(partition, 0), len(elements)
        self.current[partition] = now
        if before <= 2 * now:
            return False
        self._held.append((partition, elements))
        return True

    def forget(self, partition: Partition) -> None:
        """Forget a partition whose rows are removed."""
        self.current.pop(partition, None)

    def released(self, endpoint: Endpoint) -> list[tuple[Partition, Sequence[Any]]]:
        """Return the lists that were kept.

        Raises:
            ApiError: See `check_vanished`.
        """
        held, self._held = self._held, []
        if held:
            check_vanished(endpoint, self._lost(self.current), sum(self._loaded.values()))
        return held

    def are_refused(self, counts: Mapping[Partition, int]) -> bool:
        """Return whether lists with these numbers of rows would be refused."""
        return are_too_many(self._lost(counts), sum(self._loaded.values()))

    def _lost(self, counts: Mapping[Partition, int]) -> int:
        return sum(max(0, n - counts.get(key, 0)) for key, n in self._loaded.items())
