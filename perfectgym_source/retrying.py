"""Asking again: which waits lie between attempts, and how the attempts are counted.

Whoever sends gives back what it got, or `Again` with the reason. Nothing is raised in between:
exceptions of `requests` hold the request, and with it the password or the token.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Optional, TypeVar, Union

import requests
import urllib3
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    stop_after_attempt,
    wait_random_exponential,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

TRANSIENT = frozenset((408, 429))
"""The 4xx statuses that say "later", not "no"."""


@dataclass(frozen=True)
class Again:
    """An attempt that failed in a way that may pass.

    Attributes:
        reason: Why, in a few words that hold nothing secret.
        retry_after: How long the server asks to be left alone, in seconds.
        status: The HTTP status, if there was an answer.
    """

    reason: str
    retry_after: Optional[float] = None
    status: Optional[int] = None


@dataclass(frozen=True)
class Patience:
    """How often to try and how long to wait.

    Attributes:
        attempts: How many attempts there are, the first included.
        retry_wait: Upper end of the first wait; it doubles with each further one (full jitter).
        max_retry_wait: No wait is longer, whatever the server asks for.
    """

    attempts: int
    retry_wait: float
    max_retry_wait: float


def keep_trying(
    send: Callable[[], Union[T, Again]],
    patience: Patience,
    what: object,
    sleep: Callable[[float], None],
    on_failure: Optional[Callable[[Again, float], None]] = None,
) -> Union[T, Again]:
    """Call `send` until it gives something else than `Again`, or the attempts are used up.

    Args:
        send: Makes one attempt.
        patience: How often, and with which waits.
        what: What is tried; its `str` is logged.
        sleep: Waits that many seconds.
        on_failure: Told of each failed attempt: why, and the seconds that a next one has to wait.

    Returns:
        What `send` gave last.
    """
    # Most attempts succeed: tenacity, which takes its time, comes in when one has failed.
    first = send()
    if not isinstance(first, Again):
        return first
    outcomes: list[Union[T, Again]] = [first]
    backoff = wait_random_exponential(multiplier=patience.retry_wait, max=patience.max_retry_wait)

    def wait(state: RetryCallState) -> float:
        asked = _failure(state).retry_after or 0.0
        return min(max(asked, backoff(state)), patience.max_retry_wait)

    def tell(state: RetryCallState) -> None:
        failure, number, seconds = _failure(state), state.attempt_number, state.upcoming_sleep
        logger.info(
            "%s: attempt %d of %d: %s; again in %.1f s",
            what,
            number,
            patience.attempts,
            failure.reason,
            seconds,
        )
        if on_failure is not None:
            on_failure(failure, seconds)

    def give_up(state: RetryCallState) -> Again:
        if on_failure is not None:
            on_failure(_failure(state), wait(state))
        return _failure(state)

    retrying = Retrying(
        stop=stop_after_attempt(patience.attempts),
        wait=wait,
        retry=retry_if_result(lambda outcome: isinstance(outcome, Again)),
        retry_error_callback=give_up,
        before_sleep=tell,
        sleep=sleep,
    )
    return retrying(lambda: outcomes.pop() if outcomes else send())


def _failure(state: RetryCallState) -> Again:
    outcome = state.outcome.result() if state.outcome is not None else None
    assert isinstance(outcome, Again)
    return outcome


def is_transient(status: int) -> bool:
    """Whether the same request may succeed a little later."""
    return status in TRANSIENT or status >= 500


def retry_after(value: Optional[str], now: Optional[float] = None) -> Optional[float]:
    """The seconds that a `Retry-After` header asks for.

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


def failure_of(error: Exception) -> str:
    """What happened to a request that got no whole answer, without its text: it may hold secrets.

    The text of proxy errors holds the proxy's password.
    """
    for kind, words in _FAILURES:
        if isinstance(error, kind):
            return words
    return f"the connection failed ({type(error).__name__})"


_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (urllib3.exceptions.ReadTimeoutError, "no answer within the time limit"),
    (urllib3.exceptions.DecodeError, "the answer is damaged"),
    (urllib3.exceptions.SSLError, "the TLS connection broke off"),
    (urllib3.exceptions.ProtocolError, "the answer broke off"),
    (requests.exceptions.ConnectTimeout, "no connection within the time limit"),
    (requests.exceptions.Timeout, "no answer within the time limit"),
    (requests.exceptions.SSLError, "the TLS connection failed (is the certificate valid?)"),
    (requests.exceptions.ProxyError, "the proxy refused the connection"),
    (requests.exceptions.ChunkedEncodingError, "the answer broke off"),
    (requests.exceptions.ContentDecodingError, "the answer is damaged"),
    (requests.exceptions.ConnectionError, "the connection failed or broke off"),
)


def is_cut_off(response: requests.Response) -> bool:
    """Whether fewer bytes came than the answer announced.

    urllib3 raises for it from version 2 on, and not before.
    """
    announced = response.headers.get("Content-Length", "")
    if not re.fullmatch("[0-9]+", announced) or response.request.method == "HEAD":
        return False
    received = response.raw.tell()
    return isinstance(received, int) and received < int(announced)
