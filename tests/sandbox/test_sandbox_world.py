"""The world: made from a seed, and edited as an installation is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.each import for_each
from support.sandbox_client import FACTS, Client, canonical

from perfectgym_source.sandbox import Sandbox, World

STORED = list(World("empty").tables)


@pytest.fixture(scope="module")
def template() -> World:
    """A world that only gives examples."""
    return World("tiny", seed=1)


@pytest.fixture(scope="module")
def scratch() -> World:
    """A world whose rows are added and purged again."""
    return World("tiny", seed=1)


def test_the_same_seed_makes_the_same_world(template: World) -> None:
    again = World("tiny", seed=1)
    for table in FACTS:
        assert canonical(again.truth(table)) == canonical(template.truth(table)), table
    assert again.timestamp == template.timestamp


def test_another_seed_makes_another_world(template: World) -> None:
    other = World("tiny", seed=2)
    assert canonical(other.truth("classes")) != canonical(template.truth("classes"))
    with Sandbox(world=other) as second, Sandbox(world=template) as first:
        assert second.employee.password != first.employee.password


def test_the_same_edits_give_the_same_timestamps() -> None:
    stamps = []
    for _ in range(2):
        world = World("tiny", seed=5)
        added, changed = world.add("clubs"), world.change("clubs", 1)
        stamps.append((added["timestamp"], changed["timestamp"]))
    assert stamps[0] == stamps[1]


def test_the_sizes_hold_what_they_promise() -> None:
    started = time.perf_counter()
    tiny = World("tiny")
    assert time.perf_counter() - started < 1
    assert len(tiny.clubs) == 4
    assert len(tiny.classes) >= 250
    assert len(tiny.rows("classes", club_id=1)) > 200
    assert len(tiny.users) > 120
    assert len(tiny.contracts) > 100
    small = World("small")
    assert len(small.classes) == 5000
    assert len(small.users) == 500
    assert "E. South America Standard Time" in {row.get("timeZone") for row in small.clubs}
    with pytest.raises(ValueError, match="no world of the size 'huge'"):
        World("huge")


def test_an_empty_world_has_no_rows_but_lets_both_accounts_in() -> None:
    with Sandbox(size="empty") as sandbox:
        employee = Client(sandbox, sandbox.employee)
        member = Client(sandbox, sandbox.member)
        for table in FACTS:
            assert sandbox.world.truth(table) == []
            assert sandbox.world.truth(table, mode="user") == []
        assert employee.elements("Clubs/Clubs") == []
        assert employee.elements("Users/Users") == []
        assert member.elements("Users/User") == []


def test_rows_can_be_added_to_an_empty_world() -> None:
    world = World("empty")
    club = world.add("clubs", name="First")
    row = world.add("classes", club_id=club["id"])
    assert row["club"]["name"] == "First"
    assert [found["id"] for found in world.truth("classes")] == [row["id"]]


@for_each(STORED)
def test_every_stored_table_takes_an_added_a_changed_and_a_purged_row(
    table: str, template: World, scratch: World
) -> None:
    world = scratch
    example = template.rows(table)[0]
    parents = {name: value for name, value in example.params.items() if name != "classId"}
    if "classId" in example.params:
        taken = {row.key for row in world.rows(table)}
        free = (row["id"] for row in world.classes)
        user = parents.get("userId")
        parents = {} if user is None else {"user_id": user}
        parents["class_id"] = next(key for key in free if user is None or (user, key) not in taken)
    else:
        parents = {_snake(name): value for name, value in parents.items()}
    before = len(world.truth(table))
    row = world.add(table, **parents)
    assert len(world.truth(table)) == before + 1
    assert world.find(table, row.key) is row
    if table != "class_available_seats":
        world.change(table, row.key, somethingNew="seen")
        assert [found for found in world.truth(table) if found.get("somethingNew") == "seen"]
    world.purge(table, row)
    assert len(world.truth(table)) == before


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def test_an_added_row_is_clean_and_what_is_given_is_served_as_it_is(
    sandbox: Sandbox, employee: Client
) -> None:
    row = sandbox.world.add("classes", club_id=3, attendeesCount="11", clubZone=None)
    served = employee.elements("Classes/Classes", clubId=3, timestamp=row["timestamp"] - 1)
    assert served == [row]
    assert served[0]["attendeesCount"] == "11"
    assert served[0]["clubZone"] is None
    assert served[0]["club"]["id"] == 3
    assert served[0]["isDeleted"] is False


def test_an_edit_moves_the_row_to_a_new_timestamp(sandbox: Sandbox, employee: Client) -> None:
    world = sandbox.world
    before = world.timestamp
    row = world.change("contracts", world.contracts[0], status="Frozen")
    assert before < row["timestamp"] <= before + 25
    assert employee.elements("Contracts/Contracts", timestamp=before) == [row]
    [details] = employee.elements("Contracts/Contract", contractId=row["id"])
    assert details["status"] == "Frozen"


def test_a_changed_field_shows_in_list_and_details(sandbox: Sandbox, employee: Client) -> None:
    sandbox.world.change("users", 5001, email="new@mail.example", prepaidAmount=12.5)
    [details] = employee.elements("Users/User", userId=5001)
    listed = employee.elements("Users/Users")[0]
    assert (details["email"], details["prepaidAmount"]) == ("new@mail.example", 12.5)
    assert listed["email"] == "new@mail.example"
    assert "prepaidAmount" not in listed


def test_a_field_given_in_one_spelling_replaces_the_other(template: World) -> None:
    world = World("tiny", seed=1)
    old = next(row for row in world.clubs if "timezone" in row)
    row = world.change("clubs", old, timeZone="UTC")
    assert row["timeZone"] == "UTC"
    assert "timezone" not in row


def test_a_changed_class_moves_its_bookings_too(sandbox: Sandbox, employee: Client) -> None:
    world = sandbox.world
    booking = world.rows("user_classes", user_id=sandbox.member.user_id, club_id=1)[0]
    before = world.timestamp
    world.change("classes", booking["id"], clubZone="Roof")
    [found] = employee.elements(
        "Classes/UserClasses", userId=sandbox.member.user_id, clubId=1, timestamp=before
    )
    assert (found["id"], found["clubZone"]) == (booking["id"], "Roof")


def test_a_deleted_row_stays_in_its_list(sandbox: Sandbox, employee: Client) -> None:
    world = sandbox.world
    before = world.timestamp
    row = world.delete("classes", world.rows("classes", club_id=2)[0])
    [found] = employee.elements("Classes/Classes", clubId=2, timestamp=before)
    assert (found["id"], found["isDeleted"]) == (row["id"], True)


def test_a_deleted_row_vanishes_where_the_api_knows_no_deletion(template: World) -> None:
    world = World("tiny", seed=1)
    row = world.rows("discounts")[0]
    world.delete("discounts", row)
    assert row["id"] not in {found["id"] for found in world.truth("discounts")}


def test_a_deleted_user_stays_and_a_purged_one_is_gone_with_his_lists(
    sandbox: Sandbox, employee: Client
) -> None:
    world = sandbox.world
    own = sandbox.member.user_id
    assert own is not None
    world.delete("users", own)
    assert {row["id"]: row["isDeleted"] for row in employee.elements("Users/Users")}[own] is True
    world.purge("users", own)
    assert own not in employee.ids("Users/Users")
    for path in ("Users/User", "Messages/Messages", "Users/MembershipCards", "Users/ClubVisits"):
        assert employee.elements(path, userId=own) == []
    assert all(row["_params"]["userId"] != own for row in world.truth("messages"))
    assert any(row["userId"] == own for row in world.truth("club_visits"))


def test_a_late_row_appears_below_rows_that_are_there(sandbox: Sandbox, employee: Client) -> None:
    world = sandbox.world
    start = world.timestamp
    late = world.add_late("classes", club_id=1, attendeesCount=1)
    other = world.add_late("classes", club_id=1, attendeesCount=2)
    later = world.add("classes", club_id=1)
    assert employee.ids("Classes/Classes", clubId=1, timestamp=start) == [later["id"]]
    row = late.commit()
    assert start < row["timestamp"] == late.timestamp < later["timestamp"]
    assert employee.ids("Classes/Classes", clubId=1, timestamp=start) == [row["id"], later["id"]]
    assert employee.ids("Classes/Classes", clubId=1, timestamp=later["timestamp"]) == []
    assert other.commit()["id"] not in (row["id"], later["id"])
    with pytest.raises(ValueError, match="committed before"):
        late.commit()


def test_a_late_change_appears_below_rows_that_are_there(template: World) -> None:
    world = World("tiny", seed=1)
    old = world.contracts[3]
    late = world.change_late("contracts", old, status="Late")
    later = world.add("contracts")
    assert old["status"] != "Late"
    assert late.commit() is old
    assert old["status"] == "Late"
    assert old["timestamp"] < later["timestamp"]


def test_a_list_can_be_replaced(sandbox: Sandbox, employee: Client) -> None:
    world = sandbox.world
    own = {"userId": sandbox.member.user_id}
    kept = world.rows("membership_cards", **own)[0]
    world.replace_list(
        "membership_cards", own, [{"cardNumber": kept["cardNumber"], "isBlocked": True}, {}]
    )
    first, second = employee.elements("Users/MembershipCards", **own)
    assert (first["cardNumber"], first["isBlocked"]) == (kept["cardNumber"], True)
    assert second["cardNumber"] != first["cardNumber"]
    world.replace_list("membership_cards", own, [])
    assert employee.elements("Users/MembershipCards", **own) == []


def test_a_list_of_seats_and_a_list_of_attendees_are_replaced_by_numbers(
    sandbox: Sandbox, employee: Client
) -> None:
    params = {"classId": sandbox.world.classes[0]["id"]}
    sandbox.world.replace_list("class_available_seats", params, [4, 7])
    assert employee.elements("Classes/AvailableSeatNumbers", **params) == [4, 7]
    before = set(employee.ids("Classes/WhoIsIn", **params))
    wanted = sorted({*list(before)[1:], 5001, 5002})
    sandbox.world.replace_list("class_attendees", params, wanted)
    assert employee.ids("Classes/WhoIsIn", **params) == wanted
    sandbox.world.replace_list("class_attendees", params, [])
    assert employee.elements("Classes/WhoIsIn", **params) == []


def test_friends_are_told_apart_from_the_owner_of_the_list(template: World) -> None:
    world = World("tiny", seed=1)
    row = world.add("friends", user_id=5001, userId=5099)
    assert row["userId"] == 5099
    assert row in world.rows("friends", user_id=5001)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda world: world.add("classes"), "needs clubId"),
        (lambda world: world.add("classes", club_id=99), "no row 99 in clubs"),
        (lambda world: world.add("clubs", id=1), "already holds"),
        (lambda world: world.add("club_details"), "not a stored table"),
        (lambda world: world.rows("classes", user_id=1), "not listed by userId"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(edit: Any, message: str) -> None:
    world = World("tiny", seed=1)
    version = world.version
    with pytest.raises(ValueError, match=message):
        edit(world)
    with pytest.raises(KeyError, match="no row with the key -1"):
        world.change("classes", -1)
    assert world.version == version


def test_edits_and_requests_may_come_from_many_threads(sandbox: Sandbox, employee: Client) -> None:
    world = sandbox.world
    before = len(world.truth("classes"))

    def edit(number: int) -> None:
        row = world.add("classes", club_id=1 + number % 4)
        world.change("classes", row, attendeesCount=number)
        assert employee.get("Classes/Classes", clubId=1).status_code == 200

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(edit, range(40)))
    rows = world.truth("classes")
    assert len(rows) == before + 40
    assert len({row["timestamp"] for row in rows}) == len(rows)
