"""`verify` finds what is wrong in the tables and nothing else; `repair` puts it right."""

from __future__ import annotations

import stat
from collections import Counter
from typing import Any

import dlt
import duckdb
import pytest
from support.copies import Copy, differences
from support.loading import EVERYTHING, set_now, small_world
from support.truth import check

from perfectgym_source import resources
from perfectgym_source.catalog import ENDPOINTS, table_layout
from perfectgym_source.cli.rendering.verification import (
    repair_text,
    verification_data,
    verification_text,
)
from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.errors import (
    ConfigurationError,
    DestinationError,
    SignInError,
    SystemFailure,
)
from perfectgym_source.sandbox import Fault, Sandbox
from perfectgym_source.verify import next_run
from perfectgym_source.verify.compare import Comparison


@pytest.fixture(autouse=True)
def working_files(tmp_path, monkeypatch):
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))


@pytest.fixture
def sandbox():
    """With few classes and contracts, whose details are requested one by one."""
    with Sandbox(world=small_world(users=60)) as running:
        yield running


@pytest.fixture
def copy(tmp_path, sandbox):
    return Copy(tmp_path, sandbox)


@pytest.mark.parametrize("mode", ["employee", "user"])
def test_a_load_of_everything_is_found_equal_and_left_as_it_is(tmp_path, mode):
    with Sandbox(world=small_world()) as sandbox:
        copy = Copy(tmp_path, sandbox, mode)
        copy.load(groups=EVERYTHING)
        files = [copy.database, loading_file(copy.database)]
        before = [file.read_bytes() for file in files]
        sandbox.clear_records()
        found = copy.verify(groups=EVERYTHING)
        assert differences(found) == {}
        assert (found.outcome, found.unread) == ("equal", [])
        assert [file.read_bytes() for file in files] == before
        assert not list((tmp_path / "dlt" / "perfectgym").rglob("state.json"))
        assert len(sandbox.token_requests) == 1
        selected = [
            entry for entry in ENDPOINTS.values() if mode in entry.modes and entry.in_groups
        ]
        assert {*found.diffs, *found.left_out} == {entry.name for entry in selected}
        assert list(found.left_out) == (["users_in_club"] if mode == "user" else [])
        tables = {table.name for e in selected for table in table_layout(e).with_children()}
        left_out = {"users_in_club", "users_in_club__contracts", "users_in_club__contracts__addons"}
        assert {finding.table for finding in found.tables} == tables - left_out
        assert all(f.in_api == f.in_table for f in found.tables)
        assert sum(f.in_api for f in found.tables) > 500


SPOILED = ("clubs", "classes", "users", "products", "product_targets", "contract_details")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A loaded file that is copied for each test, and the sandbox it came from."""
    folder = tmp_path_factory.mktemp("loaded")
    with Sandbox(world=small_world()) as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        original = Copy(folder, sandbox)
        original.load(*SPOILED)
        yield original


@pytest.fixture
def spoiled(loaded, tmp_path):
    """A copy of the loaded file that a test may spoil; its sandbox is not to be edited."""
    copy = Copy(tmp_path, loaded.sandbox)
    for name in (copy.database, loading_file(copy.database)):
        name.write_bytes(loaded.database.read_bytes())
    return copy


DAMAGE = {
    "stale values": {
        "older row versions": (
            "update classes set timestamp = timestamp - 1, attendees_count = -1 "
            "where id in (select id from classes order by id limit 2)",
            {"classes": (0, 0, 2, 0)},
        ),
        "values behind an unchanged row version": (
            "update classes set attendees_count = -1 "
            "where id in (select id from classes order by id limit 2 offset 2)",
            {"classes": (0, 0, 2, 0)},
        ),
        "values that are gone": (
            "update clubs set name = null where id = 1",
            {"clubs": (0, 0, 1, 0)},
        ),
        "no row version at all": (
            "update clubs set timestamp = null where id = 2",
            {"clubs": (0, 0, 1, 0)},
        ),
        "values of a child row": (
            "update users__contracts set payment_plan_name = 'x' "
            "where rowid in (select min(rowid) from users__contracts)",
            {"users__contracts": (0, 0, 1, 0)},
        ),
        "values of a full list": (
            "update products set price = -1 where rowid in (select min(rowid) from products)",
            {"products": (0, 0, 1, 0)},
        ),
        "values of details": (
            "update contract_details set status = 'x' "
            "where id in (select min(id) from contract_details)",
            {"contract_details": (0, 0, 1, 0)},
        ),
        "values of a list without a key": (
            "update product_targets set name = 'x' where rowid = 0",
            {"product_targets": (1, 1, 0, 0)},
        ),
    },
    "missing rows": {
        "of a list with row versions": (
            "delete from classes where id in (select id from classes limit 3)",
            {"classes": (3, 0, 0, 0)},
        ),
        "of a list with page numbers": (
            "delete from users where id in (select id from users order by id limit 1)",
            {"users": (1, 0, 0, 0)},
        ),
        "of a full list": ("delete from products where club_id = 1", None),
        "of a list without a key": (
            "delete from product_targets where rowid = 0",
            {"product_targets": (1, 0, 0, 0)},
        ),
        "a child row of details": (
            "delete from contract_details__discounts "
            "where rowid in (select min(rowid) from contract_details__discounts)",
            {"contract_details__discounts": (1, 0, 0, 0)},
        ),
    },
    "extra rows": {
        "that the API never had": (
            "insert into classes (id, club_id, timestamp) values (-1, 1, 5), (-2, 99, 6)",
            {"classes": (0, 2, 0, 0)},
        ),
        "the same row twice": (
            "insert into classes from classes where id > 0 limit 1",
            {"classes": (0, 1, 0, 0)},
        ),
        "a row with child rows that the API never had": (
            "insert into users (id, timestamp) values (-5, 1); "
            "insert into users__contracts (user_id, _position) values (-5, 0)",
            {"users": (0, 1, 0, 0), "users__contracts": (0, 1, 0, 0)},
        ),
        "a row too many in a full list, without an id": (
            "insert into products (club_id, name) values (1, 'Towel')",
            {"products": (0, 1, 0, 0)},
        ),
        "a row of a parent that there never was": (
            "insert into products (club_id, id) values (77, 1), (77, null)",
            {"products": (0, 2, 0, 0)},
        ),
    },
    "extra child rows": {
        "one too many": (
            "insert into users__contracts (user_id, _position) select min(id), 99 from users",
            {"users__contracts": (0, 1, 0, 0)},
        ),
        "without their row": (
            "insert into users__contracts (user_id, _position) values (-6, 0), (-6, 1)",
            {"users__contracts": (0, 2, 0, 0)},
        ),
    },
    "a missing child row, and details": {
        "a child row": (
            "delete from users__contracts where rowid in (select min(rowid) from users__contracts)",
            {"users__contracts": (1, 0, 0, 0)},
        ),
        "details": (
            "delete from contract_details where id in (select min(id) from contract_details)",
            {"contract_details": (1, 0, 0, 0)},
        ),
    },
    "stale values of a list with page numbers": {
        "": (
            "update users set email = 'somebody else' where id in (select min(id) from users)",
            {"users": (0, 0, 1, 0)},
        ),
    },
}
"""Damages, and the missing, extra and stale rows of each, in rounds: one kind a resource."""


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_found_and_repaired(spoiled, kind):
    expected: dict[str, Counter[int]] = {}
    for statements, counts in DAMAGE[kind].values():
        if counts is None:
            rows = spoiled.sandbox.world.rows("products", club_id=1)
            assert rows
            counts = {"products": (len(rows), 0, 0, 0)}
        spoiled.spoil(*statements.split("; "))
        for table, numbers in counts.items():
            expected.setdefault(table, Counter()).update(dict(enumerate(numbers)))
    damaged = {table.split("__")[0] for table in expected}
    names = [name for name in SPOILED if name in damaged or name == "clubs"]
    done = spoiled.repair(*names)
    assert differences(done.before) == {
        table: tuple(counts[place] for place in range(4)) for table, counts in expected.items()
    }
    assert done.outcome == "equal"
    assert done.after is not None
    assert set(done.after.diffs) == damaged
    for name in SPOILED:
        check(spoiled.target, name)


def test_the_keys_of_some_rows_are_named(spoiled):
    spoiled.spoil(
        "insert into classes (id, club_id, timestamp) from range(-9, -2) r(id), (select 1, 5)"
    )
    found = spoiled.verify("classes")
    assert found.outcome == "different"
    assert found.diffs["classes"].tables[0].examples == {"extra": [(n,) for n in range(-9, -4)]}
    text = verification_text(found)
    assert "extra in classes: -9, -8, -7, -6, -5, ..." in text
    assert "1 of 1 table differs from the API." in text


def test_the_columns_of_stale_rows_are_named_without_their_values(spoiled):
    spoiled.spoil(
        "update users set email = 'secret@example.org' where id in (select min(id) from users)",
        "update users set phone_number = '+48 600', email = 'secret@example.org' "
        "where id in (select max(id) from users)",
    )
    found = spoiled.verify("users")
    assert found.diffs["users"].tables[0].stale_columns == {"email": 2, "phone_number": 1}
    text = verification_text(found)
    assert "columns of stale rows in users: email (2), phone_number (1)" in text
    as_json = verification_data(found)
    assert as_json["tables"]["users"]["stale_columns"] == {"email": 2, "phone_number": 1}
    assert "secret" not in text + str(as_json)


def test_a_row_that_differs_and_has_changed_since_the_last_run_is_pending(copy, sandbox):
    world = sandbox.world
    copy.load("classes", "products")
    club = world.rows("products")[0].params["clubId"]
    copy.spoil(
        f"update classes set attendees_count = -1 where id = {world.classes[0]['id']}",
        f"update products set price = -1 where club_id = {club}",
    )
    # Without an id, products cannot be told apart: they count as one.
    [(rows,)] = copy.target.query(
        f"select count(distinct coalesce(id, 0)) from products where club_id = {club}"
    )
    wrong = {"classes": (0, 0, 1, 0), "products": (0, 0, rows, 0)}
    assert differences(copy.verify("classes", "products")) == wrong
    copy.load("classes", "products")  # the next run does not change them
    assert differences(copy.verify("classes", "products")) == wrong
    world.change("classes", world.classes[0])
    world.add("products", club_id=club)
    pending = {"classes": (0, 0, 0, 1), "products": (0, 0, 0, rows + 1)}
    assert differences(copy.verify("classes", "products")) == pending
    copy.load("classes", "products")
    assert differences(copy.verify("classes", "products")) == {}


UNKNOWN = ({"a": [1, {"b": None}]}, [1, "x"], "text", 7, 2.5, True)


@pytest.mark.parametrize("contract", ["evolve", "discard_value"])
def test_unknown_fields_are_compared_where_the_table_has_them(copy, sandbox, contract):
    world = sandbox.world
    copy.load("classes")
    for index, value in enumerate(UNKNOWN):
        world.change("classes", world.classes[index], **{f"extra{index}": value})
        # Of another type than that which the column has got.
        world.change("classes", world.classes[10 + index], **{f"extra{index}": "8"})
    copy.load("classes", schema_contract=contract)
    found = copy.verify("classes", schema_contract=contract)
    assert [diff.stale_columns for diff in found.tables] == [{}]
    columns = {column for column in copy.target.types()["classes"] if column.startswith("extra")}
    assert len(columns) == (len(UNKNOWN) if contract == "evolve" else 0)
    world.change("classes", world.classes[0], later="not loaded yet")
    assert differences(copy.verify("classes")) == {"classes": (0, 0, 0, 1)}
    if contract == "evolve":
        copy.spoil("update classes set extra2 = 'wrong' where extra2 = 'text'")
        found = copy.verify("classes", schema_contract=contract)
        assert found.diffs["classes"].tables[0].stale_columns == {"extra2": 1}


def test_a_column_that_the_table_lacks_is_not_compared(copy):
    copy.load("classes")
    copy.spoil("alter table classes drop column attendees_count")
    assert differences(copy.verify("classes")) == {}


def test_the_scratch_database_is_private_and_leaves_nothing(copy, sandbox, tmp_path, monkeypatch):
    copy.load("clubs")
    modes = []

    def note(*given: Any) -> Any:
        [folder] = (tmp_path / "dlt").rglob("verify")
        assert not (folder / "of a killed process").exists()
        modes.append(stat.S_IMODE(folder.stat().st_mode))
        raise duckdb.IOException("No space left on device")

    [lock] = (tmp_path / "dlt" / "perfectgym").glob("*/run.lock")
    left = lock.parent / "verify"
    left.mkdir()
    (left / "of a killed process").touch()
    with monkeypatch.context() as patch:
        patch.setattr(Comparison, "add_stored", note)
        with pytest.raises(DestinationError):
            copy.verify("clubs")
    with monkeypatch.context() as patch:
        patch.setattr(dlt.Pipeline, "normalize", note)
        with pytest.raises(SystemFailure, match="scratch database"):
            copy.verify("clubs")
    assert copy.verify("clubs").outcome == "equal"
    assert modes == [0o700, 0o700]
    assert not left.exists()


def test_numbers_that_identify_a_person_are_not_shown(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        copy = Copy(tmp_path, sandbox)
        copy.load("membership_cards")
        copy.spoil("delete from membership_cards")
        found = copy.verify("membership_cards")
        [finding] = found.diffs["membership_cards"].tables
        assert finding.missing == len(sandbox.world.rows("membership_cards")) > 0
        cards = {str(row["cardNumber"]) for row in sandbox.world.rows("membership_cards")}
        assert cards.isdisjoint(str(part) for key in finding.examples["missing"] for part in key)
        copy.repair("membership_cards")
        check(copy.target, "membership_cards")


@pytest.mark.parametrize("rule", ["hash", "drop"])
def test_rows_are_compared_where_a_part_of_the_key_is_personal(tmp_path, rule):
    with Sandbox(world=small_world()) as sandbox:
        copy = Copy(tmp_path, sandbox)
        given = {"pii": rule, "pii_key": "a key of the tests"}
        copy.load("membership_cards", **given)
        assert differences(copy.verify("membership_cards", **given)) == {}
        [(user_id, cards)] = copy.target.query(
            "select user_id, count(*) from membership_cards group by 1 order by 1 limit 1"
        )
        copy.spoil(
            f"delete from membership_cards where user_id = {user_id}",
            "insert into membership_cards (user_id) values (-1)",
        )
        done = copy.repair("membership_cards", **given)
        assert differences(done.before) == {"membership_cards": (cards, 1, 0, 0)}
        assert done.outcome == "equal"
        rows = copy.target.values("membership_cards", "user_id")
        assert rows == sorted(r.params["userId"] for r in sandbox.world.rows("membership_cards"))
        with pytest.raises(ConfigurationError, match="cannot load"):
            copy.verify("membership_cards")


def test_what_changed_since_the_last_run_is_no_difference(copy, sandbox):
    world = sandbox.world
    names = ("classes", "users", "contracts", "contract_details", "memberships")
    copy.load(*names)
    world.change("classes", world.classes[0], attendeesCount=9)
    world.delete("classes", world.classes[1])
    world.add("classes", club_id=1)
    world.change("users", world.users[0])
    contract = next(row for row in world.contracts if len(row["discounts"]) == 1)
    world.change("contracts", contract, discounts=[])
    found = copy.verify(*names)
    assert found.outcome == "equal"
    assert differences(found) == {
        "classes": (0, 0, 0, 3),
        "users": (0, 0, 0, 1),
        "contracts": (0, 0, 0, 1),
        "contracts__discounts": (0, 0, 0, 1),
        "contract_details": (0, 0, 0, 1),
        "contract_details__discounts": (0, 0, 0, 1),
    }
    copy.load(*names)
    assert differences(copy.verify(*names)) == {}


def test_damage_is_told_from_changes_in_the_same_table(copy, sandbox):
    copy.load("classes")
    copy.spoil("delete from classes where club_id = 1")
    lost = len(sandbox.world.rows("classes", club_id=1))
    for row in sandbox.world.rows("classes", club_id=1)[:4]:
        sandbox.world.change("classes", row)
    assert differences(copy.verify("classes")) == {"classes": (lost - 4, 0, 0, 4)}


def test_late_rows_are_newer_within_the_overlap_and_wrong_beyond_it(copy, sandbox):
    world = sandbox.world
    first, *_, last = world.rows("classes", club_id=1)
    late = [world.add_late("classes", club_id=1), world.change_late("classes", first)]
    for _ in range(30):
        world.change("classes", last, attendeesCount=1)
    copy.load("classes", timestamp_overlap=5)
    for pending in late:
        pending.commit()
    assert differences(copy.verify("classes", timestamp_overlap=10_000)) == {
        "classes": (0, 0, 0, 2)
    }
    assert differences(copy.verify("classes", timestamp_overlap=5)) == {"classes": (1, 0, 1, 0)}
    done = copy.repair("classes", timestamp_overlap=5)
    assert done.outcome == "equal"
    check(copy.target, "classes")


@pytest.mark.parametrize("name", ["classes", "users"])
def test_rows_that_are_flagged_as_deleted_count_as_absent_where_they_are_removed(copy, name):
    world = copy.sandbox.world
    given = {"deleted_rows": "remove"}
    alive = [row for row in world.rows(name) if str(row["isDeleted"]).lower() != "true"]
    world.delete(name, alive[0])
    copy.load(name, **given)
    assert differences(copy.verify(name, **given)) == {}
    world.delete(name, alive[1])
    found = copy.verify(name, **given)
    assert found.outcome == "equal"
    assert differences(found)[name] == (0, 0, 0, 1)
    copy.spoil(f"insert into {name} (id, timestamp) values ({alive[0]['id']}, 5)")
    assert differences(copy.verify(name, **given))[name] == (0, 1, 0, 1)
    assert copy.repair(name, **given).deleted == {name: 1}
    copy.load(name, **given)
    assert differences(copy.verify(name, **given)) == {}


def test_rows_before_the_start_date_are_not_missed(copy, sandbox):
    days = sorted(row["startDate"][:10] for row in sandbox.world.classes)
    middle = days[len(days) // 2]
    copy.load("classes", start_date=middle)
    found = copy.verify("classes", start_date=middle)
    assert differences(found) == {}
    [finding] = found.diffs["classes"].tables
    assert 0 < finding.in_table == finding.in_api < len(days)
    copy.spoil("delete from classes where id in (select max(id) from classes)")
    assert differences(copy.verify("classes", start_date=middle)) == {"classes": (1, 0, 0, 0)}
    everything = copy.verify("classes")
    assert everything.diffs["classes"].tables[0].missing == len(days) - finding.in_table + 1


def test_most_of_a_table_is_not_removed(copy, sandbox):
    world = sandbox.world
    copy.load("users", "classes")
    left = world.users[:20]
    for user in world.users[20:]:
        world.purge("users", user)
    gone = copy.target.values("users", "count(*)")[0] - len(left)
    copy.spoil(f"delete from users where id = {left[0]['id']}")
    done = copy.repair("users")
    assert done.before.diffs["users"].tables[0].extra == gone
    assert (done.outcome, done.after, done.before.refused) == ("different", None, ["users"])
    assert copy.target.values("users", "count(*)") == [gone + len(left) - 1]
    assert "users is not repaired: most of its rows would be deleted" in repair_text(done)


def test_a_row_that_a_repair_removed_may_come_back_as_it_was(copy, sandbox):
    world, given = sandbox.world, {"timestamp_overlap": 0}
    copy.load("users", **given)
    user = min(world.users, key=lambda row: row["timestamp"])
    world.purge("users", user)
    assert copy.repair("users", **given).deleted["users"] == 1
    world.insert("users", user, user["timestamp"])
    copy.load("users", **given)
    check(copy.target, "users")


@pytest.mark.parametrize(
    ("parent", "name"), [("users", "messages"), ("users", "membership_cards"), ("clubs", "classes")]
)
def test_rows_that_a_repair_removed_come_back_with_their_parent(copy, sandbox, parent, name):
    """As they were, when an account that had lost a permission sees a member or a club again."""
    world, field = sandbox.world, f"{parent[:-1]}Id"
    copy.load(parent, name)
    sizes = Counter(row.params[field] for row in world.rows(name))
    row = world.find(parent, min(sizes, key=sizes.__getitem__))
    world.purge(parent, row)
    assert copy.repair(parent, name).deleted[name]
    world.insert(parent, row, world.next_timestamp())
    copy.load(parent, name)
    check(copy.target, name)


def test_rows_that_a_repair_removed_come_back_although_it_could_not_load_the_rest(copy, sandbox):
    world = sandbox.world
    copy.load("users", "messages")
    sizes = Counter(row.params["userId"] for row in world.rows("messages"))
    user = world.find("users", min(sizes, key=sizes.__getitem__))
    world.purge("users", user)
    sandbox.clear_records()
    copy.verify("users", "messages")
    pages = sum(request.path == "Users/Users" for request in sandbox.requests)
    sandbox.faults.add(Fault("Users/Users", "status", times=None, skip=pages))
    done = copy.repair("users", "messages", attempts=1)
    assert (done.outcome, done.deleted["messages"]) == ("partial", sizes[user.key])
    sandbox.faults.clear()
    world.insert("users", user, world.next_timestamp())
    copy.load("users", "messages")
    check(copy.target, "messages")


def test_lists_that_cannot_be_read_are_not_compared_nor_repaired(copy, sandbox):
    copy.load("users", "classes", "contracts")
    copy.spoil("delete from users", "delete from classes where club_id = 1")
    sandbox.faults.add(Fault(path="Users/Users", kind="status", status=500, times=None))
    names = ("users", "classes", "contracts")
    found = copy.verify(*names, attempts=1)
    assert (found.outcome, found.unread) == ("partial", ["users"])
    assert differences(found) == {
        "classes": (len(sandbox.world.rows("classes", club_id=1)), 0, 0, 0)
    }
    done = copy.repair(*names, attempts=1)
    assert done.outcome == "partial"
    check(copy.target, "classes")
    assert copy.target.rows("users") == []


def test_a_part_of_a_list_that_fails_leaves_out_what_depends_on_it(tmp_path):
    with Sandbox(world=small_world()) as sandbox:
        copy = Copy(tmp_path, sandbox)
        copy.load("messages", "message_details", "documents")
        user = sandbox.world.rows("messages")[0].params["userId"]
        fault = Fault("Messages/Messages", "status", times=None, params={"userId": user})
        sandbox.faults.add(fault)
        found = copy.verify("messages", "message_details", "documents", attempts=1)
        assert found.unread == ["messages", "message_details"]
        assert differences(found) == {}
        assert list(found.diffs) == ["documents"]
        text = verification_text(found)
        assert "Not compared because of that: messages, message_details." in text


def test_what_was_never_loaded_is_said_and_not_counted(copy):
    copy.load("clubs")
    found = copy.verify("clubs", "classes", "memberships")
    assert found.outcome == "equal"
    assert found.left_out == dict.fromkeys(
        ["memberships", "classes"], "it was not loaded, or not since a reset"
    )
    with pytest.raises(ConfigurationError, match="nothing to verify"):
        copy.verify("classes")


def test_where_there_is_no_copy_nothing_is_made_or_asked(copy, sandbox):
    with pytest.raises(ConfigurationError, match="nothing to verify"):
        copy.verify("clubs")
    with pytest.raises(ConfigurationError, match="nothing to verify"):
        copy.repair("clubs")
    assert [file for file in copy.folder.rglob("*") if file.is_file()] == []
    assert sandbox.token_requests == []


def test_a_copy_of_another_installation_is_not_compared(copy):
    copy.load("clubs")
    with pytest.raises(ConfigurationError, match="holds the installation 'sandbox'"):
        copy.verify("clubs", installation="another")


def test_installations_in_one_dataset_are_compared_and_repaired_apart(copy):
    names = ("users", "product_targets")
    given = [{"shared_dataset": True, "installation": name} for name in ("one", "two")]
    for source in given:
        copy.load(*names, **source)
    copy.spoil(
        "delete from users where installation = 'two' and id in (select min(id) from users)",
        "insert into users (installation, id, timestamp) values ('one', -1, 1), ('two', -1, 1)",
        "insert into users__contracts (installation, user_id, _position) "
        "values ('one', -1, 0), ('two', -1, 0)",
    )
    other = {"users": (0, 1, 0, 0), "users__contracts": (0, 1, 0, 0)}
    assert differences(copy.verify(*names, **given[0])) == other
    done = copy.repair(*names, **given[1])
    assert differences(done.before)["users"] == (1, 1, 0, 0)
    assert done.outcome == "equal"
    assert differences(copy.verify(*names, **given[0])) == other
    assert copy.target.values("users", "installation", "id < 0") == ["one"]
    assert copy.target.values("users__contracts", "installation", "user_id < 0") == ["one"]


def test_an_account_that_is_refused_is_an_error_not_a_difference(copy):
    copy.load("clubs")
    with pytest.raises(SignInError):
        copy.verify("clubs", password="wrong")


def test_rows_that_wait_in_packages_are_newer_and_told(copy, sandbox, monkeypatch):
    copy.load("clubs")
    sandbox.world.change("clubs", sandbox.world.clubs[0], name="Waits")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(dlt.Pipeline, "load", fail)
        with pytest.raises(DestinationError):
            copy.load("clubs")
    found = copy.verify("clubs")
    assert "1 load package of" in found.report.warnings[0]
    assert differences(found) == {"clubs": (0, 0, 0, 1)}
    assert copy.load("clubs").pending == 1
    assert differences(copy.verify("clubs")) == {}


def test_a_table_that_was_dropped_is_wholly_missing_and_made_again(copy, sandbox):
    copy.load("clubs", "classes")
    copy.spoil("drop table classes")
    done = copy.repair("clubs", "classes")
    assert differences(done.before) == {"classes": (len(sandbox.world.classes), 0, 0, 0)}
    assert done.outcome == "equal"
    check(copy.target, "classes")


def test_calendars_are_compared_as_of_the_day(tmp_path, monkeypatch):
    with Sandbox(world=small_world()) as sandbox:
        copy = Copy(tmp_path, sandbox)
        names = ("instructor_schedules", "instructor_availability")
        set_now(monkeypatch, "2024-01-01T00:00:00")
        copy.load(*names, schedule_days=3650)
        monkeypatch.setattr(next_run, "pendulum", resources.pendulum)
        found = copy.verify(*names, schedule_days=3650)
        assert differences(found) == {}
        assert all(f.in_table for f in found.tables)
        copy.spoil("delete from instructor_schedules__periods where _position = 0")
        assert copy.repair(*names, schedule_days=3650).outcome == "equal"
        for name in names:
            check(copy.target, name)
