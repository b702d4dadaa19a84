"""Signing in against the sandbox, over real sockets."""

from __future__ import annotations

import copy
import logging
import pickle
import re
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import quote_plus

import pytest
import requests
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import SinglePagePaginator
from support.watched import Watched

from perfectgym_source.api.auth.password_grant import FRESH_SECONDS, PasswordGrantAuth
from perfectgym_source.api.auth.tokens import MAX_LIFETIME, lifetime_of, margin_of
from perfectgym_source.errors import SignInError, Unavailable
from perfectgym_source.sandbox import ABSENT, Fault, Sandbox

TOKEN = "oauth/authorize"
CLUBS = "/Clubs/Clubs"


class Clock:
    """A clock that moves when it is told to, or when somebody sleeps on it."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class FastClock:
    """The time of day, fifty times as fast."""

    def __call__(self):
        return time.monotonic() * 50

    def sleep(self, seconds):
        time.sleep(seconds / 50)


@pytest.fixture
def clock():
    return Clock()


def make_auth(sandbox, clock=None, username=None, password=None, **options):
    clock = clock or Clock()
    account = sandbox.employee
    options = {"retry_wait": 0.01, "clock": clock, "sleep": clock.sleep, **options}
    return PasswordGrantAuth(
        sandbox.base_url, username or account.username, password or account.password, **options
    )


def get(sandbox, auth, path=CLUBS, **options):
    return requests.get(sandbox.base_url + path, auth=auth, timeout=10, **options)


def everything_about(error):
    """All that a report of an error could show."""
    seen, chain = set(), [error]
    text = ""
    while chain:
        link = chain.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        text += f"{link} {link!r} {vars(link)} {link.args}"
        text += "".join(traceback.format_exception(type(link), link, link.__traceback__))
        chain += [link.__cause__, link.__context__]
    return text


def test_the_token_is_fetched_with_the_first_request_and_kept(sandbox):
    auth = make_auth(sandbox)
    assert auth.token_requests == 0
    assert [get(sandbox, auth).status_code for _ in range(3)] == [200, 200, 200]
    assert auth.token_requests == len(sandbox.token_requests) == 1


def test_sixteen_threads_that_meet_an_expired_token_make_one_token_request(clock):
    with Sandbox(expires_in=100) as sandbox:
        auth = make_auth(sandbox, clock)
        get(sandbox, auth)
        clock.now += 101
        start = threading.Barrier(16)

        def one(_):
            start.wait()
            return get(sandbox, auth).status_code

        with ThreadPoolExecutor(16) as pool:
            assert set(pool.map(one, range(16))) == {200}
        assert len(sandbox.token_requests) == 2


def test_sixteen_threads_that_meet_a_revoked_token_make_one_token_request(sandbox):
    auth = make_auth(sandbox)
    get(sandbox, auth)
    sandbox.revoke_tokens()
    start = threading.Barrier(16)

    def one(_):
        start.wait()
        return get(sandbox, auth).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(one, range(16))) == {200}
    assert len(sandbox.token_requests) == 2


@pytest.mark.parametrize(("lifetime", "margin"), [(7_775_999, 60), (100, 25), (2, 0.5)])
def test_a_token_is_renewed_a_margin_before_its_end(clock, lifetime, margin):
    assert margin_of(lifetime) == margin
    with Sandbox(expires_in=lifetime) as sandbox:
        auth = make_auth(sandbox, clock)
        get(sandbox, auth)
        clock.now += lifetime - margin - 0.1
        get(sandbox, auth)
        assert auth.token_requests == 1
        clock.now += 0.2
        get(sandbox, auth)
        assert auth.token_requests == 2


@pytest.mark.parametrize("odd", [ABSENT, None, "soon", "nan", "inf", 0, -5, "", True])
def test_an_odd_lifetime_is_the_documented_default(clock, odd):
    with Sandbox(expires_in=odd) as sandbox:
        auth = make_auth(sandbox, clock)
        get(sandbox, auth)
        clock.now += 539
        assert get(sandbox, auth).status_code == 200
        assert auth.token_requests == 1
        clock.now += 2
        get(sandbox, auth)
        assert auth.token_requests == 2


def test_lifetimes_are_read_as_numbers_and_capped():
    assert lifetime_of("3600") == 3600
    assert lifetime_of(" 90.5 ") == 90.5
    assert lifetime_of(10**30) == MAX_LIFETIME
    assert lifetime_of(10**400) == lifetime_of([]) == lifetime_of(float("nan")) == 600


def test_a_revoked_token_is_renewed_once_and_the_request_repeated(sandbox):
    auth = make_auth(sandbox)
    get(sandbox, auth)
    sandbox.revoke_tokens()
    response = get(sandbox, auth)
    assert response.status_code == 200
    assert [earlier.status_code for earlier in response.history] == [401]
    assert [request.status for request in sandbox.requests] == [200, 401, 200]
    assert auth.token_requests == 2


@pytest.mark.parametrize("status", [401, 498, 499])
def test_an_ended_session_has_three_statuses(sandbox, status):
    sandbox.faults.add(Fault("Clubs/Clubs", "status", status=status))
    auth = make_auth(sandbox)
    assert get(sandbox, auth).status_code == 200
    assert auth.token_requests == 2


def test_a_refusal_of_every_token_is_returned_and_costs_few_sign_ins(sandbox, clock):
    sandbox.faults.add(Fault(None, "revoke", times=None))
    auth = make_auth(sandbox, clock, attempts=4, retry_wait=2)
    assert get(sandbox, auth).status_code == 401
    assert len(sandbox.requests) == len(sandbox.token_requests) == 4
    # The first renewal is at once, then the waits double.
    assert len(clock.slept) == 2
    assert all(most / 2 <= slept <= most for slept, most in zip(clock.slept, (2, 4), strict=True))
    for path in [CLUBS, "/Instructors/Instructors", "/Classes/ClassesTypes"] * 10:
        assert get(sandbox, auth, path).status_code == 401
    assert auth.token_requests == 4
    clock.now += FRESH_SECONDS + 1
    for _ in range(10):
        assert get(sandbox, auth).status_code == 401
    assert auth.token_requests == 5


def test_one_path_that_is_refused_costs_few_sign_ins_and_no_other_path(sandbox, clock):
    """Even if it was not refused before, and the session ends in between."""
    auth = make_auth(sandbox, clock, attempts=3)
    refused = "/Classes/Classes"
    assert get(sandbox, auth, refused, params={"clubId": 1}).status_code == 200
    sandbox.faults.add(Fault(refused, "status", status=401, times=None, params={"clubId": 2}))

    def one(number):
        path, params = [(CLUBS, {}), (refused, {"clubId": 2})][number % 2]
        return get(sandbox, auth, path, params=params).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(200))) == [200, 401] * 100
        assert auth.token_requests <= 1 + 2 * 2
        known = auth.token_requests
        sandbox.revoke_tokens()
        assert get(sandbox, auth).status_code == 200
        assert list(pool.map(one, range(20))) == [200, 401] * 10
    assert auth.token_requests == known + 1


def test_a_server_that_gives_the_same_token_again_gets_no_request_of_every_thread(sandbox, clock):
    same = {"access_token": "same", "token_type": "bearer", "expires_in": 3600}
    sandbox.faults.add(Fault(TOKEN, "status", status=200, body=same, times=None))
    auth = make_auth(sandbox, clock)
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda _: get(sandbox, auth), range(32))
        assert {answer.status_code for answer in answers} == {401}
    assert auth.token_requests <= 2 * 5


def test_a_session_that_our_own_sign_in_ends_is_no_sign_of_another(sandbox, clock):
    """Else each path that is refused would be tried with new tokens, and end it again."""
    sandbox.single_session = True
    auth = make_auth(sandbox, clock)
    with requests.Session() as session:
        stale = session.prepare_request(
            requests.Request("GET", sandbox.base_url + CLUBS, auth=auth)
        )
        for path in ("Classes/Classes", "Classes/ClassesTypes"):
            sandbox.faults.add(Fault(path, "status", status=401, times=None))
        assert get(sandbox, auth, "/Classes/Classes").status_code == 401
        assert session.send(stale).status_code == 200
        assert get(sandbox, auth, "/Classes/ClassesTypes").status_code == 401
    assert auth.token_requests == 5


def test_those_who_end_each_others_sessions_read_on_and_sign_in_seldom():
    def read(auth):
        return [get(sandbox, auth).status_code for _ in range(40)]

    with Sandbox() as sandbox:
        sandbox.single_session = True
        auths = [make_auth(sandbox, FastClock(), retry_wait=1) for _ in range(3)]
        with ThreadPoolExecutor(6) as pool:
            seen = [status for done in pool.map(read, auths * 2) for status in done]
        assert set(seen) == {200}
        assert sum(auth.token_requests for auth in auths) < 50


def test_the_session_of_another_process_is_not_taken_for_a_refusal(sandbox, clock):
    """The token was replaced by a sign-in elsewhere, as often as a request has tokens but one."""
    auth = make_auth(sandbox, clock, attempts=4)
    sandbox.faults.add(Fault("Clubs/Clubs", "revoke", times=3))
    assert get(sandbox, auth).status_code == 200
    assert auth.token_requests == 4


def test_a_token_that_another_thread_has_renewed_is_taken_over(sandbox):
    auth = make_auth(sandbox)
    with requests.Session() as session:
        stale = session.prepare_request(
            requests.Request("GET", sandbox.base_url + CLUBS, auth=auth)
        )
        sandbox.revoke_tokens()
        get(sandbox, auth)
        assert auth.token_requests == 2
        assert session.send(stale).status_code == 200
        assert auth.token_requests == 2
        sandbox.clear_records()
        assert session.send(stale).status_code == 200
        assert [request.status for request in sandbox.requests] == [200]


def test_other_hooks_see_the_repeated_response_each_time(sandbox):
    auth = make_auth(sandbox)
    get(sandbox, auth)
    seen = []
    with requests.Session() as session:
        request = session.prepare_request(
            requests.Request(
                "GET",
                sandbox.base_url + CLUBS,
                auth=auth,
                hooks={"response": lambda response, **_: seen.append(response.status_code)},
            )
        )
        for _ in range(2):
            sandbox.revoke_tokens()
            assert session.send(request).status_code == 200
    assert seen == [200, 200]


def test_a_wrong_password_makes_one_token_request_however_many_threads(sandbox):
    auth = make_auth(sandbox, password="wrong-Password-1")

    def one(_):
        with pytest.raises(SignInError) as caught:
            get(sandbox, auth)
        return str(caught.value)

    with ThreadPoolExecutor(16) as pool:
        texts = set(pool.map(one, range(32)))
    assert len(texts) == 1
    assert "invalid_grant" in texts.pop()
    assert len(sandbox.token_requests) == 1
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [
        ("api", " Wrong-1", "The password begins or ends with a blank. Check username"),
        ("api\t", "Wrong-1\n", "The user name and the password begin or end with a blank."),
        ("api ", "Wrong-1", "The user name begins or ends with a blank."),
        ("api", "Wrong 1", "Check username"),
        ("api", '"Wrong-1"', "The password begins or ends with a quotation mark. Check username"),
        ("api", "Wrong\n1", "The password holds a character that is not to be seen (TOML"),
    ],
)
def test_what_is_odd_about_a_refused_account_is_named(sandbox, username, password, words):
    sandbox.faults.add(Fault(TOKEN, "status", status=400, body={"error": "no Wrong-1"}))
    with pytest.raises(SignInError) as caught:
        get(sandbox, make_auth(sandbox, username=username, password=password))
    assert str(caught.value.hint).startswith(words)
    assert password.strip() not in str(caught.value)


NO = {"error": "invalid_grant", "error_description": "Locked."}


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, None, "status 400, An error has occurred.*Check username"),
        (401, NO, "status 401, invalid_grant: Locked.*lock the account"),
        (403, b"", "status 403.*Check username"),
        (404, None, "status 404.*check base_url"),
        (405, None, "status 405.*check base_url"),
        (407, b"", "status 407.*proxy"),
        (423, {"Message": "Locked."}, "status 423, Locked"),
        (200, NO, "status 200, invalid_grant: Locked"),
        (200, {"errors": [{"code": "Locked", "message": "no"}]}, "Locked: no.*Check username"),
        (200, {"Errors": [{"Message": "Locked."}]}, "Locked.*Check username"),
        (200, {"access_token": None}, "JSON that holds no token.*check base_url"),
        (200, {"access_token": "two\nlines"}, "JSON that holds no token"),
        (200, b"[1]", "JSON that holds no token"),
        (200, b"\r\n<html>Wrong password</html>", "a web page .status 200.*check base_url"),
        (302, b"", "redirected .status 302.*check base_url"),
        (429, NO, "status 429, invalid_grant"),
        (500, NO, "status 500, invalid_grant"),
        (503, NO, "status 503, invalid_grant"),
        (500, {"Errors": [{"Message": "Locked."}]}, "status 500, Locked"),
    ],
)
def test_a_refusal_is_tried_once_whatever_its_status(sandbox, status, body, words):
    sandbox.faults.add(Fault(TOKEN, "status", status=status, body=body, times=None))
    auth = make_auth(sandbox)
    for _ in range(3):
        with pytest.raises(SignInError, match=f"(?i){words}"):
            get(sandbox, auth)
    assert len(sandbox.token_requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop"},
        {"kind": "truncate"},
        {"kind": "garbage"},
        {"kind": "empty"},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 429, "body": {"error": "account_locked"}},
        {"kind": "status", "status": 400, "body": {"error": "temporarily_unavailable"}},
    ],
)
def test_a_password_that_may_have_counted_goes_out_three_times(sandbox, clock, fault):
    sandbox.faults.add(Fault(TOKEN, times=None, **fault))
    auth = make_auth(sandbox, clock)
    for _ in range(5):
        with pytest.raises((SignInError, Unavailable), match="failed in 3 attempts"):
            get(sandbox, auth)
        clock.now += 1e6
    assert len(sandbox.token_requests) == 3


@pytest.mark.parametrize("paths", [("Api", False), ("api", False), ("", True), ("v1", True)])
def test_an_address_without_api_at_its_end_is_named_in_the_hint(sandbox, paths):
    end, is_asked = paths
    sandbox.faults.add(Fault(TOKEN, "status", status=404, times=None))
    base_url = sandbox.base_url.replace("Api", end)
    auth = PasswordGrantAuth(base_url, "api", "-")
    with pytest.raises(SignInError, match=r"status 40[45]") as caught:
        requests.get(f"{base_url}/Clubs/Clubs", auth=auth, timeout=10)
    assert ("/Api missing" in str(caught.value)) == is_asked


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429, "retry_after": "0"},
        {"kind": "drop"},
        {"kind": "truncate"},
        {"kind": "garbage"},
        {"kind": "empty"},
    ],
)
def test_a_token_request_that_fails_in_passing_is_repeated(sandbox, fault):
    sandbox.faults.add(Fault(TOKEN, times=2, **fault))
    assert get(sandbox, make_auth(sandbox)).status_code == 200
    assert len(sandbox.token_requests) == 3


def test_a_token_endpoint_that_stays_away_gets_requests_of_one_of_the_threads_that_wait(sandbox):
    sandbox.faults.add(Fault(TOKEN, "status", status=503, times=None))
    all_wait = threading.Event()
    clock = Clock()
    auth = make_auth(sandbox, clock, attempts=3, sleep=lambda _: all_wait.wait(10))

    def one(_):
        with pytest.raises(Unavailable) as caught:
            get(sandbox, auth)
        return caught.value.attempts

    with ThreadPoolExecutor(8) as pool:
        outcomes = pool.map(one, range(8))
        threading.Timer(0.3, all_wait.set).start()
        assert list(outcomes) == [3] * 8
    assert len(sandbox.token_requests) == 3
    # Nothing was read yet: for a while, it gets no request for each list.
    with pytest.raises(Unavailable):
        get(sandbox, auth)
    assert len(sandbox.token_requests) == 3
    sandbox.faults.clear()
    clock.now += 60
    assert get(sandbox, auth).status_code == 200


def test_an_outage_in_the_middle_is_tried_again_each_time(sandbox):
    auth = make_auth(sandbox, attempts=2)
    get(sandbox, auth)
    sandbox.revoke_tokens()
    outage = sandbox.faults.add(Fault(TOKEN, "status", status=503, times=4))
    for _ in range(2):
        with pytest.raises(Unavailable):
            get(sandbox, auth)
    assert outage.fired == 4
    assert get(sandbox, auth).status_code == 200


def test_a_redirected_token_request_is_not_followed(sandbox):
    with Sandbox(seed=2) as other:
        sandbox.faults.add(Fault(TOKEN, "redirect", location=f"{other.base_url}/{TOKEN}"))
        with pytest.raises(SignInError, match="redirected"):
            get(sandbox, make_auth(sandbox))
        assert other.token_requests == []


def test_the_token_goes_to_no_other_host(sandbox):
    headers = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            headers.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    other = f"http://127.0.0.1:{server.server_port}/Api/Clubs/Clubs"
    auth = make_auth(sandbox)
    try:
        assert requests.get(other, auth=auth, timeout=10).status_code == 401
        assert auth.token_requests == 0
        sandbox.faults.add(Fault(None, "redirect", location=other))
        assert get(sandbox, auth).status_code == 401
        assert auth.token_requests == 1
    finally:
        server.shutdown()
        server.server_close()
    assert headers == [None, None]


@pytest.mark.parametrize("seen", ["wrong", "unavailable", "dropped", "quoted"])
def test_secrets_are_in_no_error(sandbox, seen):
    password = sandbox.employee.password
    if seen == "wrong":
        password = "wrong-Password-1"
    elif seen == "quoted":
        password = "p+W/" * 8
        sent = f"{' ' * 280}no {password.upper()} or {quote_plus(password)} for you"
        body = {"error": "invalid_grant", "error_description": sent, "Errors": [sent]}
        sandbox.faults.add(Fault(TOKEN, "status", status=400, body=body))
    else:
        kind = "status" if seen == "unavailable" else "drop"
        sandbox.faults.add(Fault(TOKEN, kind, times=None))
    auth = make_auth(sandbox, password=password, attempts=2)
    with pytest.raises((SignInError, Unavailable)) as caught:
        get(sandbox, auth)
    shown = everything_about(caught.value) + repr(auth)
    assert password not in shown
    assert not {"P+W/", quote_plus("p+W/")} & set(re.findall("(?i)p[+]w/|p%2bw%2f", shown))


def test_secrets_are_in_no_log_even_at_debug(sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    sandbox.faults.add(Fault(TOKEN, "status", status=503))
    auth = make_auth(sandbox)
    get(sandbox, auth)
    sandbox.revoke_tokens()
    response = get(sandbox, auth)
    token = response.request.headers["Authorization"].split()[1]
    assert caplog.records
    assert sandbox.employee.password not in caplog.text
    assert token not in caplog.text
    assert token not in response.url + repr(auth) + repr(auth._token)


def test_a_token_request_carries_no_netrc_and_no_cookie_but_the_products_name(
    tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Watched() as sandbox:
        auth = make_auth(sandbox)
        for _ in range(2):
            get(sandbox, auth)
            sandbox.revoke_tokens()
        seen = sandbox.headers[TOKEN]
    assert len(seen) == 2
    assert [headers.get("AUTHORIZATION") for headers in seen] == [None, None]
    assert [headers.get("COOKIE") for headers in seen] == [None, None]
    assert all(headers["USER_AGENT"].startswith("perfectgym-dlt/") for headers in seen)


def test_an_auth_is_not_pickled_and_a_copy_shares_the_token(sandbox):
    auth = make_auth(sandbox)
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(auth)
    assert copy.deepcopy(auth) is auth


def test_it_works_through_the_rest_client_of_dlt(sandbox):
    auth = make_auth(sandbox)
    client = RESTClient(
        sandbox.base_url, auth=auth, paginator=SinglePagePaginator(), data_selector="elements"
    )
    assert [len(page) for page in client.paginate("Clubs/Clubs")] == [4]
    sandbox.revoke_tokens()
    assert [len(page) for page in client.paginate("Clubs/Clubs")] == [4]
    sandbox.faults.add(Fault(None, "revoke", times=None))
    with pytest.raises(requests.HTTPError):
        list(client.paginate("Clubs/Clubs"))
    assert auth.token_requests == 2 + 4
