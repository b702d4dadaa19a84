"""The client against the sandbox, over real sockets."""

from __future__ import annotations

import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest
from support.clients import make_client
from support.watched import Watched

from perfectgym_source.api.auth.password_grant import PasswordGrantAuth
from perfectgym_source.api.client import Client
from perfectgym_source.config.settings import make_settings
from perfectgym_source.errors import (
    ApiError,
    Cancelled,
    RequestRefused,
    SignInError,
    Unavailable,
)
from perfectgym_source.sandbox import Fault, Sandbox
from perfectgym_source.sandbox.limits import Limits

CLUBS = "Clubs/Clubs"
ALL = {"timestamp": "0"}


@pytest.fixture
def client(sandbox):
    with make_client(sandbox) as made:
        yield made


def clubs(client):
    return list(client.get(CLUBS, ALL, "clubs").elements)


def body(text):
    return Fault(CLUBS, "html", body=text, times=None)


def test_it_gives_the_elements_and_counts(sandbox, client):
    assert len(clubs(client)) == 4
    assert sandbox.requests[0].params == ALL
    assert (client.statistics.requests, client.statistics.retries) == (1, 0)
    assert client.requests_by_resource == {"clubs": 1}


@pytest.mark.parametrize("kind", ["drop", "truncate", "html", "garbage", "empty", "no_elements"])
def test_a_damaged_response_is_requested_again(sandbox, client, kind):
    sandbox.faults.add(Fault(CLUBS, kind, times=3))
    assert len(clubs(client)) == 4
    assert (client.statistics.requests, client.statistics.retries) == (4, 3)
    assert client.statistics.responses == 4
    assert client.statistics.seconds_responding > 0


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_retried(sandbox, client, status):
    sandbox.faults.add(Fault(CLUBS, "status", status=status, times=2))
    assert len(clubs(client)) == 4
    assert len(sandbox.requests) == 3


@pytest.mark.parametrize("status", [202, 204, 206])
def test_a_response_that_may_be_a_part_is_not_believed(sandbox, client, status):
    part = {"elements": []}
    fault = sandbox.faults.add(Fault(CLUBS, "status", status=status, body=part, times=2))
    assert len(clubs(client)) == 4
    fault.times = None
    with pytest.raises(Unavailable, match=f"status {status}, not 200: there may be more"):
        clubs(client)


@pytest.mark.parametrize("kind", ["status", "drop", "truncate", "html", "no_elements"])
def test_what_does_not_pass_ends_after_the_attempts(sandbox, kind):
    sandbox.faults.add(Fault(CLUBS, kind, times=None))
    with make_client(sandbox, attempts=3) as client, pytest.raises(Unavailable) as caught:
        clubs(client)
    assert caught.value.attempts == len(sandbox.requests) == 3
    assert "clubs, GET Clubs/Clubs?timestamp=0" in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_a_server_that_is_not_there_is_unavailable(sandbox):
    client = make_client(sandbox, attempts=2)
    clubs(client)
    sandbox.stop()
    with pytest.raises(Unavailable, match="connection"):
        clubs(client)


def test_a_body_that_is_shorter_than_announced_is_no_response():
    """Even if what came is whole JSON by itself."""
    text = b'{"elements": []}'
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = threading.Thread(target=_respond_short, args=(server, text, 2))
        asked.start()
        base_url = f"http://127.0.0.1:{server.getsockname()[1]}/Api"
        settings = make_settings(
            base_url=base_url, username="api", password="-", attempts=2, retry_wait=0.01
        )
        with Client(settings, lambda request: request) as client, pytest.raises(Unavailable):
            clubs(client)
        asked.join()


def _respond_short(server, text, times):
    for _ in range(times):
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + text)


def test_a_read_timeout_is_retried(sandbox):
    with make_client(sandbox, read_timeout=0.2) as client:
        sandbox.faults.add(Fault(CLUBS, "delay", seconds=0.5))
        assert len(clubs(client)) == 4
        assert client.statistics.retries == 1


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ('{"elements": [1, NaN, Infinity]}', [1, "NaN", "Infinity"]),
        ('{"elements": {"id": 1}}', [{"id": 1}]),
        ('\ufeff{"elements": ["é"]}', ["é"]),
        ('{"elements": [99999999999999999999999]}', [99999999999999999999999]),
        ('{"elements": [-9223372036854775809]}', [-9223372036854775809]),
        ('{"elements": [9223372036854775807]}', [9223372036854775807]),
        ('{"elements": ["\\ud83d", "\\ud83d\\ude00"]}', ["?", "😀"]),
        ('{"elements": [], "errors": []}', []),
    ],
)
def test_odd_json_is_read(sandbox, client, text, elements):
    sandbox.faults.add(body(text))
    assert clubs(client) == elements
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    "text",
    ['{"elements": null}', '{"elements": {}}', "[]", "null", '{"elements": "x"}', "[" * 9999],
)
def test_json_that_was_not_promised_is_no_response(sandbox, text):
    sandbox.faults.add(body(text))
    with make_client(sandbox, attempts=2) as client, pytest.raises(Unavailable) as caught:
        clubs(client)
    words = "not the promised JSON" if text.startswith("[[") else "the response holds no list"
    assert words in str(caught.value)
    assert "overloaded" not in str(caught.value)
    assert len(sandbox.requests) == 2


def test_invalid_utf8_is_replaced_only_when_nothing_better_comes(sandbox, client, caplog):
    sandbox.faults.add(Fault(CLUBS, "html", body=b'{"elements": ["a\xffb"]}'))
    assert len(clubs(client)) == 4
    sandbox.faults.add(body(b'{"elements": ["a\xffb"]}'))
    assert clubs(client) == ["a\ufffdb"]
    assert "invalid UTF-8" in caplog.text


@pytest.mark.parametrize(
    ("wait", "when"), [("864000", "after 240.0 hours, as it asks"), (None, "later"), ("2", "later")]
)
@pytest.mark.parametrize("path", [CLUBS, "oauth/authorize"])
def test_a_limit_that_stays_is_called_so_and_not_an_outage(sandbox, path, wait, when):
    sandbox.faults.add(Fault(path, "status", status=429, retry_after=wait, times=None))
    client = make_client(sandbox, attempts=2, max_retry_wait=0.01)
    with client, pytest.raises(Unavailable) as caught:
        clubs(client)
    assert f"The API limits requests: run again {when}, or set a lower" in str(caught.value)
    assert "overloaded" not in str(caught.value)


def test_a_refused_request_names_the_errors_and_is_not_repeated(sandbox, client):
    error = {
        "code": "Bad",
        "property": "clubId",
        "message": "No such club.",
        "more": "Jan Kowalski",
    }
    sandbox.faults.add(Fault(CLUBS, "envelope", body=error))
    with pytest.raises(RequestRefused) as caught:
        clubs(client)
    assert caught.value.status == 400
    assert caught.value.errors == [
        {"code": "Bad", "property": "clubId", "message": "No such club."}
    ]
    assert "Bad, clubId, No such club" in str(caught.value)
    assert "Kowalski" not in str(caught.value)
    assert len(sandbox.requests) == 1


def test_errors_in_a_200_are_a_refusal_too(sandbox, client):
    sandbox.faults.add(body('{"elements": null, "errors": [{"code": "X", "message": "no"}]}'))
    with pytest.raises(RequestRefused, match="X, no"):
        clubs(client)
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"elements": [], "errors": [{"code": "X"}]}',
        '{"elements": [], "Errors": [{"Code": "X"}]}',
        '{"elements": [], "error": "X"}',
        '{"Message": "An error has occurred."}',
    ],
)
def test_errors_in_a_200_are_believed_the_second_time(sandbox, text):
    sandbox.faults.add(Fault(CLUBS, "status", status=503))
    once = sandbox.faults.add(Fault(CLUBS, "html", body=text))
    with make_client(sandbox, attempts=3) as client:
        assert len(clubs(client)) == 4
    assert once.fired == 1
    sandbox.clear_records()
    sandbox.faults.add(body(text))
    with make_client(sandbox, attempts=5) as client, pytest.raises(RequestRefused, match="200: "):
        clubs(client)
    assert len(sandbox.requests) == 2
    with make_client(sandbox, attempts=1) as client, pytest.raises(RequestRefused):
        clubs(client)


@pytest.mark.parametrize("status", [400, 503])
@pytest.mark.parametrize("pii", ["keep", "hash"])
def test_the_reason_is_shown_as_far_as_it_may_be_quoted(sandbox, status, pii):
    error = {"Message": "Jan Kowalski\x1b[31m owes", "Property": "clubId", "Code": "Owing"}
    sandbox.faults.add(Fault(CLUBS, "status", status=status, body={"Errors": [error]}, times=None))
    options = {"pii": pii, "pii_key": "0123456789abcdef", "attempts": 1}
    with make_client(sandbox, **options) as client, pytest.raises(ApiError) as caught:
        clubs(client)
    assert "Owing, clubId" in str(caught.value)
    assert ("Jan Kowalski [31m owes" in str(caught.value)) == (pii == "keep")
    assert ("Kowalski" in str(caught.value)) == (pii == "keep")


@pytest.mark.parametrize(
    ("status", "hint"), [(403, "permissions"), (404, "base_url"), (405, "405")]
)
def test_other_refusals_come_with_advice(sandbox, client, status, hint):
    sandbox.faults.add(Fault(CLUBS, "status", status=status, body="<html>Jan Kowalski</html>"))
    with pytest.raises(RequestRefused, match=hint) as caught:
        clubs(client)
    assert caught.value.status == status
    assert "Kowalski" not in str(caught.value)
    assert len(sandbox.requests) == 1


def test_a_redirect_is_not_followed(sandbox, client):
    with Sandbox(seed=2) as other:
        sandbox.faults.add(Fault(CLUBS, "redirect", location=f"{other.base_url}/{CLUBS}"))
        with pytest.raises(ApiError, match="base_url"):
            clubs(client)
        assert other.requests == []


def test_a_revoked_token_is_renewed_once_and_the_page_repeated(sandbox, client):
    clubs(client)
    sandbox.revoke_tokens()
    assert len(clubs(client)) == 4
    assert [request.status for request in sandbox.requests] == [200, 401, 200]
    assert len(sandbox.token_requests) == 2
    assert (client.statistics.requests, client.statistics.retries) == (3, 1)
    assert client.requests_by_resource == {"clubs": 3}


@pytest.mark.parametrize("status", [401, 498, 499])
def test_a_request_that_fresh_tokens_do_not_help_is_refused_and_no_other(sandbox, client, status):
    sandbox.faults.add(Fault(CLUBS, "status", status=status, times=None))
    with pytest.raises(RequestRefused, match=f"status {status}, also with a fresh token") as caught:
        clubs(client)
    assert (caught.value.status, caught.value.resource) == (status, "clubs")
    assert "role" in caught.value.hint
    assert len(sandbox.requests) == len(sandbox.token_requests) == 5
    assert client.statistics.requests == 5
    assert client.get("Classes/ClassesTypes", ALL, "class_types")
    assert len(sandbox.token_requests) == 5


def test_a_wrong_password_is_tried_once_by_many_threads(sandbox):
    with make_client(sandbox, password="wrong-Password-1") as client:

        def one(_):
            with pytest.raises(SignInError):
                clubs(client)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(one, range(16)))
    assert len(sandbox.token_requests) == 1


def test_a_retry_after_a_long_wait_carries_a_renewed_token():
    now = [0.0]

    def sleep(seconds):
        now[0] += 1000

    with Sandbox(expires_in=900) as sandbox:
        account = sandbox.employee
        auth = PasswordGrantAuth(
            sandbox.base_url, account.username, account.password, clock=lambda: now[0]
        )
        sandbox.faults.add(Fault(CLUBS, "status", status=503))
        with make_client(sandbox, auth, sleep) as client:
            assert len(clubs(client)) == 4
        assert [request.status for request in sandbox.requests] == [503, 200]
        assert auth.token_requests == 2


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honored_in_both_forms(sandbox, form):
    slept = []
    header = "30" if form == "seconds" else formatdate(time.time() + 31, usegmt=True)
    sandbox.faults.add(Fault(CLUBS, "status", status=503, retry_after=header))
    with make_client(sandbox, sleep=slept.append) as client:
        assert len(clubs(client)) == 4
    assert 28 <= sum(slept) <= 31


def test_a_429_pauses_all_threads(sandbox):
    with make_client(sandbox) as client:
        clubs(client)
        sandbox.clear_records()
        sandbox.faults.add(Fault(CLUBS, "status", status=429, retry_after="0.6"))
        paused = threading.Thread(target=clubs, args=(client,))
        paused.start()
        time.sleep(0.2)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: clubs(client), range(4)))
        paused.join()
    first, *others = sandbox.requests
    assert first.status == 429
    assert len(others) == 5
    assert all(request.started - first.started >= 0.55 for request in others)


def test_a_429_at_the_last_attempt_pauses_the_other_threads(sandbox):
    slept = []
    sandbox.faults.add(Fault(CLUBS, "status", status=429, retry_after="0.5"))
    with make_client(sandbox, sleep=slept.append, attempts=1) as client:
        with pytest.raises(Unavailable):
            clubs(client)
        assert slept == []
        assert len(clubs(client)) == 4
    assert 0 < slept[0] <= 0.5


def test_requests_of_all_threads_keep_one_pace(sandbox):
    with make_client(sandbox, requests_per_second=50) as client:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: clubs(client), range(11)))
        started = sorted(request.started for request in sandbox.requests)
    assert started[-1] - started[0] >= 10 / 50 * 0.7


def test_a_server_that_refuses_too_many_requests_answers_all_in_the_end(sandbox):
    sandbox.limits = Limits(per_second=30)
    with make_client(sandbox, concurrency=4) as client, ThreadPoolExecutor(8) as pool:
        assert [len(rows) for rows in pool.map(lambda _: clubs(client), range(40))] == [4] * 40
        refused = sum(request.status == 429 for request in sandbox.requests)
        assert client.statistics.retries == refused
        assert (client.congestion.refusals > 0) == (refused > 0)
        assert (client.congestion.seconds_paused > 0) == (refused > 0)


def test_a_server_that_has_no_time_halves_the_pace(sandbox):
    with make_client(sandbox) as client:
        client.congestion._window.limit = 8
        for status in (503, 504):
            sandbox.faults.add(Fault(CLUBS, "status", status=status))
            clubs(client)
        assert client.congestion.refusals == 2
        sandbox.faults.add(Fault(CLUBS, "status", status=500))
        clubs(client)
        assert (client.congestion.refusals, client.congestion.limit) == (2, 2)


def test_a_response_that_does_not_come_halves_the_pace(sandbox):
    sandbox.faults.add(Fault(CLUBS, "delay", seconds=0.5))
    with make_client(sandbox, read_timeout=0.2) as client:
        clubs(client)
        assert client.congestion.refusals == 1


def test_stop_ends_a_wait_early(sandbox):
    sandbox.faults.add(Fault(CLUBS, "status", status=503, retry_after="50", times=None))
    with make_client(sandbox) as client:
        threading.Timer(0.1, client.stop.set).start()
        begun = time.monotonic()
        with pytest.raises(Cancelled):
            clubs(client)
        assert time.monotonic() - begun < 5
        with pytest.raises(Cancelled):
            clubs(client)
    assert len(sandbox.requests) == 1


def test_stop_ends_the_wait_of_a_sign_in_for_all_threads(sandbox):
    sandbox.faults.add(Fault("oauth/authorize", "status", status=503, retry_after="50", times=None))
    with make_client(sandbox) as client:
        threading.Timer(0.3, client.stop.set).start()

        def one(_):
            with pytest.raises(Cancelled):
                clubs(client)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(4)))
    assert len(sandbox.token_requests) == 1


def test_many_threads_share_the_connections(sandbox, monkeypatch):
    opened = []
    connect = socket.socket.connect
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, to: (opened.append(to), connect(self, to))[1]
    )
    with make_client(sandbox, concurrency=4) as client, ThreadPoolExecutor(16) as pool:
        assert [len(rows) for rows in pool.map(lambda _: clubs(client), range(64))] == [4] * 64
    assert len(opened) <= 5
    assert client.statistics.requests == 64


def test_secrets_are_in_no_log_error_or_repr(sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    sandbox.faults.add(Fault(CLUBS, "drop", times=None))
    with make_client(sandbox, attempts=3) as client, pytest.raises(Unavailable) as caught:
        clubs(client)
    token = client.auth._token.value
    shown = caplog.text + str(caught.value) + repr(caught.value) + repr(client) + repr(client.auth)
    assert "attempt 1 of 3" in shown
    assert token not in shown
    assert sandbox.employee.password not in shown


def test_a_request_carries_what_its_auth_signs_no_netrc_and_no_cookie(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    def unsigned(request):
        return request

    with Watched() as sandbox, make_client(sandbox, unsigned) as client:
        for _ in range(2):
            with pytest.raises(RequestRefused, match="401"):
                clubs(client)
        assert not client._session.cookies
        seen = sandbox.headers[CLUBS]
    assert [set(headers) for headers in seen] == [{"USER_AGENT"}] * 2
    assert all(headers["USER_AGENT"].startswith("perfectgym-dlt/") for headers in seen)
