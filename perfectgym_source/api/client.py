"""One way to the API: a session for all threads that paces, retries, and checks what comes back."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from threading import Event, Lock
from types import TracebackType
from typing import Any, Optional, Union
from urllib.parse import urlencode

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from ..config.settings import Settings
from ..errors import ApiError, Cancelled, RequestRefused, Unavailable
from .auth import USER_AGENT, PasswordGrantAuth, unsigned
from .pages import RowParser, Rows
from .rate_limit import RateLimiter
from .response_errors import Call, error_from_body, error_from_response
from .responses import (
    BAD_UTF8,
    elements_of,
    errors_of,
    holds_errors,
    parse,
    read_body,
)
from .retry import RetryableFailure, RetryPolicy, failure_of, retry_call

logger = logging.getLogger(__name__)

MOST_BYTES = 64 << 20
"""The longest answer that is taken, unpacked: a page has 100 rows of a few kilobytes."""

MOST_TIMEOUTS = 10
"""An answer may take so many times the read timeout from its first byte to its last."""


@dataclass
class Statistics:
    """What a client has done so far.

    Attributes:
        requests: Requests sent; the token's own are not among them.
        retries: How many of them repeated one that had failed.
        seconds_waited: Time that all threads together have waited for their turn or for a retry.
    """

    requests: int = 0
    retries: int = 0
    seconds_waited: float = 0.0


class Client:
    """Reads from the API; shared by all threads.

    Args:
        settings: Where the API is, and how patient to be with it.
        auth: Signs the requests. Default: the password grant with the account of the settings.
        sleep: Waits that many seconds, instead of on `stop`.

    Attributes:
        auth: What signs the requests.
        statistics: What was done so far.
        requests_by_resource: Requests sent, by resource.
        retries_by_resource: Those of them that repeated one that had failed.
        stop: When set, waits end and further requests raise `Cancelled`.

    Example:
        >>> with Client(settings) as client:
        ...     clubs = client.get("Clubs/Clubs", {"timestamp": "0"}, "clubs")
    """

    def __init__(
        self,
        settings: Settings,
        auth: Optional[AuthBase] = None,
        *,
        sleep: Optional[Callable[[float], object]] = None,
    ) -> None:
        self.statistics = Statistics()
        self.requests_by_resource: Counter[str] = Counter()
        self.retries_by_resource: Counter[str] = Counter()
        self.stop = Event()
        self._settings = settings
        self._sleep_with = sleep or self.stop.wait
        self._lock = Lock()
        self._rate_limiter = RateLimiter(settings.requests_per_second, sleep=self._sleep)
        self._retry_policy = RetryPolicy(
            settings.attempts, settings.retry_wait, settings.max_retry_wait
        )
        self._timeout = (settings.connect_timeout, settings.read_timeout)
        self.auth: AuthBase = auth or PasswordGrantAuth(
            settings.base_url,
            settings.username,
            settings.password,
            timeout=self._timeout,
            attempts=settings.attempts,
            retry_wait=settings.retry_wait,
            max_retry_wait=settings.max_retry_wait,
            sleep=self._sleep,
        )
        self._session = _session(settings.concurrency)

    def get(self, path: str, params: Mapping[str, str], resource: str) -> list[Any]:
        """The elements of one answer, as parsed from JSON; otherwise as `get_rows`."""
        return list(self.get_rows(path, params, resource).elements)

    def get_rows(
        self,
        path: str,
        params: Mapping[str, str],
        resource: str,
        shape: Optional[RowParser] = None,
    ) -> Rows:
        """The rows of one answer.

        Args:
            path: The path below the base URL.
            params: The query parameters.
            resource: Whose request it is, for errors and counters.
            shape: Reads the rows, as far as they fit it.

        Returns:
            The raw rows. A bare object in place of the list is a list of one.

        Raises:
            RequestRefused: The API says no, to this request: with a fresh token, too.
            SignInError: The token endpoint does not let the account in.
            Unavailable: No usable answer within the attempts.
            ApiError: The API is not at this address.
            Cancelled: `stop` was set.
        """
        call = Call(path, params, resource, quotes=self._settings.pii.is_open)
        attempt = 0
        is_doubted = False

        def send() -> Union[Rows, RetryableFailure]:
            nonlocal attempt, is_doubted
            attempt += 1
            try:
                return self._attempt(call, attempt, shape)
            except RequestRefused as error:
                # Errors that come with a status of success are believed the second time.
                if error.status >= 400 or is_doubted or attempt == self._settings.attempts:
                    raise
                is_doubted = True
                return RetryableFailure(f"errors in an answer with status {error.status}")

        outcome = retry_call(send, self._retry_policy, call, self._sleep, self._pause_all)
        if isinstance(outcome, RetryableFailure):
            raise Unavailable(
                f"No usable answer in {attempt} attempts, the last time: {outcome.reason}",
                attempts=attempt,
                status=outcome.status,
                hint=outcome.hint or "The API cannot be reached or is overloaded; run again later.",
                resource=resource,
                request=call.text,
            )
        return outcome

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def _attempt(
        self, call: Call, attempt: int, shape: Optional[RowParser]
    ) -> Union[Rows, RetryableFailure]:
        """Send a request, prepared afresh so that it carries the current token."""
        self._rate_limiter.wait()
        if self.stop.is_set():
            raise Cancelled
        request = self._prepare(call)
        self._count(call.resource, 1, attempt > 1)
        try:
            with self._session.send(
                request, timeout=self._timeout, allow_redirects=False, **self._environment
            ) as response:
                # Those that the auth repeated by itself, after a token was refused.
                repeated = len(response.history)
                self._count(call.resource, repeated, repeated)
                content = read_body(response, MOST_BYTES, MOST_TIMEOUTS * self._timeout[1])
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return failure_of(error)
        if not 200 <= response.status_code < 300:
            found = error_from_response(response, content or b"", call)
            if isinstance(found, RetryableFailure):
                return found
            raise found
        if content is None:
            raise ApiError(
                f"The API gives an answer of more than {MOST_BYTES >> 20} MB",
                hint="It was not read to its end; the other resources are not concerned.",
                resource=call.resource,
                request=call.text,
            )
        if shape is not None and (rows := shape.read(content)) is not None:
            return rows
        body = parse(content)
        if body is BAD_UTF8 and attempt == self._settings.attempts:
            logger.warning("%s: invalid UTF-8 is replaced in %s", call.resource, call.text)
            body = parse(content.decode("utf-8", "replace").encode())
        elements = elements_of(body)
        if holds_errors(body) or (isinstance(elements, RetryableFailure) and errors_of(body)):
            raise error_from_body(response.status_code, body, call)
        if isinstance(elements, RetryableFailure):
            return elements
        if shape is not None:
            shape.learn(elements)
        return Rows(elements)

    def _prepare(self, call: Call) -> requests.PreparedRequest:
        """The signed request of a call: the base request, for another address."""
        request = self._base_request.copy()
        address = f"{str(request.url).rstrip('/')}/{call.path.lstrip('/')}"
        request.url = f"{address}?{urlencode(call.params)}" if call.params else address
        request.hooks = {"response": []}  # a copy shares those of the original
        signed: requests.PreparedRequest = self.auth(request)
        return signed

    @cached_property
    def _base_request(self) -> requests.PreparedRequest:
        """A request for the base address. To prepare each one anew takes a quarter as long as to
        send it."""
        request = requests.Request("GET", self._settings.base_url, auth=unsigned)
        return self._session.prepare_request(request)

    def _count(self, resource: str, requests: int, retries: int) -> None:
        with self._lock:
            self.statistics.requests += requests
            self.statistics.retries += retries
            self.requests_by_resource[resource] += requests
            if retries:
                self.retries_by_resource[resource] += retries

    @cached_property
    def _environment(self) -> dict[str, Any]:
        """The proxies and certificates of the environment, found once rather than per request."""
        return dict(
            self._session.merge_environment_settings(self._settings.base_url, {}, True, None, None)
        )

    def _pause_all(self, outcome: RetryableFailure, seconds: float) -> None:
        """Told of a failed attempt: where the API asks for a slower pace, it asks all threads."""
        if outcome.status == 429:
            self._rate_limiter.pause(seconds)

    def _sleep(self, seconds: float) -> None:
        with self._lock:
            self.statistics.seconds_waited += seconds
        self._sleep_with(seconds)
        if self.stop.is_set():
            raise Cancelled


def _session(concurrency: int) -> requests.Session:
    """A session whose pool has as many connections as requests may run, and that keeps no cookies.

    It honors the environment's proxies and certificates; a netrc file does not matter, as every
    request has its auth.
    """
    session = requests.Session()
    adapter = HTTPAdapter(pool_maxsize=concurrency, pool_block=True)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update(
        {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": USER_AGENT,
        }
    )
    return session
