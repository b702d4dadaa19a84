"""Accounts and tokens: who may sign in, which tokens hold, which accounts are locked."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from threading import Lock

from .endpoints import EMPLOYEE, USER

WRONG_SIGN_INS = 5
"""Wrong sign-ins in a row after which an account locks."""

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


@dataclass(frozen=True)
class Account:
    """Someone who can sign in.

    Attributes:
        username: for a member, his e-mail.
        password: never recorded, never shown in `repr`.
        mode: `employee` or `user`.
        user_id: the member; None for the employee.
    """

    username: str
    password: str
    mode: str
    user_id: int | None = None

    def __repr__(self) -> str:
        return f"Account(username={self.username!r}, mode={self.mode!r}, user_id={self.user_id})"


def employee_account(seed: int) -> Account:
    """The API user of a sandbox."""
    random = Random(f"{seed}/employee")
    return Account(f"api.connector.{random.randrange(1000, 9999)}", _password(random), EMPLOYEE)


def member_account(seed: int, email: str | None, user_id: int | None) -> Account:
    """The demo member of a sandbox; in an empty world he has no row."""
    random = Random(f"{seed}/member")
    return Account(email or "member@mail.example", _password(random), USER, user_id)


@dataclass(frozen=True)
class ApiClient:
    """The pair of keys that opens v2.2, and v1 as well.

    Attributes:
        client_id: sent as `X-Client-Id`.
        client_secret: sent as `X-Client-Secret`; never recorded, never shown in `repr`.
    """

    client_id: str
    client_secret: str = field(repr=False)

    def opens(self, client_id: str, client_secret: str) -> bool:
        """Whether these two headers are the pair."""
        return secrets.compare_digest(
            f"{self.client_id} {self.client_secret}".encode(),
            f"{client_id} {client_secret}".encode(),
        )


def api_client(seed: int) -> ApiClient:
    """The API client of a sandbox."""
    random = Random(f"{seed}/client")
    return ApiClient(f"{random.getrandbits(128):032x}", _password(random) + _password(random))


def _password(random: Random) -> str:
    return "".join(random.choice(_LETTERS) for _ in range(18)) + "-" + str(random.randrange(10, 99))


class SignInRefused(Exception):
    """The credentials do not open an account, or the account is locked."""


class Accounts:
    """Checks credentials and tokens; thread-safe.

    Args:
        accounts: those who may sign in.
        clock: seconds that only grow, by which tokens expire.

    Attributes:
        issued: every token that was ever given, for tests that search for them.
    """

    def __init__(
        self, accounts: Iterable[Account], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lock = Lock()
        self._clock = clock
        self._accounts = {account.username.lower(): account for account in accounts}
        self._wrong: dict[str, int] = {}
        self._tokens: dict[str, tuple[Account, float]] = {}
        self.issued: list[str] = []

    def sign_in(
        self, username: str, password: str, lifetime: float, alone: bool = False
    ) -> tuple[str, Account]:
        """A new token that holds for `lifetime` seconds, and alone if it ends the others.

        Raises:
            SignInRefused: the credentials are wrong, or were so five times in a row.
        """
        name = username.lower()
        with self._lock:
            if self._wrong.get(name, 0) >= WRONG_SIGN_INS:
                raise SignInRefused("The account is locked after too many failed attempts.")
            account = self._accounts.get(name)
            right = account is not None and secrets.compare_digest(
                account.password.encode(), password.encode()
            )
            if account is None or not right:
                self._wrong[name] = self._wrong.get(name, 0) + 1
                raise SignInRefused("The user name or password is incorrect.")
            self._wrong.pop(name, None)
            token = secrets.token_urlsafe(48)
            self.issued.append(token)
            if alone:
                held = self._tokens.items()
                self._tokens = {old: of for old, of in held if of[0] is not account}
            self._tokens[token] = (account, self._clock() + lifetime)
            return token, account

    def holder(self, authorization: str) -> Account | None:
        """The account whose valid token an `Authorization` header carries."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        held = self._tokens.get(token.strip())
        if held is None or self._clock() >= held[1]:
            return None
        return held[0]

    def revoke(self) -> None:
        """Make every token that was given so far invalid."""
        with self._lock:
            self._tokens = {}

    def unlock(self) -> None:
        """Forget all wrong sign-ins, so that locked accounts open again."""
        with self._lock:
            self._wrong = {}
