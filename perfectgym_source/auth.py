"""Signing in: the password grant, as an auth class for any user of `requests`.

What is decided (is the token still good? what does this answer mean?) stands first, in functions
that send nothing; `PasswordGrantAuth` does the sending.
"""

from __future__ import annotations

import contextlib
import copy
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from threading import Lock
from typing import Any, NoReturn, Optional, Union
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from perfectgym_source.answers import parse, read_body
from perfectgym_source.errors import Cancelled, PerfectGymError, SignInError, Unavailable
from perfectgym_source.retrying import (
    Again,
    Patience,
    failure_of,
    is_cut_off,
    is_transient,
    keep_trying,
    retry_after,
)

DEFAULT_LIFETIME = 600.0
"""Seconds that a token is taken to hold if the answer does not say so usably."""

MAX_LIFETIME = 366 * 86_400.0
"""No token is trusted for longer, whatever the answer says (the vendor's sample: 90 days)."""

MOST_BYTES = 1 << 20
"""The longest answer that is read, unpacked: a token has a few hundred bytes."""

_CHECK_ADDRESS = "Check base_url (or subdomain)."
_CHECK_ACCOUNT = "Check username, password and mode; repeated wrong sign-ins may lock the account."


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
    response: requests.Response, content: bytes, asked_at: float
) -> Union[Token, Again, Refusal]:
    """What an answer of the token endpoint means: a token, ask again, or a refusal for good.

    Args:
        response: The answer.
        content: Its body.
        asked_at: When the request went out: the lifetime counts from then, as the token may.
    """
    status = response.status_code
    if is_transient(status):
        return Again(f"status {status}", retry_after(response.headers.get("Retry-After")), status)
    if 300 <= status < 400:
        return Refusal(f"The sign-in was redirected (status {status})", _CHECK_ADDRESS)
    answer = _json_object(content)
    if status >= 400:
        named = [answer.get("error"), answer.get("error_description")]
        why = ": ".join(text[:300] for text in named if isinstance(text, str) and text)
        return Refusal(
            f"The sign-in was refused (status {status}" + (f", {why})" if why else ")"),
            _CHECK_ADDRESS if status in (404, 405) else _CHECK_ACCOUNT,
        )
    if is_cut_off(response):
        return Again("the answer broke off")
    value = answer.get("access_token")
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]+", value):
        return Again("the answer holds no token", status=status)
    lifetime = lifetime_of(answer.get("expires_in"))
    return Token(value, asked_at + lifetime - margin_of(lifetime))


class PasswordGrantAuth(AuthBase):
    """Puts a bearer token into requests to one API, and renews it in time.

    The token is fetched with the first request, shared by all threads, and renewed by one of them
    before it expires. If the API refuses it all the same (401), it is renewed and the request
    repeated, once. Requests to any other origin are left alone. A refused sign-in is remembered:
    repeated ones lock accounts.

    Args:
        base_url: The address of the API.
        username: Of the account.
        password: Of the account.
        timeout: Seconds to wait for a connection and for data.
        attempts, retry_wait, max_retry_wait: See `Patience`.
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
        self._patience = Patience(attempts, retry_wait, max_retry_wait)
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._token: Optional[Token] = None
        self._refused = False
        self._failures = 0
        self._failure: Optional[Exception] = None
        self._token_requests = 0

    @property
    def token_requests(self) -> int:
        """How many token requests were sent so far."""
        return self._token_requests

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request, if it goes to the API."""
        if _origin(request.url) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._current()}"
            hooks = request.hooks.setdefault("response", [])
            if self._answer_401 not in hooks:
                hooks.append(self._answer_401)
        return request

    def _answer_401(self, response: requests.Response, **options: Any) -> requests.Response:
        """Renew a refused token and repeat the request, once (a response hook)."""
        original = response.request
        if response.status_code != 401 or _origin(original.url) != self._origin:
            return response
        with contextlib.suppress(requests.RequestException, urllib3.exceptions.HTTPError):
            self._read(response)  # frees the connection for the repetition
        response.close()
        _, _, refused = str(original.headers.get("Authorization", "")).partition(" ")
        # On the original, too: whoever sends it again later sends the current token.
        original.headers["Authorization"] = f"Bearer {self._current(refused)}"
        repeated = original.copy()
        repeated.hooks = {  # a copy of a request shares the hooks of the original
            event: [hook for hook in hooks if hook != self._answer_401]
            for event, hooks in original.hooks.items()
        }
        answer: requests.Response = response.connection.send(repeated, **options)
        answer.history.append(response)
        answer.request = repeated
        return answer

    def _current(self, refused: Optional[str] = None) -> str:
        """The token to send, renewed by one thread while the others wait for its outcome."""
        token, failures = self._token, self._failures
        if token is not None and is_usable(token, refused, self._clock()):
            return token.value
        with self._lock:
            if self._failure is not None and (self._refused or self._failures > failures):
                raise copy.copy(self._failure)
            token = self._token
            if token is None or not is_usable(token, refused, self._clock()):
                token = self._token = self._renew()
            return token.value

    def _renew(self) -> Token:
        """Ask for a token; a failure is remembered for the threads that wait."""
        self._token = None
        outcome: Union[Token, Again, Refusal]
        try:
            outcome = keep_trying(self._ask, self._patience, "sign-in", self._sleep)
        except Cancelled:
            self._failures, self._failure = self._failures + 1, Cancelled()
            raise
        if isinstance(outcome, Token):
            return outcome
        self._refused = isinstance(outcome, Refusal)
        self._failures, self._failure = self._failures + 1, self._error(outcome)
        raise copy.copy(self._failure)

    def _ask(self) -> Union[Token, Again, Refusal]:
        """Send one token request, in a session of its own that knows no cookies and no netrc."""
        self._token_requests += 1
        asked_at = self._clock()
        form = {"username": self._username, "password": self._password, "grant_type": "password"}
        with requests.Session() as session:
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            try:
                response = session.post(
                    self._url,
                    data=form,
                    headers={"Accept": "application/json"},
                    auth=unsigned,
                    allow_redirects=False,
                    timeout=self._timeout,
                    stream=True,
                )
                content = self._read(response)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                return Again(failure_of(error))
            return read_answer(response, content, asked_at)

    def _read(self, response: requests.Response) -> bytes:
        """The body; of one that is too long to hold a token, nothing."""
        return read_body(response, MOST_BYTES, self._timeout[1]) or b""

    def _error(self, outcome: Union[Again, Refusal]) -> PerfectGymError:
        if isinstance(outcome, Refusal):
            message = outcome.message
            for secret in filter(None, (self._password, self._username)):
                message = message.replace(secret, "***")  # the answer may quote them
            return SignInError(message, hint=outcome.hint)
        attempts = self._patience.attempts
        message = f"The sign-in failed in {attempts} attempts, the last time: {outcome.reason}"
        if outcome.status is not None and outcome.status < 300:
            return SignInError(message, hint=_CHECK_ADDRESS)
        hint = "The API cannot be reached or is overloaded; run again later."
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


def _json_object(content: bytes) -> dict[str, Any]:
    answer = parse(content)
    return answer if isinstance(answer, dict) else {}
