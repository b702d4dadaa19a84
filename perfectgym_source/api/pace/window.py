"""The number of requests that may be under way, fitted to the server as TCP fits its window.

It grows while responses are about as quick as the quickest, and shrinks when they become slower
(TCP Vegas); then it grows half of the way back to what was too many (TCP BIC). Whether the server
is slow because of these requests is tried out: where fewer of them at a time are not answered more
quickly, it is slow by itself, and that is the new measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from .latency import Latencies, Level

LEAST_ROUND = 4
MOST_ROUND = 100
"""A decision is made after so many responses: the more they vary, the later."""

LATE = 8
"""Of so many requests, the slowest one is not waited for."""

PRECISION = 0.1
"""The standard error of the latency that a decision is made on; twice that at the start."""

SURE, VERY_SURE = 2, 3
"""A difference of so many standard errors is no accident."""

GROWS = math.log(1.25)
"""Up to so many times the least latency, more requests may be under way."""

SHRINKS = math.log(1.4)
"""Beyond so many times the least latency, twice in a row, there are too many."""

TARGET = math.log(1.15)
"""Fewer requests are to bring the latency to so many times the least one."""

LEAST_CHANGE = 0.75
"""A smaller change for fewer requests would show nothing."""

RELIEF = 0.25
"""Half as many requests are quicker by this share of a half, at least, if they were too many."""

IN_VAIN = 2
"""After so many changes in vain, the server is slow by itself."""

BETTER = 0.16
"""What is quicker than the least latency by so much is the new least one."""

FIRST_HOLD = 4
LONGEST_HOLD = 16
"""Rounds until as many are tried as were too many before; they double each time."""

TRIAL = 32
"""After so many rounds, half as many requests are tried for one."""

BUSY = 0.75
"""From so much processor time a second on, latency may be due to this process itself."""

SMOOTHING = 0.25


@dataclass(frozen=True)
class _Change:
    """A change for fewer requests: what was before it."""

    size: int
    level: float
    is_trial: bool

    def is_in_vain(self, level: float, size: int) -> bool:
        """Return whether fewer requests were not answered more quickly."""
        return self.level - level < RELIEF * math.log(self.size / size)


class Window:
    """The number of requests that may be under way. Not thread-safe; all times are of one clock.

    Args:
        most: The largest number.
        now: The current time.
        processor: Returns the seconds of processor time that the process has used.

    Attributes:
        limit: How many requests may be under way.
        started: How many have started so far.
        slowdowns: How many times the number was lowered because of the latency.
    """

    def __init__(self, most: int, now: float, processor: Callable[[], float]) -> None:
        self.limit = 1
        self.started = 0
        self.slowdowns = 0
        self._most = most
        self._ceiling = math.inf
        self._next_hold = FIRST_HOLD
        self._hold = self._over = self._in_vain = self._untried = self._learned = 0
        self._latencies = Latencies()
        self._least: float | None = None
        self._variance: float | None = None
        self._change: _Change | None = None
        self._halved_at = -math.inf
        self._processor = processor
        self._used = 0.0
        self._first = self._last = self._needed = self._most_used = 0
        self._round: list[tuple[Hashable, float]] = []
        self._begin_round(now)

    @property
    def likely(self) -> int:
        """Return how many may be under way later, as far as that is known."""
        return self._most if self._ceiling == math.inf else self.limit

    @property
    def _is_searching(self) -> bool:
        """Return whether no number has been too many so far."""
        return self._ceiling == math.inf and self.limit < self._most

    def start(self) -> int:
        """Record that a request starts, and return its number."""
        self.started += 1
        return self.started

    def end(self, number: int, kind: Hashable, seconds: float, under_way: int, now: float) -> None:
        """Record that a request has ended, and decide if enough have since the last decision.

        Args:
            number: The number of the request.
            kind: Requests of one kind take about the same time; None if it tells nothing.
            seconds: How long it took.
            under_way: How many requests were under way when it started, with itself.
            now: The current time.
        """
        if not self._first < number <= self._last:
            return
        if kind is None or seconds <= 0:
            self._last += 1
            return
        self._round.append((kind, math.log(seconds)))
        self._most_used = max(self._most_used, under_way)
        if len(self._round) < self._needed:
            return
        used = self._processor() - self._used
        if used < BUSY * (now - self._began_at):
            self._decide(self._latencies.level(self._round))
        self._begin_round(now)

    def halve(self, started: float, now: float) -> bool:
        """Halve the number, once for all requests that were under way together.

        Args:
            started: When the request started that shows that there are too many.
            now: The current time.

        Returns:
            Whether it was lowered.
        """
        if started < self._halved_at:
            return False
        self._halved_at = now
        self._change = None
        self._ceiling = self.limit
        self._shrink(self.limit / 2)
        self._begin_round(now)
        return True

    def _begin_round(self, now: float) -> None:
        self._began_at = now
        self._used = self._processor()
        self._round = []
        self._most_used = 0
        precision = PRECISION * (2 if self._is_searching else 1)
        needed = min(MOST_ROUND, (self._variance or 0.0) / precision**2)
        self._needed = max(LEAST_ROUND, self.limit, math.ceil(needed))
        # Of the first requests, all but the slowest: the first responses would be the quick ones.
        self._first = self.started
        self._last = self._first + self._needed + max(1, self._needed // LATE)

    def _decide(self, level: Level) -> None:
        """Fit the number to the level of a round."""
        change, self._change = self._change, None
        self._untried += 1
        error = self._error(level)
        slowdown = self._measured(level, error, change)
        if slowdown < max(GROWS, SURE * error):
            slowdown = self._learn(level, slowdown, change is not None and change.is_trial)
        if change is not None and (change.is_trial or self._in_vain):
            self.limit = change.size
            return
        self._over = self._over + 1 if slowdown > max(SHRINKS, SURE * error) else 0
        if self._over > 1 or slowdown > max(2 * SHRINKS, VERY_SURE * error):
            self._over = 0
            self._reduce(level.value, slowdown)
        elif slowdown < GROWS and self._most_used >= self.limit < self._most and self._may_grow():
            self.limit = min(self.limit + self._step(), self._most)
        else:
            self._try_half(level.value)

    def _error(self, level: Level) -> float:
        """Return the standard error of what a level is more than the least one."""
        variance = max(self._variance or 0.0, level.variance or 0.0)
        return math.sqrt(variance / len(self._round) + variance / max(self._learned, LEAST_ROUND))

    def _measured(self, level: Level, error: float, change: _Change | None) -> float:
        """Return how much more than the least latency a level is, and correct the least one."""
        value = level.value
        self._least = value if self._least is None else self._least - level.moved
        if not self._is_searching and value < self._least - max(BETTER, VERY_SURE * error):
            self._search(value + error)
        elif self._most_used <= 1 and value > self._least + GROWS:
            self._search(value)  # one request alone is never too many
        elif change is not None and change.is_in_vain(value, self.limit):
            self._in_vain += 1
            if self._in_vain >= IN_VAIN:
                self._search(value)
        elif change is not None and not change.is_trial:
            self._in_vain = 0
            self._ceiling, self._hold = change.size, self._next_hold
            self._next_hold = min(2 * self._next_hold, LONGEST_HOLD)
        return value - self._least

    def _search(self, least: float) -> None:
        """Begin anew with another least latency."""
        self._least, self._ceiling, self._next_hold = least, math.inf, FIRST_HOLD
        self._learned = len(self._round)

    def _learn(self, level: Level, slowdown: float, is_trial: bool) -> float:
        """Learn from a level that is about the least one, and return the slowdown as it is then."""
        self._in_vain = 0
        if self._variance is None:
            self._variance = level.variance
        elif level.variance is not None:
            self._variance += (level.variance - self._variance) * SMOOTHING
        is_alone = self._most_used <= 1
        if self._least is None or not (self._is_searching or is_trial or is_alone):
            return slowdown
        # Rounds are short: the least latency is the mean of several of them.
        self._learned = min(self._learned + len(self._round), MOST_ROUND)
        step = slowdown * len(self._round) / self._learned
        self._least += step
        return slowdown - step

    def _reduce(self, level: float, slowdown: float) -> None:
        self.slowdowns += 1
        size = min(self.limit, self._most_used)
        self._change = _Change(size, level, is_trial=False)
        self._shrink(size * min(math.exp(TARGET - slowdown), LEAST_CHANGE))

    def _shrink(self, size: float) -> None:
        self.limit = max(1, round(size))

    def _step(self) -> int:
        """Return how many more requests are tried: twice as many where nothing is known, half of
        the way to what was too many (TCP BIC), and one beyond it."""
        if self._ceiling == math.inf:
            return self.limit
        return max(1, min(self.limit, int(self._ceiling - self.limit) // 2))

    def _may_grow(self) -> bool:
        """Return whether one more request may be tried: as many as were too many, after a while."""
        if self.limit + 1 < self._ceiling:
            return True
        self._hold -= 1
        return self._hold < 0

    def _try_half(self, level: float) -> None:
        """From time to time, try half as many requests for a round: the least latency may be a
        different one by now."""
        if self._untried >= TRIAL and self._most_used > 1:
            self._untried = 0
            self._change = _Change(self.limit, level, is_trial=True)
            self.limit = max(1, min(self.limit, self._most_used) // 2)
