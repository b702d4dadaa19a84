"""API v2.2 is loaded by the same code: all sets, changes, deletions and sweeps."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from support.each import for_each
from support.loading import Run, set_now
from support.v22 import Target22, at, differences

from perfectgym_source.catalog import V22
from perfectgym_source.errors import ApiError, RequestRefused, SignInError
from perfectgym_source.sandbox import Fault, Installation, Sandbox
from perfectgym_source.sandbox.v22.sets import Sets

LARGE = "member_custom_attributes"
"""Rows without versions, read as a whole every 6 hours."""
SMALL = "cancel_reasons"
"""Rows without versions, read as a whole in each run."""
BALANCES = "member_balances"
"""Rows with versions and without a mark of deletion."""

Make = Callable[..., Target22]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    running: list[Sandbox] = []

    def made(**installation: Any) -> Target22:
        offered = Installation(**installation)
        sandbox = Sandbox(size="tiny", seed=1, api="v2.2", quirks=False, installation=offered)
        running.append(sandbox)
        sandbox.start()
        return Target22(tmp_path, sandbox)

    yield made
    for sandbox in running:
        sandbox.stop()


@pytest.fixture
def target(make: Make) -> Target22:
    return make()


def sets_of(target: Target22) -> Sets:
    return target.sandbox.world.sets


def requests_for(target: Target22, entity_set: str) -> list[dict[str, str]]:
    path = f"v2.2/odata/{entity_set}"
    return [request.params for request in target.sandbox.requests if request.path == path]


def ids(target: Target22, table: str) -> set[int]:
    return set(target.values(table, "id"))


def cause(run: Run, resource: str) -> BaseException:
    [error] = [failure.error for failure in run.report.failures if failure.resource == resource]
    return error


@pytest.mark.parametrize("links", ["skip", "skiptoken"])
def test_small_pages_and_unstable_ties_lose_nothing(make: Make, links: str) -> None:
    target = make(page_size=7, next_links=links, unstable_ties=True)
    selected = ("members", "companies", SMALL, "club_translations", BALANCES, "members_to_tags")
    target.load(*selected)
    assert differences(target, selected) == []


@pytest.mark.parametrize("page_size", [10, 25, 300, 500])
def test_pages_that_name_no_next_one_lose_nothing(make: Make, page_size: int) -> None:
    target = make(page_size=page_size, next_links="none")
    sets = sets_of(target)
    for name in ("Companies", "CancelReasons", "MemberAgreementTranslations"):
        for number in range(2 * page_size - len(sets.rows(name))):
            has_id = name != "MemberAgreementTranslations"
            sets.add(name, **({} if has_id else {"memberAgreementId": -number, "language": "EN"}))
        assert len(sets.rows(name)) >= 2 * page_size
    selected = ("companies", SMALL, "member_agreement_translations")
    target.load(*selected)
    assert differences(target, selected) == []


def test_an_empty_page_with_a_next_link_is_not_the_end(target: Target22) -> None:
    links = {
        "Companies": "$orderby=version",
        "CancelReasons": "$orderby=id",
        "MemberAgreementTranslations": "$skip=0",
        "PaymentPlans": "$orderby=id&$select=id&$expand=tags($select=id)",
    }
    for name, options in links.items():
        link = f"{target.sandbox.base_url}/v2.2/odata/{name}?{options}"
        body = {"value": [], "@odata.nextLink": link}
        target.sandbox.faults.add(Fault(f"v2.2/odata/{name}", "garbage", body=body))
    selected = ("companies", SMALL, "member_agreement_translations", "payment_plans_to_tags")
    target.load(*selected)
    assert differences(target, selected) == []
    assert all(fault.fired for fault in target.sandbox.faults)


def test_rows_that_a_set_has_twice_are_counted_and_loaded_once(target: Target22) -> None:
    run = target.load("member_cards", "crm2_leads")
    for name, table in (("MemberCards", "member_cards"), ("Crm2Leads", "crm2_leads")):
        assert run.rows[table] == len(sets_of(target).rows(name))
    assert differences(target, ("member_cards", "crm2_leads")) == []


def test_changes_and_deletions_come_with_the_next_run(target: Target22) -> None:
    selected = ("members", "companies", "club_translations", "transactions")
    target.load(*selected)
    sets = sets_of(target)
    sets.change("Companies", sets.rows("Companies")[0], name="Renamed")
    late = sets.change_late("Companies", sets.rows("Companies")[1], name="Late")
    sets.add("Companies", name="New")
    sets.delete("Members", sets.rows("Members")[3])
    sets.delete("ClubTranslations", sets.rows("ClubTranslations")[0])
    run = target.load(*selected)
    counts = {name: run.rows.get(name, 0) for name in selected}
    assert counts == {"companies": 2, "members": 1, "club_translations": 1, "transactions": 0}
    late.commit()
    assert target.load(*selected).rows == {"companies": 1}
    assert differences(target, selected) == []


def test_changes_that_a_restored_backup_has_undone_are_undone(target: Target22) -> None:
    selected = {"companies": "Companies", BALANCES: "MemberBalances"}
    target.load(*selected)
    sets = sets_of(target)
    backup = sets.backup()
    for name in selected.values():
        sets.change(name, sets.rows(name)[0])
    sets.change("Companies", sets.rows("Companies")[0], name="Lost")
    target.load(*selected)
    sets.restore(backup)
    for _ in range(5):
        sets.change("Companies", sets.rows("Companies")[1])
    run = target.load(*selected)
    assert len([text for text in run.report.warnings if "read from its beginning" in text]) == 2
    assert differences(target, tuple(selected)) == []
    assert target.load(*selected).rows == {}


def test_new_rows_of_a_set_without_versions_come_in_each_run_and_changes_by_sweeps(
    target: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = sets_of(target)
    set_now(monkeypatch, at(1))
    target.load(LARGE)
    first, second, *_ = sets.rows("MemberCustomAttributes")
    sets.add("MemberCustomAttributes", value="new")
    sets.change("MemberCustomAttributes", first, value="changed")
    sets.purge("MemberCustomAttributes", second)
    set_now(monkeypatch, at(1, 5))
    assert target.load(LARGE).rows == {LARGE: 1}
    assert second["id"] in ids(target, LARGE)
    set_now(monkeypatch, at(1, 6))
    run = target.load(LARGE)
    assert run.report.removed[LARGE] == 1
    assert differences(target, (LARGE,)) == []
    set_now(monkeypatch, at(1, 13))
    assert not target.load(LARGE).rows
    sets.change("MemberCustomAttributes", first, value="changed again")
    set_now(monkeypatch, at(1, 14))
    target.load(LARGE, sweep_hours=1)
    assert differences(target, (LARGE,)) == []


def test_a_clock_that_was_ahead_puts_no_sweep_off(
    target: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = sets_of(target)
    set_now(monkeypatch, at(3))
    target.load(LARGE)
    sets.purge("MemberCustomAttributes", sets.rows("MemberCustomAttributes")[0])
    set_now(monkeypatch, at(2, 23))  # clocks may differ a little
    assert target.load(LARGE).report.removed[LARGE] == 0
    set_now(monkeypatch, at(2))
    assert target.load(LARGE).report.removed[LARGE] == 1
    assert differences(target, (LARGE,)) == []


def test_a_small_set_without_versions_is_read_as_a_whole_in_each_run(target: Target22) -> None:
    target.load(SMALL)
    sets = sets_of(target)
    first, second, *_ = sets.rows("CancelReasons")
    sets.change("CancelReasons", first, name="changed")
    sets.purge("CancelReasons", second)
    target.load(SMALL)
    assert differences(target, (SMALL,)) == []


def test_rows_without_a_mark_of_deletion_are_removed_by_a_sweep(
    target: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = sets_of(target)
    set_now(monkeypatch, at(1))
    target.load(BALANCES, "contract_freezes")
    gone = sets.rows("MemberBalances")[0]
    sets.purge("MemberBalances", gone)
    set_now(monkeypatch, at(1, 23))
    assert not target.load(BALANCES, "contract_freezes").report.removed[BALANCES]
    set_now(monkeypatch, at(2, 1))
    assert target.load(BALANCES, "contract_freezes").report.removed[BALANCES] == 1
    [*_, last] = requests_for(target, "MemberBalances")
    assert last["$select"] == "memberId,version"
    assert differences(target, (BALANCES, "contract_freezes")) == []


def test_a_row_that_goes_while_a_sweep_lists_the_others_is_removed_by_the_next_one(
    target: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = sets_of(target)
    set_now(monkeypatch, at(1))
    target.load(BALANCES)
    gone = sets.rows("MemberBalances")[0]
    sets.change("MemberBalances", gone)

    def purge(request: Any) -> None:
        if "$select" in request.params and gone in sets.rows("MemberBalances"):
            sets.purge("MemberBalances", gone)

    target.sandbox.on_request = purge
    set_now(monkeypatch, at(2, 1))
    target.load(BALANCES)
    set_now(monkeypatch, at(3, 2))
    assert target.load(BALANCES).report.removed[BALANCES] == 1
    assert differences(target, (BALANCES,)) == []


def test_a_row_that_is_back_under_its_old_version_is_noticed_by_a_sweep(
    target: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when an account may not see a club for a while."""
    sets = sets_of(target)
    set_now(monkeypatch, at(1))
    target.load(BALANCES)
    away = sets.rows("MemberBalances")[0]
    version = away["version"]
    sets.purge("MemberBalances", away)
    set_now(monkeypatch, at(2, 1))
    assert target.load(BALANCES).report.removed[BALANCES] == 1
    sets.insert("MemberBalances", away, version)
    set_now(monkeypatch, at(3, 2))
    [warning] = target.load(BALANCES).report.warnings
    assert "1 row of the list is not in the table" in warning
    set_now(monkeypatch, at(3, 3))
    target.load(BALANCES)
    assert differences(target, (BALANCES,)) == []
    again = target.load(BALANCES)
    assert (again.rows, again.report.warnings) == ({}, [])


@pytest.mark.parametrize("kind", ["status", "garbage", "loop", "foreign_link"])
def test_a_sweep_that_fails_removes_nothing(make: Make, kind: str) -> None:
    target = make(page_size=2)
    target.load(SMALL)
    before = ids(target, SMALL)
    sets = sets_of(target)
    sets.purge("CancelReasons", sets.rows("CancelReasons")[0])
    body = b"" if kind == "garbage" else None
    fault = Fault(
        "v2.2/odata/CancelReasons", kind, 403, None, skip=1, location="http://127.0.0.1:9",
        **({} if body is None else {"body": body}),
    )  # fmt: skip
    target.sandbox.faults.add(fault)
    run = target.load(SMALL, on_error="continue", attempts=2)
    assert ids(target, SMALL) == before
    if kind in ("status", "garbage"):
        assert isinstance(cause(run, SMALL), ApiError)
    target.sandbox.faults.clear()
    target.load(SMALL)
    assert differences(target, (SMALL,)) == []


def test_rows_of_another_set_replace_none(target: Target22) -> None:
    """As when a cache has mixed responses up; of which set they are, the context says."""
    selected = ("companies", SMALL, "member_agreement_translations", "payment_plans_to_tags")
    target.load(*selected)
    sets = sets_of(target)
    sets.change("Companies", sets.rows("Companies")[0], name="Renamed")
    body = {
        "@odata.context": f"{target.sandbox.base_url}/v2.2/odata/$metadata#MemberTags",
        "value": sets.truth("MemberTags"),
    }
    paths = {f"v2.2/odata/{V22.endpoints[name].path}" for name in selected}
    for path in paths:
        target.sandbox.faults.add(Fault(path, "garbage", body=body, times=None))
    run = target.load(*selected, on_error="continue", attempts=2)
    assert run.rows == {}
    for name in selected:
        assert "the response holds the rows of MemberTags" in str(cause(run, name))
    for fault in target.sandbox.faults:
        fault.times = fault.fired + 1
    assert target.load(*selected).rows == {"companies": 1}
    assert differences(target, selected) == []


def test_a_sweep_that_would_remove_half_of_the_rows_removes_none(
    target: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = sets_of(target)
    for number in range(60):
        sets.add("MemberCustomAttributes", value=str(number))
    set_now(monkeypatch, at(1))
    target.load(LARGE)
    before = ids(target, LARGE)
    for row in list(sets.rows("MemberCustomAttributes"))[: len(before) * 2 // 3]:
        sets.purge("MemberCustomAttributes", row)
    set_now(monkeypatch, at(2))
    run = target.load(LARGE, on_error="continue")
    assert "vanished" in str(cause(run, LARGE))
    assert ids(target, LARGE) == before
    target.load(LARGE, full_refresh=[LARGE])
    assert differences(target, (LARGE,)) == []


def test_ids_may_be_zero_or_less(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    target = make(page_size=2)
    sets = sets_of(target)
    table, selected = "MemberCustomAttributes", (LARGE, "payment_plans_to_tags", SMALL)
    for number in (-(2**62), -1, 0):
        sets.add(table, id=number, value="odd")
        sets.add("CancelReasons", id=number, name="odd")
        sets.add("PaymentPlans", id=number)
        sets.relate("PaymentPlans", number, "tags", [sets.rows("PaymentPlanTags")[0].key])
    set_now(monkeypatch, at(1))
    target.load(*selected)
    assert differences(target, selected) == []
    set_now(monkeypatch, at(1, 1))
    assert not target.load(*selected).rows
    sets.change(table, 0, value="changed")
    sets.purge(table, -1)
    sets.purge("CancelReasons", -1)
    set_now(monkeypatch, at(1, 7))
    assert target.load(*selected).report.removed == {LARGE: 1, SMALL: 1}
    assert differences(target, selected) == []


def test_links_of_more_elements_than_a_response_holds_are_complete(target: Target22) -> None:
    sets = sets_of(target)
    tags = [sets.add("MemberTags", name=f"tag {number}").key for number in range(230)]
    member = sets.rows("Members")[0]
    sets.relate("Members", member, "tags", tags)
    target.load("members_to_tags")
    assert differences(target, ("members_to_tags",)) == []
    assert len(requests_for(target, "Members")) == 4  # the page, and three parts of one list
    sets.relate("Members", member, "tags", tags[:3])
    target.load("members_to_tags", sweep_hours=0)
    assert differences(target, ("members_to_tags",)) == []


def test_lists_of_linked_rows_and_links_of_listed_rows_are_complete(target: Target22) -> None:
    sets = sets_of(target)
    taxes = [sets.add("Tax", name=f"tax {number}").key for number in range(230)]
    plan, club = sets.rows("PaymentPlans")[0], sets.rows("Clubs")[0]
    fee = plan["currentMembershipFeeId"]
    sets.relate("MembershipFeeDetails", fee, "taxes", taxes)
    rates = [sets.add("TaxRate", taxId=tax).key for tax in taxes[:150]]
    sets.relate("Clubs", club, "taxRates", rates)
    target.load("payment_plans", "clubs")
    assert differences(target, ("payment_plans", "clubs")) == []
    [(names,)] = target.query(
        "select current_membership_fee__taxes->>'$[*].name' from payment_plans "
        f"where current_membership_fee_id = {fee}"
    )
    assert names == [f"tax {number}" for number in range(230)]
    found = target.query(
        f"select tax_id, tax__name from clubs__tax_rates where club_id = {club['id']} order by 1"
    )
    assert found == [(tax, f"tax {number}") for number, tax in enumerate(taxes[:150])]


def test_an_instructor_has_the_id_of_the_employee_and_no_more_of_it(target: Target22) -> None:
    sets = sets_of(target)
    first, second = sets.rows("Instructors")[:2]
    body = {"value": [{**first, "employee": {"id": 77}}, {**second, "employee": None}]}
    target.sandbox.faults.add(Fault("v2.2/odata/Instructors", "garbage", body=body))
    target.load("instructors")
    assert requests_for(target, "Instructors")[0]["$expand"] == "employee($select=id)"
    assert target.query("select id, employee__id from instructors order by version") == [
        (first["id"], 77),
        (second["id"], None),
    ]


def test_links_of_large_sets_are_read_once_a_day_and_the_others_in_each_run(
    target: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    selected = ("members_to_tags", "payment_plans_to_tags")
    sets = sets_of(target)

    def change() -> None:
        for name, tags in (("Members", "MemberTags"), ("PaymentPlans", "PaymentPlanTags")):
            sets.relate(name, sets.rows(name)[-1], "tags", [sets.add(tags, name="new").key])

    set_now(monkeypatch, at(1))
    target.load(*selected)
    change()
    set_now(monkeypatch, at(1, 23))
    run = target.load(*selected)
    assert not requests_for(target, "Members")
    assert run.rows.keys() == {"payment_plans_to_tags"}
    set_now(monkeypatch, at(2))
    run = target.load(*selected)
    assert run.rows.keys() == {"members_to_tags"}
    assert differences(target, selected) == []


def test_links_that_could_not_be_read_are_read_by_the_next_run(
    target: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = "members_to_tags"
    for hour in (0, 1):
        set_now(monkeypatch, at(1, hour))
        target.sandbox.faults.add(Fault("v2.2/odata/Members", "status", 403, None))
        assert isinstance(cause(target.load(link, on_error="continue"), link), RequestRefused)
    target.sandbox.faults.clear()
    set_now(monkeypatch, at(1, 2))
    target.load(link)
    assert differences(target, (link,)) == []
    set_now(monkeypatch, at(1, 3))
    target.load(link)
    assert not requests_for(target, "Members")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("pace", [0, None], ids=["unlimited", "default pace"])
def test_a_slow_set_does_not_hold_up_the_others(make: Make, pace: float | None) -> None:
    """Its first response comes when everything else has been requested."""
    target = make(page_size=15)
    selected = ("member_notes", "members", "companies", BALANCES, LARGE)
    target.load(*selected, full_refresh=selected)
    usual = Counter(request.path for request in target.sandbox.requests)
    path = "v2.2/odata/MemberNotes"
    assert usual[path] > 1
    left, lock = usual.copy(), threading.Lock()
    del left[path]
    others_done, in_time = threading.Event(), []

    def on_request(request: Any) -> None:
        if request.path == path:
            in_time.append(others_done.wait(600))  # far longer than it takes: ends a deadlock
            return
        with lock:
            left[request.path] -= 1
            if not +left:
                others_done.set()

    target.sandbox.on_request = on_request
    target.load(*selected, full_refresh=selected, concurrency=2, requests_per_second=pace)
    assert in_time == [True] * usual[path]
    assert differences(target, selected) == []


def test_an_installation_that_lacks_versions_is_read_by_id_with_a_warning(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make(lacks=["Companies.version"])
    set_now(monkeypatch, at(1))
    run = target.load("companies")
    [warning] = [text for text in run.report.warnings if text.startswith("companies")]
    assert "does not filter by version" in warning
    sets = sets_of(target)
    sets.add("Companies", name="New")
    sets.change("Companies", sets.rows("Companies")[0], name="Renamed")
    set_now(monkeypatch, at(1, 1))
    assert target.load("companies").rows == {"companies": 1}
    set_now(monkeypatch, at(2, 1))
    target.load("companies")
    names = {row["id"]: row["name"] for row in sets.truth("Companies")}
    assert dict(target.query("select id, name from companies")) == names


def test_the_way_that_works_is_tried_first_and_the_usual_one_again_once_a_day(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def filters(run: Run) -> list[str]:
        assert not run.report.failures
        requests = requests_for(target, "Companies")
        return [params.get("$filter", params["$orderby"]).split()[0] for params in requests]

    target = make(lacks=["Companies.version"])
    sets_of(target).add("Companies")  # a round number of rows takes two requests
    set_now(monkeypatch, at(1))
    first = target.load("companies")
    assert filters(first) == ["version", "id", "version"] and first.report.warnings
    for hour in (1, 2):
        set_now(monkeypatch, at(1, hour))
        again = target.load("companies")
        assert filters(again) == ["id"]
        assert (again.report.warnings, again.packages) == ([], [])
    for day in (4, 2):  # the clock is ahead, and put right
        set_now(monkeypatch, at(day, 1))
        later = target.load("companies")
        assert filters(later) == ["version", "id"] and not later.report.warnings
    target.sandbox.world.sets.installation = Installation()
    set_now(monkeypatch, at(2, 2))
    assert filters(target.load("companies")) == ["id"]
    set_now(monkeypatch, at(3, 2))
    assert filters(target.load("companies")) == ["version"]
    assert differences(target, ("companies",)) == []
    set_now(monkeypatch, at(3, 3))
    assert filters(target.load("companies")) == ["version"]


@pytest.mark.parametrize("resource", ["companies", "payment_plans", "payment_plans_to_tags"])
def test_a_single_refusal_changes_nothing(target: Target22, resource: str) -> None:
    """It is asked again before the set is read in another way."""
    path = f"v2.2/odata/{'Companies' if resource == 'companies' else 'PaymentPlans'}"
    fault = target.sandbox.faults.add(Fault(path, "status", 400))
    run = target.load(resource)
    assert fault.fired and not run.report.warnings and not run.report.failures
    assert differences(target, (resource,)) == []
    again = target.load(resource)
    assert not again.report.warnings
    usual = V22.endpoints[resource].request_variants[0].get("$expand")
    for params in requests_for(target, path.rpartition("/")[2]):
        assert params.get("$expand") == usual
        assert "version gt" in params["$filter"] or "tags/any()" in params["$filter"]


def test_a_way_is_left_only_if_the_api_refuses_it_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make(lacks=["Companies.version"])
    sets_of(target).add("Companies")  # a round number of rows takes two requests
    set_now(monkeypatch, at(1))
    target.load("companies")
    set_now(monkeypatch, at(1, 1))
    target.sandbox.faults.add(Fault("v2.2/odata/Companies", "status", 400))
    run = target.load("companies")
    assert not run.report.failures and not run.report.warnings
    set_now(monkeypatch, at(1, 2))
    target.load("companies")
    [params] = requests_for(target, "Companies")
    assert params["$filter"].startswith("id gt")


@pytest.mark.parametrize(
    ("table", "link", "column"),
    [
        (
            "payment_plans",
            "PaymentPlan.allowedPaymentTypes",
            "allowed_payment_types__is_corporate_payment_allowed",
        ),
        ("instructors", "Instructor.employee", "employee__id"),
    ],
)
def test_rows_that_were_read_without_a_link_get_it_when_the_api_has_it(
    make: Make, monkeypatch: pytest.MonkeyPatch, table: str, link: str, column: str
) -> None:
    target = make(lacks=[link])
    set_now(monkeypatch, at(1))
    first = target.load(table)
    [warning] = first.report.warnings
    assert "refuses a link" in warning
    query = f"select count({column}) > 0 from {table}"
    assert target.query(query) == [(False,)]
    sets_of(target).installation = Installation()
    set_now(monkeypatch, at(2, 1))
    target.load(table)
    assert differences(target, (table,)) == []
    assert target.query(query) == [(True,)]
    set_now(monkeypatch, at(2, 2))
    assert not target.load(table).rows


def test_a_filter_of_links_that_is_refused_is_not_tried_in_each_run(
    target: Target22, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = "payment_plans_to_tags"
    refused = {"$filter": "tags/any()"}
    fault = Fault("v2.2/odata/PaymentPlans", "status", 400, None, params=refused)
    target.sandbox.faults.add(fault)

    def filters(run: Run) -> list[bool]:
        assert not run.report.failures
        requests = requests_for(target, "PaymentPlans")
        return ["any()" in params.get("$filter", "") for params in requests]

    set_now(monkeypatch, at(1))
    run = target.load(link)
    assert filters(run)[0]
    [warning] = run.report.warnings
    assert "does not filter by links" in warning
    set_now(monkeypatch, at(1, 1))
    run = target.load(link)
    assert True not in filters(run) and not run.report.warnings
    assert differences(target, (link,)) == []


def test_an_installation_may_lack_sets_and_fields_and_have_others(make: Make) -> None:
    lacks = ["MemberNotes", "Members.secondName"]
    target = make(lacks=lacks, adds=["Members.shoeSize", "Companies.motto"])
    run = target.load("members", "companies", "member_notes", on_error="continue")
    assert [failure.resource for failure in run.report.failures] == ["member_notes"]
    assert run.report.unknown_fields == {"members.shoe_size", "companies.motto"}
    assert set(target.values("members", "second_name", "second_name is not null")) == set()
    assert len(target.rows("members")) == len(sets_of(target).rows("Members"))


@for_each([401, 403, 404, 499])
def test_the_refusal_of_one_set_is_its_own(status: int, make: Make) -> None:
    target = make()
    target.sandbox.faults.add(Fault("v2.2/odata/Companies", "status", status, None))
    run = target.load("companies", "members", on_error="continue")
    error = cause(run, "companies")
    assert isinstance(error, RequestRefused) and error.status == status
    assert "fresh token" not in str(error)
    assert run.report.exit_code == 4
    assert len(target.rows("members")) == len(sets_of(target).rows("Members"))
    target.close()
    for file in target.folder.glob("data.duckdb*"):
        file.unlink()


def test_the_code_and_the_message_of_an_error_are_shown(target: Target22) -> None:
    target.sandbox.faults.add(Fault("v2.2/odata/Companies", "envelope", times=None))
    run = target.load("companies", "members", on_error="continue")
    error = cause(run, "companies")
    assert isinstance(error, RequestRefused) and error.status == 499
    assert error.errors


def test_a_refused_pair_ends_the_run_as_a_sign_in_does(target: Target22) -> None:
    target.sandbox.keys_hold = False
    with pytest.raises(PipelineStepFailed) as caught:
        target.load("companies", "members", on_error="continue")
    links = []
    error: BaseException | None = caught.value
    while error is not None:
        links.append(error)
        error = error.__cause__ or error.__context__
    assert any(isinstance(link, SignInError) for link in links)
    client = target.sandbox.client
    assert not any(client.client_secret in str(link) for link in links)


def test_texts_come_in_the_language_of_the_settings(target: Target22) -> None:
    target.load("class_types", language="pl-PL")
    sets = sets_of(target)
    names = {row["id"]: row["name"] for row in sets.truth("ClassTypes", language="pl-PL")}
    assert dict(target.query("select id, name from class_types")) == names
