"""The buffer between the threads that read an endpoint and dlt; it collects and decodes rows."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from ..api.json_text import NotJson
from ..api.paging.pages import Page
from ..transform.decoder import Batch, Decoder
from .failures import Failures

BATCH_ROWS = 4_000
"""Larger batches decode a little faster, and more raw rows are in memory at once."""

ITEM_BYTES = 32 << 20
"""The size of what is handed to dlt at once: for each item dlt checks all hints again, which costs
as much as decoding thousands of rows."""


class BatchQueue:
    """The rows of one endpoint on their way to dlt. Threads share it.

    Args:
        decoder: The endpoint's decoder.
        failures: When the extraction is stopped, no thread waits any longer.
        limit: For a sample, the most rows to hand on.
    """

    def __init__(self, decoder: Decoder, failures: Failures, limit: int | None = None) -> None:
        self.decoder = decoder
        self._failures = failures
        self._limit = limit
        self._lock = threading.Lock()
        self._received = 0
        self._pages: list[Page] = []
        self._requests: list[Mapping[str, Any]] = []
        self._emptied: list[Mapping[str, Any]] = []
        self._decoded = threading.Condition()
        self._batches: list[Batch] = []
        self._bytes = 0
        self._is_closed = False

    def add(
        self,
        rows: Page,
        keys: Mapping[str, Any],
        emptied: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Add rows of one response.

        Args:
            rows: The rows.
            keys: The key columns of their request, by name.
            emptied: As for `Decoder.decode`.
        """
        with self._lock:
            if self._limit is not None:
                rows = rows.take(range(min(len(rows), self._limit - self._received)))
            self._received += len(rows)
            if len(rows):
                self._pages.append(rows)
            self._requests += [keys] * len(rows)
            self._emptied += emptied
            is_full = len(self._requests) + len(self._emptied) >= BATCH_ROWS
        if is_full:
            self.flush()

    def flush(self) -> None:
        """Decode what has been collected; wait while dlt has an item to receive."""
        batch = self._decode()
        if batch is None:
            return
        with self._decoded:
            while self._bytes >= ITEM_BYTES and not self._failures.is_stopped:
                self._decoded.wait(0.2)
            self._batches.append(batch)
            self._bytes += sum(table.nbytes for table in batch.tables.values())

    def close(self) -> None:
        """Declare that no rows follow."""
        with self._decoded:
            self._is_closed = True

    def batches(self) -> Iterator[Batch | None]:
        """Yield batches of about `ITEM_BYTES`; None while there is none yet.

        Raises:
            PerfectGymError: The extraction was stopped.
        """
        while True:
            with self._decoded:
                is_last = self._is_closed
                batches = self._batches if is_last or self._bytes >= ITEM_BYTES else []
                if batches:
                    self._batches, self._bytes = [], 0
                    self._decoded.notify_all()
            if batches:
                yield _merged(batches)
            elif not is_last:
                self._failures.raise_if_stopped()
                yield None
            if is_last:
                return

    def _decode(self) -> Batch | None:
        """Decode what has been collected. The raw rows, which are ten times as large, are released
        with this frame: handing on may take a while."""
        with self._lock:
            pages, requests, emptied = self._pages, self._requests, self._emptied
            self._pages, self._requests, self._emptied = [], [], []
        if not (pages or emptied):
            return None
        try:
            return self.decoder.decode(pages, requests, emptied)
        except NotJson as error:
            error.resource = self.decoder.endpoint.name
            raise


def _merged(batches: list[Batch]) -> Batch:
    """Merge batches into one; the list is emptied."""
    merged, tables = Batch(), dict[str, list[pa.Table]]()
    for batch in batches:
        for name, table in batch.tables.items():
            tables.setdefault(name, []).append(table)
        merged.rows.update(batch.rows)
        merged.deleted.update(batch.deleted)
        merged.removed.update(batch.removed)
        merged.unreadable.update(batch.unreadable)
        merged.unknown_fields |= batch.unknown_fields
        merged.without_instant |= batch.without_instant
    batches.clear()
    for name, parts in tables.items():
        # Columns of unknown fields are in some of the tables only.
        merged.tables[name] = pa.concat_tables(parts, promote_options="default")
    return merged
