"""What a sandbox can take: so many requests at once, so many in a second."""

from __future__ import annotations

import time
from threading import BoundedSemaphore, Lock

from .faults import Fault


class Limits:
    """The limits of a server; a request beyond them waits in a line, or is refused with 429.

    Args:
        at_once: how many requests are worked on at once; None for any number.
        per_second: how many may start in a second, and as many at once; None for any number.
    """

    def __init__(self, at_once: int | None = None, per_second: float | None = None) -> None:
        self._line = BoundedSemaphore(at_once) if at_once else None
        self._per_second = per_second
        self._tokens = per_second or 0.0
        self._at = time.monotonic()
        self._lock = Lock()

    def work(self, seconds: float) -> Fault | None:
        """Take so long for a request, behind those that wait; gives its refusal, if it is one."""
        if self._is_over():
            return Fault(None, "status", status=429, retry_after="1")
        if self._line is not None:
            with self._line:
                time.sleep(seconds)
        elif seconds:
            time.sleep(seconds)
        return None

    def _is_over(self) -> bool:
        if self._per_second is None:
            return False
        with self._lock:
            now = time.monotonic()
            more = (now - self._at) * self._per_second
            self._tokens, self._at = min(self._per_second, self._tokens + more), now
            if self._tokens < 1:
                return True
            self._tokens -= 1
            return False
