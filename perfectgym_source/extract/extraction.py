"""One extraction: which endpoints are read, in which order, on which threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from ..catalog import Endpoint, table_layout
from ..transform.decoder import Batch, Decoder
from .batch_queue import BatchQueue
from .context import ExtractContext
from .progress import ExtractProgress, progress_of
from .reading.reader import EndpointReader
from .state.resource_state import ResourceState
from .state.stored import StoredState


class Extraction:
    """Reads the selected endpoints and those whose ids they need, each once.

    Args:
        context: The context; its client is closed with the extraction.
        selected: The endpoints whose tables are loaded.
        state_of: Returns the stored state of a resource, by name.
        decoder_for: Makes the decoder of an endpoint.
        full_refresh: Resources to be read from the beginning.
    """

    def __init__(
        self,
        context: ExtractContext,
        selected: Sequence[Endpoint],
        state_of: Callable[[str], StoredState],
        decoder_for: Callable[[Endpoint, ExtractContext], Decoder],
        full_refresh: Collection[str] = (),
    ) -> None:
        self.context = context
        self._api = context.settings.api
        self._readers: dict[str, EndpointReader] = {}
        self._pool = ThreadPoolExecutor(
            context.settings.concurrency, thread_name_prefix="perfectgym"
        )
        for endpoint in selected:
            state = ResourceState(
                endpoint,
                state_of(endpoint.name),
                context.settings,
                context.now,
                endpoint.name in full_refresh,
            )
            decoder = decoder_for(endpoint, context)
            router = self._reader_for(endpoint).router
            router.table = state
            router.batch_queue = BatchQueue(decoder, context.failures, context.limit)
            self._attach(endpoint, state)
            zones = self._api.zones
            if zones and not context.has_zones(endpoint) and _has_local_times(endpoint):
                self._reader_for(self._api.endpoints[zones.endpoint]).need_all()

    def start(self) -> None:
        """Start to read, in one thread for each endpoint and a pool for its partitions."""
        for name, reader in self._readers.items():
            threading.Thread(target=reader.read, name=f"perfectgym-{name}", daemon=True).start()

    def batches(self, resource: str) -> Iterator[Batch | None]:
        """Yield the decoded batches of a selected resource; None while there is none yet.

        Raises:
            PerfectGymError: The extraction was stopped: sign-in refused, too many failures, ...
        """
        batch_queue = self.reader(resource).router.batch_queue
        assert batch_queue is not None
        for batch in batch_queue.batches():
            if batch is not None:
                self.context.record_batch(batch)
            yield batch
        self.context.failures.raise_if_stopped()

    def finish(self, resource: str) -> None:
        """Write the resource's state, after its last batch has been handed on."""
        table = self.reader(resource).router.table
        assert table is not None
        table.save()
        self.context.finished(resource)

    def close(self) -> None:
        """Stop all threads and close the connections."""
        self.context.client.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.context.client.close()
        # The destination needs the memory next; readers refer to each other, so that they would
        # stay until Python searches for such circles.
        for reader in self._readers.values():
            reader.router.release()
        pa.default_memory_pool().release_unused()

    def progress(self) -> ExtractProgress:
        """Return how far the extraction is now."""
        finished = {name for name, reader in self._readers.items() if reader.done.is_set()}
        return progress_of(self.context, list(self._readers), finished)

    def reader(self, name: str) -> EndpointReader:
        """Return the reader of an endpoint, or of its stand-in."""
        return self._readers[self.context.read_for(name).name]

    def _reader_for(self, endpoint: Endpoint) -> EndpointReader:
        if endpoint.name not in self._readers:
            reader = EndpointReader(self.context, endpoint, self._readers, self._pool)
            self._readers[endpoint.name] = reader
        return self._readers[endpoint.name]

    def _attach(self, endpoint: Endpoint, state: ResourceState) -> None:
        """Attach a resource to the endpoints whose ids it needs, and to their parents."""
        context = self.context
        if context.is_own_row(endpoint):
            return
        if own := context.own_parent(endpoint):
            self._reader_for(self._api.endpoints[own]).attach(state, True)
        needs_all = context.reads_all(endpoint) or len(endpoint.parents) > 1
        for name in context.parents(endpoint):
            parent = self._api.endpoints[name]
            self._reader_for(parent).attach(state, needs_all)
            self._attach(parent, state)


def _has_local_times(endpoint: Endpoint) -> bool:
    return any(
        column.kind == "datetime"
        for table in table_layout(endpoint).with_children()
        for column in table.columns()
    )
