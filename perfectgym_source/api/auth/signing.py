"""What all ways to sign requests share, and the simplest of them: an id and a secret in headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from ...errors import ConfigurationError, SignInError
from ...prerequisites import own_version

USER_AGENT = f"perfectgym-dlt/{own_version()}"
"""The `User-Agent` of all requests."""


def unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep `requests` from taking credentials out of a netrc file."""
    return request


def origin_of(url: str | None) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url or "")
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port


def is_below(url: str, base_url: str) -> bool:
    """Return whether an address has the origin of another one and leads below its path.

    Example:
        >>> is_below("https://a.example/api/Clubs", "https://a.example/Api")
        True
    """
    path, base = (
        f"{unquote(urlsplit(address).path).lower().rstrip('/')}/" for address in (url, base_url)
    )
    # A server may take a backslash for a slash, and resolves what leads upwards.
    is_straight = ".." not in re.split(r"[/\\]", path)
    return origin_of(url) == origin_of(base_url) and path.startswith(base) and is_straight


class SecretAuth(AuthBase):
    """Signs requests to one API, and no others, with a secret that is neither shown nor stored.

    Args:
        base_url: The address of the API.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._origin = origin_of(base_url)

    def is_for(self, url: str | None) -> bool:
        """Return whether an address belongs to the API."""
        return origin_of(url) == self._origin

    def secrets(self) -> tuple[str, ...]:
        """Return what is sent with requests and must not be shown, should a response quote it."""
        return ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base_url!r})"

    def __getstate__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a secret: it is not to be stored")

    def __deepcopy__(self, memo: dict[int, Any]) -> SecretAuth:
        return self  # one account, one state


class KeyHeaderAuth(SecretAuth):
    """Puts the id and the secret of an API client into two headers of each request to one API.

    The pair opens more than reading: only GET requests below the address of the API are signed.
    Where a request is refused with 401 before the API has accepted the pair anywhere, some other
    addresses are tried. If one of them accepts it, it is the request that is refused, and the
    response is handed on.

    Args:
        base_url: The address of the API.
        client_id: The id of the API client.
        client_secret: Its secret.
        probes: Addresses, any of which the pair may open.

    Raises:
        ConfigurationError: The id or the secret cannot stand in a header.
        SignInError: When a response says that the pair is refused (status 401).

    Example:
        auth = KeyHeaderAuth("https://demo.perfectgym.com/Api", "id", "...")
        requests.get("https://demo.perfectgym.com/Api/Clubs", auth=auth)
    """

    def __init__(
        self, base_url: str, client_id: str, client_secret: str, probes: Sequence[str] = ()
    ) -> None:
        super().__init__(base_url)
        for name, value in (("client id", client_id), ("client secret", client_secret)):
            # The error of `requests` would quote it.
            if not re.fullmatch(r"[\x21-\x7e]+", value):
                raise ConfigurationError(
                    f"The {name} is empty, or holds a blank, a line break or another character "
                    "that cannot be sent in a header"
                )
        self._headers = {"X-Client-Id": client_id, "X-Client-Secret": client_secret}
        self._probes = probes
        self._is_accepted: bool | None = None
        self._lock = Lock()

    def is_for(self, url: str | None) -> bool:
        """Return whether an address is one below that of the API."""
        return is_below(url or "", self._base_url)

    def secrets(self) -> tuple[str, ...]:
        """See `SecretAuth`."""
        return tuple(self._headers.values())

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign a request, if it reads from the API."""
        if request.method == "GET" and self.is_for(request.url):
            request.headers.update(self._headers)
            request.hooks.setdefault("response", []).append(self._on_response)
        return request

    def _on_response(self, response: requests.Response, **options: Any) -> None:
        if response.is_redirect:
            # `requests` sends the next one with the same headers, wherever it goes.
            for name in self._headers:
                response.request.headers.pop(name, None)
        if response.status_code < 400:
            self._is_accepted = True
        if response.status_code != 401 or not self.is_for(response.request.url):
            return
        with self._lock:
            if self._is_accepted is None:
                self._is_accepted = any(self._opens(url, response, options) for url in self._probes)
        if not self._is_accepted:
            response.close()
            raise SignInError(
                "The API refuses the client id and secret (status 401)",
                hint="Check them in PerfectGym's settings under API Clients: the pair may have "
                "been deleted, or its owner may have lost the right to use the API.",
            )

    def _opens(self, url: str, refused: requests.Response, options: Mapping[str, Any]) -> bool:
        """Return whether the pair is accepted at an address; not if there is no response."""
        request = refused.request.copy()
        request.url, request.hooks = url, {"response": []}
        try:
            with refused.connection.send(request, **options) as response:
                return bool(response.status_code < 400 or response.status_code == 403)
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            return False
