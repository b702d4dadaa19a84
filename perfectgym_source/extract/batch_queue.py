"""From the threads that read a list to dlt: rows are collected, decoded and handed on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..api.pages import Rows
from ..transform.decoder import Batch, Decoder

if TYPE_CHECKING:
    from .extraction import Extraction

BATCH_ROWS = 4_000
"""Larger batches decode a little faster, and more raw rows are in memory at once."""
QUEUED_BATCHES = 2


class BatchQueue:
    """The rows of one table on their way to dlt. Threads may share it.

    Args:
        run: The run; when it is stopped, nobody waits any longer.
        decoder: The table's decoder.
    """

    def __init__(self, run: Extraction, decoder: Decoder) -> None:
        self.decoder = decoder
        self._run = run
        self._lock = threading.Lock()
        self._taken = 0
        self._parts: list[Rows] = []
        self._requests: list[Mapping[str, Any]] = []
        self._emptied: list[Mapping[str, Any]] = []
        self._batches: queue.Queue[Batch | None] = queue.Queue(QUEUED_BATCHES)

    def add(
        self,
        rows: Rows,
        keys: Mapping[str, Any],
        emptied: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Take rows of one answer.

        Args:
            rows: The rows.
            keys: The key columns that their request gives.
            emptied: As for `Decoder.decode`.
        """
        with self._lock:
            if self._run.limit is not None:
                rows = rows.take(range(min(len(rows), self._run.limit - self._taken)))
            self._taken += len(rows)
            if len(rows):
                self._parts.append(rows)
            self._requests += [keys] * len(rows)
            self._emptied += emptied
            is_full = len(self._requests) + len(self._emptied) >= BATCH_ROWS
        if is_full:
            self.flush()

    def flush(self) -> None:
        """Decode what has been collected and hand it on."""
        batch = self._decoded()
        if batch is not None:
            self._put(batch)

    def close(self) -> None:
        """Say that nothing more will come."""
        self._put(None)

    def batches(self) -> Iterator[Batch | None]:
        """Decoded batches as they come; None while there is none yet.

        Raises:
            PerfectGymError: The run had to stop.
        """
        while True:
            try:
                batch = self._batches.get_nowait()
            except queue.Empty:
                self._run.raise_if_failed()
                yield None
                continue
            if batch is None:
                return
            yield batch

    def _decoded(self) -> Batch | None:
        """What has been collected. The raw rows, which are ten times as large, go with this frame:
        handing on may take a while."""
        with self._lock:
            parts, requests, emptied = self._parts, self._requests, self._emptied
            self._parts, self._requests, self._emptied = [], [], []
        if not (parts or emptied):
            return None
        return self.decoder.decode(parts, requests, emptied)

    def _put(self, batch: Batch | None) -> None:
        while not self._run.is_stopped:
            try:
                self._batches.put(batch, timeout=0.2)
            except queue.Full:
                continue
            return
