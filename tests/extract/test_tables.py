"""Every table after a load holds what the API holds, field by field."""

from __future__ import annotations

import pytest
from support.loading import EVERYTHING, Target, set_now, small_world
from support.truth import check

from perfectgym_source.catalog import ENDPOINTS, table_layout
from perfectgym_source.sandbox import Sandbox

WARSAW = "Central European Standard Time"
CHECKED = {
    mode: [
        name
        for name, entry in ENDPOINTS.items()
        if mode in entry.modes and entry.in_groups and name != "users_in_club"
    ]
    for mode in ("employee", "user")
}


@pytest.fixture(autouse=True)
def before_the_timetable_begins(monkeypatch):
    """A day from which `schedule_days` reaches over the whole timetable."""
    set_now(monkeypatch, "2024-01-01T00:00:00")


def load_everything(target, **options):
    return target.load(groups=EVERYTHING, schedule_days=3650, **options)


def check_everything(target, **options):
    counts = {}
    for name in CHECKED[target.mode]:
        counts.update(check(target, name, **options))
    return counts


def check_first_load(target, quirks):
    """Load everything, and compare every field of every row with the truth."""
    run = load_everything(target)
    assert {request.method for request in run.requests} == {"GET"}
    assert set(run.count) == {
        name for name, entry in ENDPOINTS.items() if target.mode in entry.modes and entry.in_groups
    }
    counts = check_everything(target, verbatim=not quirks)
    assert [table for table, count in counts.items() if not count and "__" not in table] == []
    assert {table: n for table, n in run.rows.items() if table != "users_in_club"} == {
        table: count for table, count in counts.items() if count
    }
    assert not run.report.unreadable
    assert not run.report.failures


@pytest.mark.parametrize(("mode", "quirks"), [("employee", False), ("user", True), ("user", False)])
def test_all_that_the_account_may_read_is_read_once_and_loaded_once(tmp_path, mode, quirks):
    with Sandbox(world=small_world(quirks)) as sandbox:
        target = Target(tmp_path, sandbox, mode)
        check_first_load(target, quirks)
        run = load_everything(target)
        assert {t for t in run.rows if not t.startswith("users_in_club")} == set()
        if mode == "employee":
            assert run.packages == []
            asked_again = {n for n, e in ENDPOINTS.items() if not e.always_refresh and e.parents}
            assert asked_again.isdisjoint(run.count)


ARRAYS_AS_OBJECTS = {"translations", "categoriesClasses", "discounts", "addOns",
                     "pendingTransactions", "products"}  # fmt: skip


def is_list_of_rows(value):
    return isinstance(value, list) and value and isinstance(value[0], dict)


def shrink_lists(world, cut):
    """Cut every array of objects of every row, in lists and in details; gives how many."""
    done = 0
    for table in world.tables:
        for row in world.rows(table):
            fields = {**(row.detail or {}), **row}
            for name in ARRAYS_AS_OBJECTS & fields.keys():
                if isinstance(fields[name], dict):
                    fields[name] = [fields[name]]
            cuts = {name: cut(value) for name, value in fields.items() if is_list_of_rows(value)}
            if cuts:
                world.change(table, row, **cuts)
                done += 1
    return done


def half(rows):
    return rows[: len(rows) // 2]


def without_what_is_inside(rows):
    return [
        {name: [] if is_list_of_rows(value) else value for name, value in row.items()}
        for row in rows
    ]


def edit_everything(world):
    """In each stored table: change a row, add one, delete one (or purge it, where it vanishes)."""
    for table in world.tables:
        rows = world.rows(table)
        changed = rows[0]
        texts = [n for n, v in changed.items() if isinstance(v, str) and n in ("name", "title")]
        world.change(table, changed, **dict.fromkeys(texts, "Changed ☂"))
        if table not in ("countries", "cities", "classes", "users", "messages"):
            world.delete(table, rows[-1])
        params = {} if table in ("club_visits", "measurements") else changed.params
        if table in ("user_classes", "contract_fees"):
            continue
        if table in ("club_visits", "measurements"):
            world.add(table, user_id=world.users[0]["id"])
        elif params:
            world.add(
                table,
                **{
                    f"{n[:-2]}_id".replace("paymentPlan", "payment_plan"): v
                    for n, v in params.items()
                },
            )
        else:
            world.add(table)


def test_everything_is_there_and_what_changed_after_the_next_sweep(tmp_path, monkeypatch):
    with Sandbox(world=small_world()) as sandbox:
        target = Target(tmp_path, sandbox)
        check_first_load(target, quirks=True)
        edit_everything(sandbox.world)
        set_now(monkeypatch, "2024-01-09T00:00:00")
        load_everything(target)
        check_everything(target)


WITH_ARRAYS = [
    name for name in CHECKED["employee"] if table_layout(ENDPOINTS[name]).children()
    and not ENDPOINTS[name].date_range and name != "message_details"
]  # fmt: skip


def test_no_row_stays_in_a_child_table_when_arrays_shrink(tmp_path, monkeypatch):
    with Sandbox(world=small_world(users=4)) as sandbox:
        target = Target(tmp_path, sandbox)
        target.load(*WITH_ARRAYS)
        for week, cut in enumerate((half, without_what_is_inside, lambda rows: []), 1):
            assert shrink_lists(sandbox.world, cut) > 50
            set_now(monkeypatch, f"2024-02-{7 * week:02}T00:00:00")
            target.load(*WITH_ARRAYS)
            left = {}
            for name in WITH_ARRAYS:
                left.update(check(target, name))
        assert {table for table, count in left.items() if "__" in table and count} == set()


OF_PARENTS = {
    "products": ("clubs", "clubId"),
    "freeze_types": ("contracts", "contractId"),
    "class_available_seats": ("classes", "classId"),
    "class_attendees": ("classes", "classId"),
    "pending_contract_fees": ("users", "userId"),
    "membership_cards": ("users", "userId"),
    "friends": ("users", "userId"),
    "friend_statuses": ("users", "userId"),
}


def parents_with_rows(world, table, parameter):
    counts = {}
    for row in world.truth(table):
        counts[row["_params"][parameter]] = counts.get(row["_params"][parameter], 0) + 1
    return sorted(counts, key=counts.get, reverse=True)


@pytest.mark.parametrize("table", OF_PARENTS)
def test_a_list_of_a_parent_is_replaced_as_a_whole(tmp_path, table):
    parent, parameter = OF_PARENTS[table]
    column = ENDPOINTS[table].parents[0].column
    with Sandbox(world=small_world(users=12)) as sandbox:
        world = sandbox.world
        target = Target(tmp_path, sandbox)
        target.load(table)
        check(target, table)
        shrunk, emptied, unread, *_ = parents_with_rows(world, table, parameter)
        stays = len(target.values(table, column, f"{column} = {unread}"))

        def cut(owner, count):
            rows = [row for row in world.truth(table) if row["_params"][parameter] == owner]
            kept = [{k: v for k, v in row.items() if k != "_params"} for row in rows[:count]]
            if table == "class_attendees":
                kept = [row["id"] for row in kept]
            world.replace_list(table, {parameter: owner}, kept)

        cut(shrunk, 1)
        cut(emptied, 0)
        world.change(parent, shrunk)
        world.change(parent, emptied)
        if not ENDPOINTS[table].always_refresh:
            cut(unread, 0)
        run = target.load(table)
        assert len(target.values(table, column, f"{column} = {shrunk}")) == 1
        assert target.values(table, column, f"{column} = {emptied}") == []
        assert len(target.values(table, column, f"{column} = {unread}")) == stays
        if not ENDPOINTS[table].always_refresh:
            assert sorted(int(p[parameter]) for p in run.asked(table)) == sorted((shrunk, emptied))
        target.load(table, full_refresh=[table])
        check(target, table)


@pytest.mark.parametrize("table", ["user_products", "user_owned_products", "discounts"])
def test_a_list_of_two_parents_is_replaced_as_a_whole(tmp_path, table):
    world = small_world()
    with Sandbox(world=world) as sandbox:
        target = Target(tmp_path, sandbox)
        target.load(table)
        check(target, table)
        row = world.rows(table)[0]
        names = list(row.params)
        world.replace_list(table, row.params, [])
        first = ENDPOINTS[table].parents[0] if table != "discounts" else ENDPOINTS[table].parents[1]
        world.change(first.table, row.params[first.parameter])
        run = target.load(table)
        check(target, table)
        assert {p[first.parameter] for p in run.asked(table)} == {str(row.params[first.parameter])}
        assert len(names) == 2


DICTIONARIES = [
    name for name, e in ENDPOINTS.items() if e.group == "company" and e.write.name == "SCOPE"
]


def test_what_is_gone_from_a_list_of_the_company_is_gone_from_its_table(tmp_path):
    with Sandbox() as sandbox:
        target = Target(tmp_path, sandbox)
        target.load(*DICTIONARIES)
        for count in (1, 0):
            for table in DICTIONARIES:
                for row in sandbox.world.rows(table)[count:]:
                    sandbox.world.purge(table, row)
            target.load(*DICTIONARIES)
            for table in DICTIONARIES:
                assert len(target.rows(table)) == count, table
                check(target, table)


def test_an_instructor_who_leaves_a_club_leaves_its_table(tmp_path):
    with Sandbox() as sandbox:
        target = Target(tmp_path, sandbox)
        target.load("club_instructors", "club_memberships", "club_payment_plans")
        world = sandbox.world
        for row in world.rows("instructors"):
            if any(club["id"] == 1 for club in row["clubs"]):
                world.change("instructors", row, isActive=False)
        for row in world.rows("payment_plans")[:6]:
            world.delete("payment_plans", row)
        for row in world.rows("memberships")[:4]:
            world.delete("memberships", row)
        target.load("club_instructors", "club_memberships", "club_payment_plans")
        assert target.values("club_instructors", "id", "club_id = 1") == []
        for table in ("club_instructors", "club_memberships", "club_payment_plans"):
            check(target, table)
