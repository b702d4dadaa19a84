"""The limit of threads that read at once: no more than have something to wait for.

Python runs one thread at a time. That does not slow threads that wait for responses; but where
responses arrive faster than they can be decoded, threads only take the interpreter from each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition
from types import TracebackType

PERIOD = 0.05
"""Seconds between two measurements of the processor time, and until a thread yields to another."""

SATURATED = 0.95
"""From so much processor time a second on, fewer threads would be as fast."""

IDLE = 0.75
"""Below it, more threads would be faster."""


class ConcurrencyLimiter:
    """A limit of the threads that read at once; each thread enters it while it reads.

    Args:
        most: The most threads that may read at once, as long as they wait for the network.
        is_stopped: Whether the run ends early; then no thread waits any longer.
        clock: Returns seconds that only grow.
        processor: Returns the seconds of processor time that the process has used.

    Attributes:
        limit: The number of threads that may read now.

    Example:
        >>> with limiter:
        ...     for page in pages:
        ...         receive(page)
        ...         limiter.yield_slot()
    """

    def __init__(
        self,
        most: int,
        is_stopped: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.process_time,
    ) -> None:
        self.limit = most
        self._most = most
        self._is_stopped = is_stopped
        self._clock = clock
        self._processor = processor
        self._condition = Condition()
        self._reading = 0
        self._waiting = 0
        self._measured_at = clock(), processor()

    def __enter__(self) -> ConcurrencyLimiter:
        with self._condition:
            if self._reading >= self.limit:
                self._wait()
            self._reading += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._condition:
            self._reading -= 1
            self._condition.notify()

    def yield_slot(self) -> None:
        """Yield to another thread, if one has waited for a period, or too many are reading."""
        with self._condition:
            is_over = self._measure()
            if self._reading > self.limit or (is_over and self._waiting):
                self._reading -= 1
                self._condition.notify()
                self._wait()
                self._reading += 1

    def _wait(self) -> None:
        """Wait behind the others, and measure: a limit must not outlast its reason."""
        self._waiting += 1
        while True:
            self._condition.wait(PERIOD)
            self._measure()
            if self._reading < self.limit or self._is_stopped():
                break
        self._waiting -= 1

    def _measure(self) -> bool:
        """Fit the limit to the processor time of the last period, if one is over."""
        now, used = self._clock(), self._processor()
        since, used_then = self._measured_at
        if now - since < PERIOD:
            return False
        self._measured_at = now, used
        fitting = fitting_limit(self.limit, (used - used_then) / (now - since))
        # Where fewer are reading, a lower limit would change nothing now, and be in the way later.
        if fitting > self.limit or self._reading >= self.limit:
            self.limit = min(fitting, self._most)
            self._condition.notify(max(0, self.limit - self._reading))
        return True


def fitting_limit(limit: int, share: float) -> int:
    """Return the number of threads that should read from now on.

    Args:
        limit: The number that may read so far.
        share: Seconds of processor time that the process has used in each second.
    """
    if share > SATURATED:
        return max(1, limit - 1)
    return limit * 2 if share < IDLE else limit
