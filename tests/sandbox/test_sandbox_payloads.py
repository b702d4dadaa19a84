"""What payloads look like: documented fields, their types, and the odd spellings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from support.sandbox_client import FACTS, TYPES

from perfectgym_source.sandbox import World

WORLD = World("tiny", seed=1)
CLEAN = World("tiny", seed=1, quirks=False)
OTHER_SPELLINGS = {"timezone", "signUpDate", "paymentType", "amount"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
FITS: dict[str, Callable[[Any], Any]] = {
    "long": lambda value: type(value) is int,
    "int": lambda value: type(value) is int,
    "decimal": lambda value: type(value) in (int, float),
    "bool": lambda value: type(value) is bool,
    "string": lambda value: type(value) is str,
    "datetime": lambda value: type(value) is str and MOMENT.fullmatch(value),
    "date": lambda value: type(value) is str and DAY.fullmatch(value),
    "array": lambda value: type(value) is list,
}


@cache
def fields_of(type_name: str) -> dict[str, str]:
    """The fields of a documented type, with those that it adds to another."""
    found: dict[str, str] = {}
    for name, fields in TYPES.items():
        short, _, base = name.removesuffix(")").partition(" (adds to ")
        if short == type_name:
            found.update(fields_of(base) if base else {})
            found.update({field: kind.split(" (")[0] for field, kind in fields.items()})
    return found


def parts(world: World) -> Iterator[tuple[str, str, str, Any]]:
    """Type, field, documented kind and value of everything that the world serves."""
    for table, facts in FACTS.items():
        mode = "user" if facts["modes"] == "U" else "employee"
        names = facts["type"].split(" + ")
        names += ["FreezeTypeDetails"] if table == "freeze_types" else []
        for row in world.truth(table, mode):
            for name in names:
                yield from _walk(name, row)
            for zone_type in row.get("allowedZoneTypes", ()):
                yield from _walk("ZoneType", zone_type)


def _walk(type_name: str, value: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    for field, kind in fields_of(type_name).items():
        if field not in value:
            continue
        yield type_name, field, kind, value[field]
        inner = kind.removeprefix("array of ")
        for item in value[field] if isinstance(value[field], list) else [value[field]]:
            if fields_of(inner) and isinstance(item, dict):
                yield from _walk(inner, item)


def test_every_documented_field_is_filled_in_somewhere() -> None:
    filled = {
        (name, field) for name, field, _, value in parts(WORLD) if value not in (None, "", [], {})
    }
    seen = {name for name, _ in filled}
    documented = {
        (name, field)
        for key in TYPES
        if (name := key.split(" (")[0]) != "Error"
        for field in (fields_of(name) if name in seen else TYPES[key])
    }
    assert documented - filled == set()


def test_clean_payloads_have_the_documented_types() -> None:
    wrong = set()
    for name, field, kind, value in parts(CLEAN):
        fits = FITS.get(kind, FITS["array"] if kind.startswith("array") else None)
        fits = fits or (lambda value: isinstance(value, dict))
        if value is not None and not fits(value):
            wrong.add((name, field, kind, repr(value)))
    assert wrong == set()


def test_clean_payloads_use_the_documented_spelling() -> None:
    assert not OTHER_SPELLINGS & {field for _, field, _, _ in parts(CLEAN)} - {"amount"}
    assert all("amount" not in row for row in CLEAN.truth("pending_contract_fees"))
    assert all("id" in row for row in CLEAN.truth("products"))


@pytest.mark.parametrize(
    ("table", "one", "other"),
    [
        ("clubs", "timeZone", "timezone"),
        ("contracts", "signDate", "signUpDate"),
        ("contract_fees", "signDate", "signUpDate"),
        ("pending_contract_fees", "feeType", "paymentType"),
        ("pending_contract_fees", "fee", "amount"),
    ],
)
def test_each_row_spells_a_field_one_way_or_the_other(table: str, one: str, other: str) -> None:
    rows = WORLD.truth(table)
    assert all((one in row) != (other in row) for row in rows)
    assert any(one in row for row in rows)
    assert any(other in row for row in rows)


def test_a_rating_is_an_object_or_a_bare_number() -> None:
    for rows in (
        WORLD.truth("class_types"),
        WORLD.truth("instructors"),
        [row["classType"] for row in WORLD.truth("classes")],
    ):
        assert {type(row["rating"]) for row in rows} == {dict, float}


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("club_visits", "exitDate"),
        ("users", "birthDate"),
        ("classes", "attendeesLimit"),
        ("class_types", "ageToMonths"),
        ("user_details", "facebookId"),
        ("friend_statuses", "dateTo"),
    ],
)
def test_a_blank_is_null_or_empty_or_the_word_null(table: str, field: str) -> None:
    values = [row[field] for row in WORLD.truth(table)]
    assert None in values
    assert "" in values
    assert "null" in values
    assert not {"", "null"} & {str(row[field]) for row in CLEAN.truth(table)}


@pytest.mark.parametrize(
    ("table", "field", "pattern"),
    [
        ("classes", "isDeleted", "True|False"),
        ("classes", "attendeesLimit", r"\d+"),
        ("users", "isActive", "True|False"),
        ("products", "price", r"\d+\.\d\d"),
        ("membership_cards", "contractId", r"\d+"),
        ("user_details", "prepaidAmount", r"\d+\.\d\d"),
    ],
)
def test_a_boolean_or_number_comes_as_text_now_and_then(
    table: str, field: str, pattern: str
) -> None:
    texts = {
        row[field] for row in WORLD.truth(table) if isinstance(row[field], str) and row[field]
    } - {"null"}
    assert texts
    assert all(re.fullmatch(pattern, text) for text in texts)


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ("contracts", "discounts"),
        ("class_types", "translations"),
        ("instructors", "categoriesClasses"),
        ("payment_plan_details", "addOns"),
        ("user_classes", "products"),
    ],
)
def test_an_array_of_one_comes_as_that_one_now_and_then(table: str, field: str) -> None:
    assert {type(row[field]) for row in WORLD.truth(table)} == {list, dict}
    assert {type(row[field]) for row in CLEAN.truth(table)} == {list}


def test_half_of_the_products_carry_no_id() -> None:
    with_id = sum("id" in row for row in WORLD.truth("products"))
    assert with_id * 2 == len(WORLD.truth("products"))


def test_a_class_is_about_as_large_as_a_real_one() -> None:
    rows = WORLD.truth("classes")
    sizes = [len(json.dumps(row, separators=(",", ":"), ensure_ascii=False)) for row in rows]
    assert 1200 < sum(sizes) / len(sizes) < 1600
    leaves = [
        len(re.findall(r'":(?!\{|\[)', json.dumps(row, separators=(",", ":")))) for row in rows
    ]
    assert 40 <= sum(leaves) / len(leaves) <= 55


def test_numbers_beyond_53_bits_occur() -> None:
    ids = [row["facebookId"] for row in WORLD.truth("user_details")]
    assert any(isinstance(value, int) and value > 2**53 and value % 2 for value in ids)


def test_clubs_are_in_several_zones_and_classes_at_local_quarter_hours() -> None:
    zones = {row.get("timeZone") or row.get("timezone") for row in WORLD.clubs}
    assert zones == {
        "Central European Standard Time",
        "GMT Standard Time",
        "India Standard Time",
        "US Mountain Standard Time",
    }
    starts = {row["startDate"] for row in WORLD.classes}
    assert all(start[:4] == "2026" and start[14:16] in ("00", "15", "30", "45") for start in starts)


def test_classes_start_around_the_changes_of_the_clock() -> None:
    starts = {row["startDate"] for row in WORLD.rows("classes", club_id=1)}
    assert {"2026-03-29T01:30:00", "2026-03-29T03:00:00", "2026-10-25T02:15:00"} <= starts
    impossible = "2026-03-29T02:30:00"
    assert impossible in starts
    assert impossible not in {row["startDate"] for row in CLEAN.rows("classes", club_id=1)}


def test_the_attendees_of_a_class_are_as_many_as_it_says() -> None:
    counts: dict[int, int] = {}
    for row in WORLD.truth("class_attendees"):
        counts[row["_params"]["classId"]] = counts.get(row["_params"]["classId"], 0) + 1
    assert all(row["attendeesCount"] == counts.get(row["id"], 0) for row in WORLD.classes)


def test_deleted_rows_are_in_the_lists() -> None:
    for table in ("classes", "class_types", "contracts", "club_visits", "users", "messages"):
        assert any(str(row["isDeleted"]) == "True" for row in WORLD.truth(table)), table
