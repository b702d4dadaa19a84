"""The sandbox behaves as the facts say, over real HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from support.each import for_each

from perfectgym_source.sandbox import Fault, Sandbox, World

FACTS = json.loads((Path(__file__).parents[1] / "facts" / "v1_endpoints.json").read_text("utf-8"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="tiny", seed=1) as running:
        yield running


def sign_in(sandbox: Sandbox, password: str | None = None) -> requests.Response:
    account = sandbox.employee
    form = {
        "grant_type": "password",
        "username": account.username,
        "password": account.password if password is None else password,
    }
    return requests.post(f"{sandbox.base_url}/oauth/authorize", data=form, timeout=5)


def get(sandbox: Sandbox, path: str, **params: Any) -> requests.Response:
    token = sign_in(sandbox).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{sandbox.base_url}/{path}", params=params, headers=headers, timeout=5)


def test_signing_in_gives_a_bearer_token_for_ninety_days(sandbox: Sandbox) -> None:
    answer = sign_in(sandbox).json()
    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 7775999


def test_without_a_token_everything_is_401(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.base_url}/Clubs/Clubs", timeout=5)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_password_is_refused_and_five_lock_the_account(sandbox: Sandbox) -> None:
    for _ in range(5):
        answer = sign_in(sandbox, "wrong")
        assert answer.status_code == 400
        assert answer.json()["error"] == "invalid_grant"
    assert sign_in(sandbox).status_code == 400


def test_revoked_tokens_stop_working(sandbox: Sandbox) -> None:
    token = sign_in(sandbox).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{sandbox.base_url}/Clubs/Clubs?timestamp=0"
    assert requests.get(url, headers=headers, timeout=5).status_code == 200
    sandbox.revoke_tokens()
    assert requests.get(url, headers=headers, timeout=5).status_code == 401


def test_a_keyset_list_gives_a_hundred_rows_after_a_version_in_its_order(sandbox: Sandbox) -> None:
    rows: list[dict[str, Any]] = []
    cursor = 0
    while True:
        page = get(sandbox, "Contracts/Contracts", timestamp=cursor).json()["elements"]
        rows += page
        if len(page) < 100:
            break
        cursor = page[-1]["timestamp"]
    versions = [int(row["timestamp"]) for row in rows]
    assert versions == sorted(set(versions))
    assert {row["id"] for row in rows} == {row["id"] for row in sandbox.world.truth("contracts")}


def test_a_page_number_list_goes_on_by_page(sandbox: Sandbox) -> None:
    first = get(sandbox, "Users/Users", page=1).json()["elements"]
    second = get(sandbox, "Users/Users", page=2).json()["elements"]
    assert len(first) == 100
    assert 0 < len(second) < 100
    assert len({row["id"] for row in first + second}) == len(sandbox.world.truth("users"))


def test_a_missing_parameter_is_an_error_in_the_envelope(sandbox: Sandbox) -> None:
    answer = get(sandbox, "Classes/Classes", timestamp=0)
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert set(error) == {"code", "property", "message"}


@for_each((entry["table"], entry) for entry in (*FACTS["company"], *FACTS["per_parent"]))
def test_the_world_has_rows_for_every_endpoint_of_the_facts(
    name: str, entry: dict[str, Any]
) -> None:
    table = name.split(" ")[0]
    mode = "user" if entry["modes"] == "U" else "employee"
    assert WORLD.truth(table, mode)


WORLD = World("tiny", 1)


def test_the_same_seed_makes_the_same_world_and_another_seed_another() -> None:
    assert World("tiny", 1).truth("users") == WORLD.truth("users")
    assert World("tiny", 2).truth("users") != WORLD.truth("users")


def test_a_late_row_becomes_visible_below_later_ones(sandbox: Sandbox) -> None:
    club = sandbox.world.clubs[0]["id"]
    late = sandbox.world.add_late("classes", club_id=club)
    later = sandbox.world.add("classes", club_id=club)
    seen = {row["id"] for row in sandbox.world.truth("classes")}
    assert later["id"] in seen
    row = late.commit()
    assert row["timestamp"] < later["timestamp"]
    assert row["id"] in {found["id"] for found in sandbox.world.truth("classes")}


def test_a_fault_strikes_as_often_as_it_was_ordered(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(path="Clubs/Clubs", kind="status", status=503, retry_after="7"))
    answer = get(sandbox, "Clubs/Clubs", timestamp=0)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "7"
    assert get(sandbox, "Clubs/Clubs", timestamp=0).status_code == 200


def test_a_dropped_connection_gives_no_answer_at_all(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(path="Clubs/Clubs", kind="drop"))
    with pytest.raises(requests.ConnectionError):
        get(sandbox, "Clubs/Clubs", timestamp=0)


def test_an_endpoint_that_must_not_be_called_raises_a_flag(sandbox: Sandbox) -> None:
    assert get(sandbox, "Payments/Pay").status_code >= 400
    assert len(sandbox.violations) == 1


def test_tokens_expire_by_the_clock(sandbox: Sandbox) -> None:
    with Sandbox(world=sandbox.world, expires_in=1, token_lifetime=0.05) as brief:
        token = sign_in(brief).json()["access_token"]
        time.sleep(0.06)
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{brief.base_url}/Clubs/Clubs?timestamp=0"
        assert requests.get(url, headers=headers, timeout=5).status_code == 401
