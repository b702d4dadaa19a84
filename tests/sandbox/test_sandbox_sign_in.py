"""Signing in: tokens, their life, and accounts that lock."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from support.sandbox_client import Client, token

from perfectgym_source.sandbox import ABSENT, Sandbox


def test_a_right_password_gives_a_bearer_token_in_both_modes(sandbox: Sandbox) -> None:
    for account in (sandbox.employee, sandbox.member):
        answer = token(sandbox, account.username, account.password)
        assert answer.status_code == 200
        assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
        assert answer.json()["token_type"] == "bearer"
        assert answer.json()["expires_in"] == 7775999
    assert [record.mode for record in sandbox.token_requests] == ["employee", "user"]


def test_a_user_name_may_be_in_any_case(sandbox: Sandbox) -> None:
    account = sandbox.member
    assert token(sandbox, account.username.upper(), account.password).status_code == 200


@pytest.mark.parametrize("name", ["nobody@mail.example", ""])
def test_an_unknown_account_is_refused_as_a_wrong_password_is(sandbox: Sandbox, name: str) -> None:
    unknown = token(sandbox, name, "x")
    wrong = token(sandbox, sandbox.employee.username, "x")
    assert unknown.status_code == wrong.status_code == 400
    assert unknown.json() == wrong.json()
    assert wrong.json()["error"] == "invalid_grant"
    assert wrong.json()["error_description"]


def test_any_other_grant_or_body_is_not_supported(sandbox: Sandbox) -> None:
    account = sandbox.employee
    other = token(sandbox, account.username, account.password, grant_type="client_credentials")
    form = {"username": account.username, "password": account.password, "grant_type": "password"}
    as_json = requests.post(f"{sandbox.base_url}/oauth/authorize", json=form, timeout=5)
    for answer in (other, as_json):
        assert answer.status_code == 400
        assert answer.json() == {"error": "unsupported_grant_type"}


def test_the_token_endpoint_takes_only_post(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.base_url}/oauth/authorize", timeout=5).status_code == 405
    assert sandbox.violations == []


def test_in_a_single_session_a_sign_in_ends_the_tokens_before_it(sandbox: Sandbox) -> None:
    def status(held: str) -> int:
        headers = {"Authorization": f"Bearer {held}"}
        url = f"{sandbox.base_url}/Clubs/Clubs"
        return requests.get(url, headers=headers, timeout=5).status_code

    sandbox.single_session = True
    accounts = (sandbox.employee, sandbox.employee, sandbox.member)
    tokens = [
        token(sandbox, account.username, account.password).json()["access_token"]
        for account in accounts
    ]
    assert [status(held) for held in tokens] == [401, 200, 200]


def test_five_wrong_passwords_in_a_row_lock_the_account(sandbox: Sandbox) -> None:
    account = sandbox.employee
    for _ in range(5):
        assert token(sandbox, account.username, "wrong").status_code == 400
    locked = token(sandbox, account.username, account.password)
    assert locked.status_code == 400
    assert locked.json()["error"] == "invalid_grant"
    assert "locked" in locked.json()["error_description"]
    assert token(sandbox, sandbox.member.username, sandbox.member.password).status_code == 200
    sandbox.unlock_accounts()
    assert token(sandbox, account.username, account.password).status_code == 200


def test_a_right_password_in_between_starts_the_count_again(sandbox: Sandbox) -> None:
    account = sandbox.employee
    for password in ["wrong"] * 4 + [account.password] + ["wrong"] * 4 + [account.password]:
        last = token(sandbox, account.username, password)
    assert last.status_code == 200


def test_the_password_is_never_recorded(sandbox: Sandbox) -> None:
    account = sandbox.employee
    token(sandbox, account.username, account.password)
    [record] = sandbox.token_requests
    assert record.params == {"username": account.username, "grant_type": "password"}
    assert account.password not in repr(record)
    assert account.password not in repr(account)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic {token}", "{token}"])
def test_without_a_valid_token_the_answer_is_401(
    sandbox: Sandbox, employee: Client, header: str | None
) -> None:
    good = str(employee.session.headers["Authorization"]).removeprefix("Bearer ")
    headers = {} if header is None else {"Authorization": header.format(token=good)}
    answer = requests.get(f"{sandbox.base_url}/Clubs/Clubs", headers=headers, timeout=5)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["message"]
    record = sandbox.requests[-1]
    assert (record.status, record.authorized, record.mode) == (401, False, "")


def test_a_token_expires_for_real() -> None:
    with Sandbox(expires_in=3600, token_lifetime=0.1) as sandbox:
        client = Client(sandbox, sandbox.employee)
        assert client.get("Clubs/Clubs").status_code == 200
        time.sleep(0.11)
        assert client.get("Clubs/Clubs").status_code == 401
        client.sign_in()
        assert client.get("Clubs/Clubs").status_code == 200


@pytest.mark.parametrize("expires_in", [60, 0, None, "text", "3600"])
def test_the_token_answer_says_of_its_life_what_was_ordered(expires_in: Any) -> None:
    with Sandbox(size="empty", expires_in=expires_in) as sandbox:
        answer = token(sandbox, sandbox.employee.username, sandbox.employee.password)
        assert answer.json()["expires_in"] == expires_in
        assert Client(sandbox, sandbox.employee).get("Clubs/Clubs").status_code == 200


def test_the_token_answer_can_leave_its_life_out() -> None:
    with Sandbox(size="empty", expires_in=ABSENT) as sandbox:
        answer = token(sandbox, sandbox.employee.username, sandbox.employee.password)
        assert set(answer.json()) == {"access_token", "token_type"}


def test_revoked_tokens_are_invalid_and_new_ones_are_not(employee: Client, member: Client) -> None:
    employee.sandbox.revoke_tokens()
    assert employee.get("Clubs/Clubs").status_code == 401
    assert member.get("Clubs/Clubs").status_code == 401
    employee.sign_in()
    assert employee.get("Clubs/Clubs").status_code == 200
