"""Partitions: the combinations of parent ids that an endpoint is requested with."""

from __future__ import annotations

Partition = tuple[int, ...]
"""The parent ids of one request, in the order of the endpoint's parents."""


def partition_key(partition: Partition, variant: int = 0) -> str:
    """Return a partition as text, for the state.

    Args:
        partition: The parent ids.
        variant: The index of the request variant.
    """
    return "|".join(map(str, partition)) + (f"#{variant}" if variant else "")


def partition_of(key: str) -> Partition:
    """Return the partition whose `partition_key`, without a request variant, is `key`."""
    return tuple(map(int, key.split("|"))) if key else ()
