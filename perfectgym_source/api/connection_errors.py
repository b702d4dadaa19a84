"""Exceptions of `requests` as failures in words, with what to do about them."""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import requests
import urllib3

from .retry import CHECK_ADDRESS, CHECK_PROXY, RetryableFailure


def failure_of(error: Exception) -> RetryableFailure:
    """Return why a request received no complete response, and what to do about it.

    The error's own text is not used: that of proxy errors holds the proxy's password.
    """
    links = list(_links(error))
    for explain in (_of_proxy_setting, _of_certificate, _of_connection):
        if found := explain(links):
            return found
    for kind, words in _FAILURES:
        if isinstance(error, kind):
            hint = _CHECK_DAMAGE if words == _DAMAGED else ""
            return RetryableFailure(words, hint=hint, is_timeout=words == _NO_RESPONSE)
    return RetryableFailure(f"the connection failed ({type(error).__name__})")


_NO_RESPONSE = "no response within the time limit"
_DAMAGED = "the response is damaged: it cannot be unpacked"

_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (urllib3.exceptions.ReadTimeoutError, _NO_RESPONSE),
    (urllib3.exceptions.DecodeError, _DAMAGED),
    (urllib3.exceptions.SSLError, "the TLS connection broke off"),
    (urllib3.exceptions.ProtocolError, "the response broke off"),
    (requests.exceptions.Timeout, _NO_RESPONSE),
    (requests.exceptions.SSLError, "the TLS connection failed"),
    (requests.exceptions.ChunkedEncodingError, "the response broke off"),
    (requests.exceptions.ContentDecodingError, _DAMAGED),
    (requests.exceptions.ConnectionError, "the connection broke off"),
)

_CHECK_CERTIFICATE = (
    "Check base_url (or subdomain), the clock of this machine, and its certificates "
    "(REQUESTS_CA_BUNDLE)."
)
_CHECK_DAMAGE = (
    "A proxy between this machine and the API may have changed it. Run again later; if it stays "
    "so, report the request to PerfectGym."
)
_CHECK_NETWORK = "Check base_url (or subdomain) and the network, or run again later."


def _links(error: object) -> Iterator[BaseException]:
    """Yield an error of `requests`, and those that it wraps, from the outside in."""
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


def _of_proxy_setting(links: list[BaseException]) -> RetryableFailure | None:
    if _first(
        links,
        requests.exceptions.InvalidProxyURL,
        requests.exceptions.InvalidSchema,
        urllib3.exceptions.ProxySchemeUnknown,
    ):
        return RetryableFailure(
            "the proxy setting is no usable address", hint=CHECK_PROXY, is_unsent=True
        )
    return None


def _of_certificate(links: list[BaseException]) -> RetryableFailure | None:
    refused: ssl.SSLCertVerificationError | None = _first(links, ssl.SSLCertVerificationError)
    if refused is not None:
        return RetryableFailure(
            f"the certificate of {_server(links)} is not accepted: {refused.verify_message}",
            hint=_CHECK_CERTIFICATE,
            is_unsent=True,
        )
    broken: ssl.SSLError | None = _first(links, ssl.SSLError)
    if broken is not None and isinstance(broken.reason, str):
        why = broken.reason.lower().replace("_", " ")
        return RetryableFailure(
            f"the TLS connection to {_server(links)} failed: {why}", hint=_CHECK_NETWORK
        )
    return None


def _of_connection(links: list[BaseException]) -> RetryableFailure | None:
    """Return why no connection was made: nothing of the request was sent."""
    is_proxy = _first(links, urllib3.exceptions.ProxyError) is not None
    failed = _first(links, urllib3.exceptions.ConnectTimeoutError)
    if failed is None and not is_proxy:
        return None
    server = _server(links)
    named = f"the proxy {server}" if is_proxy else server
    unknown: socket.gaierror | None = _first(links, socket.gaierror)
    system: OSError | None = _first(links, OSError) if failed is None else failed.__cause__
    is_timeout = isinstance(system, TimeoutError)
    hint = CHECK_PROXY if is_proxy else _CHECK_NETWORK
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
    elif is_timeout:
        reason = f"no connection to {named} within the time limit"
    elif isinstance(system, OSError) and system.errno:
        reason = f"no connection to {named}: {os.strerror(system.errno)}"
    else:
        reason = f"no connection to {named}"
    return RetryableFailure(reason, hint=hint, is_unsent=True, is_timeout=is_timeout)


def _server(links: list[BaseException]) -> str:
    """Return host and port of the server, or of the proxy, to which there is no connection."""
    pool = getattr(_first(links, urllib3.exceptions.MaxRetryError), "pool", None)
    proxy = getattr(pool, "proxy", None)
    is_proxy = proxy is not None and _first(links, urllib3.exceptions.ProxyError) is not None
    peer = proxy if is_proxy else pool
    if peer is None:
        return "the server"
    return f"{peer.host}:{peer.port}"
