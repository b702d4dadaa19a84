"""`verify` calls newer what the next run brings, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.copies import Copy, differences
from support.loading import small_world

from perfectgym_source.sandbox import Fault, Sandbox
from perfectgym_source.verify import next_run
from perfectgym_source.verify.verification import Verification

BY_MEMBER = ("messages", "message_details", "documents", "user_classes", "user_club_visits")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Copy]:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    with Sandbox(world=small_world(users=4)) as sandbox:
        yield Copy(tmp_path, sandbox)


def wrong_and_newer(found: Verification) -> dict[str, tuple[int, int]]:
    """Of the tables that have any: missing, extra and stale rows together, and newer rows."""
    return {table: (sum(numbers[:3]), numbers[3]) for table, numbers in differences(found).items()}


def changed(copy: Copy, table: str) -> Any:
    """Change the first row of a list of members; gives its member's row."""
    world = copy.sandbox.world
    users = {user["id"]: user for user in world.users}
    stored = table.removeprefix("user_") if table == "user_club_visits" else table
    row = next(row for row in world.rows(stored) if row.params["userId"] in users)
    world.change(stored, row)
    return users[row.params["userId"]]


def test_lists_of_members_that_the_next_run_does_not_ask_for_are_stale(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = copy.sandbox.world
    copy.load(*BY_MEMBER)
    members = {changed(copy, name).key for name in BY_MEMBER if name != "message_details"}
    new = world.add("documents", user_id=world.rows("documents")[0].params["userId"])
    wrong = {**dict.fromkeys(BY_MEMBER, (1, 0)), "documents": (2, 0)}

    found = copy.verify(*BY_MEMBER)
    assert wrong_and_newer(found) == wrong
    assert found.outcome == "different"
    assert found.diffs["documents"].tables[0].examples["missing"] == [
        (new.params["userId"], new["id"])
    ]
    copy.load(*BY_MEMBER)  # does not ask for them, as was said
    assert wrong_and_newer(copy.verify(*BY_MEMBER)) == wrong

    # A week later, each list of each member is due.
    with monkeypatch.context() as patch:
        later = datetime.now(timezone.utc) + timedelta(days=7)
        patch.setattr(next_run, "pendulum", SimpleNamespace(now=lambda zone: later))
        due = copy.verify(*BY_MEMBER)
        never = copy.verify(*BY_MEMBER, sweep_days=0)
    newer = {table: (0, rows) for table, (rows, _) in wrong.items()}
    assert (wrong_and_newer(due), wrong_and_newer(never)) == (newer, wrong)
    for key in members:
        world.change("users", key)
    found = copy.verify(*BY_MEMBER)
    assert wrong_and_newer(found) == newer
    assert found.outcome == "equal"
    copy.load(*BY_MEMBER)
    assert wrong_and_newer(copy.verify(*BY_MEMBER)) == {}


def test_messages_of_a_member_that_no_run_has_seen_are_newer_whatever_its_version(
    copy: Copy,
) -> None:
    world = copy.sandbox.world
    holders = [row.params["userId"] for row in world.rows("messages")]
    missed = next(user for user in world.users if user["id"] in holders)
    world.purge("users", missed)
    copy.load("messages", timestamp_overlap=0)
    world.insert("users", missed, missed["timestamp"])
    rows = holders.count(missed["id"])
    assert wrong_and_newer(copy.verify("messages", timestamp_overlap=0)) == {"messages": (0, rows)}
    copy.load("messages", timestamp_overlap=0)
    assert wrong_and_newer(copy.verify("messages", timestamp_overlap=0)) == {}


def test_a_repair_loads_the_lists_of_members_that_no_run_would_ask_for(copy: Copy) -> None:
    copy.load(*BY_MEMBER)
    for name in ("messages", "documents"):
        changed(copy, name)
    assert copy.repair(*BY_MEMBER).outcome == "equal"
    assert wrong_and_newer(copy.verify(*BY_MEMBER)) == {}


def test_parts_that_could_not_be_read_are_asked_for_by_the_next_run(copy: Copy) -> None:
    copy.load("messages", "message_details")
    member = changed(copy, "messages")
    copy.sandbox.world.change("users", member)
    refused = Fault("Messages/Messages", "status", status=403, params={"userId": member["id"]})
    copy.sandbox.faults.add(refused)
    assert copy.load("messages", "message_details", attempts=1).report.failures
    found = copy.verify("messages", "message_details")
    assert wrong_and_newer(found) == {"messages": (0, 1), "message_details": (0, 1)}
    copy.load("messages", "message_details")
    assert wrong_and_newer(copy.verify("messages", "message_details")) == {}


def test_each_variant_of_a_list_goes_by_its_own_cursor(copy: Copy) -> None:
    world = copy.sandbox.world
    copy.load("payment_plans", timestamp_overlap=0)
    active, other = (
        next(row for row in world.rows("payment_plans") if str(row["isActive"]).lower() == flag)
        for flag in ("true", "false")
    )
    inactive = {"isActive": "false"}
    world.change("payment_plans", other)
    world.change("payment_plans", active)
    copy.sandbox.faults.add(
        Fault("PaymentPlans/PaymentPlans", "status", status=403, params=inactive)
    )
    assert copy.load("payment_plans", timestamp_overlap=0, attempts=1).report.failures
    found = copy.verify("payment_plans", timestamp_overlap=0)
    assert wrong_and_newer(found) == {"payment_plans": (0, 1)}

    # A row below the cursor of its own variant, and above that of the other one.
    copy.spoil(f"delete from payment_plans where id = {active['id']}")
    found = copy.verify("payment_plans", timestamp_overlap=0)
    assert wrong_and_newer(found) == {"payment_plans": (1, 1)}
    assert found.diffs["payment_plans"].tables[0].examples == {"missing": [(active["id"],)]}


def test_full_lists_that_changed_since_the_last_run_are_newer_and_damaged_ones_are_not(
    copy: Copy,
) -> None:
    world = copy.sandbox.world
    names = ("products", "lead_sources", "membership_cards")
    copy.load(*names)
    damaged, club = sorted({row.params["clubId"] for row in world.rows("products")})[:2]
    copy.spoil(f"delete from products where club_id = {damaged}")
    world.add("products", club_id=club)
    world.purge("lead_sources", world.rows("lead_sources")[0])
    card = world.rows("membership_cards")[0]
    world.purge("membership_cards", card)
    lost = len(world.rows("products", club_id=damaged))

    found = copy.verify(*names)
    assert wrong_and_newer(found) == {
        "products": (lost, 1),
        "lead_sources": (0, 1),
        "membership_cards": (1, 0),
    }
    world.change("users", card.params["userId"])
    assert wrong_and_newer(copy.verify(*names))["membership_cards"] == (0, 1)
    copy.load(*names)
    assert wrong_and_newer(copy.verify(*names)) == {"products": (lost, 0)}


@pytest.mark.parametrize("deleted_rows", ["flag", "remove"])
def test_rows_of_a_club_that_was_deleted_are_kept_by_a_repair(
    copy: Copy, deleted_rows: str
) -> None:
    """The API may have nothing to say of a deleted club: its history stays."""
    world, given = copy.sandbox.world, {"deleted_rows": deleted_rows}
    names = ("clubs", "classes", "class_attendees")
    copy.load(*names, **given)
    club = next(row.params["clubId"] for row in world.rows("classes"))
    for row in world.rows("classes", club_id=club):
        world.purge("classes", row)
    extra = wrong_and_newer(copy.verify(*names, **given))
    assert extra["classes"][0] > 0
    world.delete("clubs", club)
    before = copy.target.values("classes", "id"), copy.target.rows("class_attendees")
    assert differences(copy.verify(*names, **given)) == {"clubs": (0, 0, 0, 1)}
    assert copy.repair(*names, **given).outcome == "equal"
    assert (copy.target.values("classes", "id"), copy.target.rows("class_attendees")) == before


def test_rows_of_a_deleted_member_are_removed_by_a_repair_where_deleted_rows_are(
    copy: Copy,
) -> None:
    world, given = copy.sandbox.world, {"deleted_rows": "remove"}
    names = ("users", "messages", "message_details", "documents", "membership_cards")
    copy.load(*names, **given)
    user = world.rows("messages")[0].params["userId"]
    for path in ("Messages/Messages", "Documents/Documents", "Users/MembershipCards"):
        params = {"userId": user}
        copy.sandbox.faults.add(Fault(path, "status", status=404, times=None, params=params))
    messages = copy.target.values("messages", "id", f"user_id = {user}")
    world.delete("users", user)
    copy.load(*names, **given)
    # Only the rows of lists by row version are left.
    assert copy.target.values("membership_cards", "card_number", f"user_id = {user}") == []
    assert copy.target.values("messages", "id", f"user_id = {user}") == messages
    assert copy.repair(*names, **given).outcome == "equal"
    for name in ("messages", "documents"):
        assert copy.target.values(name, "id", f"user_id = {user}") == []
    assert {*copy.target.values("message_details", "id")}.isdisjoint(messages)
    # They come back with the member, as they were.
    copy.sandbox.faults.clear()
    world.change("users", user, isDeleted=False)
    copy.load(*names, **given)
    assert copy.target.values("messages", "id", f"user_id = {user}") == messages
    assert wrong_and_newer(copy.verify(*names, **given)) == {}
