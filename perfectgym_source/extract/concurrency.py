"""How many threads read at once: no more than find something to wait for.

Python runs one thread at a time. Threads that wait for answers do not mind; but where answers come
faster than they can be decoded, threads only take the interpreter from each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition
from types import TracebackType

PERIOD = 0.05
"""Seconds between two looks at the processor time, and until a thread lets another one in."""

SATURATED = 0.95
"""From so much processor time a second on, fewer threads would do as much."""

IDLE = 0.75
"""Below it, more threads would do more."""


class ConcurrencyLimiter:
    """Lets threads read, each in its turn; entered by each thread while it reads.

    Args:
        most: So many threads may read at once, as long as they wait for the network.
        is_stopped: Whether the run ends early; then nobody waits any longer.
        clock: Seconds that only grow.
        processor: Seconds of processor time that the process has used.

    Attributes:
        limit: How many threads may read now.

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
        self._looked_at = clock(), processor()

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
        """Let another thread in, if one has waited for a period, or too many are reading."""
        with self._condition:
            is_over = self._look()
            if self._reading > self.limit or (is_over and self._waiting):
                self._reading -= 1
                self._condition.notify()
                self._wait()
                self._reading += 1

    def _wait(self) -> None:
        """Wait behind the others; who waits sees to it that a limit does not outlast its reason."""
        self._waiting += 1
        while True:
            self._condition.wait(PERIOD)
            self._look()
            if self._reading < self.limit or self._is_stopped():
                break
        self._waiting -= 1

    def _look(self) -> bool:
        """Fit the limit to the processor time of the last period, if one is over."""
        now, used = self._clock(), self._processor()
        since, used_then = self._looked_at
        if now - since < PERIOD:
            return False
        self._looked_at = now, used
        fitting = fitting_limit(self.limit, (used - used_then) / (now - since))
        # Where fewer are reading, a lower limit would change nothing now, and be in the way later.
        if fitting > self.limit or self._reading >= self.limit:
            self.limit = min(fitting, self._most)
            self._condition.notify(max(0, self.limit - self._reading))
        return True


def fitting_limit(limit: int, share: float) -> int:
    """How many threads should read from now on.

    Args:
        limit: How many may read so far.
        share: Seconds of processor time that the process has used in each second.
    """
    if share > SATURATED:
        return max(1, limit - 1)
    return limit * 2 if share < IDLE else limit
