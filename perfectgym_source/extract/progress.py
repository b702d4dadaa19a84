"""How far an extraction is, what is left to request, and the collector that shows it."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import dlt
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from dlt.common.runtime.collector import NULL_COLLECTOR
from dlt.common.runtime.collector_base import Collector
from dlt.common.storages.exceptions import CurrentLoadPackageStateNotAvailable

from ..api.client import Statistics
from ..api.pace.congestion import CongestionControl
from ..catalog import Endpoint
from .context import ExtractContext

MEASURED = 20
"""After so many partitions, the requests that each of them takes are known."""

WINDOW = 30.0
"""The current pace is that of so many seconds."""

SHORTEST_WINDOW = 5.0
"""In less time, too few requests are made to tell a pace."""


@dataclass(frozen=True)
class Estimate:
    """A number of requests.

    Attributes:
        count: The number.
        is_least: Whether there may be more.
    """

    count: int
    is_least: bool = False

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(self.count + other.count, self.is_least or other.is_least)


NOTHING = Estimate(0)
SOMETHING = Estimate(0, is_least=True)


@dataclass(frozen=True)
class EndpointProgress:
    """How far the reading of one endpoint is.

    Attributes:
        endpoint: The endpoint.
        rows: Rows received; of a list that has to be complete, as soon as it is.
        pages: Requests, without those that were repeated.
        done: Partitions that have been read.
        partitions: Partitions to be read; None while the lists that it depends on are being read.
        is_finished: Whether all has been read.
    """

    endpoint: Endpoint
    rows: int = 0
    pages: int = 0
    done: int = 0
    partitions: int | None = None
    is_finished: bool = False

    @property
    def is_at_work(self) -> bool:
        """Return whether it is being read now."""
        return self.partitions is not None and not self.is_finished

    @property
    def parents(self) -> str:
        """Return what its partitions are, in the plural; empty if it has only one."""
        parents = self.endpoint.parents
        return "" if not parents else parents[0].table if len(parents) == 1 else "lists"

    def left(self, connections: int) -> Estimate:
        """Return how many requests are left.

        Args:
            connections: So many partitions are read at once, at most.
        """
        if self.is_finished:
            return NOTHING
        if self.partitions is None or not self.parents:
            return SOMETHING
        left = max(0, self.partitions - self.done)
        least, is_least = requests_each(self.endpoint)
        each: float = least
        if self.done >= MEASURED:
            # Some of the pages belong to partitions that are being read.
            each = max(each, self.pages / (self.done + min(left, connections)))
            is_least = False
        return Estimate(round(left * each), is_least and left > 0)


@dataclass(frozen=True)
class ExtractProgress:
    """How far an extraction is.

    Attributes:
        endpoints: Each endpoint that is read.
        requests: Requests so far.
        connections: How many requests may run at once.
        possible_pace: Requests a second that the settings and the responses so far allow; None if
            nothing is known.
        is_sample: Whether only some rows of each endpoint are read.
    """

    endpoints: Sequence[EndpointProgress]
    requests: int
    connections: int
    possible_pace: float | None = None
    is_sample: bool = False

    @property
    def rows(self) -> int:
        """Return the rows received."""
        return sum(each.rows for each in self.endpoints)

    @property
    def has_waiting(self) -> bool:
        """Return whether the partitions of an endpoint are not known yet."""
        return any(each.partitions is None and not each.is_finished for each in self.endpoints)

    @property
    def left(self) -> Estimate:
        """Return how many requests are left; of a sample, it is not known."""
        if self.is_sample:
            return SOMETHING
        return sum((each.left(self.connections) for each in self.endpoints), NOTHING)


def requests_each(endpoint: Endpoint) -> tuple[int, bool]:
    """Return how many requests each partition of an endpoint takes, and whether it is a minimum."""
    return len(endpoint.request_variants), endpoint.paginator != "single"


def possible_pace(congestion: CongestionControl, statistics: Statistics) -> float | None:
    """Return the requests a second that the settings and the responses so far allow.

    Args:
        congestion: That of the client.
        statistics: Those of the client.

    Returns:
        None if there is no limit, and no response yet.
    """
    limits = [congestion.rate] if congestion.rate < math.inf else []
    if statistics.seconds_responding:
        mean = statistics.seconds_responding / statistics.responses
        limits.append(congestion.likely_limit / mean)
    return min(limits, default=None)


class Pace:
    """The current number of requests a second, while there is enough to request."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def observe(self, now: float, progress: ExtractProgress) -> float | None:
        """Return the pace: the observed one, or the possible one until there is one; None while
        no request gets through.

        Args:
            now: Seconds that only grow.
            progress: How far the extraction is now.
        """
        samples = self._samples
        if progress.left.count < progress.connections:
            # The lists of the company are read one page after the other.
            samples.clear()
        samples.append((now, progress.requests))
        while now - samples[0][0] > WINDOW:
            samples.popleft()
        seconds, requests = now - samples[0][0], progress.requests - samples[0][1]
        if seconds < SHORTEST_WINDOW:
            return progress.possible_pace
        return requests / seconds or None


class ExtractCollector(Collector):
    """A dlt progress collector that looks by itself how far an extraction is."""

    @abstractmethod
    def follow(self, progress: Callable[[], ExtractProgress]) -> None:
        """Show an extraction until the step ends.

        Args:
            progress: Returns how far it is; any thread may call it.
        """


def show_progress(progress: Callable[[], ExtractProgress]) -> None:
    """Let the collector of the pipeline that extracts follow an extraction, if it can."""
    collector = _collector()
    if isinstance(collector, ExtractCollector):
        collector.follow(progress)


def progress_of(
    context: ExtractContext, endpoints: Collection[str], finished: Collection[str]
) -> ExtractProgress:
    """Return how far an extraction is now.

    Args:
        context: The extraction.
        endpoints: The names of all endpoints that it reads.
        finished: Those that have been read.
    """
    client, report, settings = context.client, context.report, context.settings
    return ExtractProgress(
        endpoints=[
            EndpointProgress(
                settings.api.endpoints[name],
                rows=report.received[name],
                pages=client.requests_by_resource[name] - client.retries_by_resource[name],
                done=report.partitions_done[name],
                partitions=report.partitions.get(name),
                is_finished=name in finished,
            )
            for name in endpoints
        ],
        requests=client.statistics.requests,
        connections=settings.concurrency,
        possible_pace=possible_pace(client.congestion, client.statistics),
        is_sample=context.limit is not None,
    )


def _collector() -> Collector:
    try:
        dlt.current.load_package_state()
    except CurrentLoadPackageStateNotAvailable:
        return NULL_COLLECTOR
    # `dlt.current.pipeline` would resolve a new pipeline's settings first.
    return Container()[PipelineContext].pipeline().collector
