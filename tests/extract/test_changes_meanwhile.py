"""The API changes while a run reads it: the next undisturbed run puts everything right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.loading import Target, keep, set_now, small_world
from support.truth import check
from support.v22 import Target22, at, differences

from perfectgym_source.api.paging import stable_reading
from perfectgym_source.sandbox import Fault, Installation, Sandbox, World

ATTRIBUTES = "member_custom_attributes"
"""Rows without versions, read as a whole every 6 hours."""
BALANCES = "member_balances"
"""Rows with versions and without a mark of deletion, listed as a whole once a day."""
SMALL = "cancel_reasons"
"""Rows without versions, read as a whole in each run."""


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    """A list of members of two pages."""
    world = World("tiny", 1)
    keep(world, "users", [world.member_id, *(row.key for row in world.users[-104:])])
    with Sandbox(world=world) as sandbox:
        yield Target(tmp_path, sandbox, timestamp_overlap=0, on_error="continue", attempts=1)


@pytest.fixture
def sets(tmp_path: Path) -> Iterator[Target22]:
    """Sets of API v2.2 on short pages."""
    short = Installation(page_size=4)
    with Sandbox(size="tiny", seed=1, api="v2.2", quirks=False, installation=short) as sandbox:
        for row in sandbox.world.sets.rows("MemberCustomAttributes")[12:]:
            sandbox.world.sets.purge("MemberCustomAttributes", row)
        yield Target22(tmp_path, sandbox, on_error="continue", attempts=1)


def at_request(target: Target, path: str, number: int, edit: Callable[[], Any]) -> None:
    """Make an edit at a request for a list, counted from 1, before it is answered."""
    requests: list[Any] = []

    def on_request(request: Any) -> None:
        if request.path == path:
            requests.append(request)
            if len(requests) == number:
                edit()

    target.sandbox.on_request = on_request


def at_listing(target: Target, edit: Callable[[], Any]) -> None:
    """Make an edit before the first request of a sweep for the versions of all rows."""
    requests: list[Any] = []

    def on_request(request: Any) -> None:
        if "$select" in request.params and not requests:
            requests.append(request)
            edit()

    target.sandbox.on_request = on_request


def test_a_row_of_a_list_that_was_refused_goes_with_the_next_list(target: Target) -> None:
    world = target.sandbox.world
    target.load("users")
    gone = [world.purge("users", row) for row in world.users[1:60]]
    added = world.add("users")
    assert "vanished" in str(target.load("users").report.failures[0])
    assert added["id"] in target.values("users", "id")
    world.purge("users", added)
    for row in gone:
        world.insert("users", row, row["timestamp"])
    target.load("users")
    check(target, "users")


def test_a_list_that_grew_faster_than_it_was_read_is_known_and_read_again(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that were loaded meanwhile may go, and rows that were passed over may be old."""
    monkeypatch.setattr(stable_reading, "MAX_PASSES", 1)
    world = target.sandbox.world
    passed_over = world.users[-1]
    at_request(target, "Users/Users", 2, lambda: world.purge("users", passed_over))
    [warning] = target.load("users", "membership_cards").report.warnings
    assert "grew faster" in warning
    target.sandbox.on_request = None
    loaded = world.users[0]
    world.purge("users", loaded)
    world.insert("users", passed_over, passed_over["timestamp"])
    monkeypatch.undo()
    world.add("membership_cards", user_id=passed_over["id"], cardNumber="new")
    target.load("users", "membership_cards")
    check(target, "users")
    assert "new" in target.values("membership_cards", "card_number")
    assert loaded["id"] not in target.values("users", "id")
    assert target.load("users", "membership_cards").rows == {}


def test_a_new_member_that_the_only_pass_missed_is_new_to_what_is_read_of_members(
    target: Target,
) -> None:
    """A pass over the list is the only one if it finds all members of the table."""
    world = target.sandbox.world
    target.load("users", "membership_cards")
    missed = world.add("users")
    world.add("membership_cards", user_id=missed["id"], cardNumber="new")
    world.purge("users", missed)
    world.change("users", world.users[0])
    target.load("users", "membership_cards")
    # Its version is below the cursor by now.
    world.insert("users", missed, missed["timestamp"])
    run = target.load("users", "membership_cards")
    assert {p["userId"] for p in run.asked("membership_cards")} == {str(missed["id"])}
    check(target, "users")
    check(target, "membership_cards")
    assert target.load("users", "membership_cards").rows == {}


def test_a_row_that_is_as_it_was_before_a_sweep_that_broke_off_is_loaded_again(
    sets: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = sets.sandbox.world.sets
    set_now(monkeypatch, at(1))
    sets.load(ATTRIBUTES)
    first, *_, moved = rows.rows("MemberCustomAttributes")[:5]
    value = moved["displayValue"]
    rows.purge("MemberCustomAttributes", first)  # so that the fifth row is on the first page
    rows.change("MemberCustomAttributes", moved, displayValue="for a while")
    path = "v2.2/odata/MemberCustomAttributes"
    sets.sandbox.faults.add(Fault(path, "status", times=None, skip=1))
    set_now(monkeypatch, at(2))
    assert sets.load(ATTRIBUTES).report.failures
    sets.sandbox.faults.clear()
    assert len(sets.values(ATTRIBUTES, "id", "display_value = 'for a while'")) == 1
    rows.insert("MemberCustomAttributes", first, rows.next_timestamp())
    rows.change("MemberCustomAttributes", moved, displayValue=value)
    set_now(monkeypatch, at(3))
    sets.load(ATTRIBUTES)
    assert differences(sets, (ATTRIBUTES,)) == []
    assert sets.load(ATTRIBUTES).rows == {}


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_row_that_is_back_under_its_old_version_while_a_sweep_lists_the_others_is_noticed(
    sets: Target22, monkeypatch: pytest.MonkeyPatch, is_refused: bool
) -> None:
    rows = sets.sandbox.world.sets
    away = rows.rows("MemberBalances")[0]
    rows.purge("MemberBalances", away)
    set_now(monkeypatch, at(1))
    if is_refused:
        sets.load(BALANCES)
        set_now(monkeypatch, at(3))
    gone = rows.rows("MemberBalances")[5:] if is_refused else []

    def bring_back() -> None:
        for row in gone:
            rows.purge("MemberBalances", row)
        rows.insert("MemberBalances", away, away["version"])

    at_listing(sets, bring_back)
    found = sets.load(BALANCES).report
    assert bool(found.failures) == is_refused
    sets.sandbox.on_request = None
    for row in gone:
        rows.insert("MemberBalances", row, row["version"])
    set_now(monkeypatch, at(5))
    sets.load(BALANCES)
    set_now(monkeypatch, at(5, 1))
    sets.load(BALANCES)
    assert differences(sets, (BALANCES,)) == []
    assert sets.load(BALANCES).rows == {}


def test_a_list_that_was_empty_for_a_while_is_loaded_again(sets: Target22) -> None:
    rows = sets.sandbox.world.sets
    for row in rows.rows("CancelReasons")[6:]:
        rows.purge("CancelReasons", row)
    sets.load(SMALL)
    away = [rows.purge("CancelReasons", row) for row in rows.rows("CancelReasons")]
    sets.load(SMALL)
    assert sets.rows(SMALL) == []
    for row in away:
        rows.insert("CancelReasons", row, rows.next_timestamp())
    sets.load(SMALL)
    assert differences(sets, (SMALL,)) == []


def test_a_booking_that_moves_to_another_club_meanwhile_has_its_child_rows_once(
    tmp_path: Path,
) -> None:
    world = small_world(users=2)
    keep(world, "clubs", [1, 2])
    with Sandbox(world=world) as sandbox:
        target = Target(tmp_path, sandbox, concurrency=1)
        moving = world.rows("user_classes")[0]
        world.change("user_classes", moving, products=[{"id": 7, "name": "Towel"}])

        def move() -> None:
            world.purge("user_classes", moving)
            moving.params = {**moving.params, "clubId": 2}
            world.insert("user_classes", moving, world.next_timestamp())

        at_request(target, "Classes/UserClasses", 4, move)
        target.load("user_classes")
        target.sandbox.on_request = None
        target.load("user_classes")
        check(target, "user_classes")
        assert target.load("user_classes").rows == {}


def test_a_row_that_moves_between_the_variants_of_a_list_is_loaded_once(target: Target) -> None:
    world = target.sandbox.world
    keep(world, "clubs", [1])
    plan = next(r for r in world.rows("payment_plans") if not r["isAddOnPaymentPlan"])
    path = "PaymentPlans/PaymentPlans"
    move = {"isAddOnPaymentPlan": True, "isDeleted": False}
    at_request(target, path, 2, lambda: world.change("payment_plans", plan, **move))
    target.load("club_payment_plans")
    assert len(target.values("club_payment_plans", "id", f"id = {plan['id']}")) == 1
    check(target, "club_payment_plans")


def test_a_list_of_a_parent_that_grew_faster_than_it_was_read_is_read_again(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stable_reading, "MAX_PASSES", 1)
    world = target.sandbox.world
    country = world.rows("countries")[0].key
    keep(world, "countries", [country])
    while len(world.rows("cities", country_id=country)) < 102:
        world.add("cities", country_id=country)
    first = world.rows("cities", country_id=country)[0]
    at_request(target, "Geo/Cities", 2, lambda: world.purge("cities", first))
    [warning] = target.load("cities").report.warnings
    assert "grew faster" in warning
    monkeypatch.undo()
    target.load("cities")
    check(target, "cities")
    assert target.load("cities").rows == {}


def test_a_row_that_changes_behind_a_page_of_one_version_is_no_failure(sets: Target22) -> None:
    """Ten rows may be a page that was cut: what follows their version is requested, too."""
    rows = sets.sandbox.world.sets
    first, *tied = rows.rows("MemberBalances")[:11]
    for row in rows.rows("MemberBalances")[11:]:
        rows.purge("MemberBalances", row)
    rows.installation = Installation(next_links="none")
    version = rows.next_timestamp()
    for row in tied:
        rows.assign("MemberBalances", row, {}, version)
    rows.purge("MemberBalances", first)
    path = "v2.2/odata/MemberBalances"
    at_request(sets, path, 3, lambda: rows.insert("MemberBalances", first, rows.next_timestamp()))
    assert sets.load(BALANCES).report.failures == []
    sets.sandbox.on_request = None
    sets.load(BALANCES)
    assert differences(sets, (BALANCES,)) == []


def test_rows_of_a_club_that_was_not_listed_get_their_instants(tmp_path: Path) -> None:
    """The club came after the list of clubs had been read, or the list was short for once."""
    world = small_world(users=2)
    club = world.rows("clubs")[-1]
    visit = next(row for row in world.rows("club_visits") if row["club"]["id"] == club["id"])
    keep(world, "club_visits", [visit.key])
    missing = "enter_date is not null and enter_date_utc is null"
    with Sandbox(world=world) as sandbox:
        target = Target(tmp_path, sandbox)
        world.purge("clubs", club)
        assert target.load("club_visits").report.warnings == []
        assert target.load("club_visits").rows == {}
        assert target.values("club_visits", "id", missing) == [visit["id"]]
        world.insert("clubs", club, world.next_timestamp())
        [warning] = target.load("club_visits").report.warnings
        assert f"rows of club {club['id']} had no known time zone" in warning
        target.load("club_visits")
        check(target, "club_visits")
        run = target.load("club_visits")
        assert (run.rows, run.report.warnings) == ({}, [])
