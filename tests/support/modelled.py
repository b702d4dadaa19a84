"""Servers as models, and threads that read them, on a clock of their own: no second is waited.

The threads go through the real congestion control and the real retry policy, as the client does.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from perfectgym_source.api.pace.congestion import CongestionControl, Turn

ROUND_TRIP = 0.005
"""Seconds after which a refusal arrives."""


@dataclass(frozen=True)
class Response:
    """What a server makes of a request: how long it takes, and with which status."""

    seconds: float
    status: int = 200
    retry_after: float | None = None


@dataclass
class Server:
    """A server that answers in the same time, however many requests are under way.

    Attributes:
        latency: Seconds that a request takes that is alone.
        kinds: How many times as long those of each endpoint take.
        noise: The standard deviation of the logarithm of the latency.
        tail: The share of requests that take ten times as long.
    """

    latency: float = 0.1
    kinds: Sequence[float] = (1.0,)
    noise: float = 0.0
    tail: float = 0.0

    def respond(self, now: float, under_way: int, kind: int, chance: random.Random) -> Response:
        """Return the response to a request that arrives now."""
        return Response(self.service(now, kind, chance))

    def service(self, now: float, kind: int, chance: random.Random) -> float:
        """Return the seconds of a request that is alone."""
        seconds = self.latency * self.kinds[kind]
        if self.noise:
            seconds *= chance.lognormvariate(0, self.noise)
        return seconds * (10 if self.tail and chance.random() < self.tail else 1)


@dataclass
class Knee(Server):
    """A server that becomes slower beyond a number of requests at a time.

    Attributes:
        capacity: The number.
        power: 1: twice as many take twice as long.
    """

    capacity: int = 8
    power: float = 1.0

    def respond(self, now: float, under_way: int, kind: int, chance: random.Random) -> Response:
        slower = max(1.0, under_way / self.capacity) ** self.power
        return Response(self.service(now, kind, chance) * slower)


@dataclass
class Queue(Server):
    """A server that works on a number of requests at a time; the others wait in a line."""

    capacity: int = 4
    free_at: list[float] = field(default_factory=list)

    def respond(self, now: float, under_way: int, kind: int, chance: random.Random) -> Response:
        self.free_at = self.free_at or [0.0] * self.capacity
        begins = max(now, heapq.heappop(self.free_at))
        ends = begins + self.service(now, kind, chance)
        heapq.heappush(self.free_at, ends)
        return Response(ends - now)


@dataclass
class Limiter(Server):
    """A server that refuses requests beyond a number in a second, with 429.

    Attributes:
        rate: The number.
        burst: So many more at once.
        asks: Whether it says when to come again.
    """

    rate: float = 10.0
    burst: float = 10.0
    asks: bool = True
    tokens: float = math.nan
    at: float = 0.0

    def respond(self, now: float, under_way: int, kind: int, chance: random.Random) -> Response:
        before = self.burst if math.isnan(self.tokens) else self.tokens
        self.tokens, self.at = min(self.burst, before + (now - self.at) * self.rate), now
        if self.tokens < 1:
            wait = math.ceil((1 - self.tokens) / self.rate)
            return Response(ROUND_TRIP, 429, float(wait) if self.asks else None)
        self.tokens -= 1
        return Response(self.service(now, kind, chance))


@dataclass
class BadHour(Queue):
    """A line that is slower for a while.

    Attributes:
        begins, ends: When.
        times: So many times as slow.
    """

    begins: float = 600.0
    ends: float = 4200.0
    times: float = 5.0

    def service(self, now: float, kind: int, chance: random.Random) -> float:
        slower = self.times if self.begins <= now < self.ends else 1.0
        return super().service(now, kind, chance) * slower


@dataclass
class Window(Server):
    """A server that refuses requests beyond a number within a time, with 429.

    Attributes:
        rate: So many a second.
        seconds: Within so many seconds: the last ones.
        is_fixed: Within each span of so many seconds, as a minute of the clock.
        asks: Whether it says when to come again.
    """

    rate: float = 10.0
    seconds: float = 1.0
    is_fixed: bool = False
    asks: bool = True
    seen: deque[float] = field(default_factory=deque)

    def respond(self, now: float, under_way: int, kind: int, chance: random.Random) -> Response:
        begins = now - self.seconds
        if self.is_fixed:
            begins = math.floor(now / self.seconds) * self.seconds
        while self.seen and self.seen[0] < begins:
            self.seen.popleft()
        if len(self.seen) >= round(self.rate * self.seconds):
            left = (begins if self.is_fixed else self.seen[0]) + self.seconds - now
            return Response(ROUND_TRIP, 429, max(1.0, math.ceil(left)) if self.asks else None)
        self.seen.append(now)
        return Response(self.service(now, kind, chance))


@dataclass
class Deepening(Queue):
    """A line in which each page takes longer than the one before it, twice as long after 500."""

    served: int = 0

    def service(self, now: float, kind: int, chance: random.Random) -> float:
        self.served += 1
        return super().service(now, kind, chance) * (1 + self.served / 500)


@dataclass
class Swapping(Queue):
    """A line whose slow endpoints are the quick ones for half a minute, and the other way round."""

    def service(self, now: float, kind: int, chance: random.Random) -> float:
        swapped = len(self.kinds) - 1 - kind if now // 30 % 2 else kind
        return super().service(now, swapped, chance)


@dataclass
class Bursts(Queue):
    """A line that takes three times as long, and varies, for two of ten seconds."""

    def service(self, now: float, kind: int, chance: random.Random) -> float:
        slower = chance.lognormvariate(math.log(3), 0.5) if now % 10 < 2 else 1.0
        return super().service(now, kind, chance) * slower


@dataclass
class Pausing(Queue):
    """A line that stands still for half a second of ten, as a collection of garbage does."""

    def respond(self, now: float, under_way: int, kind: int, chance: random.Random) -> Response:
        seconds = super().respond(now, under_way, kind, chance).seconds
        since = now % 10
        if since < 0.5:
            seconds += 0.5 - since
        elif since + seconds > 10:
            seconds += 0.5
        return Response(seconds)


@dataclass
class Trace:
    """What happened: each response, and each limit.

    Attributes:
        responses: When each request ended, how long it took, its kind, its status.
        limits: When the limit changed, and to what.
    """

    responses: list[tuple[float, float, int, int]] = field(default_factory=list)
    limits: list[tuple[float, int]] = field(default_factory=list)
    control: Any = None

    def throughput(self, since: float, until: float = math.inf) -> float:
        """Return the requests a second that were served."""
        ends = [end for end, _, _, status in self.responses if since <= end <= until]
        served = sum(1 for end, _, _, s in self.responses if since <= end <= until and s == 200)
        return served / (max(ends) - since)

    def latency(self, since: float, until: float = math.inf) -> float:
        """Return the mean seconds of a request that was served."""
        found = [
            seconds for end, seconds, _, s in self.responses if since <= end <= until and s == 200
        ]
        return sum(found) / len(found)

    def variation(self, since: float, until: float) -> float:
        """Return the coefficient of variation of the limit, over time."""
        spans: list[tuple[float, int]] = []
        for (begin, limit), (end, _) in itertools.pairwise([*self.limits, (until, 0)]):
            length = min(end, until) - max(begin, since)
            if length > 0:
                spans.append((length, limit))
        whole = sum(length for length, _ in spans)
        mean = sum(length * limit for length, limit in spans) / whole
        variance = sum(length * (limit - mean) ** 2 for length, limit in spans) / whole
        return math.sqrt(variance) / mean

    def limit_at(self, when: float) -> int:
        """Return the limit at a time."""
        return [limit for at, limit in self.limits if at <= when][-1]


def read(
    server: Server,
    requests: int,
    most: int = 16,
    seed: int = 1,
    threads: int | None = None,
    seconds: float = math.inf,
    retry_wait: float = 1.0,
) -> Trace:
    """Let threads send requests to a server, as fast as the congestion control lets them.

    Args:
        server: The server.
        requests: So many are served.
        most: The most requests at a time.
        seed: Of all that is by chance.
        threads: How many threads; more than requests may be under way.
        seconds: The longest time.
        retry_wait: See `RetryPolicy`.
    """
    chance = random.Random(seed)
    now = 0.0
    control = CongestionControl(most, 0, clock=lambda: now, processor=lambda: 0.0)
    trace = Trace(limits=[(0.0, control.limit)], control=control)
    order = itertools.count()
    events: list[tuple[float, int, Callable[[], None]]] = []
    parked: list[Callable[[], None]] = []
    under_way = served = 0

    def at(when: float, what: Callable[[], None]) -> None:
        heapq.heappush(events, (when, next(order), what))

    def begin(attempt: int = 1) -> None:
        nonlocal under_way
        turn = control.try_start()
        if isinstance(turn, float):
            if turn == math.inf:
                parked.append(lambda: begin(attempt))
            else:
                at(now + turn, lambda: begin(attempt))
            return
        under_way += 1
        kind = chance.randrange(len(server.kinds))
        response = server.respond(now, under_way, kind, chance)
        at(now + response.seconds, lambda: finish(turn, kind, response, attempt))

    def finish(turn: Turn, kind: int, response: Response, attempt: int) -> None:
        nonlocal under_way, served
        under_way -= 1
        turn.seconds = now - turn.started
        turn.is_served = response.status == 200
        turn.is_refused = response.status == 429
        turn.is_overloaded = response.status == 503
        turn.kind = kind if turn.is_served else None
        control.end(turn)
        trace.responses.append((now, now - turn.started, kind, response.status))
        if control.limit != trace.limits[-1][1]:
            trace.limits.append((now, control.limit))
        waiting = parked.copy()
        parked.clear()
        for each in waiting:
            each()
        if response.status == 200:
            served += 1
            begin()
            return
        wait = max(
            response.retry_after or 0.0, chance.uniform(0, retry_wait * 2.0 ** (attempt - 1))
        )
        if response.status == 429:
            control.pause(wait)
        at(now + wait, lambda: begin(attempt + 1))

    for _ in range(threads or 2 * most):
        at(0.0, begin)
    while served < requests and events and now < seconds:
        now, _, what = heapq.heappop(events)
        what()
    return trace


def read_with(server: Server, requests: int, fixed: int, seed: int = 1) -> Trace:
    """The same with so many requests at a time, whatever a server does that refuses none."""
    chance = random.Random(seed)
    trace = Trace()
    events: list[tuple[float, int, float, int]] = []

    def begin(now: float, number: int) -> None:
        kind = chance.randrange(len(server.kinds))
        response = server.respond(now, len(events) + 1, kind, chance)
        assert response.status == 200
        heapq.heappush(events, (now + response.seconds, number, now, kind))

    for number in range(fixed):
        begin(0.0, number)
    for number in range(fixed, fixed + requests):
        now, _, started, kind = heapq.heappop(events)
        trace.responses.append((now, now - started, kind, 200))
        begin(now, number)
    return trace


def best(
    server_of: Callable[[], Server], requests: int, most: int, seed: int = 1, since: int = 0
) -> tuple[float, float]:
    """Return the best throughput with a fixed number of requests at a time, and the least latency,
    of all requests from the one with the number `since` on.

    Numbers at which the mean latency is more than 1.5 times the least do not count.
    """
    runs = []
    for fixed in range(1, most + 1):
        trace = read_with(server_of(), requests, fixed, seed)
        begin = trace.responses[since][0] if since else 0.0
        runs.append((trace.throughput(begin), trace.latency(begin)))
    least = runs[0][1]
    return max(pace for pace, latency in runs if latency <= 1.5 * least), least
