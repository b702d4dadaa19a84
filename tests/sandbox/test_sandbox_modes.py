"""Employee mode and user mode: who may read what."""

from __future__ import annotations

import pytest
import requests
from support.each import for_each
from support.sandbox_client import FACTS, NEVER_CALL, Client, required

from perfectgym_source.sandbox import Sandbox

EMPLOYEE_ONLY = [table for table, facts in FACTS.items() if facts["modes"] == "E"]
OWN = ["Users/User", "Users/ClubVisits", "Users/Friends", "Users/FriendStatus"]


@for_each(EMPLOYEE_ONLY)
def test_what_is_for_employees_is_denied_to_a_member(table: str, reading_member: Client) -> None:
    params = {name: "2026-01-01" if name.endswith("Date") else "1" for name in required(table)}
    answer = reading_member.get(FACTS[table]["path"], **params)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "AccessDenied"
    assert reading_member.sandbox.world.truth(table, mode="user") == []


def test_who_is_in_the_club_is_denied_to_an_employee(reading_employee: Client) -> None:
    assert reading_employee.get("Clubs/WhoIsIn", clubId=1).status_code == 403
    assert reading_employee.sandbox.world.truth("users_in_club") == []


def test_who_is_in_the_club_lists_members_present(employee: Client, member: Client) -> None:
    world = member.sandbox.world
    inside = member.ids("Clubs/WhoIsIn", clubId=1)
    assert member.account.user_id in inside
    world.change("users", inside[0], presentInClub=False)
    assert member.ids("Clubs/WhoIsIn", clubId=1) == inside[1:]


@pytest.mark.parametrize("path", OWN)
def test_a_member_reads_his_own_data_without_giving_his_id(
    path: str, untouched: Sandbox, reading_member: Client, reading_employee: Client
) -> None:
    own = untouched.member.user_id
    mine = reading_member.elements(path)
    assert mine
    assert mine == reading_employee.elements(path, userId=own)
    assert mine == reading_member.elements(path, userId=own)


@pytest.mark.parametrize("path", [*OWN, "Classes/UserClasses", "Measurements/Measurements"])
def test_the_data_of_another_member_are_denied(path: str, reading_member: Client) -> None:
    other = (reading_member.account.user_id or 0) + 1
    answer = reading_member.get(path, userId=other, clubId=1)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["property"] == "userId"


@pytest.mark.parametrize("path", [*OWN, "Classes/UserClasses"])
def test_an_employee_has_to_say_whose_data(path: str, reading_employee: Client) -> None:
    answer = reading_employee.get(path, clubId=1)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["property"] == "userId"


def test_measurements_are_those_of_all_users_of_one_or_ones_own(
    untouched: Sandbox, reading_employee: Client, reading_member: Client
) -> None:
    path, own = "Measurements/Measurements", untouched.member.user_id
    mine = reading_member.elements(path)
    assert reading_employee.elements(path, userId=own) == mine
    every = [row for rows in reading_employee.pages(path, "timestamp") for row in rows]
    assert len(every) > len(mine) > 0


@pytest.mark.parametrize("path", NEVER_CALL)
def test_an_endpoint_that_changes_data_is_a_trap(
    path: str, sandbox: Sandbox, employee: Client
) -> None:
    assert employee.get(path.lower(), userId=1).status_code == 400
    assert [record.path for record in sandbox.violations] == [path]
    assert sandbox.requests[-1] is sandbox.violations[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD"])
def test_any_method_but_get_is_a_trap(method: str, sandbox: Sandbox, employee: Client) -> None:
    url = f"{sandbox.base_url}/Clubs/Clubs"
    answer = employee.session.request(method, url, json={"name": "x"}, timeout=5)
    assert answer.status_code == 405
    assert [record.method for record in sandbox.violations] == [method]
    assert employee.get("Clubs/Clubs").status_code == 200


def test_a_trap_counts_without_a_token_too(sandbox: Sandbox) -> None:
    requests.get(f"{sandbox.base_url}/Payments/Pay", timeout=5)
    assert len(sandbox.violations) == 1
    sandbox.clear_records()
    assert sandbox.violations == []
