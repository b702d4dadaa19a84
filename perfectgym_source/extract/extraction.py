"""One run over the API: the lists that the selected endpoints need, read side by side."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pyarrow as pa

from ..api.client import Client
from ..catalog import ENDPOINTS, Endpoint, table_layout
from ..config.settings import Settings
from ..errors import ApiError, Cancelled, RequestRefused, SignInError, Unavailable
from ..transform.decoder import Batch, Decoder
from ..transform.time_zones import ClubClocks
from .batch_queue import BatchQueue
from .concurrency import ConcurrencyLimiter
from .parents import needs_all_parents, parent_endpoints
from .partitions import Partition
from .reader import ListReader, club_zone
from .report import Failure, Report
from .resource_state import ResourceState
from .state import StoredState

logger = logging.getLogger(__name__)

MAX_FAILURES_IN_A_ROW = 20
"""After so many requests of an endpoint that failed alike, one after another, the rest of it is
left for the next run; so is the rest of all endpoints after as many without any answer."""

NO_ANSWER = (None, 502, 503, 504)
"""The statuses of requests that the API itself has not answered."""


class Extraction:
    """Reads what the selected endpoints need, each list once.

    Args:
        settings: The source's settings.
        client: The client; it is closed with the run.
        selected: The endpoints whose tables are loaded.
        state_of: Returns the stored state of a resource, by name.
        decoder_for: Makes the decoder of an endpoint, given the clubs' clocks and `now`.
        now: The time of the run, with a time zone.
        full_refresh: Resources to be read from the beginning.
        report: Where to write down what was done.
        limit: Read about so many rows of each list only, and hand on no more; for samples.
    """

    def __init__(
        self,
        settings: Settings,
        client: Client,
        selected: Sequence[Endpoint],
        state_of: Callable[[str], StoredState],
        decoder_for: Callable[[Endpoint, ClubClocks, datetime], Decoder],
        now: datetime,
        full_refresh: Collection[str],
        report: Report,
        limit: int | None = None,
    ) -> None:
        self.settings = settings
        self.limit = limit
        self.client = client
        self.now = now
        self.report = report
        self.clocks = ClubClocks(settings.time_zone)
        self._readers: dict[str, ListReader] = {}
        self._error: BaseException | None = None
        self._began_at: dict[str, float] = {}
        self._stopped = threading.Event()
        self._in_a_row: Counter[tuple[str, str]] = Counter()
        self._outage: list[str] = []
        self._given_up: set[str] = set()
        self._has_given_up = False
        self._is_signed_out = False
        self._has_received = False
        self._without_id: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.turns = ConcurrencyLimiter(settings.concurrency, self._stopped.is_set)
        self._pool = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="perfectgym")
        for endpoint in selected:
            consumer = ResourceState(
                endpoint,
                state_of(endpoint.name),
                settings,
                now,
                endpoint.name in full_refresh,
            )
            reader = self._reader_for(endpoint)
            reader.receiver.table = consumer
            reader.receiver.batch_queue = BatchQueue(self, decoder_for(endpoint, self.clocks, now))
            self._attach(endpoint, consumer)
            if endpoint.name != "clubs" and _has_local_times(endpoint):
                self._reader_for(ENDPOINTS["clubs"]).need_all()

    def start(self) -> None:
        """Begin to read, in threads of its own."""
        for name, reader in self._readers.items():
            threading.Thread(target=reader.read, name=f"perfectgym-{name}", daemon=True).start()

    def batches(self, resource: str) -> Iterator[Batch | None]:
        """Decoded batches of a selected resource; None while there is none yet.

        Raises:
            PerfectGymError: The run had to stop: sign-in refused, too many failures, ...
        """
        batch_queue = self.reader(resource).receiver.batch_queue
        assert batch_queue is not None
        for batch in batch_queue.batches():
            if batch is not None:
                with self._lock:
                    self.report.rows.update(batch.rows)
                    self.report.deleted.update(batch.deleted)
                    self.report.removed.update(batch.removed)
                    self.report.unreadable.update(batch.unreadable)
                    self.report.unknown_fields |= batch.unknown_fields
            yield batch
        self.raise_if_failed()

    def finish(self, resource: str) -> None:
        """Write the resource's state, after its last batch has been handed on."""
        table = self.reader(resource).receiver.table
        assert table is not None
        table.save()
        self._note_without_id(resource)
        if resource in self._began_at:
            seconds = time.monotonic() - self._began_at[resource]
            self.report.seconds[resource] = round(seconds, 3)

    def _note_without_id(self, resource: str) -> None:
        if count := self._without_id.pop(resource, 0):
            rows = "1 row has" if count == 1 else f"{count:,} rows have"
            self.warn(f"{resource}: {rows} no id and cannot be loaded.")

    def note_requests(self) -> None:
        """Bring the counts of requests in the report up to date."""
        self.report.requests = Counter(self.client.requests_by_resource)
        self.report.retries = Counter(self.client.retries_by_resource)
        self.report.token_requests = getattr(self.client.auth, "token_requests", 0)

    def close(self) -> None:
        """Stop whatever is under way and give back the connections."""
        self._stopped.set()
        self.client.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.client.close()
        # The destination needs the memory next.
        pa.default_memory_pool().release_unused()

    # What the lists of this run ask of it.

    def reader(self, table: str) -> ListReader:
        """The reader of a list; in user mode the member's own details are the list of users."""
        return self._readers[self._listed(table).name]

    def lists_before(self, endpoint: Endpoint) -> set[str]:
        """The lists that must have been read before this one can be."""
        before = set() if self.is_own(endpoint) else set(parent_endpoints(endpoint))
        if self._takes_own_id(endpoint):
            before.add("users")
        if endpoint.name != "clubs" and "clubs" in self._readers:
            before.add("clubs")
        return before

    def has_reader(self, table: str) -> bool:
        """Whether a list is read in this run."""
        return self._listed(table).name in self._readers

    def own_id(self, endpoint: Endpoint) -> int | None:
        """In user mode, the signed-in member's id, if the endpoint takes it and it is known."""
        return (
            next(iter(self.reader("users").receiver.ids), None)
            if self._takes_own_id(endpoint)
            else None
        )

    def is_own(self, endpoint: Endpoint) -> bool:
        """Whether the endpoint gives the signed-in member's own row, without a parent's id."""
        return len(endpoint.parents) == 1 and self._listed("users") is endpoint

    def is_own_parent(self, endpoint: Endpoint) -> bool:
        """Whether the only parent is the signed-in member, or there is none at all."""
        return not endpoint.parents or any(
            self.settings.mode in parent.implicit_for_modes for parent in endpoint.parents
        )

    def comes_in_every_run(self, endpoint: Endpoint) -> bool:
        """Whether all its parents are asked about in each run, whatever is new of them."""
        return endpoint.always_refresh or self.is_own_parent(endpoint)

    def submit(self, work: Callable[[Partition], None], partition: Partition) -> Future[None]:
        """Do a piece of reading in the pool."""
        return self._pool.submit(work, partition)

    def note_clubs(self, rows: Sequence[Any]) -> None:
        """Learn the clubs' time zones."""
        for row in rows:
            if found := club_zone(row):
                self.clocks.set_club(*found)

    def began(self, resource: str, partitions: int) -> None:
        """The reading of a list begins, of so many partitions."""
        self._began_at[resource] = time.monotonic()
        self.report.partitions[resource] = partitions

    def partition_done(self, resource: str) -> None:
        """The run is through with a partition, however that went."""
        with self._lock:
            self.report.partitions_done[resource] += 1

    def succeeded(self, resource: str) -> None:
        """Reset what counts the failures in a row."""
        self._has_received = True
        if self._in_a_row or self._outage:
            with self._lock:
                self._outage.clear()
                for key in [key for key in self._in_a_row if key[0] == resource]:
                    del self._in_a_row[key]

    def note_answer(self) -> None:
        """Take note that the API has answered: there is no outage."""
        if self._outage:
            with self._lock:
                self._outage.clear()

    def failed(self, resource: str, partition: Partition, error: ApiError | SignInError) -> None:
        """Take note of a piece of reading that failed for good.

        A refused sign-in ends the run, if nothing was received before. Otherwise what was received
        is loaded, and the rest left for the next run.
        """
        if isinstance(error, SignInError) and not self._has_received:
            self.stop(error)
            return
        with self._lock:
            key = (resource, _kind(error))
            self._in_a_row[key] += 1
            if self._in_a_row[key] >= MAX_FAILURES_IN_A_ROW:
                self._given_up.add(resource)
            if isinstance(error, Unavailable) and error.status in NO_ANSWER:
                self._outage.append(resource)
            elif not isinstance(error, SignInError):
                self._outage.clear()
            is_outage = len(self._outage) >= MAX_FAILURES_IN_A_ROW and len(set(self._outage)) > 1
            self._is_signed_out |= isinstance(error, SignInError)
            self._has_given_up |= is_outage or self._is_signed_out
        self.report_failure(resource, partition, error)

    def report_failure(
        self, resource: str, partition: Partition, error: ApiError | SignInError
    ) -> None:
        """Report what could not be read; with `on_error` "raise", end the run."""
        with self._lock:
            self.report.failures.append(Failure(resource, partition, error))
        logger.error("%s", error)
        if self.settings.on_error == "raise":
            self.stop(error)

    def has_given_up(self, resource: str) -> bool:
        """Whether the rest of an endpoint is left for the next run."""
        return self._has_given_up or resource in self._given_up

    def report_postponed(self, resource: str, count: int) -> None:
        """Report the parts of an endpoint that were not requested."""
        why = "the API had stopped answering"
        if self._is_signed_out:
            why = "the sign-in was refused"
        elif resource in self._given_up:
            why = f"{MAX_FAILURES_IN_A_ROW} requests in a row had failed alike"
        error = ApiError(
            f"{count:,} part{'' if count == 1 else 's'} not requested, because {why}",
            hint="The next run requests what is missing.",
            resource=resource,
        )
        self.report_failure(resource, (), error)

    def note_without_id(self, resource: str) -> None:
        """Count a row that cannot be loaded because it has no id."""
        with self._lock:
            self._without_id[resource] += 1

    def warn(self, text: str) -> None:
        """Tell the person something that is no failure."""
        logger.warning("%s", text)
        with self._lock:
            self.report.warnings.append(text)

    def stop(self, error: BaseException) -> None:
        """End the run because of an error; the first one counts."""
        with self._lock:
            if self._error is None and not isinstance(error, Cancelled):
                self._error = error
        self._stopped.set()
        self.client.stop.set()

    @property
    def is_stopped(self) -> bool:
        """Whether the run ends early."""
        return self._stopped.is_set()

    def raise_if_failed(self) -> None:
        """Raise the error that ended the run."""
        if self._error is not None:
            raise self._error
        if self.is_stopped:
            raise Cancelled("The run was stopped.")

    def _takes_own_id(self, endpoint: Endpoint) -> bool:
        return self.settings.mode == "user" and endpoint.own_parent is not None

    def _listed(self, table: str) -> Endpoint:
        if table == "users" and self.settings.mode == "user":
            return ENDPOINTS["user_details"]
        return ENDPOINTS[table]

    def _reader_for(self, endpoint: Endpoint) -> ListReader:
        if endpoint.name not in self._readers:
            self._readers[endpoint.name] = ListReader(self, endpoint)
        return self._readers[endpoint.name]

    def _attach(self, endpoint: Endpoint, consumer: ResourceState) -> None:
        """Attach an endpoint to the lists whose ids it needs, and these to theirs."""
        if self.is_own(endpoint):
            return
        if self._takes_own_id(endpoint):
            self._reader_for(self._listed("users")).attach(consumer, True)
        needs_all = needs_all_parents(endpoint) or self.is_own_parent(endpoint)
        for table in parent_endpoints(endpoint):
            above = self._listed(table)
            self._reader_for(above).attach(consumer, needs_all)
            self._attach(above, consumer)


def _kind(error: ApiError | SignInError) -> str:
    """What tells failures that have the same cause."""
    return f"{type(error).__name__} {error.status if isinstance(error, RequestRefused) else ''}"


def _has_local_times(endpoint: Endpoint) -> bool:
    return any(
        column.kind == "datetime"
        for table in table_layout(endpoint).with_children()
        for column in table.columns()
    )
