"""Authentication: the password grant, as an auth class for any user of `requests`."""

from __future__ import annotations

import contextlib
import copy
import math
import random
import time
from collections.abc import Callable
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import urllib3

from ...config.settings import Settings
from ...errors import Cancelled
from ..retry import SESSION_ENDED, RetryableFailure, RetryPolicy, retry_call
from .signing import KeyHeaderAuth, SecretAuth
from .tokens import (
    Refusal,
    Token,
    Unsettled,
    is_usable,
    may_have_counted,
    read_token_body,
    request_token,
    sign_in_error,
)

FRESH_SECONDS = 30.0
"""A token that is younger is fresh: to replace it again and again is no use."""

MOST_UNSETTLED = 3
"""So often the password is sent without a response that settles anything. Each may have counted
as a wrong sign-in, and accounts lock after a few (ASP.NET: five)."""

MOST_PROBES = 5
"""At so many addresses a pair of keys is tried before it counts as refused."""

MOST_PATHS = 1000
"""How many paths are remembered, each with whether it accepted a token."""


class PasswordGrantAuth(SecretAuth):
    """Puts a bearer token into requests to one API, and renews it in time.

    The token is fetched with the first request, shared by all threads, and renewed by one of them
    before it expires. If the API refuses it all the same (401, 498, 499), it is renewed and the
    request repeated: at once, and where new tokens are refused too, after waits that double, with
    `attempts` tokens at most. Somebody else who signs in to the same account may end its session.
    Where a fresh token was refused, fresh tokens are not replaced again: it is the request that is
    refused, and the response is handed on. Requests to any other origin are left alone.

    A refused sign-in is remembered for good, and so is one that was sent three times and settled
    nothing: repeated ones lock accounts. A first one that finds nobody, for `max_retry_wait`.

    Args:
        base_url: The address of the API.
        username: The API user name.
        password: The password of the API user.
        timeout: Seconds to wait for a connection and for data.
        attempts, retry_wait, max_retry_wait: See `RetryPolicy`.
        clock: Returns seconds that only grow.
        sleep: Waits that many seconds; it may raise, to end a wait early.

    Raises:
        SignInError: When a request is prepared, or its response read: the account is refused.
        Unavailable: Then, too: the token endpoint does not respond.

    Example:
        auth = PasswordGrantAuth("https://demo.perfectgym.com/Api", "api", "...")
        requests.get("https://demo.perfectgym.com/Api/Clubs/Clubs", auth=auth)
    """

    def __init__(
        self,
        base_url: str,
        username: str,
        password: str,
        *,
        timeout: tuple[float, float] = (10, 60),
        attempts: int = 5,
        retry_wait: float = 1.0,
        max_retry_wait: float = 60,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(base_url)
        self._url = f"{self._base_url}/oauth/authorize"
        self._username = username
        self._password = password
        self._timeout = timeout
        self._retry_policy = RetryPolicy(attempts, retry_wait, max_retry_wait)
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._token: Token | None = None
        self._refused_until = -math.inf
        self._issued_at = -math.inf
        self._failures = 0
        self._failure: Exception | None = None
        self._tokens = 0
        self._token_requests = 0
        self._unsettled = 0
        self._most_tokens = max(2, attempts)
        self._short_lived = 0
        self._useless = 0
        self._paths: dict[str, bool] = {}

    def secrets(self) -> tuple[str, ...]:
        """See `SecretAuth`."""
        token = self._token
        return (self._password, *([] if token is None else [token.value]))

    @property
    def token_requests(self) -> int:
        """Return how many token requests were sent so far."""
        return self._token_requests

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request, if it goes to the API."""
        if self.is_for(request.url):
            request.headers["Authorization"] = f"Bearer {self._current()}"
            hooks = request.hooks.setdefault("response", [])
            if self._on_response not in hooks:
                hooks.append(self._on_response)
        return request

    def _on_response(self, response: requests.Response, **options: Any) -> requests.Response:
        """Renew a refused token and repeat the request (a response hook)."""
        original = response.request
        if not self.is_for(original.url):
            return response
        path = urlsplit(original.url or "").path
        sent, had_ended = 1, False
        while response.status_code in SESSION_ENDED:
            _, _, refused = str(response.request.headers.get("Authorization", "")).partition(" ")
            if sent >= self._most_tokens:
                self._remember(path, False)
                return response
            if self._is_own_refusal(path, refused):
                return response
            # If it was replaced meanwhile, its end says nothing: a sign-in may end the one before.
            had_ended |= self._token is not None and self._token.value == refused
            response = self._repeat(response, refused, options)
            # On the original, too: whoever sends it again later sends the current token.
            original.headers["Authorization"] = response.request.headers["Authorization"]
            sent += 1
        if response.status_code < 400:
            if had_ended:
                self._useless = 0
            if not self._paths.get(path):
                self._remember(path, True)
        return response

    def _repeat(
        self, response: requests.Response, refused: str, options: dict[str, Any]
    ) -> requests.Response:
        """Send a request again, with another token than the one that was refused."""
        with contextlib.suppress(requests.RequestException, urllib3.exceptions.HTTPError):
            read_token_body(response, self._timeout)  # frees the connection for the repetition
        response.close()
        repeated = response.request.copy()
        repeated.headers["Authorization"] = f"Bearer {self._current(refused)}"
        repeated.hooks = {  # a copy of a request shares the hooks of the original
            event: [hook for hook in hooks if hook != self._on_response]
            for event, hooks in repeated.hooks.items()
        }
        sent_again: requests.Response = response.connection.send(repeated, **options)
        sent_again.history = [*response.history, response]
        sent_again.request = repeated
        return sent_again

    def _remember(self, path: str, is_accepted: bool) -> None:
        if path in self._paths or len(self._paths) < MOST_PATHS:
            self._paths[path] = is_accepted

    def _is_own_refusal(self, path: str, refused: str) -> bool:
        """Return whether it is the request that is refused, as far as can be known, not the token.

        It is where the current token is fresh, and fresh ones were refused before: at this path
        as many as a request may use, or so many in a row wherever, if the path never took one.
        """
        token = self._token
        if token is None or token.value != refused or not self._is_fresh:
            return False
        is_accepted = self._paths.get(path)
        return is_accepted is False or (
            is_accepted is None and self._useless >= self._most_tokens - 1
        )

    @property
    def _is_fresh(self) -> bool:
        return self._clock() - self._issued_at < FRESH_SECONDS

    def _current(self, refused: str | None = None) -> str:
        """Return the token to send, renewed by one thread while the others wait for its outcome."""
        token, failures, tokens = self._token, self._failures, self._tokens
        if token is not None and is_usable(token, refused, self._clock()):
            return token.value
        with self._lock:
            is_refused = self._clock() < self._refused_until
            if self._failure is not None and (is_refused or self._failures > failures):
                raise copy.copy(self._failure)
            token = self._token
            if self._tokens > tokens:
                refused = None  # it was replaced meanwhile, if by the same one: some servers do so
            if token is None or not is_usable(token, refused, self._clock()):
                token = self._token = self._renew(token is not None and token.value == refused)
            return token.value

    def _before_replacing(self) -> None:
        """Wait before a refused token is replaced, unless it is the first in a while.

        Two processes that end each other's sessions would do nothing but sign in.
        """
        if not self._is_fresh:
            self._short_lived = 0
        self._useless += 1
        self._short_lived += 1
        if self._short_lived > 1:
            longest = min(self._retry_policy.longest_wait(self._short_lived - 1), FRESH_SECONDS)
            self._sleep(random.uniform(longest / 2, longest))

    def _renew(self, is_refused: bool) -> Token:
        """Request a token; a failure is remembered for the threads that wait.

        Args:
            is_refused: Whether the API has refused the current one.
        """
        before = self._token_requests
        outcome: Token | RetryableFailure | Refusal | Unsettled
        try:
            if is_refused:
                self._before_replacing()
            self._token = None
            outcome = retry_call(self._request, self._retry_policy, "sign-in", self._sleep)
        except Cancelled:
            self._failures, self._failure = self._failures + 1, Cancelled()
            raise
        if isinstance(outcome, Token):
            self._issued_at = self._clock()
            self._tokens += 1
            return outcome
        if isinstance(outcome, (Refusal, Unsettled)):
            self._refused_until = math.inf
        elif self._issued_at == -math.inf:
            # Nothing was read so far: who asks next need not wait as long to learn the same.
            self._refused_until = self._clock() + self._retry_policy.max_retry_wait
        self._failures += 1
        self._failure = sign_in_error(self._url, outcome, self._token_requests - before)
        raise copy.copy(self._failure)

    def _request(self) -> Token | RetryableFailure | Refusal | Unsettled:
        """Send one token request, and count those that settle nothing."""
        self._token_requests += 1
        outcome = request_token(
            self._url, self._username, self._password, self._timeout, self._clock()
        )
        if isinstance(outcome, Token):
            self._unsettled = 0
        elif isinstance(outcome, RetryableFailure) and may_have_counted(outcome):
            self._unsettled += 1
            if self._unsettled >= MOST_UNSETTLED:
                return Unsettled(outcome)
        return outcome


def auth_for(settings: Settings, sleep: Callable[[float], None] = time.sleep) -> SecretAuth:
    """Return what signs the requests to the API of the settings."""
    if settings.sign_in == "keys":
        return KeyHeaderAuth(
            settings.base_url, settings.client_id, settings.client_secret, _probes(settings)
        )
    return PasswordGrantAuth(
        settings.base_url,
        settings.username,
        settings.password,
        timeout=(settings.connect_timeout, settings.read_timeout),
        attempts=settings.attempts,
        retry_wait=settings.retry_wait,
        max_retry_wait=settings.max_retry_wait,
        sleep=sleep,
    )


def _probes(settings: Settings) -> list[str]:
    """Return the address of a list in each of some groups, for `KeyHeaderAuth`."""
    api = settings.api
    lists = (entry for entry in api.endpoints.values() if not (entry.parents or entry.link))
    by_group = {entry.group: entry for entry in lists if entry.group in api.default_groups}
    query = urlencode({name: text.format(after=0) for name, text in api.cursor_parameters.items()})
    paths = [entry.path for entry in by_group.values() if entry.is_keyset]
    return [f"{settings.base_url}/{path}?{query}" for path in paths[:MOST_PROBES]]
