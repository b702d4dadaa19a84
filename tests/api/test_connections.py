"""What keeps a request from its response is named: with the server or the proxy, no secrets."""

from __future__ import annotations

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import urllib3

from perfectgym_source.api.auth.password_grant import PasswordGrantAuth
from perfectgym_source.api.connection_errors import failure_of
from perfectgym_source.errors import Unavailable

SECRET = "s3cret-Word"


def sign_in(base_url, **options):
    """The error of a sign-in that gets no response, and how often it was tried."""
    auth = PasswordGrantAuth(base_url, "api", SECRET, attempts=4, retry_wait=0.01, **options)
    with pytest.raises(Unavailable) as caught:
        auth(requests.Request("GET", f"{base_url}/Clubs/Clubs").prepare())
    assert SECRET not in str(caught.value)
    return str(caught.value), auth.token_requests


@pytest.fixture
def closed():
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def proxy(monkeypatch):
    """Make an address the proxy of all requests, with a password."""

    def set_proxy(address, scheme="http"):
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://me:{SECRET}@{address}")
        monkeypatch.setenv("NO_PROXY", "")

    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return set_proxy


def resolves_nothing(number):
    def look_up(host, *_, **__):
        raise socket.gaierror(number, "no")

    return look_up


@pytest.mark.parametrize(
    ("number", "says"),
    [(socket.EAI_NONAME, "does not resolve"), (socket.EAI_AGAIN, "is the network up?")],
)
def test_a_name_that_does_not_resolve(monkeypatch, proxy, number, says):
    monkeypatch.setattr(socket, "getaddrinfo", resolves_nothing(number))
    error, tries = sign_in("https://demo.perfectgym.com/Api")
    assert "the name demo.perfectgym.com " in error
    assert says in error
    assert ("subdomain" in error and "later" not in error) or number == socket.EAI_AGAIN
    assert tries == 4  # nothing was sent
    proxy("proxy.example:3128")
    error, _ = sign_in("https://demo.perfectgym.com/Api")
    assert "the name proxy.example of the proxy" in error
    assert "HTTPS_PROXY" in error


def test_a_server_or_a_proxy_that_is_not_there(closed, proxy):
    error, tries = sign_in(f"http://127.0.0.1:{closed}/Api")
    assert f"no connection to 127.0.0.1:{closed}: Connection refused" in error
    assert tries == 4
    proxy(f"127.0.0.1:{closed}")
    error, tries = sign_in("https://demo.perfectgym.com/Api")
    assert f"no connection to the proxy 127.0.0.1:{closed}: Connection refused" in error
    assert tries == 4


@pytest.mark.parametrize("scheme", ["ftp", "socks5", "http:/"])
def test_a_proxy_setting_that_is_no_address(proxy, scheme):
    proxy("127.0.0.1:3128", scheme)
    error, _ = sign_in("https://demo.perfectgym.com/Api")
    assert "the proxy setting" in error
    assert "HTTPS_PROXY" in error


def test_a_proxy_that_wants_another_password(proxy):
    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self):
            self.send_response(407, SECRET)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        proxy(f"127.0.0.1:{server.server_port}")
        error, _ = sign_in("https://demo.perfectgym.com/Api")
        server.shutdown()
    assert f"the proxy 127.0.0.1:{server.server_port} refuses the connection (status 407)" in error


def test_a_server_that_does_not_respond_in_time():
    with socket.create_server(("127.0.0.1", 0), backlog=5) as server:
        base_url = f"http://127.0.0.1:{server.getsockname()[1]}/Api"
        error, tries = sign_in(base_url, timeout=(1, 0.05))
    assert "no response within the time limit" in error
    assert tries == 3  # each may have counted as a wrong sign-in
    assert "does not send the password again" in error


@pytest.mark.parametrize(
    ("inner", "says"),
    [
        ("self-signed certificate", "the certificate of demo:443 is not accepted: self-signed"),
        ("certificate has expired", "the certificate of demo:443 is not accepted: certificate has"),
        ("", "the TLS connection to demo:443 failed: wrong version number"),
    ],
)
def test_a_tls_error_gives_its_reason(inner, says):
    if inner:
        cause = ssl.SSLCertVerificationError(1, SECRET)
        cause.verify_message = inner
    else:
        cause = ssl.SSLError(1, SECRET)
        cause.reason = "WRONG_VERSION_NUMBER"
    pool = urllib3.HTTPSConnectionPool("demo", 443)
    wrapped = urllib3.exceptions.MaxRetryError(pool, "/", urllib3.exceptions.SSLError(cause))
    found = failure_of(requests.exceptions.SSLError(wrapped))
    assert found.reason.startswith(says)
    assert SECRET not in found.reason + found.hint
    assert found.is_unsent == bool(inner)
