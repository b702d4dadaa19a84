"""The HTTP client: one session for all threads, with congestion control, retries and checks."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Lock

import requests
import urllib3
from requests.auth import AuthBase

from ..config.settings import Settings
from ..errors import ApiError, Cancelled, RequestRefused
from .auth.password_grant import auth_for
from .auth.signing import SecretAuth
from .connection_errors import failure_of
from .error_envelope import errors_of, holds_errors, is_error
from .json_text import with_valid_utf8
from .other_lists import other_list
from .pace.congestion import CongestionControl, Turn
from .paging.pages import Page, RowParser
from .responses import (
    BAD_UTF8,
    COMPLETE,
    Call,
    error_from_body,
    error_from_response,
    parse,
    read_body,
    rows_of,
    text_of,
    unavailable,
)
from .retry import OVERLOADED, TOO_MANY, RetryableFailure, RetryPolicy, retry_call
from .session import ApiSession

logger = logging.getLogger(__name__)

MOST_BYTES = 64 << 20
"""The longest response that is read, unpacked: a page has 100 rows of a few kilobytes."""

MOST_TIMEOUTS = 10
"""A response may take so many times the read timeout from its first byte to its last."""


@dataclass
class Statistics:
    """Counts of what a client has done so far.

    Attributes:
        requests: Requests sent; token requests are not among them.
        retries: How many of them repeated one that had failed.
        responses: Requests that have ended, with a response or without.
        seconds_responding: Time that all threads together have waited for them.
    """

    requests: int = 0
    retries: int = 0
    responses: int = 0
    seconds_responding: float = 0.0


class Client:
    """Send requests to the API; shared by all threads.

    Args:
        settings: The address, the account, the limits of the pace and the retry policy.
        auth: Signs the requests. Default: what the API version asks for, with the account of the
            settings.
        sleep: Waits that many seconds, instead of on `stop`.

    Attributes:
        auth: Signs the requests.
        statistics: Counts of what was done so far.
        requests_by_resource: Requests sent, by resource.
        retries_by_resource: Those of them that repeated one that had failed.
        stop: When set, waits end and further requests raise `Cancelled`.
        congestion: Decides when requests start.

    Example:
        with Client(settings) as client:
            clubs = client.get("Clubs/Clubs", {"timestamp": "0"}, "clubs").elements
    """

    def __init__(
        self,
        settings: Settings,
        auth: AuthBase | None = None,
        *,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.statistics = Statistics()
        self.requests_by_resource: Counter[str] = Counter()
        self.retries_by_resource: Counter[str] = Counter()
        self.stop = Event()
        self._settings = settings
        self._sleep_with = sleep or self.stop.wait
        self._lock = Lock()
        self.congestion = CongestionControl(
            settings.concurrency,
            settings.requests_per_second,
            self.stop.is_set,
            sleep=self._sleep,
        )
        self._retry_policy = RetryPolicy(
            settings.attempts, settings.retry_wait, settings.max_retry_wait
        )
        self._timeout = (settings.connect_timeout, settings.read_timeout)
        self.auth: AuthBase = auth or auth_for(settings, self._sleep)
        self._session = ApiSession(settings.base_url, settings.concurrency, settings.language)

    def get(
        self,
        path: str,
        params: Mapping[str, str],
        resource: str,
        parser: RowParser | None = None,
        url: str | None = None,
    ) -> Page:
        """Return one page.

        Args:
            path, params, resource, url: See `Call`.
            parser: Parses the rows, as far as they fit it.

        Returns:
            The raw rows. A single object in place of the list is a list of one.

        Raises:
            RequestRefused: The API refuses this request, with a fresh token too.
            SignInError: The API does not accept the credentials.
            Unavailable: No usable response within the attempts.
            ApiError: The API is not at this address.
            Cancelled: `stop` was set.
        """
        has_token = self._settings.sign_in == "password"
        secrets = self.auth.secrets if isinstance(self.auth, SecretAuth) else tuple
        call = Call(path, params, resource, self._settings.pii.is_open, url, has_token, secrets)
        attempt = 0
        is_doubted = False

        def send() -> Page | RetryableFailure:
            nonlocal attempt, is_doubted
            attempt += 1
            try:
                return self._attempt(call, attempt, parser)
            except RequestRefused as error:
                # Errors that come with a status of success are believed the second time.
                if error.status >= 400 or is_doubted or attempt == self._settings.attempts:
                    raise
                is_doubted = True
                return RetryableFailure(f"errors in a response with status {error.status}")

        outcome = retry_call(send, self._retry_policy, call, self._sleep, self._pause_all)
        if isinstance(outcome, RetryableFailure):
            raise unavailable(call, outcome, attempt)
        return outcome

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _attempt(
        self, call: Call, attempt: int, parser: RowParser | None
    ) -> Page | RetryableFailure:
        """Send a request, prepared anew so that it carries the current token."""
        with self.congestion.turn() as turn:
            if self.stop.is_set():
                raise Cancelled
            request = self._session.request_for(call.path, call.params, call.url)
            sent = self._send(self.auth(request), call, attempt, turn)
        if isinstance(sent, RetryableFailure):
            return sent
        response, content = sent
        if response.status_code not in COMPLETE:
            found = error_from_response(response, content or b"", call)
            if isinstance(found, RetryableFailure):
                return found
            raise found
        if content is None:
            raise ApiError(
                f"The response has more than {MOST_BYTES >> 20} MB",
                hint="It was not read to its end; the other resources are not concerned.",
                resource=call.resource,
                request=call.text,
            )
        api = self._settings.api
        if parser is not None and (page := parser.read(content)) is not None:
            return other_list(api, call.path, page.context) or page
        return self._page(content, call, attempt, response.status_code, parser)

    def _send(
        self, request: requests.PreparedRequest, call: Call, attempt: int, turn: Turn
    ) -> tuple[requests.Response, bytes | None] | RetryableFailure:
        """Return the response of a request with its body, None if that is too long."""
        self._count(call.resource, 1, attempt > 1)
        started = time.monotonic()
        try:
            with self._session.respond(request, self._timeout) as response:
                # Those that the auth repeated, after a token was refused.
                repeated = len(response.history)
                self._count(call.resource, repeated, repeated)
                content = read_body(response, MOST_BYTES, MOST_TIMEOUTS * self._timeout[1])
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failure = failure_of(error)
            turn.is_overloaded = failure.is_timeout
            return failure
        finally:
            turn.seconds = time.monotonic() - started
            self._record_response(turn.seconds)
        turn.is_refused = response.status_code == TOO_MANY
        turn.is_overloaded = response.status_code in OVERLOADED
        turn.is_served = not (turn.is_refused or turn.is_overloaded)
        if response.status_code == 200 and content is not None and not repeated:
            # A page with more to send takes longer.
            turn.kind = call.path, len(content).bit_length()
        return response, content

    def _page(
        self, content: bytes, call: Call, attempt: int, status: int, parser: RowParser | None
    ) -> Page | RetryableFailure:
        """Return the page of a body that is parsed as a whole."""
        api = self._settings.api
        envelope = api.envelope
        body = parse(content)
        if body is BAD_UTF8 and attempt == self._settings.attempts:
            logger.warning("%s: invalid UTF-8 is replaced in %s", call.resource, call.text)
            body = parse(with_valid_utf8(content))
        rows = rows_of(body, envelope.rows)
        if holds_errors(body) or (isinstance(rows, RetryableFailure) and errors_of(body)):
            raise error_from_body(status, body, call)
        if isinstance(rows, RetryableFailure):
            return rows
        if is_error(rows[-1:]):
            raise error_from_body(status, rows[-1], call)
        if other := other_list(api, call.path, text_of(body, envelope.context), rows):
            return other
        if parser is not None:
            parser.learn(rows)
        return Page(rows, text_of(body, envelope.next_link))

    def _count(self, resource: str, requests: int, retries: int) -> None:
        with self._lock:
            self.statistics.requests += requests
            self.statistics.retries += retries
            self.requests_by_resource[resource] += requests
            if retries:
                self.retries_by_resource[resource] += retries

    def _record_response(self, seconds: float) -> None:
        with self._lock:
            self.statistics.responses += 1
            self.statistics.seconds_responding += seconds

    def _pause_all(self, outcome: RetryableFailure, seconds: float) -> None:
        """On 429, pause every thread, not just this one."""
        if outcome.status == TOO_MANY:
            self.congestion.pause(seconds)

    def _sleep(self, seconds: float) -> None:
        self._sleep_with(seconds)
        if self.stop.is_set():
            raise Cancelled
