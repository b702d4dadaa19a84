"""What goes wrong on the way, and what a run makes of it."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import ANY

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from support.loading import Target, set_now, small_world
from support.truth import check

from perfectgym_source.api.json_text import NotJson
from perfectgym_source.errors import PagingError, SignInError, Unavailable
from perfectgym_source.extract import batch_queue
from perfectgym_source.sandbox import Fault, Sandbox
from perfectgym_source.sandbox.store.rows import Row
from perfectgym_source.transform.decoder import Decoder


def failing_club(club, **more):
    return Fault("Classes/Classes", "status", status=500, times=None, params={"clubId": club})


def causes(error):
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def the_cause(error, kind):
    return next(link for link in causes(error) if isinstance(link, kind))


@pytest.fixture
def target(tmp_path, sandbox):
    return Target(tmp_path, sandbox, attempts=2)


def failed_load(target, *resources, **options):
    """A load that must fail: the error, and what was done until then."""
    source = target.source(*resources, **options)
    target.sandbox.clear_records()
    target.close()
    with pytest.raises(PipelineStepFailed) as failed:
        target.pipeline().run(source)
    return failed.value, target.run_of(source, [])


def test_one_club_that_fails_does_not_keep_the_others_from_loading(target, sandbox):
    world = sandbox.world
    target.load("classes", "contracts", on_error="continue")
    cursors = target.cursors("classes")
    sandbox.faults.add(failing_club(2))
    for club in (1, 2, 3):
        world.change("classes", world.rows("classes", club_id=club)[0], attendeesCount=1)
    world.change("contracts", world.contracts[0])
    run = target.load("classes", "contracts", on_error="continue")
    assert (run.rows["classes"], run.rows["contracts"]) == (2, 1)
    [failure] = run.report.failures
    assert (failure.resource, failure.partition) == ("classes", (2,))
    assert isinstance(failure.error, Unavailable)
    assert "classes of 2" in str(failure)
    after = target.cursors("classes")
    assert after["2"] == cursors["2"]
    assert after["1"] > cursors["1"]
    sandbox.faults.clear()
    later = target.load("classes", "contracts", on_error="continue")
    assert later.rows == {"classes": 1}
    assert later.report.failures == []
    check(target, "classes")


def test_a_club_that_fails_in_the_middle_of_its_list_is_completed_by_the_next_run(target, sandbox):
    world = sandbox.world
    counts = {club: len(world.rows("classes", club_id=club)) for club in (1, 2, 3, 4)}
    club = max(counts, key=counts.get)
    sandbox.faults.add(
        Fault("Classes/Classes", "status", times=None, skip=1, params={"clubId": club})
    )
    run = target.load("classes", on_error="continue")
    assert [failure.partition for failure in run.report.failures] == [(club,)]
    sandbox.faults.clear()
    target.load("classes", on_error="continue")
    check(target, "classes")
    assert target.load("classes").packages == []


def test_the_children_of_a_parent_that_failed_are_asked_for_again(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox, attempts=1, on_error="continue")
        user = sandbox.world.rows("membership_cards")[0].params["userId"]
        fault = Fault("Users/MembershipCards", "status", times=None, params={"userId": user})
        sandbox.faults.add(fault)
        run = target.load("membership_cards")
        assert [failure.partition for failure in run.report.failures] == [(user,)]
        assert user not in target.values("membership_cards", "user_id")
        sandbox.faults.clear()
        target.load("membership_cards")
        check(target, "membership_cards")
        assert target.load("membership_cards").count["membership_cards"] == 0


def test_a_parents_list_that_fails_leaves_its_children_for_the_next_run(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox, attempts=1, on_error="continue")
        sandbox.faults.add(Fault("Users/Users", "status", times=None))
        run = target.load("membership_cards", "clubs")
        assert run.rows == {"clubs": 4}
        assert "membership_cards" in {failure.resource for failure in run.report.failures}
        sandbox.faults.clear()
        target.load("membership_cards", "clubs")
        check(target, "membership_cards")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_for_one_parent_is_no_word_that_it_is_gone(tmp_path, status):
    with Sandbox(world=small_world()) as sandbox:
        world = sandbox.world
        target = Target(tmp_path, sandbox, on_error="continue")
        target.load("contracts", "contract_details", "freeze_types")
        types = target.values("freeze_types", "contract_id || ':' || id")
        contract = world.rows("freeze_types")[0].params["contractId"]
        world.change("contracts", contract, status="Changed")
        for path in ("Contracts/Contract", "Contracts/FreezeTypes"):
            fault = Fault(
                path, "status", status=status, times=None, params={"contractId": contract}
            )
            sandbox.faults.add(fault)
        run = target.load("contracts", "contract_details", "freeze_types")
        assert {(f.resource, f.partition) for f in run.report.failures} == {
            ("contract_details", (contract,)),
            ("freeze_types", (contract,)),
        }
        assert target.values("freeze_types", "contract_id || ':' || id") == types
        sandbox.faults.clear()
        run = target.load("contracts", "contract_details", "freeze_types")
        assert run.report.failures == []
        assert run.rows["contract_details"] == 1
        assert run.rows["freeze_types"] > 0
        for table in ("contracts", "contract_details", "freeze_types"):
            check(target, table)


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_parent_that_its_list_calls_deleted_may_be_refused(tmp_path, status):
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox, on_error="continue", timestamp_overlap=0)
        target.load("freeze_types")
        contract = sandbox.world.rows("freeze_types")[0].params["contractId"]
        sandbox.world.change("contracts", contract, isDeleted=True)
        # It fails before it is refused: the next run's list does not name the contract any more.
        where = {"path": "Contracts/FreezeTypes", "params": {"contractId": contract}}
        down = Fault(kind="status", status=500, times=5, **where)
        sandbox.faults.add(down)
        sandbox.faults.add(Fault(kind="status", status=status, times=None, **where))
        assert len(target.load("freeze_types").report.failures) == 1
        run = target.load("freeze_types")
        assert run.report.failures == []
        assert run.count["freeze_types"] == 1
        assert target.load("freeze_types").count["freeze_types"] == 0


@pytest.mark.parametrize("deleted_rows", ["flag", "remove"])
def test_what_was_read_for_a_deleted_parent_goes_where_deleted_rows_do(tmp_path, deleted_rows):
    """And comes back with the parent, as it was."""
    with Sandbox(world=small_world()) as sandbox:
        world = sandbox.world
        target = Target(tmp_path, sandbox, deleted_rows=deleted_rows)
        names = ("contracts", "contract_details", "freeze_types")
        with_types = {row.params["contractId"] for row in world.rows("freeze_types")}
        contract = next(r for r in world.contracts if r.key in with_types and r["discounts"])
        keys = {
            "contract_details": "id",
            "contract_details__discounts": "contract_id",
            "freeze_types": "contract_id",
        }

        def kept() -> list[int]:
            return [
                len(target.values(t, key, f"{key} = {contract.key}")) for t, key in keys.items()
            ]

        target.load(*names)
        before = kept()
        assert all(before)
        for path in ("Contracts/Contract", "Contracts/FreezeTypes"):
            params = {"contractId": contract.key}
            sandbox.faults.add(Fault(path, "status", status=404, times=None, params=params))
        world.delete("contracts", contract)
        run = target.load(*names)
        assert run.report.failures == []
        assert kept() == ([0, 0, 0] if deleted_rows == "remove" else before)
        assert run.rows.keys() & keys.keys() == set()
        sandbox.faults.clear()
        world.change("contracts", contract, isDeleted=False)
        target.load(*names)
        assert kept() == before
        for name in names[1:]:
            check(target, name)


def test_a_member_that_is_missing_from_the_full_list_may_be_refused(tmp_path):
    with Sandbox(world=small_world(users=6)) as sandbox:
        target = Target(tmp_path, sandbox, on_error="continue", attempts=1)
        target.load("users", "membership_cards")
        card = sandbox.world.rows("membership_cards")[0]
        user = card.params["userId"]
        where = {"path": "Users/MembershipCards", "params": {"userId": user}}
        sandbox.world.change("users", user)
        sandbox.faults.add(Fault(kind="status", status=404, times=None, **where))
        assert len(target.load("users", "membership_cards").report.failures) == 1
        sandbox.world.purge("users", sandbox.world.find("users", user))
        assert target.load("users", "membership_cards").report.failures == []


def test_clubs_whose_lists_answer_404_keep_their_rows_and_fail(target, sandbox):
    target.load("products")
    before = target.values("products", "club_id")
    sandbox.faults.add(Fault("Products/Products", "status", status=404, times=None))
    run = target.load("products", on_error="continue")
    assert sorted(failure.partition for failure in run.report.failures) == [(1,), (2,), (3,), (4,)]
    assert target.values("products", "club_id") == before


def test_page_2_that_answers_404_behind_a_full_page_is_a_failure(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        world = sandbox.world
        target = Target(tmp_path, sandbox, on_error="continue")
        user = world.users[0]["id"]
        add_fees(world, user, 350)
        where = {"path": "Payments/ContractFees", "params": {"userId": user, "page": 2}}
        sandbox.faults.add(Fault(kind="status", status=404, times=None, **where))
        run = target.load("pending_contract_fees")
        assert [failure.partition for failure in run.report.failures] == [(user,)]
        sandbox.faults.clear()
        target.load("pending_contract_fees")
        check(target, "pending_contract_fees")


def add_fees(world, user, count):
    """Give a member so many pending fees more."""
    row = world.rows("pending_contract_fees")[0]
    for number in range(count):
        fee = Row({**row, "id": 900_000 + number}, 900_000 + number, {"userId": user})
        world.insert("pending_contract_fees", fee, world.next_timestamp())


@pytest.mark.parametrize("count", [100, 350])
def test_pending_fees_of_more_than_a_page_are_all_loaded(tmp_path, count):
    with Sandbox(world=small_world()) as sandbox:
        user = next(
            user["id"]
            for user in sandbox.world.users
            if not sandbox.world.rows("pending_contract_fees", user_id=user["id"])
        )
        add_fees(sandbox.world, user, count)
        target = Target(tmp_path, sandbox)
        run = target.load("pending_contract_fees")
        check(target, "pending_contract_fees")
        assert run.report.warnings == []


@pytest.mark.parametrize("size", [99, 100])
def test_a_list_of_exactly_a_page_of_which_no_paging_is_known_is_doubted_aloud(
    target, sandbox, size
):
    rows = [{"id": number, "name": f"No. {number}"} for number in range(1, size + 1)]
    fault = Fault("Crm/Lead/Sources", "status", status=200, body={"elements": rows}, times=None)
    sandbox.faults.add(fault)
    run = target.load("lead_sources")
    assert run.rows["lead_sources"] == size
    doubts = [text for text in run.report.warnings if "lead_sources ends with a full page" in text]
    assert len(doubts) == (size == 100)


def test_an_intermediate_list_that_fails_for_one_parent_is_requested_again(tmp_path):
    """The messages are read for their texts only: no table of theirs remembers what failed."""
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox, on_error="continue", attempts=1)
        user = sandbox.world.rows("messages")[0].params["userId"]
        sandbox.faults.add(
            Fault("Messages/Messages", "status", times=None, params={"userId": user})
        )
        run = target.load("message_details")
        assert {f.resource for f in run.report.failures} == {"messages", "message_details"}
        sandbox.faults.clear()
        assert target.load("message_details").report.failures == []
        check(target, "message_details")


def test_a_list_that_fails_in_its_middle_moves_no_cursor_of_those_that_depend_on_it(tmp_path):
    with Sandbox(world=small_world(users=6)) as sandbox:
        world = sandbox.world
        target = Target(tmp_path, sandbox, on_error="continue", attempts=1, timestamp_overlap=0)
        more = [row(world, number) for number in range(150)]
        for contract in more:
            world.insert("contracts", contract, world.next_timestamp())
        sandbox.faults.add(Fault("Contracts/Contracts", "status", times=None, skip=1))
        run = target.load("contracts", "freeze_types")
        assert run.rows == {
            "contracts": 100,
            "contracts__discounts": ANY,
            "contracts__freezes": ANY,
        }
        assert {f.resource for f in run.report.failures} == {"contracts", "freeze_types"}
        sandbox.faults.clear()
        run = target.load("contracts", "freeze_types")
        assert run.count["freeze_types"] == len(world.contracts)
        check(target, "contracts")
        check(target, "freeze_types")


def row(world, number):
    """Another contract like one of those that are there."""
    like = world.contracts[0]
    return Row({**like, "id": 700_000 + number}, 700_000 + number, {}, dict(like.detail or {}))


@pytest.mark.parametrize("kind", ["a full page", "an unreadable id"])
def test_a_doubtful_list_of_instructors_takes_no_calendar_with_it(tmp_path, monkeypatch, kind):
    set_now(monkeypatch, "2024-01-01T00:00:00")
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox, on_error="continue", schedule_days=3650)
        target.load("instructor_availability")
        before = target.values("instructor_availability", "id", "club_id = 2")
        assert before
        rows = [{"id": "n/a"}]
        if kind == "a full page":
            rows = [{"id": 10**6 + number} for number in range(100)]
        sandbox.faults.add(
            Fault("Instructors/Instructors", "status", status=200, body={"elements": rows},
                  times=None, params={"clubId": 2})
        )  # fmt: skip
        target.load("instructor_availability")
        assert target.values("instructor_availability", "id", "club_id = 2") == before


@pytest.mark.parametrize("options", [{}, {"full_refresh": ["instructor_availability"]}])
def test_the_calendar_of_one_who_left_a_club_goes(tmp_path, monkeypatch, options):
    set_now(monkeypatch, "2024-01-01T00:00:00")
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox, schedule_days=3650)
        target.load("instructor_availability")
        gone = target.values("instructor_availability", "employee_id")[0]
        sandbox.world.change("instructors", gone, isActive=False)
        target.load("instructor_availability", **options)
        check(target, "instructor_availability")


def test_calendars_begin_with_the_day_that_it_is_at_the_club(tmp_path, monkeypatch):
    set_now(monkeypatch, "2024-01-02T03:00:00")
    with Sandbox(world=small_world(quirks=False)) as sandbox:
        run = Target(tmp_path, sandbox).load("instructor_availability")
        zones = {str(club["id"]): club["timeZone"] for club in sandbox.world.truth("clubs")}
        first = {
            zones[asked["clubId"]]: asked["startDate"][:10]
            for asked in run.asked("instructor_availability")
        }
        assert first["US Mountain Standard Time"] == "2024-01-01"
        assert first["Central European Standard Time"] == "2024-01-02"


def test_a_parent_that_came_back_is_not_gone_any_more(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox, on_error="continue", attempts=1)
        target.load("freeze_types")
        contract = sandbox.world.rows("freeze_types")[0].params["contractId"]
        where = {"path": "Contracts/FreezeTypes", "params": {"contractId": contract}}
        sandbox.world.change("contracts", contract, isDeleted=True)
        sandbox.faults.add(Fault(kind="status", status=500, **where))
        target.load("freeze_types")
        sandbox.world.change("contracts", contract, isDeleted=False)
        sandbox.faults.add(Fault(kind="status", status=404, **where))
        assert len(target.load("freeze_types").report.failures) == 1


def test_a_parent_that_is_missing_from_its_list_read_as_a_whole_may_be_refused(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox, on_error="continue", attempts=1, deleted_rows="remove")
        target.load("freeze_types")
        before = target.values("freeze_types", "contract_id")
        contract = sandbox.world.rows("freeze_types")[0].params["contractId"]
        sandbox.world.change("contracts", contract)
        where = {"path": "Contracts/FreezeTypes", "params": {"contractId": contract}}
        sandbox.faults.add(Fault(kind="status", status=404, times=None, **where))
        target.load("freeze_types")
        sandbox.world.purge("contracts", contract)
        assert len(target.load("freeze_types").report.failures) == 1
        assert target.load("freeze_types", full_refresh=["freeze_types"]).report.failures == []
        assert target.load("freeze_types").count["freeze_types"] == 0
        # What is missing is not flagged.
        assert target.values("freeze_types", "contract_id") == before


def test_calendars_are_requested_for_instructors_of_the_club_only(tmp_path, monkeypatch):
    set_now(monkeypatch, "2024-01-01T00:00:00")
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox, on_error="continue", schedule_days=3650)
        pairs = {
            (str(r["_params"]["clubId"]), str(r["id"]))
            for r in sandbox.world.truth("club_instructors")
        }
        run = target.load("instructor_availability")
        asked = {(p["clubId"], p["employeeId"]) for p in run.asked("instructor_availability")}
        assert asked == pairs
        assert len(pairs) < 4 * len(sandbox.world.rows("instructors"))
        check(target, "instructor_availability")


def test_by_default_one_failure_loads_nothing_and_is_raised(target, sandbox):
    sandbox.faults.add(failing_club(2))
    error, run = failed_load(target, "clubs", "classes", "contracts")
    cause = the_cause(error, Unavailable)
    assert cause.resource == "classes"
    assert "clubId=2" in (cause.request or "")
    assert [failure.partition for failure in run.report.failures] == [(2,)]
    assert not target.file.exists() or not target.has_dataset()
    sandbox.faults.clear()
    target.load("clubs", "classes", "contracts")
    check(target, "classes")


def test_a_failure_leaves_what_was_loaded_before_as_it_was(target, sandbox):
    target.load("classes", "contracts")
    cursors = target.cursors("classes")
    sandbox.world.change("classes", sandbox.world.rows("classes", club_id=1)[0])
    sandbox.faults.add(failing_club(2))
    failed_load(target, "classes", "contracts")
    assert target.cursors("classes") == cursors
    sandbox.faults.clear()
    assert target.load("classes", "contracts").rows == {"classes": 1}


@pytest.mark.parametrize("on_error", ["raise", "continue"])
def test_a_refused_sign_in_stops_everything_with_one_token_request(target, on_error):
    error, run = failed_load(target, password="wrong", on_error=on_error)
    assert the_cause(error, SignInError)
    assert run.tokens == 1
    assert run.requests == []
    assert run.report.token_requests == 1


SEATS, ATTENDEES = "Classes/AvailableSeatNumbers", "Classes/WhoIsIn"


@pytest.mark.parametrize("status", [403, 500])
def test_after_twenty_failures_in_a_row_the_rest_of_an_endpoint_is_left_for_the_next_run(
    target, sandbox, status
):
    resources = ("classes", "class_available_seats", "class_attendees")
    sandbox.faults.add(Fault(SEATS, "status", status=status, times=None))
    run = target.load(*resources, on_error="continue", attempts=1, concurrency=4)
    asked = run.count["class_available_seats"]
    assert 20 <= asked < 20 + 4
    last = run.report.failures[-1]
    classes = len(sandbox.world.classes)
    assert f"{classes - asked:,} parts not requested" in str(last)
    assert {failure.resource for failure in run.report.failures} == {"class_available_seats"}
    check(target, "classes")
    check(target, "class_attendees")
    sandbox.faults.clear()
    run = target.load(*resources, on_error="continue")
    assert run.count["class_available_seats"] == classes
    assert run.count["class_attendees"] == 0
    check(target, "class_available_seats")


def test_members_that_are_refused_keep_no_other_from_being_read(tmp_path):
    with Sandbox(size="tiny") as sandbox:
        target = Target(tmp_path, sandbox, on_error="continue", concurrency=1)
        members = sorted(user["id"] for user in sandbox.world.users)
        for user in members[:22]:
            where = {"path": "Users/MembershipCards", "params": {"userId": user}}
            sandbox.faults.add(Fault(kind="status", status=403, times=None, **where))
        first = target.load("membership_cards")
        assert first.count["membership_cards"] == 20
        second = target.load("membership_cards")
        assert second.count["membership_cards"] == len(members)
        sandbox.faults.clear()
        assert target.load("membership_cards").count["membership_cards"] == 22
        check(target, "membership_cards")


def test_endpoints_that_answer_500_are_no_outage(target, sandbox):
    for path in (SEATS, ATTENDEES):
        sandbox.faults.add(Fault(path, "status", status=500, times=None))
    resources = ("class_available_seats", "class_attendees", "freeze_types")
    run = target.load(*resources, on_error="continue", attempts=1)
    assert {f.resource for f in run.report.failures} == {"class_available_seats", "class_attendees"}
    check(target, "freeze_types")


def test_an_outage_in_the_middle_leaves_the_rest_of_all_endpoints_and_loads_what_came(
    target, sandbox
):
    sandbox.faults.add(Fault(SEATS, "drop", times=None, skip=50))
    sandbox.faults.add(Fault(ATTENDEES, "drop", times=None, skip=50))
    resources = ("classes", "class_available_seats", "class_attendees")
    run = target.load(*resources, on_error="continue", attempts=1, concurrency=4)
    assert len(run.requests) < 200
    texts = [str(failure) for failure in run.report.failures]
    assert sum("the API had stopped answering" in text for text in texts) in (1, 2)
    assert run.rows["class_attendees"] > 0
    check(target, "classes")
    sandbox.faults.clear()
    again = target.load(*resources, on_error="continue")
    assert again.rows.get("classes", 0) == 0
    assert again.count["class_attendees"] < len(sandbox.world.classes)
    check(target, "class_available_seats")
    check(target, "class_attendees")
    assert target.load(*resources).packages == []


@pytest.mark.parametrize("skip", [0, 2])
def test_a_sign_in_that_is_refused_later_loses_nothing_that_was_received(target, sandbox, skip):
    sandbox.faults.add(Fault("Classes/Classes", "revoke", times=None, skip=skip))
    refused = {"error": "invalid_grant"}
    sandbox.faults.add(
        Fault("oauth/authorize", "status", status=400, body=refused, times=None, skip=1)
    )
    run = target.load("clubs", "classes", on_error="continue", concurrency=1)
    assert run.rows["clubs"] == 4
    assert run.tokens == 2
    assert isinstance(run.report.failures[0].error, SignInError)
    sandbox.faults.clear()
    target.load("clubs", "classes")
    check(target, "classes")


def test_failures_with_successes_between_them_do_not_stop_the_run(target, sandbox):
    for row in sandbox.world.classes[:60:2]:
        sandbox.faults.add(
            Fault("Classes/AvailableSeatNumbers", "status", times=None,
                  params={"classId": row["id"]})
        )  # fmt: skip
    run = target.load("class_available_seats", on_error="continue", attempts=1, concurrency=1)
    assert len(run.report.failures) == 30
    assert run.count["class_available_seats"] == 290


def test_after_a_failure_nothing_more_is_asked(target, sandbox):
    sandbox.faults.add(Fault("Classes/AvailableSeatNumbers", "status", times=None))
    _, run = failed_load(target, "class_available_seats", attempts=1, concurrency=4)
    assert run.count["class_available_seats"] <= 4


def test_tokens_of_two_seconds_are_renewed_before_they_expire(tmp_path):
    with Sandbox(world=small_world(), expires_in=2, delay=0.25) as sandbox:
        target = Target(tmp_path, sandbox, concurrency=2)
        run = target.load("class_available_seats")
        assert {request.status for request in run.requests} == {200}
        starts = [request.started for request in sandbox.token_requests]
        assert len(starts) >= 2
        assert all(later - earlier >= 1.4 for earlier, later in pairwise(starts))
        check(target, "class_available_seats")


def test_tokens_that_are_revoked_are_replaced_without_a_failure(target, sandbox):
    sandbox.faults.add(Fault("Classes/Classes", "revoke", times=1, skip=2))
    run = target.load("classes", "clubs")
    assert run.tokens == 2
    check(target, "classes")


@pytest.mark.parametrize("kind", ["drop", "truncate", "html", "garbage", "empty", "status"])
def test_answers_that_break_once_are_asked_for_again(target, sandbox, kind):
    sandbox.faults.add(Fault("Classes/Classes", kind, times=1, status=503))
    run = target.load("classes")
    assert run.report.retries == {"classes": 1}
    assert run.report.failures == []
    check(target, "classes")


@pytest.mark.parametrize("kind", ["garbage", "empty", "no_elements"])
def test_an_answer_that_is_no_list_is_never_taken_for_an_empty_list(target, sandbox, kind):
    target.load("lead_sources", "products")
    sandbox.faults.add(Fault("Crm/Lead/Sources", kind, times=None))
    sandbox.faults.add(Fault("Products/Products", kind, times=None, params={"clubId": 1}))
    run = target.load("lead_sources", "products", on_error="continue")
    assert sorted(str(f.resource) for f in run.report.failures) == ["lead_sources", "products"]
    check(target, "lead_sources")
    check(target, "products")


def test_pages_that_repeat_are_a_failure_of_their_list_alone(target, sandbox):
    counts = {c: len(sandbox.world.rows("classes", club_id=c)) for c in (1, 2, 3, 4)}
    club = max(counts, key=counts.get)
    sandbox.faults.add(
        Fault("Classes/Classes", "repeat_page", times=None, skip=1, params={"clubId": club})
    )
    run = target.load("classes", on_error="continue")
    [failure] = run.report.failures
    assert isinstance(failure.error, PagingError)
    assert failure.partition == (club,)


def test_a_batch_that_cannot_be_decoded_takes_no_row_of_another_club_along(target, monkeypatch):
    decode = Decoder.decode
    broken = []

    def failing(decoder, pages, requests, emptied=()):
        clubs = {request.get("club_id") for request in requests}
        if len(clubs) > 1 and not broken:
            broken.append(clubs)
            raise NotJson("not JSON")
        return decode(decoder, pages, requests, emptied)

    with monkeypatch.context() as patch:
        patch.setattr(batch_queue, "BATCH_ROWS", 30)
        patch.setattr(Decoder, "decode", failing)
        failed = target.load("clubs", "classes", on_error="continue", concurrency=1)
    assert broken
    assert failed.report.failures
    target.load("clubs", "classes", on_error="continue")
    check(target, "classes")
    check(target, "clubs")
