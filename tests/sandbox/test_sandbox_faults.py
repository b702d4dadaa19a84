"""Each kind of fault breaks an answer in its own way, and only those it is meant for."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
import requests
from support.sandbox_client import Client, token

from perfectgym_source.sandbox import Fault, Sandbox

CLUBS = "Clubs/Clubs"


def test_a_status_comes_with_body_retry_after_and_headers(
    sandbox: Sandbox, employee: Client
) -> None:
    sandbox.faults.add(
        Fault(CLUBS, "status", 429, retry_after="2", body={"a": 1}, headers={"X-Limit": "9"})
    )
    answer = employee.get(CLUBS)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["X-Limit"] == "9"
    assert answer.json() == {"a": 1}
    assert sandbox.requests[-1].fault == "status"
    assert employee.get(CLUBS).status_code == 200


@pytest.mark.parametrize(("body", "sent"), [("busy", b"busy"), (b"\xff", b"\xff")])
def test_a_status_may_have_any_body(
    sandbox: Sandbox, employee: Client, body: Any, sent: bytes
) -> None:
    sandbox.faults.add(Fault(CLUBS, "status", 503, body=body))
    assert employee.get(CLUBS).content == sent


def test_a_dropped_connection_gives_no_byte(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault(CLUBS, "drop"))
    with pytest.raises(requests.ConnectionError):
        employee.get(CLUBS)
    assert sandbox.requests[-1].status == 0
    assert employee.get(CLUBS).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_truncated_answer_ends_before_its_announced_length(
    sandbox: Sandbox, employee: Client, encoding: str
) -> None:
    employee.session.headers["Accept-Encoding"] = encoding
    sandbox.faults.add(Fault("Classes/Classes", "truncate"))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        employee.get("Classes/Classes", clubId=1)
    assert len(employee.elements("Classes/Classes", clubId=1)) == 100


def test_html_is_a_maintenance_page_with_200(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault(CLUBS, "html"))
    answer = employee.get(CLUBS)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


def test_garbage_is_json_that_breaks_off(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault(CLUBS, "garbage"))
    answer = employee.get(CLUBS)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_empty_is_200_without_a_body(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault(CLUBS, "empty"))
    answer = employee.get(CLUBS)
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_envelope_is_a_logical_error(sandbox: Sandbox, employee: Client) -> None:
    error = {"code": "ClubClosed", "property": "clubId", "message": "The club is closed."}
    sandbox.faults.add(Fault(CLUBS, "envelope"))
    sandbox.faults.add(Fault(CLUBS, "envelope", body=error))
    first, second = employee.get(CLUBS), employee.get(CLUBS)
    assert first.status_code == second.status_code == 400
    assert set(first.json()["errors"][0]) == {"code", "property", "message"}
    assert second.json() == {"errors": [error]}


def test_no_elements_is_an_empty_object(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault(CLUBS, "no_elements"))
    answer = employee.get(CLUBS)
    assert (answer.status_code, answer.json()) == (200, {})


def test_revoke_makes_all_tokens_invalid(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault(CLUBS, "revoke"))
    assert employee.get(CLUBS).status_code == 401
    assert employee.get(CLUBS).status_code == 401
    employee.sign_in()
    assert employee.get(CLUBS).status_code == 200


def test_a_delayed_answer_is_late_but_right(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault(CLUBS, "delay", seconds=0.1))
    assert len(employee.elements(CLUBS)) == 4
    assert 0.1 <= sandbox.requests[-1].seconds < 1


def test_a_repeated_page_does_not_advance(sandbox: Sandbox, employee: Client) -> None:
    first = employee.elements("Classes/Classes", clubId=1)
    sandbox.faults.add(Fault("Classes/Classes", "repeat_page"))
    cursor = first[-1]["timestamp"]
    assert employee.elements("Classes/Classes", clubId=1, timestamp=cursor) == first
    second = employee.elements("Classes/Classes", clubId=1, timestamp=cursor)
    assert second[0]["timestamp"] > cursor


def test_a_repeated_numbered_page_does_not_advance(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault("Users/Users", "repeat_page", skip=1))
    first = employee.ids("Users/Users", page=1)
    assert employee.ids("Users/Users", page=2) == first
    assert not set(employee.ids("Users/Users", page=2)) & set(first)


def test_a_redirect_points_where_it_was_told(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault(CLUBS, "redirect", location="https://elsewhere.example/Api"))
    answer = employee.get(CLUBS)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://elsewhere.example/Api"


def test_a_fault_skips_strikes_and_ends(sandbox: Sandbox, employee: Client) -> None:
    fault = sandbox.faults.add(Fault(CLUBS, "status", 500, skip=2, times=2))
    assert [employee.get(CLUBS).status_code for _ in range(6)] == [200, 200, 500, 500, 200, 200]
    assert fault.fired == 2


def test_a_fault_without_end_lasts_until_it_is_cleared(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault(CLUBS, "status", 502, times=None))
    assert [employee.get(CLUBS).status_code for _ in range(4)] == [502] * 4
    sandbox.faults.clear()
    assert employee.get(CLUBS).status_code == 200


def test_a_fault_strikes_only_its_path_and_parameters(sandbox: Sandbox, employee: Client) -> None:
    sandbox.faults.add(Fault("classes/CLASSES", "status", 500, times=None, params={"clubId": 3}))
    assert employee.get("Classes/Classes", clubId=2).status_code == 200
    assert employee.get(CLUBS).status_code == 200
    assert employee.get("Classes/Classes", clubId=3).status_code == 500


def test_a_fault_without_a_path_strikes_every_endpoint_but_sign_in(
    sandbox: Sandbox, employee: Client
) -> None:
    sandbox.faults.add(Fault(None, "status", 500, times=None))
    employee.sign_in()
    assert employee.get(CLUBS).status_code == 500
    assert employee.get("Users/Users").status_code == 500


def test_a_request_without_a_valid_token_uses_no_fault_up(
    sandbox: Sandbox, employee: Client
) -> None:
    fault = sandbox.faults.add(Fault(CLUBS, "status", 500))
    sandbox.revoke_tokens()
    assert employee.get(CLUBS).status_code == 401
    assert fault.fired == 0


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"kind": "status", "status": 503}, 503), ({"kind": "html"}, 200), ({"kind": "empty"}, 200)],
)
def test_the_token_endpoint_has_faults_of_its_own(
    sandbox: Sandbox, fault: dict[str, Any], status: int
) -> None:
    account = sandbox.employee
    sandbox.faults.add(Fault("oauth/authorize", **fault))
    broken = token(sandbox, account.username, account.password)
    assert broken.status_code == status
    assert b"access_token" not in broken.content
    assert token(sandbox, account.username, account.password).status_code == 200


def test_a_fault_of_an_unknown_kind_cannot_be_ordered() -> None:
    with pytest.raises(ValueError, match="no fault of the kind 'explode'"):
        Fault(CLUBS, "explode")


def test_threads_share_the_turns_of_a_fault(sandbox: Sandbox, employee: Client) -> None:
    fault = sandbox.faults.add(Fault(CLUBS, "status", 500, times=10))
    header = dict(employee.session.headers)

    def ask() -> None:
        for _ in range(10):
            requests.get(f"{sandbox.base_url}/{CLUBS}", headers=header, timeout=10)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = [record.status for record in sandbox.requests]
    assert (statuses.count(500), statuses.count(200)) == (10, 30)
    assert fault.fired == 10


def test_every_request_waits_when_told_and_others_do_not_wait_for_it(
    sandbox: Sandbox, employee: Client
) -> None:
    sandbox.delay = 0.1
    header = dict(employee.session.headers)
    url = f"{sandbox.base_url}/{CLUBS}"
    threads = [
        threading.Thread(target=requests.get, args=(url,), kwargs={"headers": header, "timeout": 5})
        for _ in range(8)
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.1 <= time.monotonic() - started < 0.7
    assert all(record.seconds >= 0.1 for record in sandbox.requests)
