"""Congestion control: how many requests of all threads are under way, and when the next starts."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from threading import Condition

from .rate_limit import RateLimit
from .window import Window

LOOK = 0.1
"""Seconds after which a waiting thread looks whether the run was stopped."""

PATIENCE = 1.0
LATE = 8
"""A request that has been under way for so many seconds, and for so many times the mean latency, is
late: in its place another may start, so that a few slow lists do not hold up all others."""


@dataclass
class Turn:
    """A request that is under way.

    Attributes:
        number: Its number, in the order in which requests start.
        started: When it started.
        under_way: How many were under way then, with itself.
        has_connection: Whether a connection was open for it.
        seconds: How long it took from its first byte to the last byte of the response.
        kind: The kind of a response that can be compared with others.
        is_served: Whether the server accepted the request, whatever it responded.
        is_refused: Whether the server refused it because there were too many (status 429).
        is_overloaded: Whether the server had no time for it.
    """

    number: int
    started: float
    under_way: int
    has_connection: bool
    seconds: float = 0.0
    kind: Hashable = None
    is_served: bool = False
    is_refused: bool = False
    is_overloaded: bool = False


class CongestionControl:
    """Lets requests start: as many at a time, and as many a second, as the server can take.

    Threads share it.

    Args:
        most: The most requests that may be under way.
        requests_per_second: How many may start in a second; 0 for no limit.
        is_stopped: Whether the run ends early; then no thread waits any longer.
        clock: Returns seconds that only grow.
        processor: Returns the seconds of processor time that the process has used.
        sleep: Waits that many seconds; may raise, to end a wait early.

    Attributes:
        refusals: How many times the pace was lowered because the server refused requests, or had
            no time for them.
        seconds_paused: How long no request could start because the server had asked for a pause.

    Example:
        control = CongestionControl(most=16, requests_per_second=0)
        with control.turn() as turn:
            response = session.send(request)
            turn.kind, turn.is_served = "classes", True
    """

    def __init__(
        self,
        most: int,
        requests_per_second: float,
        is_stopped: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.process_time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        now = clock()
        self.refusals = 0
        self.seconds_paused = 0.0
        self._most = most
        self._window = Window(most, now, processor)
        self._rate_limit = RateLimit(requests_per_second, now)
        self._is_stopped = is_stopped
        self._clock = clock
        self._sleep = sleep
        self._condition = Condition()
        self._under_way: dict[int, float] = {}
        self._latency = 0.0
        self._connections = 0
        self._paused_until = now
        self._first_at = self._last_at = now

    @property
    def slowdowns(self) -> int:
        """Return how many times the number of requests was lowered because of the latency."""
        return self._window.slowdowns

    @property
    def requests_per_second(self) -> float:
        """Return the requests that have started, over the time from the first to the last end."""
        seconds = self._last_at - self._first_at
        return self._window.started / seconds if seconds > 0 else 0.0

    @property
    def limit(self) -> int:
        """Return how many requests may be under way now."""
        return self._window.limit

    @property
    def likely_limit(self) -> int:
        """Return how many may be under way later, as far as that is known."""
        return self._window.likely

    @property
    def rate(self) -> float:
        """Return how many requests may start in a second; infinity for no limit."""
        with self._condition:
            return self._rate_limit.rate(self._clock())

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait until a request may start; the block sends it, and records what became of it."""
        while isinstance(turn := self.try_start(), float):
            if turn < math.inf:
                self._sleep(turn)
            else:
                self._wait()
        try:
            yield turn
        finally:
            self.end(turn)

    def try_start(self) -> Turn | float:
        """Return the turn of a request that starts now.

        Otherwise return the seconds after which one may; infinity if another has to end first.
        """
        with self._condition:
            now = self._clock()
            if self._is_full(now) and not self._is_stopped():
                return math.inf
            if (delay := self._rate_limit.delay(now)) > 0:
                return delay
            self._rate_limit.start(now)
            number = self._window.start()
            if number == 1:
                self._first_at = now
            self._under_way[number] = now
            under_way = len(self._under_way)
            has_connection = under_way <= self._connections
            self._connections = max(self._connections, under_way)
            return Turn(number, now, under_way, has_connection)

    def end(self, turn: Turn) -> None:
        """Record that a request has ended."""
        with self._condition:
            now, before = self._clock(), self._window.limit
            del self._under_way[turn.number]
            self._last_at = now
            if turn.is_served:
                self._latency += (turn.seconds - self._latency) / LATE
                self._rate_limit.serve(now)
            if turn.is_refused:
                self.refusals += self._rate_limit.refuse(turn.started, now)
            elif turn.is_overloaded:
                self.refusals += self._window.halve(turn.started, now)
            kind = turn.kind if turn.has_connection else None
            self._window.end(turn.number, kind, turn.seconds, turn.under_way, now)
            self._condition.notify(max(1, 1 + self._window.limit - before))

    def pause(self, seconds: float) -> None:
        """Let no request start for so long."""
        with self._condition:
            now = self._clock()
            until = now + seconds
            self.seconds_paused += max(0.0, until - max(now, self._paused_until))
            self._paused_until = max(self._paused_until, until)
            self._rate_limit.pause(until)

    def _wait(self) -> None:
        with self._condition:
            if self._is_full(self._clock()) and not self._is_stopped():
                self._condition.wait(LOOK)

    def _is_full(self, now: float) -> bool:
        """Return whether as many requests are under way as may be."""
        limit = self._window.limit
        if len(self._under_way) < limit:
            return False
        began = now - max(PATIENCE, LATE * self._latency)
        late = sum(1 for _ in takewhile(lambda start: start < began, self._under_way.values()))
        return len(self._under_way) >= min(limit + min(late, limit), self._most)
