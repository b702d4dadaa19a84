"""The session: one pool of connections for the API's address, and no other requests through it."""

from __future__ import annotations

import requests

from perfectgym_source.api.auth.signing import unsigned
from perfectgym_source.api.session import ApiAdapter, ApiSession

BASE = "https://demo.example/Api"


def prepared(url):
    return requests.Session().prepare_request(requests.Request("GET", url, auth=unsigned))


def test_requests_below_the_address_share_a_pool_and_others_have_their_own():
    adapter = ApiAdapter(BASE, 4)
    pool = adapter.get_connection_with_tls_context(prepared(f"{BASE}/Clubs?a=1"), True)
    for url in (f"{BASE}/Users", "https://DEMO.example/api/Users"):
        assert adapter.get_connection_with_tls_context(prepared(url), True) is pool
    assert (pool.host, pool.port, pool.block) == ("demo.example", 443, True)
    for url, host in (
        ("https://demo.example.evil/Api/Clubs", "demo.example.evil"),
        ("https://demo.example@evil/Api/", "evil"),
        ("http://demo.example/Api/Clubs", "demo.example"),
    ):
        other = adapter.get_connection_with_tls_context(prepared(url), True)
        assert other is not pool
        assert other.host == host


def test_a_closed_session_keeps_no_connections():
    session = ApiSession(BASE, 4, None)
    adapter = session.get_adapter(BASE)
    pool = adapter.get_connection_with_tls_context(prepared(f"{BASE}/Clubs"), True)
    session.close()
    assert adapter.get_connection_with_tls_context(prepared(f"{BASE}/Clubs"), True) is not pool


def test_requests_are_made_for_a_path_with_parameters_or_a_whole_address():
    session = ApiSession(f"{BASE}/", 4, "pl-PL")
    request = session.request_for("/Clubs/Clubs", {"timestamp": "0"})
    assert request.url == f"{BASE}/Clubs/Clubs?timestamp=0"
    assert request.headers["Accept-Language"] == "pl-PL"
    assert request.headers["Cache-Control"] == "no-cache"
    assert "Authorization" not in request.headers
    again = session.request_for("Clubs", {"timestamp": "0"}, f"{BASE}/Clubs?$skip=5")
    assert again.url == f"{BASE}/Clubs?$skip=5"
    assert again.headers is not request.headers
    assert again.hooks is not request.hooks
