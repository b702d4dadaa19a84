"""Rows that the next run loads by itself: no difference between the tables and the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

import pendulum

from ..api.client import Client
from ..catalog import Endpoint, Write
from ..config.settings import Settings
from ..extract.context import ExtractContext
from ..extract.deletion_guard import are_too_many
from ..extract.extraction import Extraction
from ..extract.partitions import Partition, partition_key, partition_of
from ..extract.report import Report
from ..extract.state.resource_state import ResourceState
from ..extract.state.stored import StoredState
from ..transform.decoder import Decoder


def next_extraction(
    settings: Settings, endpoints: Sequence[Endpoint], state_of: Callable[[str], StoredState]
) -> Extraction:
    """Make the extraction of the next run, to ask its cursors; it is to be closed, not started.

    Args:
        settings: The source's settings.
        endpoints: The selected endpoints.
        state_of: Returns the state of a resource, as the destination has it.
    """

    def decoder(endpoint: Endpoint, context: ExtractContext) -> Decoder:
        return Decoder(endpoint, context.clocks, privacy=settings.pii)

    now = cast("datetime", pendulum.now("UTC"))
    context = ExtractContext.of(settings, Client(settings), now, Report())
    return Extraction(context, endpoints, state_of, decoder)


class ApiRow(NamedTuple):
    """The facts about a row by which a run decides on it.

    Attributes:
        partition: The ids of its parents, joined by `|`.
        variant: The index of the request variant that returns it; None if it is not known.
        id: Its id; None if it has none.
        version: Its row version in the API; 0 if it has none.
        is_listed: Whether the API returns it at all.
    """

    partition: str
    variant: int | None
    id: int | None
    version: int
    is_listed: bool = True


class NextRun:
    """The decisions of the next run, by its cursors, pending partitions and sweeps.

    Args:
        run: The next run, as `next_extraction` makes it.
        digests: By resource, the digests of the lists that every run reads, as they are now.
        api_rows: Returns the rows of an endpoint that the API has now.
        counts: By resource, how many rows lists that replace rows have now, by partition.
    """

    def __init__(
        self,
        run: Extraction,
        digests: Mapping[str, Mapping[str, str]],
        api_rows: Callable[[Endpoint], Iterable[ApiRow]],
        counts: Mapping[str, Mapping[Partition, int]],
    ) -> None:
        self._run = run
        self._digests = digests
        self._api_rows = api_rows
        self._counts = counts
        self._refused: dict[str, bool] = {}
        self._new: dict[tuple[str, str], set[int]] = {}

    def brings(self, endpoint: Endpoint, row: ApiRow) -> bool:
        """Return whether the next run loads a row, or deletes it, whatever is in the table.

        Args:
            endpoint: A selected endpoint.
            row: Its row.
        """
        partition = self._partition(endpoint, row)
        table = self._run.reader(endpoint.name).router.table
        if partition is None or table is None or not self._is_read(endpoint, partition):
            return False
        if endpoint.has_sweeps and table.is_sweep:
            if not row.is_listed:
                return row.id in table.loaded_ids and not self._is_refused(endpoint, table)
            if endpoint.version_field is None:
                return self._digests.get(endpoint.name) != table.stored_digests
        if endpoint.is_keyset or endpoint.is_full_list:
            is_unknown = endpoint.is_full_list and row.id not in table.loaded_ids
            return row.is_listed and (is_unknown or self._is_new(table, endpoint, partition, row))
        if self._run.context.reads_all(endpoint):
            if self._is_refused(endpoint, table):
                return False
            key = partition_key(partition)
            return self._digests.get(endpoint.name, {}).get(key) != table.stored_digests.get(key)
        return True

    def _is_refused(self, endpoint: Endpoint, table: ResourceState) -> bool:
        """Return whether the next run fails because too many rows have vanished at once."""
        name = endpoint.name
        if name not in self._refused:
            if endpoint.write is Write.REPLACE:
                counts = self._counts.get(name, {})
                refused = not endpoint.is_volatile and table.counts.are_refused(counts)
            else:
                missing = table.loaded_ids - {row.id for row in self._api_rows(endpoint)}
                refused = are_too_many(len(missing), len(table.loaded_ids))
            self._refused[name] = refused
        return self._refused[name]

    def _is_read(self, endpoint: Endpoint, partition: Partition) -> bool:
        """Return whether the next run requests a partition, for any resource."""
        table = self._run.reader(endpoint.name).router.table
        if endpoint.is_periodic and table is not None and not table.is_sweep:
            return partition in table.pending.get(endpoint.name, ())
        if self._run.context.reads_all(endpoint):
            return True
        return any(
            partition in state.pending.get(endpoint.name, ())
            or any(
                identity in self._new_ids(state, self._run.reader(parent.table).endpoint)
                for parent, identity in zip(endpoint.parents, partition)
            )
            for state in self._run.reader(endpoint.name).router.states()
        )

    def _new_ids(self, state: ResourceState, parent: Endpoint) -> set[int]:
        """Return the ids of an endpoint that are new to another one which takes them."""
        key = state.endpoint.name, parent.name
        if key not in self._new:
            router = self._run.reader(parent.name).router
            loaded = frozenset() if router.table is None else router.table.loaded_ids
            known = router.parent_ids.known_to(state, loaded)
            self._new[key] = {
                row.id
                for row in self._api_rows(parent)
                if row.id is not None
                and (partition := self._partition(parent, row)) is not None
                and (
                    (known is not None and row.id not in known)
                    or self._is_new(state, parent, partition, row)
                )
                and self._is_read(parent, partition)
            }
        return self._new[key]

    def _is_new(
        self, state: ResourceState, endpoint: Endpoint, partition: Partition, row: ApiRow
    ) -> bool:
        """Return whether a row is new to a resource, once its partition is read.

        If the row's request variant is not known, it is new only if it is new to all of them.
        """
        cursors = state.cursor(endpoint.name)
        variants = range(len(endpoint.request_variants)) if endpoint.is_keyset else (0,)
        return all(
            cursors[partition_key(partition, index)].is_new(row.version, row.id or 0, state.overlap)
            for index in variants
            if row.variant in (None, index)
        )

    def _partition(self, endpoint: Endpoint, row: ApiRow) -> Partition | None:
        """Return the partition of the request that returns a row; None if ids are missing."""
        if self._run.context.is_own_row(endpoint):
            return ()
        partition = partition_of(row.partition)
        return partition if len(partition) == len(endpoint.parents) else None
