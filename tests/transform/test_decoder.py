"""Rows of responses to Arrow tables: one behavior at a time."""

import json
import random
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfectgym_source.api.paging.pages import Page, RowParser
from perfectgym_source.api.responses import parse
from perfectgym_source.catalog import ENDPOINTS, V1, Column, table_layout
from perfectgym_source.catalog.coerce import (
    COERCIONS,
    number_of,
    to_decimal,
    to_json,
    to_timestamp_us,
    utc_offset_us,
)
from perfectgym_source.transform import flatten
from perfectgym_source.transform.decoder import Decoder, arrow_schema
from perfectgym_source.transform.flatten import UnknownFields
from perfectgym_source.transform.table_builder import TableBuilder
from perfectgym_source.transform.time_zones import ClubClocks

WARSAW = "Central European Standard Time"
TAKEN = datetime(2026, 5, 1, 8, tzinfo=timezone.utc)
EPOCH, MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)


def decoder(name, zones=(1, 2), **options):
    clocks = ClubClocks()
    for club in zones:
        clocks.set_club(club, WARSAW)
    return Decoder(ENDPOINTS[name], clocks, taken_at=TAKEN, **options)


def decode(name, *elements, keys=None, emptied=(), **options):
    """Decode elements, parsed ones and, where they are objects, as a row parser reads them."""
    elements = as_sent(elements)
    requests = keys or [{}] * len(elements)
    batch = decoder(name, **options).decode([Page(elements)], requests, emptied)
    columnar = columnar_page(name, elements)
    if columnar is not None:
        # Pages of both kinds may meet in a batch, too.
        for pages in ([columnar], [columnar.take([0]), Page(elements[1:])]):
            again = decoder(name, **options).decode(pages, requests, emptied)
            assert contents(again) == contents(batch)
    return batch


def as_sent(value):
    """A value as it comes out of a response: with numbers that keep their digits."""
    if isinstance(value, (dict, list, tuple)):
        try:
            if isinstance(value, dict):
                return {name: as_sent(inner) for name, inner in value.items()}
            return list(map(as_sent, value))
        except RecursionError:
            return value
    return number_of(repr(value)) if isinstance(value, float) else value


def columnar_page(name, elements):
    if not elements or not all(isinstance(element, dict) for element in elements):
        return None
    try:
        content = to_json({"elements": elements}).encode()
    except RecursionError:
        return None
    layout = table_layout(ENDPOINTS[name]).layout
    row_parser = RowParser(layout.scalar_names(), layout.nested_names(), V1.envelope)
    row_parser.learn(elements)
    return row_parser.read(content)


def contents(batch):
    """What is in a batch; the order of its columns does not matter."""
    tables = {
        name: ({f.name: f.type for f in table.schema}, table.to_pylist())
        for name, table in batch.tables.items()
    }
    return tables, batch.rows, batch.deleted, batch.removed, batch.unreadable, batch.unknown_fields


def rows(batch, table):
    return batch.tables[table].to_pylist()


def row(name, element, keys=None, **options):
    """The one row of the endpoint's own table."""
    batch = decode(name, element, keys=[keys or {}], **options)
    (found,) = rows(batch, ENDPOINTS[name].table_name)
    return found


def keys_beside_rows(name):
    """Keys that a request gives and that the rows do not have too."""
    own = {column.name for column in table_layout(ENDPOINTS[name]).layout.columns()}
    return {p.column: 1 for p in ENDPOINTS[name].parents if p.column not in own}


def kept(found):
    return json.loads(found["_unreadable"]) if found["_unreadable"] else {}


# --- values


@pytest.mark.parametrize(
    ("endpoint", "field", "column", "clean", "odd", "value"),
    [
        ("clubs", "id", "id", 5, "5", 5),
        ("clubs", "id", "id", 2**53 + 1, str(2**53 + 1), 2**53 + 1),
        ("clubs", "name", "name", "5", 5, "5"),
        ("clubs", "isHidden", "is_hidden", True, "True", True),
        ("clubs", "isHidden", "is_hidden", False, 0, False),
        ("clubs", "longitude", "longitude", 19.5, "19.5", Decimal("19.5")),
        ("class_types", "ageToMonths", "age_to_months", 12, "12.0", 12),
        ("clubs", "openDate", "open_date", "2026-01-02T03:04:05", "2026-01-02 03:04:05.0000000",
         datetime(2026, 1, 2, 3, 4, 5)),
        ("friends", "dateFrom", "date_from", "2026-01-02", "2026-01-02T00:00:00",
         date(2026, 1, 2)),
        ("contracts", "startDate", "start_date", "2026-01-02", " 2026-01-02T00:00:00.0 ",
         datetime(2026, 1, 2)),
    ],
)  # fmt: skip
def test_a_value_is_the_same_clean_and_odd_alone_and_beside_the_other(
    endpoint, field, column, clean, odd, value
):
    table = ENDPOINTS[endpoint].table_name
    for spellings in ([clean], [odd], [clean, odd, None]):
        batch = decode(endpoint, *({field: spelling} for spelling in spellings))
        assert [r[column] for r in rows(batch, table) if r[column] is not None] == [
            value for spelling in spellings if spelling is not None
        ]
        assert not batch.unreadable


@pytest.mark.parametrize("blank", [None, "", "null"])
@pytest.mark.parametrize("field", ["id", "isHidden", "longitude", "openDate", "address"])
def test_a_blank_is_null_and_not_unreadable(field, blank):
    found = row("clubs", {field: blank, "name": "A"})
    assert {k for k, v in found.items() if v is not None} == {"name"}


@pytest.mark.parametrize(
    ("field", "column", "value"),
    [("id", "id", "five"), ("id", "id", 1.5), ("id", "id", True), ("id", "id", 2**63)]
    + [("id", "id", 2**70), ("isHidden", "is_hidden", "maybe"), ("id", "id", {"a": [1]})]
    + [("longitude", "longitude", "12,5"), ("openDate", "open_date", "yesterday")]
    + [("openDate", "open_date", "0000-01-01T00:00:00"), ("openDate", "open_date", "2026-02-30")],
)
def test_what_cannot_be_read_is_kept_under_its_column_and_counted(field, column, value):
    batch = decode("clubs", {field: value, "name": "A"}, {field: None, "name": "B"})
    first, second = rows(batch, "clubs")
    assert first[column] is None
    assert first["name"] == "A"
    assert kept(first) == {column: value}
    assert second["_unreadable"] is None
    assert batch.unreadable == {f"clubs.{column}": 1}


def test_an_identifier_beyond_doubles_is_exact_beside_an_odd_one():
    batch = decode("clubs", {"id": 2**53 + 1}, {"id": "7"}, {"id": 2**63 - 1})
    assert [r["id"] for r in rows(batch, "clubs")] == [2**53 + 1, 7, 2**63 - 1]


def test_a_fraction_is_never_cut_off_an_integer():
    batch = decode("class_types", {"ageToMonths": 1.5}, {"ageToMonths": 2.0})
    assert [r["age_to_months"] for r in rows(batch, "class_types")] == [None, 2]
    assert batch.unreadable == {"class_types.age_to_months": 1}


# --- other names


@pytest.mark.parametrize(
    ("endpoint", "name", "alias", "column", "value"),
    [
        ("clubs", "timeZone", "timezone", "time_zone", WARSAW),
        ("contracts", "signDate", "signUpDate", "sign_date", "2026-01-02T00:00:00"),
        ("contract_fees", "signDate", "signUpDate", "sign_date", "2026-01-02T00:00:00"),
        ("pending_contract_fees", "feeType", "paymentType", "fee_type", "Joining"),
        ("pending_contract_fees", "fee", "amount", "fee__gross", {"gross": 1}),
    ],
)
def test_a_field_is_read_under_its_other_name(endpoint, name, alias, column, value):
    expected = row(endpoint, {name: value})
    assert expected[column] is not None
    for blank in (None, "", "null"):
        assert row(endpoint, {alias: value, name: blank}) == expected
    assert row(endpoint, {alias: value}) == expected
    assert row(endpoint, {alias: None, name: value}) == expected
    assert row(endpoint, {alias: value, name: value}) == expected
    if column.endswith("_date"):
        assert row(endpoint, {alias: value[:10], name: value}) == expected


@pytest.mark.parametrize(
    ("endpoint", "name", "alias", "column"),
    [
        ("clubs", "timeZone", "timezone", "time_zone"),
        ("contracts", "signDate", "signUpDate", "sign_date"),
        ("pending_contract_fees", "feeType", "paymentType", "fee_type"),
        ("pending_contract_fees", "fee", "amount", "fee"),
    ],
)
def test_another_value_under_the_other_name_is_kept_and_counted(endpoint, name, alias, column):
    first, other = "2026-01-02T00:00:00", "2025-12-31T00:00:00"
    if column == "fee":
        first, other = {"gross": 1}, {"gross": 2}
    keys = {parent.column: 1 for parent in ENDPOINTS[endpoint].parents}
    batch = decode(endpoint, {alias: other, name: first}, {name: first}, keys=[keys] * 2)
    found, plain = rows(batch, ENDPOINTS[endpoint].table_name)
    assert kept(found) == {alias: other}
    assert found == {**plain, "_unreadable": found["_unreadable"]}
    assert batch.unreadable == {f"{ENDPOINTS[endpoint].table_name}.{column}": 1}
    assert kept(row(endpoint, {alias: other, name: "null"})) == {}


# --- objects and lists


def test_a_rating_may_be_a_number_or_an_object():
    batch = decode("instructors", {"rating": 4.5}, {"rating": {"rating": 4.5, "votesCount": 2}})
    first, second = rows(batch, "instructors")
    assert first["rating__rating"] == second["rating__rating"] == Decimal("4.5")
    assert (first["rating__votes_count"], second["rating__votes_count"]) == (None, 2)
    assert not batch.unreadable


@pytest.mark.parametrize("blank", [None, "", "null", " "])
def test_a_blank_where_the_request_gives_the_key_leaves_the_key(blank):
    found = row("instructor_schedules", {"clubId": blank}, keys={"club_id": 1, "employee_id": 2})
    assert (found["club_id"], found["employee_id"]) == (1, 2)


def test_an_object_may_come_as_a_list_of_one_or_none():
    assert row("clubs", {"address": [{"city": "A"}]})["address__city"] == "A"
    assert row("clubs", {"address": []})["address__city"] is None


def test_an_object_that_is_something_else_is_kept():
    found = row("clubs", {"address": "Main Street 1"})
    assert found["address__line1"] is None
    assert kept(found) == {"address": "Main Street 1"}


def test_a_bare_object_in_place_of_a_list_is_a_list_of_one_at_both_levels():
    addon = {"name": "Towel"}
    listed_ = decode("users", {"id": 1, "contracts": [{"paymentPlanId": 2, "addons": [addon]}]})
    bare = decode("users", {"id": 1, "contracts": {"paymentPlanId": 2, "addons": addon}})
    assert bare.tables == listed_.tables
    assert bare.rows == {"users": 1, "users__contracts": 1, "users__contracts__addons": 1}


@pytest.mark.parametrize("blank", [None, "", "null", [], [None]])
def test_a_blank_in_place_of_a_list_is_an_empty_list(blank):
    batch = decode("contracts", {"id": 1, "discounts": blank})
    assert batch.rows["contracts__discounts"] == 0
    assert not batch.unreadable


def test_an_element_of_a_list_that_is_no_object_is_kept_in_the_row_of_the_list():
    batch = decode("contracts", {"id": 1, "discounts": [{"id": 5}, "x", [6]]})
    assert [r["id"] for r in rows(batch, "contracts__discounts")] == [5]
    assert kept(rows(batch, "contracts")[0]) == {"discounts": [{"id": 5}, "x", [6]]}
    assert batch.unreadable["contracts.discounts"] == 2


def test_a_type_inside_itself_is_json_text():
    found = decode("contracts", {"id": 1, "discounts": [{"combineDiscounts": [{"id": 2}]}]})
    assert rows(found, "contracts__discounts")[0]["combine_discounts"] == '[{"id":2}]'


def test_bare_numbers_are_rows_where_the_type_allows_it():
    batch = decode("class_available_seats", 4, "5", keys=[{"class_id": 9}] * 2)
    assert [(r["class_id"], r["seat_number"]) for r in rows(batch, "class_available_seats")] == [
        (9, 4),
        (9, 5),
    ]


@pytest.mark.parametrize("element", [5, "x", None, True, [], [{}]])
def test_an_element_that_is_no_object_is_refused(element):
    with pytest.raises(ValueError, match="not an object"):
        decode("clubs", element)


# --- unknown fields


def test_an_unknown_field_becomes_a_column_of_its_kind():
    sent = {
        "aCount": 5,
        "aShare": 0.5,
        "aFlag": True,
        "aText": "x",
        "anObject": {"b": [1]},
    }
    batch = decode("clubs", {"id": 1, **sent}, {"id": 2})
    first, second = rows(batch, "clubs")
    assert [first[c] for c in ("a_count", "a_share", "a_flag", "a_text")] == [5, 0.5, True, "x"]
    assert first["an_object"] == '{"b":[1]}'
    assert second["a_count"] is second["an_object"] is None
    assert batch.unknown_fields == {
        f"clubs.{c}" for c in ("a_count", "a_share", "a_flag", "a_text", "an_object")
    }


def test_an_unknown_field_that_is_always_null_makes_no_column():
    batch = decode("clubs", {"id": 1, "news": None})
    assert "news" not in batch.tables["clubs"].column_names
    assert not batch.unknown_fields


def test_an_unknown_field_s_column_keeps_its_kind_and_no_value_is_dropped():
    reader = decoder("clubs")
    reader.decode([Page([{"news": 5}])], [{}])
    batch = reader.decode(
        [Page([{"news": "five"}, {"news": "6"}, {"news": 1.5}])],
        [{}] * 3,
    )
    assert batch.tables["clubs"].schema.field("news").type == pa.int64()
    found = rows(batch, "clubs")
    assert [r["news"] for r in found] == [None, 6, None]
    assert [kept(r) for r in found] == [{"news": "five"}, {}, {"news": 1.5}]
    assert batch.unreadable == {"clubs.news": 2}


def test_an_unknown_fields_kind_outlives_the_run():
    batch = decode(
        "clubs", {"news": 5}, unknown_fields=UnknownFields({"clubs": {"news": "string"}})
    )
    assert rows(batch, "clubs")[0]["news"] == "5"


@pytest.mark.parametrize("first", [{"a": 1}, [1]])
def test_a_text_has_one_spelling_beside_objects_whether_the_column_is_new_or_not(first):
    sent = [{"news": first}, {"news": "8"}]
    new = decode("clubs", *sent)
    later = decode("clubs", *sent, unknown_fields=UnknownFields({"clubs": {"news": "string"}}))
    assert [row["news"] for row in rows(new, "clubs")] == [
        row["news"] for row in rows(later, "clubs")
    ]


def test_columns_that_earlier_runs_named_are_no_news_and_no_more_are_named_than_may_be(monkeypatch):
    monkeypatch.setattr(flatten, "MOST_UNKNOWN", 3)
    reader = decoder("clubs", unknown_fields=UnknownFields({"clubs": {"a": "long"}}, ["clubs.b"]))
    for _ in range(2):
        batch = reader.decode([Page([dict.fromkeys("abcdef", 1)])], [{}])
        assert batch.unknown_fields == {"clubs.c"}


def test_unknown_fields_of_embedded_objects_and_lists_have_columns_too():
    batch = decode("contracts", {"membership": {"x": 1}, "discounts": [{"y": 2}]})
    assert rows(batch, "contracts")[0]["membership__x"] == 1
    assert rows(batch, "contracts__discounts")[0]["y"] == 2
    assert batch.unknown_fields == {"contracts.membership__x", "contracts__discounts.y"}


@pytest.mark.parametrize(
    "name", ["Name", "open_date_utc", "_unreadable", "takenAt", "_removed", "_dlt_id", "_dltLoadId"]
)
def test_an_unknown_field_whose_column_is_taken_is_kept(name):
    found = row("clubs", {"id": 1, "name": "A", name: "other"})
    assert found["name"] == "A"
    assert kept(found) == {name: "other"}


def test_two_unknown_fields_of_one_column_are_both_there():
    found = row("clubs", {"newThing": 1, "new_thing": 2})
    assert found["new_thing"] == 1
    assert kept(found) == {"new_thing": 2}


@pytest.mark.parametrize("spelling", [2, "2", 2.0, None, ""])
def test_a_field_that_repeats_the_requests_key_is_no_news(spelling):
    found = row("classes", {"id": 1, "clubId": spelling}, keys={"club_id": 2})
    assert found["club_id"] == 2
    assert found["_unreadable"] is None


@pytest.mark.parametrize("value", [960, "960", "Wien", {"id": 2}])
def test_a_field_that_contradicts_the_requests_key_is_kept_and_counted(value):
    batch = decode("classes", {"id": 1, "clubId": value}, {"id": 2}, keys=[{"club_id": 2}] * 2)
    first, second = rows(batch, "classes")
    assert first["club_id"] == second["club_id"] == 2
    assert (kept(first), second["_unreadable"]) == ({"clubId": value}, None)
    assert batch.unreadable == {"classes.club_id": 1}
    assert not batch.unknown_fields


def test_a_field_of_a_child_row_that_contradicts_its_roots_key_is_kept_there():
    discounts = [{"id": 5, "contractId": 1}, {"id": 6, "contractId": 9}]
    batch = decode("contracts", {"id": 1, "discounts": discounts})
    same, other = rows(batch, "contracts__discounts")
    assert (same["contract_id"], kept(same)) == (1, {})
    assert (other["contract_id"], kept(other)) == (1, {"contractId": 9})
    assert batch.unreadable == {"contracts__discounts.contract_id": 1}


def test_rows_that_are_replaced_by_the_requests_key_have_it_whatever_they_say():
    keys = {"club_id": 1, "employee_id": 2}
    batch = decode("instructor_schedules", {"clubId": 960}, {"clubId": "1"}, keys=[keys] * 2)
    first, second = rows(batch, "instructor_schedules")
    assert first["club_id"] == second["club_id"] == 1
    assert (kept(first), kept(second)) == ({"club_id": 960}, {})


def test_two_values_of_one_name_are_both_kept():
    reader = decoder("clubs", unknown_fields=UnknownFields({"clubs": {"new_thing": "long"}}))
    batch = reader.decode([Page([{"newThing": "x", "new_thing": 2, "new_Thing": 3}])], [{}])
    [found] = rows(batch, "clubs")
    assert sorted(kept(found).values(), key=str) == [2, 3, "x"]
    assert batch.unreadable == {"clubs.new_thing": 3}


@pytest.mark.parametrize("name", ["", " ", "%", "ü", "\x00"])
def test_a_field_with_an_odd_name_has_a_column(name):
    assert row("clubs", {name: 5})["x"] == 5


# --- child tables


def test_child_rows_carry_the_roots_key_and_their_positions_at_both_levels():
    contracts = [
        {"paymentPlanId": 10, "addons": [{"name": "a"}, {"name": "b"}]},
        {"paymentPlanId": 11, "addons": [{"name": "c"}]},
    ]
    batch = decode("users", {"id": 7, "contracts": contracts}, {"id": 8, "contracts": contracts})
    layout = table_layout(ENDPOINTS["users"])
    (outer,) = layout.children()
    (inner,) = outer.children()
    assert outer.positions == ("_position",)
    assert inner.positions == ("_parent_position", "_position")
    assert [
        (r["user_id"], r["_position"], r["payment_plan_id"]) for r in rows(batch, outer.name)
    ] == [(7, 0, 10), (7, 1, 11), (8, 0, 10), (8, 1, 11)]
    assert [
        (r["user_id"], r["_parent_position"], r["_position"], r["name"])
        for r in rows(batch, inner.name)
    ] == [(u, p, i, n) for u in (7, 8) for p, i, n in ((0, 0, "a"), (0, 1, "b"), (1, 0, "c"))]
    assert all(r["_removed"] is None for r in rows(batch, inner.name))


def test_the_key_is_renamed_where_the_child_has_such_a_column():
    batch = decode("class_types", {"id": 5, "translations": [{"classTypeId": 6}]})
    (found,) = rows(batch, "class_types__translations")
    assert (found["root_class_type_id"], found["class_type_id"]) == (5, 6)


def test_an_emptied_list_of_a_row_removes_its_older_child_rows():
    batch = decode(
        "contracts", {"id": 1, "discounts": [{"id": 5}]}, {"id": 2, "discounts": []}, {"id": 3}
    )
    found = rows(batch, "contracts__discounts")
    assert [(r["contract_id"], r["id"], r["_removed"]) for r in found] == [
        (1, 5, None),
        (2, None, True),
        (3, None, True),
    ]
    assert batch.rows["contracts__discounts"] == 1


def test_both_levels_of_an_emptied_list_are_removed():
    batch = decode("users", {"id": 1, "contracts": []})
    for table in ("users__contracts", "users__contracts__addons"):
        assert [(r["user_id"], r["_removed"]) for r in rows(batch, table)] == [(1, True)]
        assert batch.rows[table] == 0


def test_a_replaced_list_removes_by_its_parent_and_only_where_nothing_is_left():
    club = [{"club_id": 1}, {"club_id": 1}, {"club_id": 2}]
    elements = [{"id": 5, "clubZoneTypes": [{"id": 9}]}, {"id": 6}, {"id": 5}]
    batch = decode("products", *elements, keys=club)
    found = rows(batch, "products__club_zone_types")
    assert [(r["club_id"], r["id"], r["_removed"]) for r in found] == [
        (1, 9, None),
        (2, None, True),
    ]


def test_a_parent_whose_list_is_empty_gives_rows_that_only_remove():
    batch = decode("products", {"id": 5}, keys=[{"club_id": 1}], emptied=[{"club_id": 2}])
    assert [(r["club_id"], r["id"], r["_removed"]) for r in rows(batch, "products")] == [
        (1, 5, None),
        (2, None, True),
    ]
    assert batch.rows["products"] == 1
    children = rows(batch, "products__club_zone_types")
    assert {(r["club_id"], r["_removed"]) for r in children} == {(1, True), (2, True)}


def test_an_empty_list_without_parents_gives_a_row_that_only_removes():
    batch = decode("freeze_reasons", emptied=[{}])
    assert [(r["id"], r["_removed"]) for r in rows(batch, "freeze_reasons")] == [(None, True)]
    assert batch.rows["freeze_reasons"] == 0


def test_nothing_is_removed_from_a_table_that_holds_nothing():
    batch = decode("contracts", {"id": 1}, fresh={"contracts__discounts"})
    assert "contracts__discounts" not in batch.tables
    assert rows(batch, "contracts__freezes")[0]["_removed"] is True


def test_a_snapshot_removes_nothing_and_carries_its_time():
    batch = decode("users_in_club", {"id": 1, "contracts": []}, keys=[{"club_id": 2}])
    assert set(batch.tables) == {"users_in_club"}
    (found,) = rows(batch, "users_in_club")
    assert found["taken_at"] == TAKEN
    assert "_removed" not in found
    batch = decode("users_in_club", {"id": 1, "contracts": [{}]}, keys=[{"club_id": 2}])
    (child,) = rows(batch, "users_in_club__contracts")
    assert (child["club_id"], child["user_id"], child["taken_at"]) == (2, 1, TAKEN)


@pytest.mark.parametrize("removes", [True, False])
def test_a_deleted_row_keeps_its_child_rows_only_where_it_stays_itself(removes):
    element = {"id": 1, "isDeleted": "True", "discounts": [{"id": 5}]}
    batch = decode("contracts", element, removes_deleted=removes)
    assert batch.rows["contracts__discounts"] == (0 if removes else 1)
    (found,) = rows(batch, "contracts__discounts")
    assert found["_removed"] is (True if removes else None)


# --- times


def test_a_time_has_its_instant_in_the_zone_of_its_club():
    clocks = ClubClocks()
    clocks.set_club(1, WARSAW)
    clocks.set_club(2, "India Standard Time")
    elements = [{"id": 5, "startDate": "2026-07-01T12:00:00"}] * 2
    batch = Decoder(ENDPOINTS["classes"], clocks).decode(
        [Page(elements)], [{"club_id": 1}, {"club_id": 2}]
    )
    found = rows(batch, "classes")
    assert [r["start_date"] for r in found] == [datetime(2026, 7, 1, 12)] * 2
    assert [r["start_date_utc"].astimezone(timezone.utc).hour for r in found] == [10, 6]


def test_the_child_rows_of_a_club_are_in_its_zone():
    clocks = ClubClocks()
    clocks.set_club(1, WARSAW)
    clocks.set_club(2, "India Standard Time")
    element = {"homeClubId": 2, "id": 1, "contracts": [{"startDate": "2026-07-01T12:00:00"}]}
    batch = Decoder(ENDPOINTS["users"], clocks).decode([Page([element])], [{}])
    (found,) = rows(batch, "users__contracts")
    assert found["start_date_utc"] == datetime(2026, 7, 1, 6, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2026-07-01T12:00:00Z", 12), ("2026-07-01T12:00:00.1234567+05:00", 7)]
    + [("2026-07-01T12:00:00-0800", 20), ("2026-07-01T12:00:00", 10)],
)
def test_a_time_with_an_offset_is_an_instant_by_that_offset(text, hour):
    elements = [{"enterDate": text, "club": {"id": 1}}, {"enterDate": None}]
    first, second = rows(decode("club_visits", *elements), "club_visits")
    assert first["enter_date"].hour == 12
    assert first["enter_date_utc"].hour == hour
    assert second["enter_date_utc"] is None


TIMES = (
    *("2026-07-01T12:00:00", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00+02:00"),
    *("2026-07-01T12:00:00 -0530", "2026-07-01T12:00:00.5Z", "2026-07-01T12:00:00.25", None, ""),
    *(" 2026-07-01T12:00:00Z", "2026-07-01T12:00Z", "2026-07-01T12:00+01:00", "2026-07-01"),
)


@pytest.mark.parametrize("odd", [None, "2026-13-01T12:00:00Z", "2026-07-01T12:00:00+2", "soon"])
def test_times_of_one_column_are_read_alike_whatever_the_others_are(odd):
    elements = [{"enterDate": text, "club": {"id": 1}} for text in (*TIMES, odd)]
    together = rows(decode("club_visits", *elements), "club_visits")
    alone = [rows(decode("club_visits", each), "club_visits")[0] for each in elements]
    for name in ("enter_date", "enter_date_utc", "_unreadable"):
        assert [row[name] for row in together] == [row[name] for row in alone], name


# --- schemas


def sample(row_type_layout, depth=0):
    """An element that fills every column of a table and one row of each child table."""
    values = {"long": 5, "int": 5, "decimal": "1.50", "bool": True, "string": "x"}
    values |= {"date": "2026-01-02", "datetime": "2026-01-02T03:04:05", "json": [1]}
    element = {s.names[0]: values[s.column.kind] for s in row_type_layout.scalars}
    element |= {o.names[0]: sample(o.layout) for o in row_type_layout.objects}
    element |= {a.names[0]: [sample(a.table.layout)] for a in row_type_layout.arrays}
    return element


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_decoded_tables_have_the_schema_that_is_promised(name):
    reader = decoder(name)
    schemas = {t.name: arrow_schema(reader.endpoint, t) for t in reader.layout.with_children()}
    keys = keys_beside_rows(name)
    full = reader.decode([Page([sample(reader.layout.layout), {}])], [keys, keys])
    assert not full.unreadable
    assert set(full.tables) == set(schemas)
    for table, found in full.tables.items():
        assert found.schema == schemas[table]
        nulls = {c for c in found.column_names if found[c].null_count == found.num_rows}
        assert nulls <= {"_unreadable", "_removed"} | {
            c
            for c in nulls
            if c.endswith("_utc")  # rows of clubs that are not listed
        }


# --- what no one should send


def nested(levels, shape=list):
    value = 1
    for _ in range(levels):
        value = [value] if shape is list else {"a": value}
    return value


@pytest.mark.parametrize("levels", [200, 300, 2_000])
@pytest.mark.parametrize("shape", [list, dict])
@pytest.mark.parametrize(
    "field", ["news", "id", "name", "address", "isHidden", "openDate", "longitude"]
)
def test_a_deep_value_ends_in_a_row_that_has_lost_nothing(field, shape, levels):
    found = row("clubs", {"shortName": "A", field: nested(levels, shape)})
    assert found["short_name"] == "A"
    sign = "[" if shape is list else '{"a":'
    assert max(str(v).count(sign) for v in found.values()) >= levels - 1


def test_a_list_in_a_list_is_no_object():
    found = row("clubs", {"address": [[{"city": "A"}]]})
    assert found["address__city"] is None
    assert kept(found) == {"address": [[{"city": "A"}]]}


def test_a_deep_list_of_rows_ends_in_a_row():
    batch = decode("contracts", {"id": 1, "discounts": nested(2_000)})
    assert rows(batch, "contracts")[0]["_unreadable"].count("[") == 2_000


@pytest.mark.parametrize("field", ["name", "news", "id", "address", "openDate"])
@pytest.mark.parametrize("text", ["a\ud800b", "\udfff"])
def test_half_a_character_costs_neither_the_row_nor_its_batch(field, text):
    batch = decode("clubs", {"shortName": "A", field: text}, {"id": 2})
    first, second = rows(batch, "clubs")
    assert (first["short_name"], second["id"]) == ("A", 2)
    assert list(kept(first).values()) == [text]


def test_half_a_character_inside_json_text_is_escaped():
    found = row("clubs", {"news": {"a\ud800": "b\ud800"}})
    assert json.loads(found["news"]) == {"a\ud800": "b\ud800"}


def test_nul_stays_part_of_its_text():
    assert row("clubs", {"name": "a\x00b"})["name"] == "a\x00b"


# --- all of it at once

SPELLINGS = ("users", "contracts", "class_types", "user_products", "instructor_schedules")
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
CLEAN = {
    "long": st.integers(-(2**63), 2**63 - 1),
    "int": st.integers(-(2**31), 2**31 - 1),
    "decimal": st.integers(-(10**9), 10**9).map(lambda cents: cents / 100),
    "bool": st.booleans(),
    "string": st.text(max_size=8),
    "date": st.dates(date(1990, 1, 1), date(2040, 1, 1)).map(date.isoformat),
    "datetime": MOMENTS.map(datetime.isoformat),
    "json": st.lists(st.integers(0, 9), min_size=1, max_size=2),
}
SPELL = {
    "long": [str, lambda v: f" {v} ", lambda v: f"{v}.0"],
    "int": [str, float, lambda v: f"{v}.00"],
    "decimal": [lambda v: f"{v:.2f}", lambda v: f" {v:.4f}"],
    "bool": [str, lambda v: str(v).lower(), int],
    "string": [],
    "date": [lambda v: f"{v}T00:00:00", lambda v: f" {v} "],
    "datetime": [
        lambda v: v.replace("T", " "),
        lambda v: f"{v}0" if "." in v else f"{v}.0000000",
    ],
    "json": [],
}
ODD_BLANKS = ["", "null"]


def elements(layout, depth=0):
    """Elements of a layout with clean values, some fields left out."""
    fields = {s.names[0]: st.none() | CLEAN[s.column.kind] for s in layout.scalars}
    for embedded in layout.objects:
        if depth < 1:
            fields[embedded.names[0]] = st.none() | elements(embedded.layout, depth + 1)
    for array in layout.arrays:
        fields[array.names[0]] = st.lists(elements(array.table.layout, depth + 1), max_size=2)
    return st.fixed_dictionaries({}, optional=fields)


def spelled(element, layout, chance):
    """The same element in odd spellings."""
    found = dict(element)
    for scalar in layout.scalars:
        name = scalar.names[0]
        if name not in found or chance.random() < 0.5:
            continue
        value = found.pop(name)
        if value is None:
            if scalar.column.kind not in ("string", "json"):
                value = chance.choice(ODD_BLANKS)
        elif SPELL[scalar.column.kind]:
            value = chance.choice(SPELL[scalar.column.kind])(value)
        found[chance.choice(scalar.names)] = value
    for embedded in layout.objects:
        value = found.get(embedded.names[0])
        if value:
            odd = spelled(value, embedded.layout, chance)
            found[embedded.names[0]] = [odd] if chance.random() < 0.3 else odd
        elif embedded.names[0] in found:
            found[embedded.names[0]] = chance.choice([None, {}, [], *ODD_BLANKS])
    for array in layout.arrays:
        name = array.names[0]
        odd = [spelled(e, array.table.layout, chance) for e in found.get(name, ())]
        found[name] = odd or chance.choice([[], None, *ODD_BLANKS])
        if len(odd) == 1 and chance.random() < 0.5:
            found[name] = odd[0]
    return found


@pytest.mark.parametrize("name", SPELLINGS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_rows_in_any_spelling_give_equal_tables(name, data):
    layout = table_layout(ENDPOINTS[name]).layout
    clean = data.draw(st.lists(elements(layout), max_size=3))
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    odd = [spelled(element, layout, chance) for element in clean]
    keys = [keys_beside_rows(name)] * len(clean)
    expected = decoder(name).decode([Page(clean)], keys)
    found = decoder(name).decode([Page(odd)], keys)
    assert not expected.unreadable
    assert not found.unreadable
    assert not found.unknown_fields
    assert found.rows == expected.rows
    assert found.tables == expected.tables


# --- many rows at once

TIME = "2026-03-01T10:00:00"
ODD = st.sampled_from(
    [None, "", "null", 0, 5, "5", "5.25", 4.5, 1e300, 2**70, True, "True", "x", TIME,
     f"{TIME}+05:00", [], [1], {}]
)  # fmt: skip
CATEGORIES = st.dictionaries(st.sampled_from(["id", "name", "isDeleted", "news"]), ODD)
CLUBS = st.dictionaries(
    st.sampled_from(["id", "name", "openDate", "longitude", "address", "news"]), ODD
)
CLASSES = st.fixed_dictionaries(
    {"id": st.integers(1, 9)},
    optional={
        "startDate": ODD,
        "attendeesCount": ODD,
        "club": CLUBS | ODD,
        "classType": st.fixed_dictionaries({"rating": ODD, "category": CATEGORIES | ODD}),
    },
)
NEWS = {"classes": {"club__news": "json", "class_type__category__news": "json"}}


@settings(max_examples=60, deadline=None)
@given(elements=st.lists(CLASSES, min_size=1, max_size=4), times=st.integers(3, 300))
def test_rows_decode_alike_whether_alone_or_among_many(elements, times):
    keys = {"club_id": 1}
    alone = [
        found
        for element in elements
        for found in rows(
            decode("classes", element, keys=[keys], unknown_fields=UnknownFields(NEWS)), "classes"
        )
    ]
    many = [element for element in elements for _ in range(times)]
    batch = decode("classes", *many, keys=[keys] * len(many), unknown_fields=UnknownFields(NEWS))
    expected = [found for found in alone for _ in range(times)]
    for found, wanted in zip(rows(batch, "classes"), expected):
        assert found == {**dict.fromkeys(found), **wanted}
    single = decode(
        "classes", *elements, keys=[keys] * len(elements), unknown_fields=UnknownFields(NEWS)
    )
    assert batch.unreadable == {name: n * times for name, n in single.unreadable.items()}


@pytest.mark.parametrize("value", [0, 19, -5, 0.1, 19.99, 123456.789, 0.1 + 0.2, 999_999.123456789])
def test_decimals_in_one_call_are_those_that_were_written(value):
    batch = decode("clubs", *[{"id": 1, "longitude": value}] * 3)
    assert {found["longitude"] for found in rows(batch, "clubs")} == {to_decimal(value)}


@settings(max_examples=300, deadline=None)
@given(
    cents=st.integers(-(10**15), 10**15) | st.integers(-(10**28), 10**28),
    places=st.integers(0, 9),
    is_text=st.booleans(),
    times=st.integers(1, 3),
)
def test_decimals_of_any_size_are_those_that_were_written(cents, places, is_text, times):
    value = Decimal(cents).scaleb(-places)
    sent = str(value) if is_text else value
    batch = decode("clubs", *[{"id": 1, "longitude": sent}] * times)
    assert [found["longitude"] for found in rows(batch, "clubs")] == [value] * times
    assert not batch.unreadable


@pytest.mark.parametrize("number", ["0.1234567891", "16.9251682999999", "-0.0000000001"])
@pytest.mark.parametrize("beside", ["1.5", '"1.5"', "90071992547409.93"])
def test_a_decimal_with_more_places_than_its_column_is_there_in_part_and_kept(number, beside):
    elements = parse(f'[{{"longitude": {number}}}, {{"longitude": {beside}}}]'.encode())
    batch = decode("clubs", *elements)
    first, second = rows(batch, "clubs")
    assert first["longitude"] == Decimal(number).quantize(Decimal("1e-9"))
    assert json.loads(first["_unreadable"], parse_float=Decimal) == {"longitude": Decimal(number)}
    assert second["longitude"] == Decimal(beside.strip('"'))
    assert second["_unreadable"] is None
    assert batch.unreadable == {"clubs.longitude": 1}


def test_a_date_with_a_time_of_day_is_there_and_the_time_is_kept():
    found = row("friends", {"dateFrom": "2026-01-02T10:00:00"})
    assert found["date_from"] == date(2026, 1, 2)
    assert kept(found) == {"date_from": "2026-01-02T10:00:00"}


def test_digits_stay_in_json_text_in_unknown_fields_and_in_what_is_kept():
    exact = "90071992547409931.25"
    content = f"""{{"id": {exact}, "news": {exact}, "share": 0.30000000000000004,
                   "aList": [{exact}], "shortName": {exact}, "address": {exact}}}"""
    found = row("clubs", parse(content.encode()))
    assert found["news"] == float(exact)
    assert found["share"] == 0.30000000000000004
    assert (found["a_list"], found["short_name"]) == (f"[{exact}]", exact)
    assert found["_unreadable"] == f'{{"id":{exact},"address":{exact},"news":{exact}}}'


def built(kind, values):
    builder = TableBuilder("table", len(values))
    builder.read(Column("value", kind, ""), values)
    return builder.arrays["value"].to_pylist(), builder


def test_moments_with_and_without_offsets_stand_side_by_side():
    noon = datetime(2026, 1, 31, 12)
    values = ["2026-01-31T12:00:00", "2026-01-31T12:00:00+02:00", None, "2026-01-31T12:00:00Z"]
    found, builder = built("datetime", values)
    assert found == [noon, noon, None, noon]
    assert builder.offsets["value"].to_pylist() == [None, 7_200_000_000, None, 0]
    # As long as one without an offset, and rubbish of that length.
    for odd, read in (
        ("2026-01-31T12:00+02", None),
        ("0000-01-01T00:00:00", None),
        ("x" * 19, None),
    ):
        found, builder = built("datetime", [*values, odd])
        assert found == [noon, noon, None, noon, read]
        assert builder.unreadable == {"value": 1}
        assert builder.offsets["value"].to_pylist() == [None, 7_200_000_000, None, 0, None]


ENDS = ("", ".5", ".123", ".123456", ".1234567", ".123456789", ".", ".1234567890", ":", "Z0")
ZONES = ("", "Z", "+02:00", "-0530", "+2", " Z", "z")


@pytest.mark.parametrize("seconds", ["2026-01-31T12:00:07", "2026-01-31 12:00:07", "2026-01-31"])
def test_fractions_and_offsets_mean_the_same_in_a_column_as_alone(seconds):
    values = [None, "", 0, "2026-01-31T12:00:00"]
    values += [f"{seconds}{end}{zone}" for end in ENDS for zone in ZONES]
    together, builder = built("datetime", values)
    alone = [to_timestamp_us(value) if is_moment(value) else None for value in values]
    assert [None if m is None else (m - EPOCH) // MICROSECOND for m in together] == alone
    offsets = builder.offsets.get("value", pa.nulls(len(values)))
    assert offsets.to_pylist() == list(map(utc_offset_us, values))
    assert builder.unreadable.total() == sum(not is_moment(value) for value in values)


def is_moment(value):
    try:
        to_timestamp_us(value)
    except ValueError:
        return False
    return True


def test_moments_with_fractions_and_offsets_are_read_in_one_call(monkeypatch):
    def one_by_one(value):
        raise AssertionError(value)

    monkeypatch.setitem(COERCIONS, "datetime", one_by_one)
    values = [f"2026-01-31T12:00:07{end}{zone}" for end in ENDS[:6] for zone in ZONES[:4]]
    assert len(set(built("datetime", values)[0])) == 4


def test_days_lose_the_zeros_of_a_time_of_day_only():
    day = date(2026, 1, 31)
    assert built("date", ["2026-01-31T00:00:00", None])[0] == [day, None]
    for odd, read in (
        ("2026-01-31", day),
        ("2026-01-31T00:00:01", day),
        ("2026-01-3xT00:00:00", None),
        ("12026-1-31T00:00:00", None),
    ):
        found, builder = built("date", ["2026-01-31T00:00:00", odd])
        assert found == [day, read]
        assert builder.unreadable.total() == (odd != "2026-01-31")
