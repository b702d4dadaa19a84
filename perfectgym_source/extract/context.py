"""The context of one extraction: settings, client, clock, metrics, stop."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ..api.client import Client
from ..api.paging.pages import row_id
from ..catalog import ApiVersion, Endpoint
from ..catalog.coerce import is_blank
from ..catalog.selection import is_own_row, own_parent, parents, read_for
from ..config.settings import Settings
from ..transform.decoder import Batch
from ..transform.time_zones import ClubClocks
from .failures import Failures
from .partitions import Partition
from .report import Report


@dataclass(frozen=True, eq=False)
class ExtractContext:
    """The values that all parts of one extraction share. Threads share it.

    Attributes:
        settings: The source's settings.
        client: The client; its event `stop` ends the extraction.
        now: The time of the extraction, with a time zone.
        report: Records what was done.
        limit: For a sample, about how many rows of each endpoint are read.
        clocks: The clubs' time zones.
        failures: Records failures.
    """

    settings: Settings
    client: Client
    now: datetime
    report: Report
    limit: int | None
    clocks: ClubClocks
    failures: Failures
    _began_at: dict[str, float] = field(default_factory=dict)
    _without_id: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(
        cls,
        settings: Settings,
        client: Client,
        now: datetime,
        report: Report,
        limit: int | None = None,
    ) -> ExtractContext:
        """Return the context of a new extraction; the arguments are the attributes."""
        return cls(
            settings=settings,
            client=client,
            now=now,
            report=report,
            limit=limit,
            clocks=ClubClocks(settings.time_zone),
            failures=Failures(report, client.stop, settings.on_error == "raise"),
        )

    def is_own_row(self, endpoint: Endpoint) -> bool:
        """Return whether an endpoint returns the signed-in member's row, without a parent's id."""
        return is_own_row(self.settings.api, endpoint, self.settings.mode)

    def is_own_parent(self, endpoint: Endpoint) -> bool:
        """Return whether the signed-in member is the only parent, or there is no parent."""
        return not endpoint.parents or any(
            self.settings.mode in parent.implicit_for_modes for parent in endpoint.parents
        )

    def reads_all(self, endpoint: Endpoint) -> bool:
        """Return whether each run requests all partitions of an endpoint."""
        return endpoint.always_refresh or self.is_own_parent(endpoint)

    def own_parent(self, endpoint: Endpoint) -> str | None:
        """Return the endpoint that gives the signed-in member's id for the requests, if any."""
        return own_parent(self.settings.api, endpoint, self.settings.mode)

    def parents(self, endpoint: Endpoint) -> list[str]:
        """Return the endpoints whose ids the requests for an endpoint take."""
        return parents(self.settings.api, endpoint, self.settings.mode)

    def read_for(self, name: str) -> Endpoint:
        """Return the endpoint that is read for the rows of `name`: itself, or its stand-in."""
        return read_for(self.settings.api, name, self.settings.mode)

    def has_zones(self, endpoint: Endpoint) -> bool:
        """Return whether the rows of an endpoint give the clubs' time zones."""
        zones = self.settings.api.zones
        return zones is not None and zones.endpoint == endpoint.name

    def record_zones(self, rows: Sequence[Any]) -> None:
        """Record the clubs' time zones."""
        for row in rows:
            if found := club_zone(self.settings.api, row):
                self.clocks.set_club(*found)

    def today(self, endpoint: Endpoint, partition: Partition) -> date:
        """Return the day that it is where the rows of a partition belong, at its club: the days of
        a request are local ones."""
        zones = self.settings.api.zones
        if endpoint.date_range is None or zones is None:
            return self.now.date()
        parents = (parent.table for parent in endpoint.parents)
        return self.clocks.today(dict(zip(parents, partition)).get(zones.endpoint), self.now)

    def began(self, resource: str, partitions: int) -> None:
        """Record that the reading of an endpoint begins, with its number of partitions."""
        self._began_at[resource] = time.monotonic()
        self.report.partitions[resource] = partitions
        # The report may hold those of an earlier extraction of the same source.
        self.report.partitions_done[resource] = self.report.received[resource] = 0

    def finished(self, resource: str) -> None:
        """Record that an endpoint has been read."""
        if count := self._without_id.pop(resource, 0):
            rows = "1 row has" if count == 1 else f"{count:,} rows have"
            self.failures.warn(f"{resource}: {rows} no id and cannot be loaded.")
        if resource in self._began_at:
            seconds = time.monotonic() - self._began_at[resource]
            self.report.seconds[resource] = round(seconds, 3)

    def partition_done(self, resource: str) -> None:
        """Record a partition as finished, successful or not."""
        with self._lock:
            self.report.partitions_done[resource] += 1

    def record_received(self, resource: str, rows: int) -> None:
        """Count rows that were received."""
        with self._lock:
            self.report.received[resource] += rows

    def has_enough(self, resource: str) -> bool:
        """Return whether a sample has enough rows of an endpoint."""
        return self.limit is not None and self.report.received[resource] >= self.limit

    def record_without_id(self, resource: str) -> None:
        """Count a row that cannot be loaded because it has no id."""
        with self._lock:
            self._without_id[resource] += 1

    def record_batch(self, batch: Batch) -> None:
        """Record what a batch holds."""
        with self._lock:
            self.report.rows.update(batch.rows)
            self.report.deleted.update(batch.deleted)
            self.report.removed.update(batch.removed)
            self.report.unreadable.update(batch.unreadable)
            self.report.unknown_fields |= batch.unknown_fields

    def record_requests(self) -> None:
        """Bring the counts of requests in the report up to date."""
        self.report.requests = Counter(self.client.requests_by_resource)
        self.report.retries = Counter(self.client.retries_by_resource)
        self.report.token_requests = getattr(self.client.auth, "token_requests", 0)
        self.report.requests_per_second = round(self.client.congestion.requests_per_second, 1)
        self.report.slowdowns = self.client.congestion.slowdowns
        self.report.refusals = self.client.congestion.refusals
        self.report.seconds_paused = round(self.client.congestion.seconds_paused, 3)


def club_zone(api: ApiVersion, row: Any) -> tuple[int, str | None] | None:
    """Return the id and the zone's name of a club's row; None if it has no id."""
    if api.zones is None or not isinstance(row, Mapping):
        return None
    if (identity := row_id(row, api.endpoints[api.zones.endpoint].id_field)) is None:
        return None
    names = (row.get(name) for name in api.zones.fields)
    return identity, next((n for n in names if isinstance(n, str) and not is_blank(n)), None)
