"""The two kinds of account, end to end."""

from __future__ import annotations

import pytest
from support.loading import EVERYTHING, Target, set_now, small_world

from perfectgym_source.errors import ConfigurationError
from perfectgym_source.sandbox import Fault, Sandbox


@pytest.fixture
def member(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        yield Target(tmp_path, sandbox, "user")


def test_a_member_is_never_named_in_his_own_requests(member):
    run = member.load(groups=EVERYTHING)
    assert {request.status for request in run.requests} == {200}
    # But where the documentation contradicts itself: one of its two tables requires the id there.
    named = {r.table: r.params["userId"] for r in run.requests if "userId" in r.params}
    assert named == {"measurements": str(member.sandbox.member.user_id)}
    assert {r.mode for r in run.requests} == {"user"}
    for table in ("user_classes", "user_club_visits", "friends", "friend_statuses"):
        [user_id] = set(member.values(table, "user_id"))
        assert user_id == member.sandbox.member.user_id
    assert member.values("user_details", "id") == [member.sandbox.member.user_id]


def test_measurements_are_requested_with_the_id_that_the_members_own_details_have(member):
    refused = Fault("Measurements/Measurements", "envelope", times=None)
    own = str(member.sandbox.member.user_id)
    member.sandbox.on_request = lambda record: refuse_without(record, own, member.sandbox, refused)
    run = member.load("measurements", on_error="continue")
    assert run.report.failures == []
    assert run.count["user_details"] == 1
    assert run.rows["measurements"] == len(member.sandbox.world.truth("measurements", "user"))


def refuse_without(record, own, sandbox, fault):
    if record.table == "measurements" and record.params.get("userId") != own:
        sandbox.faults.add(fault)


def test_what_the_account_may_not_read_is_refused_before_the_first_request(member):
    with pytest.raises(Exception, match="cannot be read in user mode") as failed:
        member.source("contracts")
    assert isinstance(failed.value, ConfigurationError)
    assert member.sandbox.token_requests == []


def test_pictures_of_a_club_are_added_with_their_time(member, monkeypatch):
    world = member.sandbox.world
    expected = world.truth("users_in_club", "user")
    set_now(monkeypatch, "2026-01-01T10:00:00")
    first = member.load("users_in_club")
    assert first.rows["users_in_club"] == len(expected) > 0
    set_now(monkeypatch, "2026-01-01T11:00:00")
    leaver = expected[0]["id"]
    world.change("users", leaver, presentInClub=False)
    member.load("users_in_club")
    by_time = dict(
        member.query("select taken_at::varchar, count(*) from users_in_club group by 1 order by 1")
    )
    assert by_time == {
        "2026-01-01 10:00:00+00": len(expected),
        **({"2026-01-01 11:00:00+00": len(expected) - 1} if len(expected) > 1 else {}),
    }
    assert set(member.values("users_in_club", "club_id || ':' || id")) == {
        f"{row['_params']['clubId']}:{row['id']}" for row in expected
    }


def test_a_database_of_one_installation_takes_no_rows_of_another(tmp_path, sandbox):
    target = Target(tmp_path, sandbox)
    target.load("clubs")
    with pytest.raises(Exception, match="cannot load"):
        target.load("clubs", installation="another")
