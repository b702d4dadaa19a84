"""The limit of requests a second: the configured one, and the one that refusals show.

A server that refuses requests because they are too many (status 429) has a limit that nobody has
told. It is found as TCP CUBIC finds the capacity of a line: less than what was served, back to it
in a while, and carefully beyond it.
"""

from __future__ import annotations

import math

RECOVERY = 20.0
"""Seconds after a refusal until as many requests a second start as were served before it."""

SHARE = 0.7
"""After a refusal, so much of what was served before it, as in TCP CUBIC; while nothing is served,
half of that after each further one."""

LEAST_RATE = 0.5
"""Refusals lower the limit to so many requests a second, no further."""

MEMORY = 5.0
"""The requests a second that are served are those of about so many seconds."""


class RateLimit:
    """Decides when the next request may start. Not thread-safe; all times are of one clock.

    Args:
        most: How many requests may start in a second; 0 for no limit.
        now: The current time.
    """

    def __init__(self, most: float, now: float) -> None:
        self._most = most or math.inf
        self._began_at = self._next = self._paused_until = now
        self._peak = math.inf
        self._share = SHARE
        self._is_served = True
        self._refused_at = -math.inf
        self._served = 0.0
        self._served_at = now

    def rate(self, now: float) -> float:
        """Return how many requests may start in a second; infinity for no limit."""
        if self._peak == math.inf:
            return self._most
        since = (now - max(self._refused_at, self._paused_until)) / RECOVERY - 1
        step = 0.5 if since > 0 else 1 - self._share
        found = self._peak * (1 + step * max(since, -1.0) ** 5)
        return min(self._most, max(found, LEAST_RATE))

    def delay(self, now: float) -> float:
        """Return the seconds until the next request may start."""
        return max(self._next, self._paused_until) - now

    def start(self, now: float) -> None:
        """Record that a request starts."""
        interval = 1 / self.rate(now)
        # A start that is late by less than an interval does not delay those that follow, unless
        # the server counts strictly.
        late = interval if self._peak == math.inf else 0.0
        self._next = max(self._next, now - late) + interval

    def pause(self, until: float) -> None:
        """Let no request start until then; a longer pause that runs already is not cut short."""
        self._paused_until = max(self._paused_until, until)

    def serve(self, now: float) -> None:
        """Record that a request was served."""
        self._served = self._served_by(now) + 1
        self._served_at = now
        self._is_served = True

    def refuse(self, started: float, now: float) -> bool:
        """Lower the rate, once for all requests that were under way together.

        Args:
            started: When the refused request started.
            now: The current time.

        Returns:
            Whether the rate was lowered.
        """
        if started < self._refused_at:
            return False
        if self._is_served:
            # At the beginning, there is less than that to remember.
            seconds = MEMORY * -math.expm1((self._began_at - now) / MEMORY)
            served = max(self._served_by(now), 1.0) / seconds if seconds > 0 else LEAST_RATE
            self._peak = max(served, LEAST_RATE)
            self._share = SHARE
        else:  # until one is served, refusals show no other limit
            self._share /= 2
        self._is_served = False
        self._refused_at = now
        return True

    def _served_by(self, now: float) -> float:
        return self._served * math.exp((self._served_at - now) / MEMORY)
