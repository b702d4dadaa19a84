"""The second run and those after it: exactly what is new, and nothing that is lost."""

from __future__ import annotations

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from support.loading import Target, set_now, small_world
from support.truth import check

from perfectgym_source.catalog import ENDPOINTS, V1
from perfectgym_source.errors import PagingError
from perfectgym_source.extract.state.source_state import SourceState
from perfectgym_source.sandbox import Fault, Sandbox

FEW = ("clubs", "classes", "contracts", "users", "products", "lead_sources")
LISTS = [e.name for e in ENDPOINTS.values() if e.group in ("company", "club")]


@pytest.fixture
def target(tmp_path, sandbox):
    return Target(tmp_path, sandbox)


def in_chain(error, kind):
    found = []
    while error is not None:
        if isinstance(error, kind):
            found.append(error)
        error = error.__cause__ or error.__context__
    return found


def classes_of(world, club):
    return world.rows("classes", club_id=club)


def test_a_run_without_news_asks_once_for_each_list_and_a_full_refresh_reads_all_again(
    target, sandbox
):
    target.load()
    run = target.load()
    assert run.rows == {}
    assert run.packages == []
    assert run.tokens == 1
    clubs, variants = 4, {"payment_plans": 2, "club_payment_plans": 2}
    # Two pages, read twice because pages shift, unless the first pass finds all that were loaded.
    longer = {"users": 2, "countries": 4}
    # A page of the overlap that is more than half full is followed by one more request.
    longer["classes"] = clubs + sum(
        len([row for row in classes_of(target.sandbox.world, club) if row["timestamp"] > cursor])
        >= V1.page_size // 2
        for club, cursor in ((int(c), v - 1000) for c, v in target.cursors("classes").items())
    )
    for name in run.count:
        endpoint = ENDPOINTS[name]
        partitions = clubs if endpoint.parents else 1
        assert run.count[name] == longer.get(name, partitions * variants.get(name, 1)), name
    assert set(run.count) == {n for n in LISTS if "employee" in ENDPOINTS[n].modes} - {
        "classes_window"
    }
    changed = [row["id"] for row in sandbox.world.classes[5:280:30]][:10]
    for key in changed:
        sandbox.world.change("classes", key, attendeesCount=3)
    run = target.load()
    assert run.rows == {"classes": 10}
    check(target, "classes")

    sandbox.world.change("contracts", sandbox.world.contracts[0], discounts=[])
    run = target.load(full_refresh=["all"])
    assert run.rows["classes"] == 290
    assert {p["timestamp"] for p in run.asked("clubs")} == {"0"}
    for name in LISTS:
        if "employee" in ENDPOINTS[name].modes and ENDPOINTS[name].in_groups:
            check(target, name)
    assert target.load().packages == []


def test_each_club_has_a_cursor_of_its_own(target, sandbox):
    world = sandbox.world
    target.load("classes", timestamp_overlap=0)
    rows = {club: classes_of(world, club)[5:8] for club in (1, 2)}
    for number in range(3):
        for club in (2, 1):
            world.change("classes", rows[club][number], attendeesCount=1)
    run = target.load("classes", timestamp_overlap=0)
    assert run.rows == {"classes": 6}
    check(target, "classes")
    cursors = target.cursors("classes")
    highest = dict(target.query("select club_id::varchar, max(timestamp) from classes group by 1"))
    assert cursors == highest
    assert len(set(cursors.values())) == 4


def test_a_club_that_appears_later_is_read_from_its_beginning(target, sandbox):
    world = sandbox.world
    club = world.find("clubs", 4)
    world.purge("clubs", club)
    target.load("clubs", "classes")
    assert 4 not in target.values("classes", "distinct club_id")
    world.change("classes", classes_of(world, 1)[0], attendeesCount=1)
    world.insert("clubs", club, world.next_timestamp())
    run = target.load("clubs", "classes")
    assert run.rows == {"clubs": 1, "classes": 1 + len(classes_of(world, 4))}
    check(target, "classes")


def test_a_club_that_disappears_keeps_its_rows(target, sandbox):
    target.load("clubs", "classes", "products")
    before = len(target.values("classes", "id")), len(target.rows("products"))
    sandbox.world.purge("clubs", 4)
    run = target.load("clubs", "classes", "products", full_refresh=["all"])
    assert 4 in target.values("clubs", "id")
    assert (len(target.values("classes", "id")), len(target.rows("products"))) == before
    assert {p["clubId"] for p in run.asked("classes")} == {"1", "2", "3"}


def test_a_late_commit_arrives_and_its_neighbours_are_not_loaded_again(target, sandbox):
    world = sandbox.world
    target.load("classes", "contracts")
    one, other = classes_of(world, 1)[3], classes_of(world, 1)[4]
    late = world.change_late("classes", one, attendeesCount=77)
    newcomer = world.add_late("classes", club_id=1)
    contract = world.change_late("contracts", world.contracts[5], status="Late")
    world.change("classes", other, attendeesCount=78)
    world.change("contracts", world.contracts[6])
    assert target.load("classes", "contracts").rows["classes"] == 1
    assert late.timestamp < target.cursors("classes")["1"]
    for pending in (late, newcomer, contract):
        pending.commit()
    run = target.load("classes", "contracts")
    assert (run.rows["classes"], run.rows["contracts"]) == (2, 1)
    assert target.load("classes", "contracts").packages == []
    check(target, "classes")
    check(target, "contracts")


def test_without_an_overlap_a_late_commit_waits_for_a_full_refresh(target, sandbox):
    world = sandbox.world
    target.load("classes", timestamp_overlap=0)
    late = world.change_late("classes", classes_of(world, 1)[3], attendeesCount=77)
    world.change("classes", classes_of(world, 1)[4])
    target.load("classes", timestamp_overlap=0)
    late.commit()
    assert target.load("classes", timestamp_overlap=0).rows == {}
    target.load("classes", full_refresh=["classes"])
    check(target, "classes")


@pytest.mark.parametrize("table", ["classes", "contracts"])
def test_a_row_that_moves_while_it_is_read_is_there_in_its_last_form(target, sandbox, table):
    world = sandbox.world
    counts = {club: len(classes_of(world, club)) for club in (1, 2, 3, 4)}
    club = max(counts, key=counts.get)
    rows = classes_of(world, club) if table == "classes" else world.contracts
    moving = min(rows, key=lambda row: row["timestamp"])
    asked = []

    def move(request):
        if request.table == table and request.params.get("clubId") in (None, str(club)):
            asked.append(request)
            if len(asked) == 2:
                change = {"discounts": [], "freezes": []} if table == "contracts" else {}
                world.change(table, moving, isDeleted=True, **change)

    sandbox.on_request = move
    target.load(table)
    assert len(asked) >= 2
    sandbox.on_request = None
    target.load(table)
    check(target, table)
    assert target.load(table).packages == []


def test_a_page_that_does_not_advance_is_an_error_and_ends(target, sandbox):
    counts = {club: len(classes_of(sandbox.world, club)) for club in (1, 2, 3, 4)}
    club = max(counts, key=counts.get)
    sandbox.faults.add(
        Fault("Classes/Classes", "repeat_page", times=None, skip=1, params={"clubId": club})
    )
    with pytest.raises(PipelineStepFailed) as failed:
        target.load("classes")
    assert in_chain(failed.value, PagingError)
    assert len([r for r in sandbox.requests if r.params.get("clubId") == str(club)]) == 2
    sandbox.faults.clear()
    target.load("classes")
    check(target, "classes")


def test_a_full_refresh_of_one_resource_leaves_the_others_alone(target, sandbox):
    target.load(*FEW)
    run = target.load(*FEW, full_refresh=["contracts"])
    assert {table.split("__")[0] for table in run.rows} == {"contracts"}
    assert run.rows["contracts"] == 150
    check(target, "contracts")


def test_deleted_rows_stay_with_their_flag_by_default(target, sandbox):
    target.load("contracts")
    contract = next(row for row in sandbox.world.contracts if row["discounts"])
    sandbox.world.delete("contracts", contract)
    assert target.load("contracts").rows["contracts"] == 1
    assert target.values("contracts", "is_deleted", f"id = {contract['id']}") == [True]
    check(target, "contracts")


def test_deleted_rows_go_with_their_child_rows_where_that_is_asked_for(target, sandbox):
    world = sandbox.world
    first, second = [row for row in world.contracts if row["discounts"]][:2]
    world.delete("contracts", first)
    target.load("contracts", "users", "club_details", deleted_rows="remove")
    assert first["id"] not in target.values("contracts", "id")
    assert first["id"] not in target.values("contracts__discounts", "contract_id")
    assert second["id"] in target.values("contracts__discounts", "contract_id")
    assert True not in target.values("users", "is_deleted")
    world.delete("contracts", second)
    user = next(row for row in world.users if row["contracts"])
    world.delete("users", user)
    target.load("contracts", "users", "club_details", deleted_rows="remove")
    assert second["id"] not in target.values("contracts", "id")
    assert second["id"] not in target.values("contracts__discounts", "contract_id")
    assert user["id"] not in target.values("users", "id")
    assert user["id"] not in target.values("users__contracts", "user_id")
    alive = [row["id"] for row in world.contracts if str(row["isDeleted"]).lower() != "true"]
    assert target.values("contracts", "id") == sorted(alive)
    assert target.load("contracts", "users", "club_details", deleted_rows="remove").rows == {}


def test_start_date_leaves_old_rows_out_of_the_first_load_only(target, sandbox):
    world = sandbox.world
    starts = sorted(row["startDate"] for row in world.classes)
    day = starts[len(starts) // 2][:10]
    target.load("classes", start_date=day)
    wanted = sorted(row["id"] for row in world.classes if row["startDate"] >= day)
    assert target.values("classes", "id") == wanted
    assert target.load("classes", start_date=day).packages == []
    old = next(row for row in world.classes if row["startDate"] < day)
    world.change("classes", old, attendeesCount=1)
    target.load("classes", start_date=day)
    assert target.values("classes", "id") == sorted([*wanted, old["id"]])


@pytest.mark.parametrize("later", ["earlier", None])
def test_an_earlier_start_date_lets_in_what_the_first_load_had_left_out(target, sandbox, later):
    world = sandbox.world
    starts = sorted(row["startDate"] for row in world.classes)
    middle, earlier = starts[len(starts) // 2][:10], starts[len(starts) // 4][:10]
    start = {"earlier": earlier}.get(later)
    wanted = {row["id"] for row in world.classes if row["startDate"] >= (start or "")}
    target.load("classes", start_date=middle)
    before = set(target.values("classes", "id"))
    failing = Fault("Classes/Classes", "status", times=None, params={"clubId": 2})
    sandbox.faults.add(failing)
    target.load("classes", start_date=start, on_error="continue", attempts=1)
    sandbox.faults.clear()
    run = target.load("classes", start_date=start)
    assert 0 < run.rows["classes"] <= len(wanted - before)
    assert set(target.values("classes", "id")) == wanted
    assert target.load("classes", start_date=start).packages == []
    # A later day leaves what is there as it is.
    assert target.load("classes", start_date="2099-01-01").rows == {}
    assert set(target.values("classes", "id")) == wanted


def test_a_start_date_moves_while_a_club_fails_and_loses_no_row(target, sandbox):
    world = sandbox.world
    starts = sorted(row["startDate"] for row in world.classes)
    middle, first = starts[len(starts) // 2][:10], starts[0][:10]
    failing = {"on_error": "continue", "attempts": 1}
    sandbox.faults.add(Fault("Classes/Classes", "status", times=None, params={"clubId": 2}))
    target.load("classes", start_date=middle, **failing)
    moved = target.load("classes", start_date=first, **failing)
    others = {row["id"] for row in world.classes} - {row["id"] for row in classes_of(world, 2)}
    assert set(target.values("classes", "id")) == others
    assert moved.rows["classes"] > 0
    assert target.load("classes", start_date=first, **failing).rows == {}
    sandbox.faults.clear()
    target.load("classes", start_date=first)
    check(target, "classes")


def test_a_window_of_classes_is_loaded_again_without_touching_the_cursors(target, sandbox):
    world = sandbox.world
    starts = sorted(row["startDate"] for row in world.classes)
    middle, first, last = starts[len(starts) // 2][:10], starts[0][:10], "2099-01-01"
    target.load("classes", start_date=middle)
    cursors = target.state("classes")
    run = target.load("classes_window", start_date=first, end_date=last)
    assert run.rows == {"classes": 290}
    assert target.state("classes") == cursors
    check(target, "classes")
    assert target.load("classes", start_date=middle).packages == []


def test_another_machine_goes_on_where_this_one_stopped(target, sandbox):
    target.load(*FEW)
    target.new_machine()
    run = target.load(*FEW)
    assert run.rows == {}
    sandbox.world.change("classes", sandbox.world.classes[0], attendeesCount=1)
    target.new_machine()
    assert target.load(*FEW).rows == {"classes": 1}
    target.new_machine()
    assert target.load(*FEW).rows == {}
    check(target, "classes")


@pytest.mark.parametrize("table", ["documents", "messages", "user_classes"])
def test_each_member_has_a_cursor_of_his_own(tmp_path, table):
    with Sandbox(world=small_world(users=8)) as sandbox:
        world = sandbox.world
        target = Target(tmp_path, sandbox)
        target.load(table)
        held = {}
        for row in world.rows(table):
            if row.params["userId"] in [user["id"] for user in world.users]:
                held.setdefault(row.params["userId"], []).append(row)
        one, other = list(held)[:2]
        world.change(table, held[one][0])
        world.change(table, held[other][0])
        world.change("users", one)
        run = target.load(table)
        assert run.rows[table] == 1
        assert {p["userId"] for p in run.asked(table)} == {str(one)}
        assert run.count[table] == (4 if table == "user_classes" else 1)
        assert "0" not in {p["timestamp"] for p in run.asked(table) if table == "documents"}
        world.change("users", other)
        assert target.load(table).rows[table] == 1
        check(target, table)


def test_children_are_read_for_new_and_changed_parents_and_swept_in_time(tmp_path, monkeypatch):
    tables = ("membership_cards", "documents", "user_details")
    with Sandbox(world=small_world(users=8)) as sandbox:
        world = sandbox.world
        target = Target(tmp_path, sandbox)
        set_now(monkeypatch, "2026-01-01T00:00:00")
        first = target.load(*tables)
        assert first.count["membership_cards"] == first.count["user_details"] == 8
        card = world.rows("membership_cards", user_id=world.users[0]["id"])[0]
        world.purge("membership_cards", card)
        world.add("documents", user_id=world.users[0]["id"])
        newcomer = world.add("users")["id"]
        world.change("users", world.users[1])
        set_now(monkeypatch, "2026-01-07T23:59:00")
        run = target.load(*tables)
        for table in tables:
            assert sorted(int(p["userId"]) for p in run.asked(table)) == sorted(
                [newcomer, world.users[1]["id"]]
            )
        assert "documents" not in run.rows
        set_now(monkeypatch, "2026-01-08T00:00:00")
        swept = target.load(*tables)
        for table in tables:
            assert swept.count[table] == 9
            check(target, table)
        assert swept.rows["documents"] == 1
        set_now(monkeypatch, "2026-01-14T00:00:00")
        assert set(target.load(*tables).count) == {"users", "clubs"}


def test_there_is_no_sweep_where_it_is_switched_off(tmp_path, monkeypatch):
    with Sandbox(world=small_world(users=5)) as sandbox:
        target = Target(tmp_path, sandbox, sweep_days=0)
        set_now(monkeypatch, "2026-01-01T00:00:00")
        assert target.load("membership_cards").count["membership_cards"] == 5
        set_now(monkeypatch, "2036-01-01T00:00:00")
        assert target.load("membership_cards").count["membership_cards"] == 0


def test_children_can_be_selected_without_their_parents_table(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox)
        run = target.load("class_available_seats")
        assert set(run.rows) == {"class_available_seats"}
        assert not {"classes", "clubs"} & set(target.types())
        check(target, "class_available_seats")
        assert set(target.load("class_available_seats").count) == {"clubs", "classes"}
        both = target.load("classes", "class_available_seats")
        assert both.rows == {"classes": len(sandbox.world.classes)}
        check(target, "classes")


def test_one_pass_over_the_members_finds_those_whose_messages_were_read(tmp_path):
    with Sandbox(world=small_world(users=150)) as sandbox:
        world = sandbox.world
        target = Target(tmp_path, sandbox)
        assert target.load("messages").count["users"] == 4  # two pages, twice
        assert target.load("messages").count == {"users": 2, "clubs": 1}
        # Membership cards remember no members: there has to be a second pass.
        target.load("membership_cards", "messages")
        assert target.load("membership_cards", "messages").count["users"] == 4
        world.purge("users", world.users[0])
        assert target.load("messages").count["users"] == 4


def test_a_member_that_a_pass_over_a_shifting_list_missed_is_found_by_the_next_run(
    tmp_path,
):
    with Sandbox(world=small_world(users=8)) as sandbox:
        world = sandbox.world
        target = Target(tmp_path, sandbox)
        missed = world.users[0]
        world.purge("users", missed)
        target.load("messages", timestamp_overlap=0)
        world.change("users", world.users[-1])
        target.load("messages", timestamp_overlap=0)
        # Its version is below the cursor by now.
        world.insert("users", missed, missed["timestamp"])
        run = target.load("messages", timestamp_overlap=0)
        assert {p["userId"] for p in run.asked("messages")} == {str(missed["id"])}
        assert "messages" not in target.load("messages", timestamp_overlap=0).count
        check(target, "messages")


def test_a_table_that_was_left_out_for_a_while_misses_nothing(target, sandbox):
    world = sandbox.world
    target.load("classes", "class_available_seats")
    seat = world.rows("class_available_seats")[0]
    world.change("classes", seat.params["classId"], attendeesCount=9)
    world.purge("class_available_seats", seat)
    target.load("classes")
    run = target.load("classes", "class_available_seats")
    assert run.count["class_available_seats"] == 1
    check(target, "class_available_seats")


@pytest.mark.parametrize("deleted_rows", ["flag", "remove"])
def test_rows_that_vanish_from_a_whole_list_go_with_their_child_rows(target, sandbox, deleted_rows):
    world = sandbox.world
    target.load("users", deleted_rows=deleted_rows)
    alive = [u for u in world.users if u["contracts"] and str(u["isDeleted"]).lower() != "true"]
    gone, kept = alive[:2]
    world.purge("users", gone)
    world.change("users", kept)
    run = target.load("users", deleted_rows=deleted_rows)
    assert run.rows["users"] == 1
    assert gone["id"] not in target.values("users", "id")
    assert gone["id"] not in target.values("users__contracts", "user_id")
    assert target.load("users", deleted_rows=deleted_rows).packages == []
    if deleted_rows == "flag":
        check(target, "users")


def test_a_row_that_comes_back_to_a_whole_list_is_loaded_though_its_version_is_old(target, sandbox):
    world = sandbox.world
    target.load("users")
    user = min(world.users, key=lambda row: row["timestamp"])
    world.purge("users", user)
    target.load("users", timestamp_overlap=0)
    world.insert("users", user, user["timestamp"])
    assert target.load("users", timestamp_overlap=0).rows["users"] == 1
    check(target, "users")


@pytest.mark.parametrize(("passes", "rows"), [(0, 1), (1, 3)])
def test_a_whole_list_that_breaks_off_loads_what_came_and_forgets_nothing(
    target, sandbox, passes, rows
):
    world = sandbox.world
    first, *others = world.users
    world.purge("users", first)
    target.load("users", timestamp_overlap=0)
    world.purge("users", others[1])  # so that there is a second pass
    world.insert("users", first, first["timestamp"])  # at the end
    world.change("users", others[-1])  # below the version of the row on the first page
    world.change("users", others[0])
    second_page = Fault("Users/Users", "status", times=None, skip=passes, params={"page": "2"})
    sandbox.faults.add(second_page)
    run = target.load("users", timestamp_overlap=0, on_error="continue", attempts=1)
    assert run.rows["users"] == rows
    assert len(run.report.failures) == 1
    sandbox.faults.clear()
    world.purge("users", first)
    target.load("users", timestamp_overlap=0)
    check(target, "users")
    assert first["id"] not in target.values("users", "id")


def test_a_list_that_vanishes_at_once_is_an_error_and_removes_nothing(target, sandbox):
    world = sandbox.world
    target.load("users")
    for user in world.users[10:]:
        world.purge("users", user)
    run = target.load("users", on_error="continue")
    assert "vanished" in str(run.report.failures[0])
    assert len(target.rows("users")) > 100
    target.load("users", full_refresh=["users"])
    check(target, "users")


def test_cities_that_vanish_go_at_the_next_sweep(tmp_path, monkeypatch):
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox)
        set_now(monkeypatch, "2026-01-01T00:00:00")
        target.load("cities")
        sandbox.world.purge("cities", sandbox.world.rows("cities")[0])
        set_now(monkeypatch, "2026-01-08T00:00:00")
        target.load("cities")
        check(target, "cities")


@pytest.mark.parametrize("how", ["full refresh", "reset", "failing"])
def test_a_row_before_the_start_date_that_was_loaded_changes_before_all_is_read_again(
    target, sandbox, how
):
    world = sandbox.world
    starts = sorted(row["startDate"] for row in world.classes)
    options = {"start_date": starts[len(starts) // 2][:10], "on_error": "continue", "attempts": 1}
    target.load("classes", **options)
    old, other = [row for row in world.classes if row["startDate"] < options["start_date"]][:2]
    world.change("classes", old, attendeesCount=1)
    target.load("classes", **options)
    world.change("classes", old, attendeesCount=2)
    if how == "reset":
        pipeline = target.pipeline()
        with target.opened():
            with pipeline.managed_state(extract_state=True) as state:
                assert SourceState.of_pipeline(state).resource("classes").forget()
            pipeline.normalize()
            pipeline.load()
    else:
        if how == "failing":
            club = {"clubId": old.params["clubId"]}
            sandbox.faults.add(Fault("Classes/Classes", "status", times=None, params=club))
        target.load("classes", full_refresh=["classes"], **options)
        sandbox.faults.clear()
    target.load("classes", **options)
    assert target.values("classes", "attendees_count", f"id = {old['id']}") == [2]
    assert other["id"] not in target.values("classes", "id")
    assert target.load("classes", **options).rows == {}


def test_rows_that_were_loaded_take_the_form_that_changed_settings_give_them(tmp_path):
    world = small_world(users=2)
    names = ("contracts", "users", "class_types")
    for name in names:
        world.delete(name, world.rows(name)[0])
    with Sandbox(world=world) as sandbox:
        target = Target(tmp_path, sandbox)
        target.load(*names)
        [warning] = target.load(*names, deleted_rows="remove").report.warnings
        assert "deleted_rows, language, time_zone or schema_contract has changed" in warning
        for name in names:
            assert target.values(name, "id", "is_deleted") == []
            assert target.rows(name)
        world.delete("contracts", world.contracts[1])
        target.load(*names)
        for zone in (None, "Asia/Kolkata"):
            target.load(*names, time_zone=zone)
            for name in names:
                check(target, name, default=zone)
            assert target.load(*names, time_zone=zone).rows == {}
