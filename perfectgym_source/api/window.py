"""The number of requests that may be under way, fitted to the server as TCP fits its window.

It grows while responses are about as quick as the quickest, and shrinks when they become slower
(TCP Vegas). Whether the server is slow because of these requests is tried out: where fewer of them
at a time are not answered more quickly, it is slow by itself, and that is the new measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from .latency import Latencies, Level, standard_error

LEAST_ROUND = 4
MOST_ROUND = 100
"""A decision is made after so many responses: the more they vary, the later."""

PRECISION = 0.1
"""The standard error of the latency that a decision is made on; twice that at the start."""

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
"""After so many rounds without a change, half as many requests are tried for one."""

BUSY = 0.75
"""From so much processor time a second on, latency may be due to this process itself."""

SMOOTHING = 0.25


@dataclass(frozen=True)
class _Change:
    """A change for fewer requests: what was before it."""

    size: float
    level: float
    is_trial: bool


class Window:
    """The number of requests that may be under way. Not thread-safe; all times are of one clock.

    Args:
        most: The largest number.
        now: The current time.
        processor: Returns the seconds of processor time that the process has used.

    Attributes:
        limit: How many requests may be under way.
        slowdowns: How many times the number was lowered because of the latency.
    """

    def __init__(self, most: int, now: float, processor: Callable[[], float]) -> None:
        self.limit = 1
        self.slowdowns = 0
        self._most = most
        self._doubles_below = most
        self._ceiling = math.inf
        self._next_hold = FIRST_HOLD
        self._hold = self._over = self._in_vain = self._unchanged = self._learned = 0
        self._latencies = Latencies()
        self._least: float | None = None
        self._variance: float | None = None
        self._change: _Change | None = None
        self._halved_at = -math.inf
        self._processor = processor
        self._most_used = 0
        self._begin_round(now)

    @property
    def is_new(self) -> bool:
        """Return whether no decision has been made yet."""
        return self._least is None

    @property
    def likely(self) -> int:
        """Return how many may be under way later, as far as that is known."""
        return self._most if self.limit < self._doubles_below else self.limit

    def respond(
        self, kind: Hashable, started: float, seconds: float, under_way: int, now: float
    ) -> None:
        """Record a response, and decide if enough of them have arrived since the last decision.

        Args:
            kind: Requests of one kind take about the same time.
            started: When the request started.
            seconds: How long it took.
            under_way: How many requests were under way when it started, with itself.
            now: The current time.
        """
        if started < self._began_at or seconds <= 0:
            return
        self._round.append((kind, math.log(seconds)))
        self._most_used = max(self._most_used, under_way)
        precision = PRECISION * (2 if self.limit < self._doubles_below else 1)
        needed = min(MOST_ROUND, (self._variance or 0.0) / precision**2)
        if len(self._round) < max(LEAST_ROUND, self.limit, needed):
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
        self._shrink(self.limit / 2)
        self._begin_round(now)
        return True

    def _begin_round(self, now: float) -> None:
        self._began_at = now
        self._used = self._processor()
        self._round: list[tuple[Hashable, float]] = []
        self._most_used = 0

    def _decide(self, level: Level) -> None:
        """Fit the number to the level of a round."""
        change, self._change = self._change, None
        error = standard_error(self._variance or 0.0, len(self._round))
        slowdown = self._measured(level, error, change)
        if change is not None and change.is_trial:
            self.limit = int(change.size)
            return
        if slowdown < max(GROWS, 2 * error):
            slowdown = self._learn(level, slowdown)
        self._over = self._over + 1 if slowdown > SHRINKS else 0
        if self._over > 1 or slowdown > 2 * SHRINKS:
            self._over = 0
            self._reduce(level.value, slowdown)
        elif slowdown < GROWS and self._most_used >= self.limit < self._most and self._may_grow():
            self._unchanged = 0
            doubled = min(2 * self.limit, max(self._doubles_below, self.limit + 1))
            self.limit = min(doubled, self._most)
        else:
            self._try_half(level.value)

    def _measured(self, level: Level, error: float, change: _Change | None) -> float:
        """Return how much more than the least latency a level is, and correct the least one."""
        value = level.value
        least = value if self._least is None else self._least - level.moved
        if value < least - max(BETTER, 2 * error):
            least, self._ceiling, self._next_hold = value + error, math.inf, FIRST_HOLD
            self._learned = 0
        elif change is not None and _is_in_vain(change, value, self.limit):
            self._in_vain += 1
            if self._in_vain >= IN_VAIN:
                least, self._ceiling, self._in_vain = value, math.inf, 0
        elif change is not None and not change.is_trial:
            self._in_vain = 0
            self._ceiling, self._hold = change.size, self._next_hold
            self._next_hold = min(2 * self._next_hold, LONGEST_HOLD)
        self._least = least
        return value - least

    def _learn(self, level: Level, slowdown: float) -> float:
        """Learn from a level that is about the least one, and return the slowdown as it is then."""
        self._in_vain = 0
        if self._variance is None:
            self._variance = level.variance
        elif level.variance is not None:
            self._variance += (level.variance - self._variance) * SMOOTHING
        if self.limit >= self._doubles_below or self._least is None:
            return slowdown
        # The first rounds are short: the least latency is the mean of several of them.
        self._learned += len(self._round)
        step = slowdown * len(self._round) / self._learned
        self._least += step
        return slowdown - step

    def _reduce(self, level: float, slowdown: float) -> None:
        if self._most_used <= 1:  # one request alone is never too many
            self._least = level
            return
        self.slowdowns += 1
        self._change = _Change(self.limit, level, is_trial=False)
        share = min(math.exp(TARGET - slowdown), LEAST_CHANGE)
        self._shrink(min(self.limit, self._most_used) * share)

    def _shrink(self, size: float) -> None:
        self.limit = self._doubles_below = max(1, round(size))
        self._unchanged = 0

    def _may_grow(self) -> bool:
        """Return whether one more request may be tried: as many as were too many, after a while."""
        if self.limit + 1 < self._ceiling:
            return True
        self._hold -= 1
        return self._hold < 0

    def _try_half(self, level: float) -> None:
        """From time to time, try half as many requests for a round: the least latency may be a
        different one by now."""
        self._unchanged += 1
        if self._unchanged >= TRIAL and self._most_used > 1:
            self._unchanged = 0
            self._change = _Change(self.limit, level, is_trial=True)
            self.limit = max(1, min(self.limit, self._most_used) // 2)


def _is_in_vain(change: _Change, level: float, limit: int) -> bool:
    """Return whether fewer requests were not answered more quickly."""
    return change.level - level < RELIEF * math.log(change.size / limit)
