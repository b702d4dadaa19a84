"""What goes wrong on the way, and what a run makes of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from loading import Target, small_world
from truth import check

from perfectgym_source.errors import ApiError, PagingError, SignInError, Unavailable
from perfectgym_source.sandbox import Fault, Sandbox


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
    assert (failure.resource, failure.unit) == ("classes", (2,))
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
    assert [failure.unit for failure in run.report.failures] == [(club,)]
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
        assert [failure.unit for failure in run.report.failures] == [(user,)]
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


def test_a_parent_whose_children_are_not_found_is_no_failure(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox)
        user = sandbox.world.rows("membership_cards")[0].params["userId"]
        sandbox.faults.add(
            Fault("Users/MembershipCards", "status", status=404, times=None,
                  params={"userId": user})
        )  # fmt: skip
        run = target.load("membership_cards")
        assert run.report.failures == []
        assert run.rows["membership_cards"] > 0


def test_by_default_one_failure_loads_nothing_and_is_raised(target, sandbox):
    sandbox.faults.add(failing_club(2))
    error, run = failed_load(target)
    cause = the_cause(error, Unavailable)
    assert cause.resource == "classes"
    assert "clubId=2" in (cause.request or "")
    assert [failure.unit for failure in run.report.failures] == [(2,)]
    assert not target.file.exists() or not target.has_dataset()
    sandbox.faults.clear()
    target.load()
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


def test_twenty_failures_in_a_row_stop_the_run(target, sandbox):
    sandbox.faults.add(Fault("Classes/AvailableSeatNumbers", "status", times=None))
    error, run = failed_load(
        target, "class_available_seats", on_error="continue", attempts=1, concurrency=4
    )
    assert "20 requests in a row" in str(the_cause(error, ApiError))
    asked = run.count["class_available_seats"]
    assert 20 <= asked < 20 + 4
    assert len(sandbox.requests) == asked + run.count["classes"] + run.count["clubs"]


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
    assert failure.unit == (club,)
