"""Personal data: hashed or left out, it stands nowhere, and all else is loaded as ever."""

from __future__ import annotations

import json
import logging
import re

import pytest
from support.canaries import FORM, marked_world, traces
from support.loading import EVERYTHING, Target

from perfectgym_source.catalog import ENDPOINTS, table_layout
from perfectgym_source.errors import ConfigurationError
from perfectgym_source.sandbox import Fault, Sandbox

KEY = "a key of the company"
PERSONAL = {
    (table.name, column.name)
    for endpoint in ENDPOINTS.values()
    for table in table_layout(endpoint).with_children()
    for column in table.columns()
    if column.pii
}
HASH = re.compile("[0-9a-f]{32}")


@pytest.fixture
def target(tmp_path):
    with Sandbox(world=marked_world()) as sandbox:
        yield Target(tmp_path, sandbox, pii_key=KEY)


def left_by(target):
    """What can be found in the files of a target, closed before."""
    target.close()
    return traces(target.folder)


def refusal(target, *resources, **options):
    before = len(target.sandbox.requests)
    with pytest.raises(Exception, match=r"The dataset|The hashes") as caught:
        target.load(*resources, **options)
    error = caught.value
    while not isinstance(error, ConfigurationError):
        error = error.__cause__ or error.__context__
    assert len(target.sandbox.requests) <= before
    return str(error)


@pytest.mark.parametrize("rule", ["hash", "drop"])
def test_no_personal_value_is_written_while_everything_is_loaded(target, rule, caplog, capfd):
    target.options.update(pii=rule, groups=EVERYTHING)
    caplog.set_level(logging.DEBUG)
    source = target.source()
    pipeline = target.pipeline()
    pipeline.extract(source)
    assert left_by(target) == []
    pipeline.normalize()
    assert left_by(target) == []
    pipeline.load()
    assert left_by(target) == []
    assert not FORM.search(caplog.text)
    shown = capfd.readouterr()
    assert not FORM.search(shown.out + shown.err)

    first = target.run_of(source, [])
    assert not first.report.failures and not first.report.unreadable
    types = target.types()
    loaded = {(table, column) for table, column in PERSONAL if table in types}
    assert len(loaded) > 90
    for table, column in loaded:
        assert (types[table].get(column) == "VARCHAR") == (rule == "hash"), (table, column)
        assert f"{column}_utc" not in types[table]
        if rule == "hash":
            found = target.query(f'select distinct "{column}" from "{table}"')
            assert all(HASH.fullmatch(value) for (value,) in found if value is not None)

    second = target.load()
    assert second.rows == {}
    assert second.packages == []
    assert left_by(target) == []


def test_the_search_above_finds_what_is_kept(target):
    source = target.source("users", "measurements", "user_details")
    target.pipeline().extract(source)
    in_files = {trace for _, trace in left_by(target)}
    assert {"Canary", "98765.4321", "1911, 3, 7"} <= in_files
    target.load("users", "measurements", "user_details")
    assert {"Canary", "98765.4321", "1911-03-07"} <= {
        trace for file, trace in left_by(target) if file == "data.duckdb"
    }


def test_hashes_join_across_tables(target):
    target.load("users", "class_attendees", "user_details", "membership_cards", pii="hash")
    users = len(target.rows("users"))
    [(same,)] = target.query("select count(*) from users u join user_details d using (email, id)")
    assert same == users
    attendees, known = target.query(
        "select count(*), count(u.id) from class_attendees a "
        "left join users u on a.last_name = u.last_name and a.id = u.id"
    )[0]
    assert attendees == known > 0
    assert len({row["email"] for row in target.rows("users")}) == users
    assert target.values("membership_cards", "card_number")


@pytest.mark.parametrize("rule", ["hash", "drop"])
def test_a_full_picture_is_merged_although_a_part_of_its_key_is_protected(target, rule):
    target.load("membership_cards", pii=rule)
    world = target.sandbox.world
    before = len(target.rows("membership_cards"))
    card = world.rows("membership_cards")[0]
    user = card.params["userId"]
    held = len(world.rows("membership_cards", user_id=user))
    world.replace_list("membership_cards", {"userId": user}, [])
    world.change("users", user)
    target.load("membership_cards", pii=rule)
    assert len(target.rows("membership_cards")) == before - held


ODD = {
    "nickname": "canary-1",
    "familyMembers": [{"name": "canary-2"}],
    "Email": "canary-3",
    "sex": {"email": "canary-4"},
    "presentInClub": "canary-5",
    "contracts": ["canary-6", {"paymentPlanName": ["canary-7"], "remark": "canary-8"}],
    "birthDate": "canary-9",
    "lastName": {"first": "canary-10"},
}


@pytest.mark.parametrize("rule", ["hash", "drop"])
def test_personal_values_in_odd_places_are_not_written_either(target, rule):
    user = target.sandbox.world.users[0]
    target.sandbox.world.change("users", user, **ODD)
    run = target.load("users", pii=rule)
    assert left_by(target) == []
    assert run.report.unknown_fields == {
        "users.nickname", "users.family_members", "users__contracts.remark",
        *({"users.email"} if rule == "drop" else ()),
    }  # fmt: skip
    assert run.report.unreadable == {
        "users.sex": 1, "users.present_in_club": 1, "users.contracts": 1,
        "users__contracts.payment_plan_name": 1,
        **({"users.email": 1} if rule == "hash" else {}),
    }  # fmt: skip
    [row] = [row for row in target.rows("users") if row["id"] == user["id"]]
    kept = json.loads(row["_unreadable"])
    assert kept["sex"] is None
    assert kept["contracts"] is None
    if rule == "hash":
        assert HASH.fullmatch(kept["present_in_club"])
        for name in ("nickname", "family_members", "birth_date", "last_name"):
            assert HASH.fullmatch(row[name])
    else:
        assert kept["present_in_club"] is None
        assert not {"nickname", "family_members", "email"} & row.keys()


def test_an_object_in_the_place_of_another_value_is_left_out_even_where_the_unknown_is_kept(target):
    user = target.sandbox.world.users[0]
    odd = {name: value for name, value in ODD.items() if name not in ("nickname", "familyMembers")}
    odd["presentInClub"] = "perhaps"
    odd["contracts"] = [{"paymentPlanName": ["canary-7"]}]
    target.sandbox.world.change("users", user, **odd)
    target.load("users", pii={"default": "drop", "unknown": "keep"})
    assert left_by(target) == []
    [row] = [row for row in target.rows("users") if row["id"] == user["id"]]
    assert json.loads(row["_unreadable"]) == {"sex": None, "present_in_club": "perhaps"}


def test_kinds_and_columns_have_rules_of_their_own(target):
    rules = {"address": "drop", "contact": "hash", "users.number": "drop"}
    target.load("users", "club_visits", "class_types", pii=rules)
    users, visits = target.types()["users"], target.types()["club_visits"]
    assert "number" not in users and users["birth_date"] == "TIMESTAMP"
    assert {"birth_date_utc", "personal_id"} <= users.keys()
    assert not [name for name in visits if "line1" in name or "postal_code" in name]
    assert visits["club__address__city"] == "VARCHAR"
    [email] = {bool(HASH.fullmatch(row["email"])) for row in target.rows("users") if row["email"]}
    assert email


def test_what_stands_in_json_columns_goes_by_the_rules_too(target):
    instructor = {**target.sandbox.world.classes[0]["instructor"]}
    instructor["clubs"] = [
        {"id": 1, "name": "Centre", "address": {"line1": "canary-1", "city": "Wien"}, "new": "x"}
    ]
    one = target.sandbox.world.classes[0]["id"]
    target.sandbox.world.change("classes", one, instructor=instructor)
    target.load("classes", pii="drop")
    [(text,)] = target.query(f"select instructor__clubs from classes where id = {one}")
    assert json.loads(text) == [{"id": 1, "name": "Centre", "address": {"city": "Wien"}}]
    assert left_by(target) == []


def test_other_rules_or_another_key_are_refused_before_the_first_request(target):
    target.load("users", pii="hash")
    assert "another sources.perfectgym.pii_key" in refusal(
        target, "users", pii="hash", pii_key="b" * 16
    )
    text = refusal(target, "users", pii={"default": "hash", "users.email": "drop"})
    assert "users.email: drop" in text
    target.new_machine()
    assert "keep all" in refusal(target, "users")
    target.load("users", pii={"default": "hash", "unknown": "hash"})


def test_a_dataset_that_was_loaded_as_it_comes_takes_no_rules_afterwards(target):
    target.load("users", pii_key=None)
    target.load("users")
    assert "contact: drop" in refusal(target, "users", pii="drop")


def test_the_words_of_the_api_are_not_quoted(target):
    target.sandbox.faults.add(
        Fault(path="Users/Users", kind="status", status=400, times=None,
              body={"errors": [{"code": "E1", "property": "id", "message": "canary is locked"}]})
    )  # fmt: skip
    run = target.load("users", pii="drop", on_error="continue")
    [failure] = run.report.failures
    assert "E1" in str(failure)
    assert "canary" not in str(failure)


def test_references_name_no_column_that_is_hashed_or_left_out(target):
    target.load("classes", pii={"classes.instructor__id": "hash", "classes.club__id": "drop"})
    table = target.pipeline().default_schema.tables["classes"]
    named = {column for reference in table["references"] for column in reference["columns"]}
    assert named == {"club_id", "class_type__id", "class_type__category__id"} & named
    assert "instructor__id" not in named and "club_id" in named
    assert named <= set(table["columns"])
    assert target.types()["classes"]["instructor__id"] == "VARCHAR"


def test_full_pictures_are_remembered_without_what_is_left_out(target):
    """A digest of all values would let those that are left out be guessed."""
    world = target.sandbox.world
    target.load("club_instructors", pii="drop")
    digests = target.state("club_instructors")["digests"]
    change_silently(world, firstName="Somebody else")
    assert target.load("club_instructors", pii="drop").rows == {}
    assert target.state("club_instructors")["digests"] == digests
    change_silently(world, employeePosition="Head")
    assert target.load("club_instructors", pii="drop").rows
    assert target.state("club_instructors")["digests"] != digests


def change_silently(world, **fields):
    """Change all instructors without a new timestamp."""
    with world.lock:
        for row in world.rows("instructors"):
            row.update(fields)
            row.forget_json()
        world.version += 1
