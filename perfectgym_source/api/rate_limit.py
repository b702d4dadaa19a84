"""The rate limit of all threads together: requests are spaced out, and a pause stops all."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock


class RateLimiter:
    """Lets requests start at a limited rate. Threads share it.

    Args:
        requests_per_second: How many may start over all threads; 0 for no limit.
        clock: Seconds that only grow.
        sleep: Waits that many seconds; may raise, to end a wait early.

    Example:
        >>> limiter = RateLimiter(20)
        >>> limiter.wait()  # at most 20 of these a second return
    """

    def __init__(
        self,
        requests_per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1 / requests_per_second if requests_per_second > 0 else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._next = clock()
        self._paused_until = self._next

    def wait(self) -> None:
        """Return when the next request may start.

        A thread takes a slot and sleeps until then. If a pause was ordered meanwhile, it takes
        another slot behind the pause.
        """
        delay = self._take_slot()
        while delay > 0:
            self._sleep(delay)
            delay = self._take_slot() if self._is_paused() else 0.0

    def pause(self, seconds: float) -> None:
        """Let no request start for so long; a longer pause that runs already is not cut short."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)
            self._next = max(self._next, self._paused_until)

    def _take_slot(self) -> float:
        with self._lock:
            now = self._clock()
            slot = max(self._next, now)
            self._next = slot + self._interval
            return slot - now

    def _is_paused(self) -> bool:
        with self._lock:
            return self._clock() < self._paused_until
