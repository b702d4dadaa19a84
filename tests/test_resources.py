"""The schema: unknown fields, contracts, descriptions, references, personal data."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from support.loading import Target
from support.truth import check

from perfectgym_source.api.paging.pages import RowParser
from perfectgym_source.catalog import ENDPOINTS, V1, table_layout
from perfectgym_source.catalog.hints import child_hints, root_hints
from perfectgym_source.sandbox import Fault, Sandbox

EMPLOYEE = [e for e in ENDPOINTS.values() if "employee" in e.modes and e.in_groups]


@pytest.fixture
def target(tmp_path, sandbox):
    return Target(tmp_path, sandbox)


def test_fields_that_are_new_become_columns_and_are_reported(target, sandbox):
    world = sandbox.world
    target.load("clubs", "contracts")
    club = world.find("clubs", 1)
    address = {**club["address"], "what3words": "a.b.c"}
    world.change("clubs", 1, newText="x", newNumber=5, newFlag=True, newList=[{"a": 1}],
                 address=address)  # fmt: skip
    contract = next(row for row in world.contracts if isinstance(row["discounts"], list)
                    and row["discounts"])  # fmt: skip
    world.change("contracts", contract, discounts=[{**contract["discounts"][0], "reason": "new"}])
    run = target.load("clubs", "contracts")
    assert run.report.unknown_fields == {
        "clubs.new_text", "clubs.new_number", "clubs.new_flag", "clubs.new_list",
        "clubs.address__what3words", "contracts__discounts.reason",
    }  # fmt: skip
    [row] = [row for row in target.rows("clubs") if row["id"] == 1]
    assert (row["new_text"], row["new_number"], row["new_flag"]) == ("x", 5, True)
    assert json.loads(row["new_list"]) == [{"a": 1}]
    assert row["address__what3words"] == "a.b.c"
    types = target.types()["clubs"]
    assert (types["new_number"], types["new_flag"]) == ("BIGINT", "BOOLEAN")
    assert target.values("contracts__discounts", "reason", "reason is not null") == ["new"]


def test_a_new_field_on_several_pages_costs_no_row_and_slows_down_one(target, sandbox, monkeypatch):
    world, read = sandbox.world, RowParser.read
    rows = world.rows("classes", club_id=1)
    for place, row in enumerate([*rows, *rows, *rows]):
        world.change("classes", row, **({"newText": "x"} if place % 50 == 0 else {}))
    fitting = []

    def noted(shape, content):
        found = read(shape, content)
        fitting.append(found is not None)
        return found

    monkeypatch.setattr(RowParser, "read", noted)
    run = target.load("classes", concurrency=1)
    assert run.report.unknown_fields == {"classes.new_text"}
    check(target, "classes")
    asked = len(run.asked("classes")) + len(run.asked("clubs"))
    assert (len(fitting), fitting.count(False)) == (asked, 1)


@pytest.mark.parametrize(
    "settings", [{}, {"schema_contract": "discard_value"}, {"pii": {"unknown": "drop"}}], ids=str
)
def test_a_new_field_is_named_in_one_run(target, sandbox, settings):
    named, loaded = [], not settings
    for number, fields in enumerate(({}, {"newText": "x"}, {"newText": "y"}, {"newFlag": True})):
        sandbox.world.change("clubs", 1, name=f"Club {number}", **fields)
        named.append(target.load("clubs", **settings).report.unknown_fields)
    assert named == [set(), {"clubs.new_text"}, set(), {"clubs.new_flag"}]
    assert loaded == ("new_text" in target.types()["clubs"])


def test_fields_of_a_type_without_documented_ones_are_no_news(target):
    names = [e.name for e in EMPLOYEE if not table_layout(e).layout.known]
    run = target.load(*names)
    assert len(names) == 3
    assert any(run.rows.values())
    assert not run.report.unknown_fields


def test_a_new_column_keeps_its_type(target, sandbox):
    world = sandbox.world
    target.load("clubs")
    world.change("clubs", 1, level=5)
    target.load("clubs")
    world.change("clubs", 2, level="high")
    run = target.load("clubs")
    assert dict(target.query("select id, level from clubs where id < 3")) == {1: 5, 2: None}
    assert run.report.unreadable == {"clubs.level": 1}
    assert target.types()["clubs"]["level"] == "BIGINT"


def test_a_frozen_schema_refuses_new_fields(target, sandbox):
    target.load("clubs")
    sandbox.world.change("clubs", 1, newText="x")
    with pytest.raises(Exception, match="new_text"):
        target.load("clubs", schema_contract="freeze")
    assert "new_text" not in target.types()["clubs"]
    target.load("clubs", schema_contract="evolve")
    assert target.values("clubs", "new_text", "new_text is not null") == ["x"]


@pytest.mark.parametrize("contract", ["freeze", "discard_value", "discard_row"])
def test_a_contract_leaves_what_is_known_alone(target, sandbox, contract):
    target.load("clubs", "contracts", schema_contract=contract)
    sandbox.world.change("clubs", 1, name="Renamed")
    assert target.load("clubs", "contracts", schema_contract=contract).rows == {"clubs": 1}
    assert "Renamed" in target.values("clubs", "name")


def test_new_fields_can_be_left_out(target, sandbox):
    target.load("clubs")
    sandbox.world.change("clubs", 1, newText="x", name="Renamed")
    run = target.load("clubs", schema_contract="discard_value")
    assert run.report.unknown_fields == {"clubs.new_text"}
    assert "new_text" not in target.types()["clubs"]
    assert target.values("clubs", "name", "id = 1") == ["Renamed"]


@pytest.mark.parametrize("contract", ["discard_value", "discard_row"])
def test_what_a_contract_discarded_is_loaded_when_it_no_longer_does(target, sandbox, contract):
    target.load("clubs")
    sandbox.world.change("clubs", 1, newText="x", name="Renamed")
    target.load("clubs", schema_contract=contract)
    target.load("clubs")
    assert target.query("select name, new_text from clubs where id = 1") == [("Renamed", "x")]
    assert target.load("clubs").rows == {}


def test_values_that_cannot_be_read_are_kept_and_counted(target, sandbox):
    world = sandbox.world
    one, other = world.classes[0]["id"], world.classes[1]["id"]
    world.change("classes", one, attendeesCount="many", startDate="tomorrow")
    world.change("classes", other, attendeesCount="few")
    run = target.load("classes")
    assert run.report.unreadable == {"classes.attendees_count": 2, "classes.start_date": 1}
    found = dict(target.query("select id, _unreadable from classes where _unreadable is not null"))
    assert json.loads(found[one]) == {"attendees_count": "many", "start_date": "tomorrow"}
    assert json.loads(found[other]) == {"attendees_count": "few"}
    [row] = target.query(f"select attendees_count, start_date, start_date_utc from classes "
                         f"where id = {one}")  # fmt: skip
    assert row == (None, None, None)
    world.change("classes", one, attendeesCount=3, startDate="2026-05-01T10:00:00")
    target.load("classes")
    assert target.values("classes", "_unreadable", f"id = {one}") == [None]


def test_every_digit_and_what_contradicts_the_request_reach_the_file(target, sandbox):
    club = b"""{"id": 1, "timestamp": 10, "name": "A", "longitude": 90071992547409.93,
              "latitude": 0.30000000000000004, "timeZone": "UTC", "timezone": "Asia/Kolkata"}"""
    body = b'{"elements": [%b]}' % club
    sandbox.faults.add(Fault("Clubs/Clubs", "status", status=200, body=body))
    one = sandbox.world.rows("classes", club_id=1)[0]
    sandbox.world.change("classes", one, clubId=960)
    run = target.load("clubs", "classes")
    [row] = target.query("select longitude, latitude, _unreadable from clubs")
    assert row[:2] == (Decimal("90071992547409.93"), Decimal("0.3"))
    assert json.loads(row[2]) == {"timezone": "Asia/Kolkata"}
    kept = target.values("classes", "_unreadable", f"id = {one['id']} and club_id = 1")
    assert list(map(json.loads, kept)) == [{"clubId": 960}]
    assert run.report.unreadable == {"clubs.time_zone": 1, "classes.club_id": 1}


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    with Sandbox(size="empty") as sandbox:
        target = Target(tmp_path_factory.mktemp("schema"), sandbox)
        target.load(*(entry.name for entry in EMPLOYEE))
        return target.pipeline().default_schema


def test_tables_and_columns_are_described(schema):
    for endpoint in EMPLOYEE:
        for table in table_layout(endpoint).with_children():
            stored = schema.tables[table.name]
            assert stored["description"] == table.description
            for column in table.columns():
                assert stored["columns"][column.name]["description"] == column.description
            undescribed = {
                name for name, column in stored["columns"].items() if not column.get("description")
            }
            assert undescribed <= {"_dlt_id", "_dlt_load_id"}, table.name


def test_personal_data_is_marked(schema):
    users = schema.tables["users"]["columns"]
    assert users["email"]["x-pii"] == "contact"
    assert users["last_name"]["x-pii"] == "name"
    assert users["birth_date"]["x-pii"] == users["birth_date_utc"]["x-pii"] == "birth"
    assert "x-pii" not in users["timestamp"]
    for endpoint in EMPLOYEE:
        for table in table_layout(endpoint).with_children():
            for column in table.columns():
                stored = schema.tables[table.name]["columns"][column.name]
                assert stored.get("x-pii") == column.pii, (table.name, column.name)


def test_keys_are_known_to_the_schema(schema):
    for name, key in {"classes": ["id"], "documents": ["user_id", "id"]}.items():
        columns = schema.tables[name]["columns"].values()
        assert sorted(c["name"] for c in columns if c.get("primary_key")) == sorted(key)
    products = schema.tables["products"]["columns"]
    assert products["club_id"]["merge_key"]


def test_references_lead_to_tables_and_columns_that_exist(schema):
    found = set()
    for name, table in schema.tables.items():
        for reference in table.get("references") or ():
            assert set(reference["columns"]) <= set(table["columns"]), name
            other = schema.tables[reference["referenced_table"]]
            assert set(reference["referenced_columns"]) <= set(other["columns"]), name
            found.add((name, *reference["columns"], reference["referenced_table"]))
    assert ("classes", "club_id", "clubs") in found
    assert ("classes", "class_type__id", "class_types") in found
    assert ("contracts__discounts", "contract_id", "contracts") in found


def test_the_schema_can_be_drawn(schema):
    mermaid = schema.to_mermaid()
    assert "erDiagram" in mermaid
    assert "classes" in mermaid
    assert any("classes" in line and "clubs" in line for line in mermaid.splitlines())


def test_the_schema_can_be_exported_for_diagrams(schema):
    pytest.importorskip("pydbml", reason="dlt makes DBML with it")
    dbml = schema.to_dbml()
    assert "Table" in dbml
    assert any(line.strip().startswith("Ref") for line in dbml.splitlines())


def test_a_table_refers_to_another_one_once():
    """dlt keeps one reference to a table, and warns of a second in every run."""
    for endpoint in ENDPOINTS.values():
        for table in table_layout(endpoint).with_children():
            hints = root_hints(V1, endpoint, "flag")
            if table.level:
                hints = child_hints(V1, endpoint, table)
            found = [r["referenced_table"] for r in hints["references"]]
            assert len(found) == len(set(found)), table.name
