"""Asking again: which waits lie between attempts, and how the attempts are counted.

Whoever sends gives back what it got, or `RetryableFailure` with the reason. Nothing is raised in
between:
exceptions of `requests` hold the request, and with it the password or the token.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Optional, TypeVar, Union

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

SESSION_ENDED = frozenset((401, 498, 499))
"""The statuses of a request whose token does not hold, or no longer."""

CHECK_ADDRESS = "Check base_url (or subdomain)."


@dataclass(frozen=True)
class RetryableFailure:
    """An attempt that failed in a way that may pass.

    Attributes:
        reason: Why, in a few words that hold nothing secret.
        retry_after: How long the server asks to be left alone, in seconds.
        status: The HTTP status, if there was an answer.
        hint: What to do about it, if that is known.
        is_unsent: Whether it failed before anything of the request was sent.
    """

    reason: str
    retry_after: Optional[float] = None
    status: Optional[int] = None
    hint: str = ""
    is_unsent: bool = False


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


def retry_call(
    send: Callable[[], Union[T, RetryableFailure]],
    policy: RetryPolicy,
    what: object,
    sleep: Callable[[float], None],
    on_failure: Optional[Callable[[RetryableFailure, float], None]] = None,
) -> Union[T, RetryableFailure]:
    """Call `send` until it gives something else than `RetryableFailure`, or the attempts are used
    up.

    Args:
        send: Makes one attempt.
        policy: How often, and with which waits.
        what: What is tried; its `str` is logged.
        sleep: Waits that many seconds.
        on_failure: Told of each failed attempt: why, and the seconds that a next one has to wait.

    Returns:
        What `send` gave last.
    """
    # Most attempts succeed: tenacity, which takes its time, comes in when one has failed.
    first = send()
    if not isinstance(first, RetryableFailure):
        return first
    outcomes: list[Union[T, RetryableFailure]] = [first]
    backoff = wait_random_exponential(multiplier=policy.retry_wait, max=policy.max_retry_wait)

    def wait(state: RetryCallState) -> float:
        asked = _failure(state).retry_after or 0.0
        return min(max(asked, backoff(state)), policy.max_retry_wait)

    def tell(state: RetryCallState) -> None:
        failure, number, seconds = _failure(state), state.attempt_number, state.upcoming_sleep
        logger.info(
            "%s: attempt %d of %d: %s; again in %.1f s",
            what,
            number,
            policy.attempts,
            failure.reason,
            seconds,
        )
        if on_failure is not None:
            on_failure(failure, seconds)

    def give_up(state: RetryCallState) -> RetryableFailure:
        if on_failure is not None:
            on_failure(_failure(state), wait(state))
        return _failure(state)

    retrying = Retrying(
        stop=stop_after_attempt(policy.attempts),
        wait=wait,
        retry=retry_if_result(lambda outcome: isinstance(outcome, RetryableFailure)),
        retry_error_callback=give_up,
        before_sleep=tell,
        sleep=sleep,
    )
    return retrying(lambda: outcomes.pop() if outcomes else send())


def _failure(state: RetryCallState) -> RetryableFailure:
    outcome = state.outcome.result() if state.outcome is not None else None
    assert isinstance(outcome, RetryableFailure)
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


def failure_of(error: Exception) -> RetryableFailure:
    """Return what happened to a request that got no whole answer, and what to do about it.

    The error's own text is not used: that of proxy errors holds the proxy's password.
    """
    links = list(_links(error))
    for explain in (_of_proxy_setting, _of_certificate, _of_connection):
        if found := explain(links):
            return found
    for kind, words in _FAILURES:
        if isinstance(error, kind):
            return RetryableFailure(words)
    return RetryableFailure(f"the connection failed ({type(error).__name__})")


_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (urllib3.exceptions.ReadTimeoutError, "no answer within the time limit"),
    (urllib3.exceptions.DecodeError, "the answer is damaged"),
    (urllib3.exceptions.SSLError, "the TLS connection broke off"),
    (urllib3.exceptions.ProtocolError, "the answer broke off"),
    (requests.exceptions.Timeout, "no answer within the time limit"),
    (requests.exceptions.SSLError, "the TLS connection failed"),
    (requests.exceptions.ChunkedEncodingError, "the answer broke off"),
    (requests.exceptions.ContentDecodingError, "the answer is damaged"),
    (requests.exceptions.ConnectionError, "the connection broke off"),
)

_CHECK_PROXY = "Check the proxy setting (HTTPS_PROXY)."
_CHECK_CERTIFICATE = (
    "Check base_url (or subdomain), the clock of this machine, and its certificates "
    "(REQUESTS_CA_BUNDLE)."
)
_CHECK_NETWORK = "Check base_url (or subdomain) and the network, or run again later."


def _links(error: object) -> Iterator[BaseException]:
    """An error of `requests`, and those that it wraps, from the outside in."""
    seen: list[BaseException] = []
    while isinstance(error, BaseException) and error not in seen:
        seen.append(error)
        yield error
        inner = (
            getattr(error, "reason", None),
            getattr(error, "original_error", None),
            *error.args,
            error.__cause__,
        )
        error = next((link for link in inner if isinstance(link, BaseException)), None)


def _first(links: list[BaseException], *kinds: type[BaseException]) -> Any:
    return next((link for link in links if isinstance(link, kinds)), None)


def _of_proxy_setting(links: list[BaseException]) -> Optional[RetryableFailure]:
    if _first(
        links,
        requests.exceptions.InvalidProxyURL,
        requests.exceptions.InvalidSchema,
        urllib3.exceptions.ProxySchemeUnknown,
    ):
        return RetryableFailure(
            "the proxy setting is no usable address", hint=_CHECK_PROXY, is_unsent=True
        )
    return None


def _of_certificate(links: list[BaseException]) -> Optional[RetryableFailure]:
    refused: Optional[ssl.SSLCertVerificationError] = _first(links, ssl.SSLCertVerificationError)
    if refused is not None:
        return RetryableFailure(
            f"the certificate of {_server(links)} is not accepted: {refused.verify_message}",
            hint=_CHECK_CERTIFICATE,
            is_unsent=True,
        )
    broken: Optional[ssl.SSLError] = _first(links, ssl.SSLError)
    if broken is not None and isinstance(broken.reason, str):
        why = broken.reason.lower().replace("_", " ")
        return RetryableFailure(
            f"the TLS connection to {_server(links)} failed: {why}", hint=_CHECK_NETWORK
        )
    return None


def _of_connection(links: list[BaseException]) -> Optional[RetryableFailure]:
    """What kept a connection from being made: nothing of the request was sent."""
    is_proxy = _first(links, urllib3.exceptions.ProxyError) is not None
    failed = _first(links, urllib3.exceptions.ConnectTimeoutError)
    if failed is None and not is_proxy:
        return None
    server = _server(links)
    named = f"the proxy {server}" if is_proxy else server
    unknown: Optional[socket.gaierror] = _first(links, socket.gaierror)
    system: Optional[OSError] = _first(links, OSError) if failed is None else failed.__cause__
    hint = _CHECK_PROXY if is_proxy else _CHECK_NETWORK
    if unknown is not None:
        name = server.rpartition(":")[0]
        whose = f"the name {name} of the proxy" if is_proxy else f"the name {name}"
        if unknown.errno == socket.EAI_AGAIN:
            reason = f"{whose} cannot be looked up (is the network up?)"
        else:
            reason = f"{whose} does not resolve"
            hint = hint if is_proxy else CHECK_ADDRESS
    elif tunnel := re.search(r"Tunnel connection failed: ([0-9]{3})", str(_first(links, OSError))):
        reason = f"{named} refuses the connection (status {tunnel[1]})"
    elif isinstance(system, TimeoutError):
        reason = f"no connection to {named} within the time limit"
    elif isinstance(system, OSError) and system.errno:
        reason = f"no connection to {named}: {os.strerror(system.errno)}"
    else:
        reason = f"no connection to {named}"
    return RetryableFailure(reason, hint=hint, is_unsent=True)


def _server(links: list[BaseException]) -> str:
    """Host and port of the server, or of the proxy, to which there is no connection."""
    pool = getattr(_first(links, urllib3.exceptions.MaxRetryError), "pool", None)
    proxy = getattr(pool, "proxy", None)
    is_proxy = proxy is not None and _first(links, urllib3.exceptions.ProxyError) is not None
    place = proxy if is_proxy else pool
    if place is None:
        return "the server"
    return f"{place.host}:{place.port}"
