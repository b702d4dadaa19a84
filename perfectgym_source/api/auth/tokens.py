"""Tokens of the password grant: the token request, and the meaning of its responses."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import quote, quote_plus

import requests
import urllib3

from ...errors import SignInError, Unavailable
from ..connection_errors import failure_of
from ..error_envelope import errors_of
from ..responses import parse, read_body
from ..retry import (
    CHECK_ADDRESS,
    CHECK_PROXY,
    RUN_LATER,
    RetryableFailure,
    is_transient,
    limit_hint,
    retry_after,
)
from .signing import USER_AGENT, unsigned

DEFAULT_LIFETIME = 600.0
"""Seconds that a token is valid if the response gives no usable lifetime."""

MAX_LIFETIME = 366 * 86_400.0
"""No token is trusted for longer, whatever the response says (the vendor's sample: 90 days)."""

MOST_BYTES = 1 << 20
"""The longest response that is read, unpacked: a token has a few hundred bytes."""

_CHECK_ACCOUNT = "Check username, password and mode; repeated wrong sign-ins may lock the account."
_ODD: tuple[tuple[Callable[[str], bool], str, str], ...] = (
    (
        lambda text: text != text.strip(),
        "begins or ends with a blank",
        "begin or end with a blank",
    ),
    (
        lambda text: text != text.strip("\"'“”„‘’"),
        "begins or ends with a quotation mark",
        "begin or end with a quotation mark",
    ),
    (
        lambda text: not text.strip().isprintable(),
        "holds a character that is not to be seen (TOML makes one of \\ in double quotes)",
        "hold characters that are not to be seen (TOML makes them of \\ in double quotes)",
    ),
)
"""What is odd about a user name or a password, in the singular and the plural."""

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
    """A definite refusal: another attempt would be refused too."""

    message: str
    hint: str


@dataclass(frozen=True)
class Unsettled:
    """The password was sent often enough: it is not sent again, whatever the last response was."""

    last: RetryableFailure


def lifetime_of(expires_in: object) -> float:
    """Return the seconds that a token is valid, by the `expires_in` of the response.

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
    """Return how long before its end a token is renewed: a request takes time to arrive."""
    return min(60.0, lifetime * 0.25)


def is_usable(token: Token | None, refused: str | None, now: float) -> bool:
    """Return whether a token can be used in a request.

    `refused` is the value that the API has just refused: if the current one is another, someone
    else has renewed it meanwhile.
    """
    return token is not None and token.value != refused and now < token.renew_at


def parse_token_response(
    response: requests.Response, content: bytes, asked_at: float, hidden: Iterable[str] = ()
) -> Token | RetryableFailure | Refusal:
    """Return what a response of the token endpoint means: a token, a failure that may pass, or a
    definite refusal.

    Only what says nothing about the account is requested again: see `may_have_counted`, too.

    Args:
        response: The response.
        content: Its body.
        asked_at: When the request was sent: the lifetime counts from then, as the token may.
        hidden: Texts of the request that the response may quote.
    """
    status = response.status_code
    body = parse(content)
    fields = body if isinstance(body, dict) else {}
    value, error = fields.get("access_token"), str(fields.get("error"))
    if status < 300 and isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]+", value):
        lifetime = lifetime_of(fields.get("expires_in"))
        return Token(value, asked_at + lifetime - margin_of(lifetime))
    errors = [": ".join(entry.values()) for entry in errors_of(body, hidden)]
    found = ", ".join([f"status {status}", *errors])
    # The API's own envelope is a statement, a bare "An error has occurred" is none.
    is_said = status == 500 and any(key.lower() == "errors" and fields[key] for key in fields)
    is_said |= error in _NEVER
    if error in _LATER or (is_transient(status) and not is_said):
        wait = retry_after(response.headers.get("Retry-After"))
        return RetryableFailure(found, wait, status, limit_hint(status, wait))
    if 300 <= status < 400:
        hint = address_hint(response.url)
        return Refusal(f"The sign-in was redirected (status {status})", hint)
    if status < 300 and not errors:
        is_page = content.lstrip()[:1] == b"<"
        if isinstance(body, RetryableFailure) and not is_page:
            return RetryableFailure("the response holds no token", status=status)
        what = "a web page" if is_page else "JSON that holds no token"
        return Refusal(
            f"The response to the sign-in is {what} (status {status})", address_hint(response.url)
        )
    hints = {404: address_hint(response.url), 405: address_hint(response.url), 407: CHECK_PROXY}
    return Refusal(f"The sign-in was refused ({found})", hints.get(status, _CHECK_ACCOUNT))


def may_have_counted(failure: RetryableFailure) -> bool:
    """Return whether a failed sign-in may have counted as one with a wrong password.

    A gateway that is overloaded has not looked at it, and what was not sent has not arrived.
    """
    is_gateway = failure.status in (502, 503, 504)
    is_paced = failure.status == 429 and failure.retry_after is not None
    return not (failure.is_unsent or is_gateway or is_paced)


def address_hint(url: str) -> str:
    """Return what to do where the address of the token endpoint is probably wrong."""
    base = url.rpartition("/oauth/")[0]
    if base.lower().endswith("/api"):
        return f"{CHECK_ADDRESS} It may be a proxy's response, or that of a maintenance page."
    return "Is /Api missing at the end of base_url? It is usually https://SUBDOMAIN.perfectgym.com/Api."


def sign_in_error(
    url: str, outcome: RetryableFailure | Refusal | Unsettled, attempts: int
) -> SignInError | Unavailable:
    """Return the error of a failed sign-in.

    Args:
        url: The address of the token endpoint.
        outcome: The last outcome.
        attempts: How many token requests were sent.
    """
    if isinstance(outcome, Refusal):
        return SignInError(outcome.message, hint=outcome.hint)
    last = outcome.last if isinstance(outcome, Unsettled) else outcome
    tries = "1 attempt" if attempts == 1 else f"{attempts} attempts, the last time"
    message = f"The sign-in failed in {tries}: {last.reason}"
    if last.status is not None and last.status < 300:
        return SignInError(message, hint=address_hint(url))
    hint = last.hint or RUN_LATER
    if isinstance(outcome, Unsettled):
        hint += " This run does not send the password again: accounts lock."
    return Unavailable(message, attempts=attempts, hint=hint)


def request_token(
    url: str, username: str, password: str, timeout: tuple[float, float], now: float
) -> Token | RetryableFailure | Refusal:
    """Send one token request, in a new session: no cookies, and no netrc."""
    form = {"username": username, "password": password, "grant_type": "password"}
    # What a response may quote, as it was sent and as it was meant.
    account = filter(None, (username, password))
    hidden = {text for s in account for text in (s, s.strip(), quote(s), quote_plus(s))}
    with requests.Session() as session:
        try:
            response = session.post(
                url,
                data=form,
                headers={"Accept": "application/json", "User-Agent": USER_AGENT},
                auth=unsigned,
                allow_redirects=False,
                timeout=timeout,
                stream=True,
            )
            content = read_token_body(response, timeout)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return failure_of(error)
        outcome = parse_token_response(response, content, now, hidden)
    if isinstance(outcome, Refusal) and outcome.hint == _CHECK_ACCOUNT:
        return replace(outcome, hint=_odd_hint(username, password) + _CHECK_ACCOUNT)
    return outcome


def _odd_hint(username: str, password: str) -> str:
    """Return what of the two may have been copied or quoted wrongly; empty if nothing."""
    named = {"user name": username, "password": password}
    found = []
    for is_odd, singular, plural in _ODD:
        names = [name for name, text in named.items() if is_odd(text)]
        if names:
            verb = singular if len(names) == 1 else plural
            found.append(f"The {' and the '.join(names)} {verb}. ")
    return "".join(found)


def read_token_body(response: requests.Response, timeout: tuple[float, float]) -> bytes:
    """Return the body of a response; of one that is too long to hold a token, nothing."""
    return read_body(response, MOST_BYTES, timeout[1]) or b""
