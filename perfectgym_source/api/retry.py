"""The retry policy: which failures may pass, how many attempts are made, and the waits between.

An attempt returns what it received, or `RetryableFailure` with the reason. Nothing is raised in
between: exceptions of `requests` hold the request, and with it the password or the token.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

TOO_MANY = 429
"""The status of a request that is refused because there were too many."""

OVERLOADED = frozenset((503, 504))
"""The statuses of a server that had no time for a request."""

TRANSIENT = frozenset((408, TOO_MANY))
"""The 4xx statuses that say "later", not "no"."""

SESSION_ENDED = frozenset((401, 498, 499))
"""The statuses of a request whose token does not hold, or no longer."""

CHECK_ADDRESS = "Check base_url (or subdomain)."
CHECK_PROXY = "Check the proxy setting (HTTPS_PROXY)."
RUN_LATER = "The API cannot be reached or is overloaded; run again later."


@dataclass(frozen=True)
class RetryableFailure:
    """An attempt that failed in a way that may pass.

    Attributes:
        reason: Why, in a few words that hold nothing secret.
        retry_after: How long the server asks to be left alone, in seconds.
        status: The HTTP status, if there was a response.
        hint: What to do about it, if that is known.
        is_unsent: Whether it failed before anything of the request was sent.
        is_timeout: Whether there was no response within the time limit.
    """

    reason: str
    retry_after: float | None = None
    status: int | None = None
    hint: str = ""
    is_unsent: bool = False
    is_timeout: bool = False


@dataclass(frozen=True)
class RetryPolicy:
    """How often to try and how long to wait.

    Attributes:
        attempts: How many attempts there are, the first included.
        retry_wait: Upper end of the first wait; it doubles with each further one (full jitter).
        max_retry_wait: No wait is longer, whatever the server asks for.
    """

    attempts: int
    retry_wait: float
    max_retry_wait: float

    def longest_wait(self, attempt: int) -> float:
        """Return the most seconds to wait after an attempt that failed; they double each time."""
        doublings = min(attempt - 1, 64)  # a float holds no more than 1,023 of them
        return min(self.retry_wait * 2.0**doublings, self.max_retry_wait)

    def wait_after(self, attempt: int, failure: RetryableFailure) -> float:
        """Return the seconds to wait after an attempt that failed: at random up to the longest
        wait, but no less than the server asks for."""
        backoff = random.uniform(0, self.longest_wait(attempt))
        return min(max(failure.retry_after or 0.0, backoff), self.max_retry_wait)


def retry_call(
    send: Callable[[], T | RetryableFailure],
    policy: RetryPolicy,
    what: object,
    sleep: Callable[[float], None],
    on_failure: Callable[[RetryableFailure, float], None] | None = None,
) -> T | RetryableFailure:
    """Call `send` until it returns something else than `RetryableFailure`, or the attempts are used
    up.

    Args:
        send: Makes one attempt.
        policy: How often, and with which waits.
        what: The name of the operation; its `str` is logged.
        sleep: Waits that many seconds.
        on_failure: Called after each failed attempt with the failure and the delay before the next
            one.

    Returns:
        What `send` returned last.
    """
    for attempt in count(1):
        outcome = send()
        if not isinstance(outcome, RetryableFailure):
            return outcome
        seconds = policy.wait_after(attempt, outcome)
        if on_failure is not None:
            on_failure(outcome, seconds)
        if attempt >= policy.attempts:
            return outcome
        logger.info(
            "%s: attempt %d of %d: %s; again in %.1f s",
            what,
            attempt,
            policy.attempts,
            outcome.reason,
            seconds,
        )
        sleep(seconds)
    raise AssertionError("unreachable")


def is_transient(status: int) -> bool:
    """Return whether the same request may succeed a little later."""
    return status in TRANSIENT or status >= 500


def limit_hint(status: int, wait: float | None) -> str:
    """Return what to do where the API limits requests; empty if the status does not say so.

    Args:
        status: The status of the response.
        wait: How many seconds it asks to wait, if it does.
    """
    if status != TOO_MANY:
        return ""
    when = f"after {wait / 3600:,.1f} hours, as it asks" if wait and wait >= 360 else "later"
    return f"The API limits requests: run again {when}, or set a lower requests_per_second."


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for.

    Args:
        value: The header: seconds, or an HTTP date.
        now: The time of day that a date is compared with, in seconds since the epoch.

    Returns:
        Zero for a date that has passed; None without a header, and for one that makes no sense.

    Example:
        >>> retry_after("2")
        2.0
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text).timestamp() if text.endswith("GMT") else None
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment is None:
        return None
    return max(0.0, moment - (time.time() if now is None else now))
