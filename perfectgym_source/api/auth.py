"""Signing in: the password grant, as an auth class for any user of `requests`.

What is decided (is the token still good? what does this answer mean?) stands first, in functions
that send nothing; `PasswordGrantAuth` does the sending.
"""

from __future__ import annotations

import contextlib
import copy
import math
import random
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from threading import Lock
from typing import Any, NoReturn, Optional, Union
from urllib.parse import quote, quote_plus, urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from ..errors import Cancelled, SignInError, Unavailable
from .responses import errors_of, parse, read_body
from .retry import (
    CHECK_ADDRESS,
    SESSION_ENDED,
    RetryableFailure,
    RetryPolicy,
    failure_of,
    is_transient,
    retry_after,
    retry_call,
)

DEFAULT_LIFETIME = 600.0
"""Seconds that a token is taken to hold if the answer does not say so usably."""

MAX_LIFETIME = 366 * 86_400.0
"""No token is trusted for longer, whatever the answer says (the vendor's sample: 90 days)."""

MOST_BYTES = 1 << 20
"""The longest answer that is read, unpacked: a token has a few hundred bytes."""

FRESH_SECONDS = 30.0
"""A token that is younger is fresh: it is no use to replace it again and again."""

MOST_UNSETTLED = 3
"""So often the password goes out without an answer that settles anything. Each may have counted
as a wrong sign-in, and accounts lock after a few (ASP.NET: five)."""

MOST_PATHS = 1000
"""Of so many paths is remembered how they answered."""

_CHECK_ACCOUNT = "Check username, password and mode; repeated wrong sign-ins may lock the account."
_CHECK_PROXY = "Check the proxy setting (HTTPS_PROXY)."
_UNREACHABLE = "The API cannot be reached or is overloaded; run again later."

_LATER = frozenset(("server_error", "temporarily_unavailable"))
"""The OAuth errors that are about the server."""

_NEVER = frozenset(
    (
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    )
)
"""The OAuth errors that are about the account or the request, with whatever status they come."""


@dataclass(frozen=True)
class Token:
    """A bearer token and the moment, on the clock of its auth, from which it is renewed."""

    value: str = field(repr=False)
    renew_at: float


@dataclass(frozen=True)
class Refusal:
    """The API does not give this account a token, and will not the next time either."""

    message: str
    hint: str


@dataclass(frozen=True)
class Unsettled:
    """The password went out often enough: it is not sent again, whatever the last answer was."""

    last: RetryableFailure


def lifetime_of(expires_in: object) -> float:
    """The seconds that a token holds, by the `expires_in` of the answer.

    Example:
        >>> lifetime_of("3600"), lifetime_of(None), lifetime_of(-1)
        (3600.0, 600.0, 600.0)
    """
    if isinstance(expires_in, bool) or not isinstance(expires_in, (int, float, str)):
        return DEFAULT_LIFETIME
    try:
        seconds = float(expires_in)
    except (ValueError, OverflowError):
        return DEFAULT_LIFETIME
    if not math.isfinite(seconds) or seconds <= 0:
        return DEFAULT_LIFETIME
    return min(seconds, MAX_LIFETIME)


def margin_of(lifetime: float) -> float:
    """How long before its end a token is renewed: a request takes time to arrive."""
    return min(60.0, lifetime * 0.25)


def is_usable(token: Optional[Token], refused: Optional[str], now: float) -> bool:
    """Whether a token can go into a request.

    `refused` is the value that the API has just refused: if the current one is another, someone
    else has renewed it meanwhile.
    """
    return token is not None and token.value != refused and now < token.renew_at


def read_answer(
    response: requests.Response, content: bytes, asked_at: float, hidden: Iterable[str] = ()
) -> Union[Token, RetryableFailure, Refusal]:
    """What an answer of the token endpoint means: a token, ask again, or a refusal for good.

    Only what says nothing about the account is asked for again: see `may_have_counted`, too.

    Args:
        response: The answer.
        content: Its body.
        asked_at: When the request went out: the lifetime counts from then, as the token may.
        hidden: Texts of the request that the answer may quote.
    """
    status = response.status_code
    body = parse(content)
    answer = body if isinstance(body, dict) else {}
    value, error = answer.get("access_token"), str(answer.get("error"))
    if status < 300 and isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]+", value):
        lifetime = lifetime_of(answer.get("expires_in"))
        return Token(value, asked_at + lifetime - margin_of(lifetime))
    errors = [": ".join(entry.values()) for entry in errors_of(body, hidden)]
    found = ", ".join([f"status {status}", *errors])
    # The API's own envelope is a statement, a bare "An error has occurred" is none.
    is_said = status == 500 and any(key.lower() == "errors" and answer[key] for key in answer)
    is_said |= error in _NEVER
    if error in _LATER or (is_transient(status) and not is_said):
        return RetryableFailure(found, retry_after(response.headers.get("Retry-After")), status)
    if 300 <= status < 400:
        hint = _address_hint(response.url)
        return Refusal(f"The sign-in was redirected (status {status})", hint)
    if status < 300 and not errors:
        is_page = content.lstrip()[:1] == b"<"
        if isinstance(body, RetryableFailure) and not is_page:
            return RetryableFailure("the answer holds no token", status=status)
        what = "a web page" if is_page else "JSON that holds no token"
        return Refusal(
            f"The sign-in was answered with {what} (status {status})", _address_hint(response.url)
        )
    hints = {404: _address_hint(response.url), 405: _address_hint(response.url), 407: _CHECK_PROXY}
    return Refusal(f"The sign-in was refused ({found})", hints.get(status, _CHECK_ACCOUNT))


def may_have_counted(failure: RetryableFailure) -> bool:
    """Return whether a failed sign-in may have counted as one with a wrong password.

    A gateway that is overloaded has not looked at it, and what was not sent has not arrived.
    """
    is_gateway = failure.status in (502, 503, 504)
    is_paced = failure.status == 429 and failure.retry_after is not None
    return not (failure.is_unsent or is_gateway or is_paced)


def _address_hint(url: str) -> str:
    """What to do where the address of the token endpoint is probably wrong."""
    base = url.rpartition("/oauth/")[0]
    if base.lower().endswith("/api"):
        return f"{CHECK_ADDRESS} Something else may have answered: a proxy, a maintenance page."
    return "Is /Api missing at the end of base_url? It is usually https://SUBDOMAIN.perfectgym.com/Api."


class PasswordGrantAuth(AuthBase):
    """Puts a bearer token into requests to one API, and renews it in time.

    The token is fetched with the first request, shared by all threads, and renewed by one of them
    before it expires. If the API refuses it all the same (401, 498, 499), it is renewed and the
    request repeated: at once, and where new tokens are refused too, after waits that double, with
    `attempts` tokens at most. Somebody else who signs in to the same account may end its session.
    Where a fresh token was refused, fresh tokens are not replaced again: it is the request that is
    refused, and the answer is handed on. Requests to any other origin are left alone.

    A refused sign-in is remembered for good, and so is one that was sent three times and settled
    nothing: repeated ones lock accounts. A first one that finds nobody, for `max_retry_wait`.

    Args:
        base_url: The address of the API.
        username: Of the account.
        password: Of the account.
        timeout: Seconds to wait for a connection and for data.
        attempts, retry_wait, max_retry_wait: See `RetryPolicy`.
        clock: Seconds that only grow.
        sleep: Waits that many seconds; may raise, to end a wait early.

    Raises:
        SignInError: When a request is prepared or answered: the account is not let in.
        Unavailable: Then, too: the token endpoint does not answer.

    Example:
        >>> auth = PasswordGrantAuth("https://demo.perfectgym.com/Api", "api", "...")
        >>> requests.get("https://demo.perfectgym.com/Api/Clubs/Clubs", auth=auth)
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
        self._url = f"{base_url.rstrip('/')}/oauth/authorize"
        self._origin = _origin(base_url)
        self._username = username
        self._password = password
        self._timeout = timeout
        self._retry_policy = RetryPolicy(attempts, retry_wait, max_retry_wait)
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._token: Optional[Token] = None
        self._refused_until = -math.inf
        self._issued_at = -math.inf
        self._failures = 0
        self._failure: Optional[Exception] = None
        self._tokens = 0
        self._token_requests = 0
        self._unsettled = 0
        self._most_tokens = max(2, attempts)
        self._short_lived = 0
        self._useless = 0
        self._paths: dict[str, bool] = {}

    @property
    def token_requests(self) -> int:
        """How many token requests were sent so far."""
        return self._token_requests

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request, if it goes to the API."""
        if _origin(request.url) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._current()}"
            hooks = request.hooks.setdefault("response", [])
            if self._on_answer not in hooks:
                hooks.append(self._on_answer)
        return request

    def _on_answer(self, response: requests.Response, **options: Any) -> requests.Response:
        """Renew a refused token and repeat the request (a response hook)."""
        original = response.request
        if _origin(original.url) != self._origin:
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
            self._read(response)  # frees the connection for the repetition
        response.close()
        repeated = response.request.copy()
        repeated.headers["Authorization"] = f"Bearer {self._current(refused)}"
        repeated.hooks = {  # a copy of a request shares the hooks of the original
            event: [hook for hook in hooks if hook != self._on_answer]
            for event, hooks in repeated.hooks.items()
        }
        answer: requests.Response = response.connection.send(repeated, **options)
        answer.history = [*response.history, response]
        answer.request = repeated
        return answer

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

    def _current(self, refused: Optional[str] = None) -> str:
        """The token to send, renewed by one thread while the others wait for its outcome."""
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
            longest = self._retry_policy.retry_wait * 2.0 ** min(self._short_lived - 2, 20)
            longest = min(longest, self._retry_policy.max_retry_wait, FRESH_SECONDS)
            self._sleep(random.uniform(longest / 2, longest))

    def _renew(self, is_refused: bool) -> Token:
        """Ask for a token; a failure is remembered for the threads that wait.

        Args:
            is_refused: Whether the API has refused the current one.
        """
        before = self._token_requests
        outcome: Union[Token, RetryableFailure, Refusal, Unsettled]
        try:
            if is_refused:
                self._before_replacing()
            self._token = None
            outcome = retry_call(self._ask, self._retry_policy, "sign-in", self._sleep)
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
        self._failure = self._error(outcome, self._token_requests - before)
        raise copy.copy(self._failure)

    def _ask(self) -> Union[Token, RetryableFailure, Refusal, Unsettled]:
        """Send one token request, and count those that settle nothing."""
        outcome = self._send()
        if isinstance(outcome, Token):
            self._unsettled = 0
        elif isinstance(outcome, RetryableFailure) and may_have_counted(outcome):
            self._unsettled += 1
            if self._unsettled >= MOST_UNSETTLED:
                return Unsettled(outcome)
        return outcome

    def _send(self) -> Union[Token, RetryableFailure, Refusal]:
        """Send one token request, in a session of its own: no cookies, and no netrc."""
        self._token_requests += 1
        asked_at = self._clock()
        form = {"username": self._username, "password": self._password, "grant_type": "password"}
        with requests.Session() as session:
            try:
                response = session.post(
                    self._url,
                    data=form,
                    headers={"Accept": "application/json", "User-Agent": USER_AGENT},
                    auth=unsigned,
                    allow_redirects=False,
                    timeout=self._timeout,
                    stream=True,
                )
                content = self._read(response)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                return failure_of(error)
            return read_answer(response, content, asked_at, self._hidden())

    def _hidden(self) -> set[str]:
        """What an answer may quote, as it was sent and as it was meant."""
        account = filter(None, (self._username, self._password))
        return {form for secret in account for form in (secret, quote(secret), quote_plus(secret))}

    def _read(self, response: requests.Response) -> bytes:
        """The body; of one that is too long to hold a token, nothing."""
        return read_body(response, MOST_BYTES, self._timeout[1]) or b""

    def _error(
        self, outcome: Union[RetryableFailure, Refusal, Unsettled], attempts: int
    ) -> Union[SignInError, Unavailable]:
        if isinstance(outcome, Refusal):
            return SignInError(outcome.message, hint=outcome.hint)
        last = outcome.last if isinstance(outcome, Unsettled) else outcome
        tries = "1 attempt" if attempts == 1 else f"{attempts} attempts, the last time"
        message = f"The sign-in failed in {tries}: {last.reason}"
        if last.status is not None and last.status < 300:
            return SignInError(message, hint=_address_hint(self._url))
        hint = last.hint or _UNREACHABLE
        if isinstance(outcome, Unsettled):
            hint += " This run does not send the password again: accounts lock."
        return Unavailable(message, attempts=attempts, hint=hint)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def __getstate__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a password: it is not to be stored")

    def __deepcopy__(self, memo: dict[int, Any]) -> PasswordGrantAuth:
        return self  # one account, one token


def unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps `requests` from taking credentials out of a netrc file."""
    return request


def _origin(url: Optional[str]) -> tuple[str, str, Optional[int]]:
    parts = urlsplit(url or "")
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port


def _version() -> str:
    try:
        return version("perfectgym-source")
    except PackageNotFoundError:
        return "0"


USER_AGENT = f"perfectgym-dlt/{_version()}"
"""How the product calls itself, in all its requests."""
