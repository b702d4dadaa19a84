"""The session of `requests` that all threads share, and what it takes from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import ConnectionPool

from .auth.signing import USER_AGENT, unsigned


class ApiAdapter(HTTPAdapter):
    """Sends requests to one API over a pool of connections that is looked up once.

    `requests` looks it up for each request, from the parts of its address, the proxies and the
    certificates: an eighth of what a request costs.

    Args:
        base_url: The address of the API.
        connections: How many there are.
    """

    def __init__(self, base_url: str, connections: int) -> None:
        super().__init__(pool_maxsize=connections, pool_block=True)
        self._below = f"{base_url.rstrip('/')}/".lower()
        self._pool: ConnectionPool | None = None

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: Any = None,
        cert: Any = None,
    ) -> ConnectionPool:
        """Return the pool for a request; proxies and certificates are those of the first one."""
        if not str(request.url).lower().startswith(self._below):
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        return self._pool

    def close(self) -> None:
        """Close the connections."""
        self._pool = None  # those of a pool are closed when nothing refers to it
        super().close()


class ApiSession(requests.Session):
    """A session for one API, without cookies.

    It honors the environment's proxies and certificates; a netrc file does not matter, as every
    request has its auth.

    Args:
        base_url: The address of the API.
        connections: How many requests may be under way.
        language: The value of `Accept-Language`, if any.
    """

    def __init__(self, base_url: str, connections: int, language: str | None) -> None:
        super().__init__()
        self._base_url = base_url
        adapter = ApiAdapter(base_url, connections)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update(
            {
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                # A cache may not know that rows change, and are of the account that signs.
                "Cache-Control": "no-cache",
                "User-Agent": USER_AGENT,
            }
        )
        if language is not None:
            self.headers["Accept-Language"] = language

    def request_for(
        self, path: str, params: Mapping[str, str], url: str | None = None
    ) -> requests.PreparedRequest:
        """Return a request, not signed: the base request, for another address.

        Args:
            path: The path below the base address.
            params: The query parameters.
            url: The whole address instead of these.
        """
        request = self._base_request.copy()
        address = f"{str(request.url).rstrip('/')}/{path.lstrip('/')}"
        request.url = url or (f"{address}?{urlencode(params)}" if params else address)
        request.hooks = {"response": []}  # a copy shares those of the original
        return request

    def respond(
        self, request: requests.PreparedRequest, timeout: tuple[float, float]
    ) -> requests.Response:
        """Return the response to a request; its body is still to be read.

        Args:
            request: The request, signed.
            timeout: Seconds to wait for a connection and for data.
        """
        return self.send(request, timeout=timeout, allow_redirects=False, **self._environment)

    @cached_property
    def _base_request(self) -> requests.PreparedRequest:
        """Return a request for the base address: preparing each one anew takes a quarter as long
        as sending it."""
        return self.prepare_request(requests.Request("GET", self._base_url, auth=unsigned))

    @cached_property
    def _environment(self) -> dict[str, Any]:
        """Return the proxies and certificates of the environment, found once, not per request."""
        return dict(self.merge_environment_settings(self._base_url, {}, True, None, None))
