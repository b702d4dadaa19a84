"""Lists that replace the rows of a table: an account that sees nothing more does not empty it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.loading import Run, Target, set_now, small_world
from support.truth import check
from support.v22 import Target22, differences

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.extract.deletion_guard import MAY_VANISH, RowCounts
from perfectgym_source.extract.state.source_state import SourceState
from perfectgym_source.sandbox import Fault, Sandbox

LINK = "members_to_tags"
TEXTS = "member_agreement_translations"
EMPTY = b'{"value": []}'


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(size="tiny", seed=1, api="v2.2", quirks=False) as sandbox:
        yield sandbox


@pytest.fixture
def target(tmp_path: Path, running: Sandbox) -> Iterator[Target22]:
    """Sixty members have a tag each, nobody else has."""
    sets = running.world.sets
    tag = sets.rows("MemberTags")[0]
    for index, member in enumerate(sets.rows("Members")):
        sets.relate("Members", member, "tags", [tag.key] if index < 60 else [])
    yield Target22(tmp_path, running, sweep_hours=0)
    running.faults.clear()


def sees_nothing(target: Target, path: str = "v2.2/odata/Members") -> None:
    target.sandbox.faults.add(Fault(path, "garbage", times=None, body=EMPTY))


def leave(target: Target22, count: int) -> None:
    """Take the tags of all members but some."""
    sets = target.sandbox.world.sets
    for member in sets.rows("Members")[count:]:
        sets.relate("Members", member, "tags", [])


def refused(run: Run, *resources: str) -> list[str]:
    failures = run.report.failures
    assert [failure.resource for failure in failures] == list(resources)
    return [str(failure.error) for failure in failures]


def count(target: Target, table: str = LINK) -> int:
    [(found,)] = target.query(f"select count(*) from {table}")
    return int(found)


def test_an_empty_list_does_not_empty_a_table_of_links(target: Target22) -> None:
    assert target.load(LINK).rows == {LINK: 60}
    sees_nothing(target)
    for _ in range(2):
        run = target.load(LINK, on_error="continue")
        [text] = refused(run, LINK)
        assert "60 of 60 rows have vanished from the list at once: none of them is removed" in text
        assert "--full-refresh" in text
        assert count(target) == 60
    target.sandbox.faults.clear()
    assert not target.load(LINK).rows
    assert differences(target, (LINK,)) == []


def test_more_than_half_of_the_rows_may_not_vanish(target: Target22) -> None:
    target.load(LINK)
    leave(target, 30)
    target.load(LINK)
    assert count(target) == 30
    leave(target, 30 - MAY_VANISH - 1)
    refused(target.load(LINK, on_error="continue"), LINK)
    assert count(target) == 30
    leave(target, 0)
    refused(target.load(LINK, on_error="continue"), LINK)
    assert count(target) == 30


def test_a_few_rows_may_vanish_altogether(target: Target22) -> None:
    leave(target, MAY_VANISH)
    target.load(LINK)
    leave(target, 0)
    target.load(LINK)
    assert count(target) == 0


def test_a_first_run_may_find_nothing(target: Target22) -> None:
    sees_nothing(target)
    target.load(LINK)
    assert count(target) == 0
    target.sandbox.faults.clear()
    target.load(LINK)
    assert count(target) == 60


def test_a_full_refresh_believes_the_api_and_a_reset_does_not(target: Target22) -> None:
    target.load(LINK)
    leave(target, 3)
    pipeline = target.pipeline()
    with target.opened():
        with pipeline.managed_state(extract_state=True) as state:
            [stored] = SourceState.of_pipeline(state).stored(LINK)
            assert stored.forget()
        pipeline.normalize()
        pipeline.load()
    refused(target.load(LINK, on_error="continue"), LINK)
    assert count(target) == 60
    target.load(LINK, full_refresh=[LINK])
    assert count(target) == 3
    assert not target.load(LINK).rows


def test_rows_of_links_that_follow_a_refused_list_are_complete(target: Target22) -> None:
    """A refusal leaves the state as it was: the next list is compared with the table."""
    target.load(LINK)
    sees_nothing(target)
    target.load(LINK, on_error="continue")
    target.sandbox.faults.clear()
    leave(target, 40)
    assert target.load(LINK).rows == {LINK: 40}
    assert differences(target, (LINK,)) == []


def test_an_empty_list_does_not_empty_a_table_of_texts(target: Target22) -> None:
    sets = target.sandbox.world.sets
    while len(sets.rows("MemberAgreementTranslations")) <= MAY_VANISH:
        agreement = sets.add("MemberAgreements", name="new")
        sets.add("MemberAgreementTranslations", memberAgreementId=agreement.key, language="en")
    target.load(TEXTS)
    before = count(target, TEXTS)
    sees_nothing(target, "v2.2/odata/MemberAgreementTranslations")
    refused(target.load(TEXTS, on_error="continue"), TEXTS)
    assert count(target, TEXTS) == before > MAY_VANISH


CARDS = "membership_cards"


@pytest.fixture
def of_users(tmp_path: Path, monkeypatch: Any) -> Iterator[Target]:
    """Users with five cards each."""
    set_now(monkeypatch, "2026-01-01T00:00:00")
    with Sandbox(world=small_world(users=12)) as sandbox:
        world = sandbox.world
        for user in world.users:
            while len(world.rows(CARDS, user_id=user["id"])) < 5:
                world.add(CARDS, user_id=user["id"], cardNumber=f"8{world.timestamp}")
        target = Target(tmp_path, sandbox)
        target.load(CARDS)
        set_now(monkeypatch, "2026-01-09T00:00:00")
        yield target


def test_empty_lists_of_all_parents_do_not_empty_a_table(of_users: Target) -> None:
    before = count(of_users, CARDS)
    sees_nothing_of_v1(of_users)
    for _ in range(2):
        [text] = refused(of_users.load(CARDS, on_error="continue"), CARDS)
        assert "rows have vanished" in text
        assert count(of_users, CARDS) == before
    of_users.load(CARDS, full_refresh=[CARDS])
    assert count(of_users, CARDS) == 0
    of_users.sandbox.faults.clear()
    of_users.load(CARDS, full_refresh=[CARDS])
    check(of_users, CARDS)


def test_lists_that_lost_little_are_loaded_beside_those_that_are_kept(of_users: Target) -> None:
    world = of_users.sandbox.world
    first, *others = world.users
    new = world.add(CARDS, user_id=first["id"], cardNumber="new")
    for user in others:
        for row in world.rows(CARDS, user_id=user["id"])[1:]:
            world.purge(CARDS, row)
    refused(of_users.load(CARDS, on_error="continue"), CARDS)
    assert "new" in of_users.values(CARDS, "card_number")
    assert count(of_users, CARDS) == 5 * len(world.users) + 1
    world.purge(CARDS, new)
    of_users.load(CARDS, full_refresh=[CARDS])
    check(of_users, CARDS)


def test_a_parent_may_lose_all_its_rows(of_users: Target) -> None:
    world = of_users.sandbox.world
    for user in world.users[:4]:
        for row in world.rows(CARDS, user_id=user["id"]):
            world.purge(CARDS, row)
    of_users.load(CARDS)
    check(of_users, CARDS)


def test_empty_lists_of_changed_parents_remove_nothing(of_users: Target, monkeypatch: Any) -> None:
    """They are a small part of the table, but all that the account has been shown."""
    set_now(monkeypatch, "2026-01-02T00:00:00")
    world, before = of_users.sandbox.world, count(of_users, CARDS)
    for user in world.users[:5]:
        world.change("users", user)
    sees_nothing_of_v1(of_users)
    for _ in range(2):
        [text] = refused(of_users.load(CARDS, on_error="continue"), CARDS)
        assert "25 of 25 rows have vanished" in text
        assert count(of_users, CARDS) == before >= 60
    of_users.sandbox.faults.clear()
    world.add(CARDS, user_id=world.users[0]["id"], cardNumber="new")
    of_users.load(CARDS)
    check(of_users, CARDS)


def test_lists_of_changed_parents_may_become_empty_beside_others(
    of_users: Target, monkeypatch: Any
) -> None:
    set_now(monkeypatch, "2026-01-02T00:00:00")
    world = of_users.sandbox.world
    for user in world.users[:6]:
        world.change("users", user)
        if user is not world.users[5]:
            for row in world.rows(CARDS, user_id=user["id"]):
                world.purge(CARDS, row)
    of_users.load(CARDS)
    check(of_users, CARDS)


def test_rows_that_come_and_go_are_not_guarded(tmp_path: Path, monkeypatch: Any) -> None:
    table = "class_available_seats"
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox)
        set_now(monkeypatch, "2026-01-01T00:00:00")
        target.load(table)
        assert count(target, table) > MAY_VANISH
        for row in sandbox.world.rows(table):
            sandbox.world.purge(table, row)
        set_now(monkeypatch, "2026-01-09T00:00:00")
        target.load(table)
        assert count(target, table) == 0


def sees_nothing_of_v1(target: Target) -> None:
    body = b'{"elements": []}'
    target.sandbox.faults.add(Fault("Users/MembershipCards", "garbage", times=None, body=body))


def test_a_list_that_was_loaded_beside_those_that_are_kept_may_become_as_it_was(
    tmp_path: Path,
) -> None:
    table = "products"
    with Sandbox(world=small_world()) as sandbox:
        world = sandbox.world
        first, second, *_ = [club["id"] for club in world.truth("clubs")]
        while len(world.rows(table, club_id=second)) <= 2 * len(world.rows(table)) / 3 + MAY_VANISH:
            world.add(table, club_id=second)
        target = Target(tmp_path, sandbox)
        target.load(table)
        new = world.add(table, club_id=first)
        gone = world.rows(table, club_id=second)
        for row in gone:
            world.purge(table, row)
        refused(target.load(table, on_error="continue"), table)
        world.purge(table, new)
        for _ in gone:
            world.add(table, club_id=second)
        target.load(table)
        check(target, table)


def test_a_full_refresh_remembers_the_rows_of_what_it_could_not_read() -> None:
    counts = RowCounts({(1,): 30, (2,): 30}, is_guard=False)
    assert not counts.hold((1,), [])
    assert RowCounts(counts.current).hold((2,), [])


def test_rows_that_are_removed_with_their_parent_are_not_missed() -> None:
    counts = RowCounts({(1,): 2 * MAY_VANISH, (2,): 2, (3,): MAY_VANISH})
    counts.forget((1,))
    assert counts.hold((2,), [])
    assert counts.refusal(ENDPOINTS["products"]) is None


def test_a_periodic_list_that_was_refused_is_read_by_the_next_run(
    target: Target22, running: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (folder := tmp_path / "periodic").mkdir()
    target = Target22(folder, running)
    set_now(monkeypatch, "2026-01-01T00:00:00")
    target.load(LINK)
    assert not target.load(LINK).report.requests[LINK]
    sees_nothing(target)
    set_now(monkeypatch, "2026-01-09T00:00:00")
    for _ in range(2):
        refused(target.load(LINK, on_error="continue"), LINK)
    running.faults.clear()
    leave(target, 40)
    assert target.load(LINK).rows == {LINK: 40}
    assert differences(target, (LINK,)) == []
    assert not target.load(LINK).report.requests[LINK]
