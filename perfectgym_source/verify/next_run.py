"""What the next run brings by itself: no difference between the tables and the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ..catalog import Endpoint
from ..extract.extraction import Extraction
from ..extract.partitions import Partition, partition_key, partition_of
from ..extract.resource_state import ResourceState


class ApiRow(NamedTuple):
    """A row as far as a run decides by it.

    Attributes:
        partition: The parents' ids, joined by `|`.
        variant: The index of the request variant that gives it; None if the row does not tell.
        id: Its id; None if it has none.
        version: Its row version in the API; 0 if it has none.
        is_listed: Whether the API gives it at all.
    """

    partition: str
    variant: int | None
    id: int | None
    version: int
    is_listed: bool = True


class NextRun:
    """Asks the cursors, the pending parts and the sweeps that the next run will go by.

    Args:
        run: The next run: with the state that the destination holds, and never started.
        digests: By resource, the digests of the lists that every run reads, as they are now.
        listed: Gives the rows of an endpoint that the API has now.
    """

    def __init__(
        self,
        run: Extraction,
        digests: Mapping[str, Mapping[str, str]],
        listed: Callable[[Endpoint], Iterable[ApiRow]],
    ) -> None:
        self._run = run
        self._digests = digests
        self._listed = listed
        self._new: dict[tuple[str, str], set[int]] = {}

    def brings(self, endpoint: Endpoint, row: ApiRow) -> bool:
        """Return whether the next run loads a row, or removes it, whatever the table holds.

        Args:
            endpoint: A selected endpoint.
            row: Its row.
        """
        partition = self._unit(endpoint, row)
        table = self._run.reader(endpoint.name).router.table
        if partition is None or table is None or not self._is_read(endpoint, partition):
            return False
        if endpoint.is_keyset or endpoint.is_full_list:
            is_unknown = endpoint.is_full_list and row.id not in table.loaded_ids
            return row.is_listed and (is_unknown or self._is_new(table, endpoint, partition, row))
        if self._run.context.reads_all(endpoint):
            key = partition_key(partition)
            return self._digests[endpoint.name].get(key) != table.stored_digests.get(key)
        return True

    def _is_read(self, endpoint: Endpoint, partition: Partition) -> bool:
        """Whether the next run asks for a part of a list, for its table or for another one."""
        if self._run.context.reads_all(endpoint):
            return True
        return any(
            partition in consumer.pending.get(endpoint.name, ())
            or any(
                identity in self._new_ids(consumer, self._run.reader(parent.table).endpoint)
                for parent, identity in zip(endpoint.parents, partition)
            )
            for consumer in self._run.reader(endpoint.name).router.consumers()
        )

    def _new_ids(self, consumer: ResourceState, parent: Endpoint) -> set[int]:
        """The ids of a list that are new to an endpoint which takes them."""
        key = consumer.endpoint.name, parent.name
        if key not in self._new:
            self._new[key] = {
                row.id
                for row in self._listed(parent)
                if row.id is not None
                and (partition := self._unit(parent, row)) is not None
                and self._is_new(consumer, parent, partition, row)
                and self._is_read(parent, partition)
            }
        return self._new[key]

    def _is_new(
        self, consumer: ResourceState, endpoint: Endpoint, partition: Partition, row: ApiRow
    ) -> bool:
        """Whether a row is new to a consumer, once its part of the list is read.

        If the row does not tell by which variant it comes, it is new only if it is to all of them.
        """
        cursors = consumer.cursor(endpoint.name)
        variants = range(len(endpoint.request_variants)) if endpoint.is_keyset else (0,)
        return all(
            cursors[partition_key(partition, number)].is_new(
                row.version, row.id or 0, consumer.overlap
            )
            for number in variants
            if row.variant in (None, number)
        )

    def _unit(self, endpoint: Endpoint, row: ApiRow) -> Partition | None:
        """The parents' ids of the request that gives a row; None if some are missing."""
        if self._run.context.is_own_row(endpoint):
            return ()
        partition = partition_of(row.partition)
        return partition if len(partition) == len(endpoint.parents) else None
