"""The catalog against the vendor's facts: every endpoint, every field, every name."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from support.catalog_tables import tables_of
from support.each import for_each

from perfectgym_source.api.paging.pages import Page
from perfectgym_source.catalog import (
    DEFAULT_GROUPS,
    ENDPOINTS,
    GROUPS,
    ROW_TYPES,
    V1,
    Write,
)
from perfectgym_source.catalog.api_version import ZoneSource
from perfectgym_source.catalog.hints import root_hints
from perfectgym_source.catalog.naming import snake_case
from perfectgym_source.catalog.v1.row_types import DATES_DOCUMENTED_AS_STRING
from perfectgym_source.transform.decoder import Decoder
from perfectgym_source.transform.time_zones import ClubClocks

FACTS = Path(__file__).parent.parent / "facts"
DOCUMENTED = json.loads((FACTS / "v1_endpoints.json").read_text())
TYPES = {
    name.split(" (")[0]: fields
    for name, fields in json.loads((FACTS / "v1_types.json").read_text()).items()
}
SECTIONS = [*DOCUMENTED["company"], *DOCUMENTED["per_parent"]]
FACT_OF = {
    re.sub(r"\W+", "_", entry["table"]).strip("_"): {"parent": "", "params": {}, **entry}
    for entry in SECTIONS
}
NAMES = sorted(FACT_OF)
EXPECTED_TYPES = {
    "long": "bigint",
    "int": "bigint",
    "decimal": "decimal",
    "bool": "bool",
    "string": "text",
    "date": "date",
    "datetime": "timestamp",
}
UNDOCUMENTED = {
    "product_targets": "ProductTarget",
    "club_service_types": "ClubServiceType",
    "product_categories": "ProductCategory",
    "class_available_seats": "AvailableSeat",
}
EXTENDED = {
    # The documentation's field table of the endpoint has these beside the type that it names.
    "freeze_types": "FreezeType + FreezeTypeDetails",
}
ALIASES = {
    ("Club", "timezone"): "timeZone",
    ("Contract", "signUpDate"): "signDate",
    ("ContractFees", "signUpDate"): "signDate",
    ("PendingContractFee", "paymentType"): "feeType",
    ("PendingContractFee", "amount"): "fee",
}
IN_SAMPLES_ONLY = {
    ("ClubDetails", "openHours"),
    ("FreezeType", "maximumInterval"),
    ("FreezeType", "isSystem"),
    ("ZoneType", "dailyLimit"),
}
"""Spellings and a field of the vendor's sample payloads."""
PAGINATORS = {"timestamp": "keyset", "page": "page", "none": "single"}
RENAMED = {("FriendStatus", "userId"): "friend_user_id"}


def test_the_catalog_holds_the_50_documented_endpoints_and_no_other():
    assert len(SECTIONS) == 50
    assert set(ENDPOINTS) == set(FACT_OF)


@for_each(NAMES)
def test_an_endpoint_has_the_documented_path_modes_paging_and_key(name):
    entry, fact = ENDPOINTS[name], FACT_OF[name]
    assert entry.path == fact["path"]
    assert entry.paginator == PAGINATORS[fact["paging"]]
    assert list(entry.key) == fact["key"]
    letters = fact["modes"] or "EU"
    assert set(entry.modes) == {{"E": "employee", "U": "user"}[letter] for letter in letters}


@for_each(NAMES)
def test_an_endpoint_has_its_documented_parents(name):
    entry, fact = ENDPOINTS[name], FACT_OF[name]
    assert [parent.table for parent in entry.parents] == [
        table for table in fact["parent"].split(" x ") if table
    ]
    for parent in entry.parents:
        assert parent.parameter in fact["params"]
        documented = fact["params"][parent.parameter]
        assert documented.startswith(f"{parent.table}.id") or "." not in documented
        assert ("user" in parent.implicit_for_modes) >= ("left out" in documented)
    mandatory = {name for name, text in fact["params"].items() if name not in ("languageCode",)}
    fixed = {name for variant in entry.request_variants for name in variant}
    window = set(V1.date_parameters) if entry.date_range else set()
    assert mandatory <= {parent.parameter for parent in entry.parents} | fixed | window


@for_each(NAMES)
def test_an_endpoint_has_the_documented_row_type(name):
    expected = UNDOCUMENTED.get(name) or EXTENDED.get(name) or FACT_OF[name]["type"]
    assert ENDPOINTS[name].row_type == expected


def test_a_filter_that_hides_rows_by_default_is_read_with_both_values():
    assert ENDPOINTS["payment_plans"].request_variants == (
        {"isActive": "true"},
        {"isActive": "false"},
    )
    assert len(ENDPOINTS["club_payment_plans"].request_variants) == 2


def test_no_endpoint_that_changes_data_is_in_the_catalog():
    forbidden = {text.removeprefix("GET ") for text in DOCUMENTED["never_call"]}
    assert "Payments/Pay" in forbidden
    assert not forbidden & {entry.path for entry in ENDPOINTS.values()}


def documented_fields(row_type):
    """Field name -> (type of the facts, name of the type that has it); later types win."""
    found = {}
    for part in row_type.split(" + "):
        for field, kind in TYPES.get(part, {}).items():
            kind = kind.split(" (")[0]
            if (part, field) in DATES_DOCUMENTED_AS_STRING:
                assert kind == "string"
                kind = "datetime"
            found[field] = (kind, part)
    return found


def check_type(row_type, columns, tables, table, prefix="", embedded=False, inside=()):
    """Every documented field is a column, a child table or JSON text. Return the columns met."""
    inside = (*inside, *row_type.split(" + "))
    for field, (kind, part) in documented_fields(row_type).items():
        spelled = ALIASES.get((part, field), field)
        name = prefix + RENAMED.get((part, spelled), snake_case(spelled))
        if (part, field) in ALIASES:
            kind = documented_fields(row_type)[spelled][0]
        bare_type = kind.removeprefix("array of ")
        if kind in EXPECTED_TYPES:
            assert columns[name]["data_type"] == EXPECTED_TYPES[kind], name
            if kind == "datetime":
                assert columns[name]["timezone"] is False
                assert columns[f"{name}_utc"]["data_type"] == "timestamp"
                assert columns[f"{name}_utc"]["timezone"] is True
            else:
                assert f"{name}_utc" not in columns
        elif kind == "array" or bare_type in inside or (embedded and kind != bare_type):
            assert columns[name]["data_type"] == "text", name
        elif kind != bare_type:
            child = f"{table}__{name}"
            assert child in tables, child
            check_type(bare_type, tables[child]["columns"], tables, child, inside=inside)
        else:
            check_type(bare_type, columns, tables, table, f"{name}__", True, inside)


@for_each(NAMES)
def test_every_documented_field_has_its_place_with_the_right_type(name):
    endpoint = ENDPOINTS[name]
    tables = {table.name: hints for table, hints in tables_of(V1, endpoint)}
    root = endpoint.table_name
    check_type(endpoint.row_type, tables[root]["columns"], tables, root)
    for key in endpoint.key:
        assert key in tables[root]["columns"]


def test_the_types_hold_no_field_that_is_not_documented():
    for name, row_type in ROW_TYPES.items():
        for field in row_type.fields:
            if name in TYPES:
                for spelling in (field.name, *field.aliases):
                    is_sampled = (name, spelling) in IN_SAMPLES_ONLY
                    assert is_sampled != (spelling in TYPES[name]), (name, spelling)
    undocumented = set(ROW_TYPES) - set(TYPES)
    assert undocumented == set(UNDOCUMENTED.values())


def test_dates_that_are_documented_as_string_exist_in_the_facts():
    for row_type, field in DATES_DOCUMENTED_AS_STRING:
        assert TYPES[row_type][field] == "string"


def test_only_the_window_of_classes_shares_its_table():
    owners = {}
    for endpoint in ENDPOINTS.values():
        for table, _ in tables_of(V1, endpoint):
            owners.setdefault(table.name, []).append(endpoint.name)
    assert {tuple(names) for names in owners.values() if len(names) > 1} == {
        ("classes", "classes_window")
    }


@for_each(NAMES)
def test_a_parent_is_an_endpoint_and_its_column_a_number(name):
    endpoint = ENDPOINTS[name]
    columns = root_hints(V1, endpoint, "flag")["columns"]
    for parent in endpoint.parents:
        assert parent.table in ENDPOINTS
        assert columns[parent.column]["data_type"] == "bigint"


@for_each(NAMES)
def test_the_key_of_a_replaced_list_begins_with_its_parents(name):
    endpoint = ENDPOINTS[name]
    if endpoint.write is Write.REPLACE and name != "cities":  # a city lies in one country only
        parents = tuple(parent.column for parent in endpoint.parents)
        assert endpoint.key[: len(parents)] == parents
        assert root_hints(V1, endpoint, "flag")["merge_key"] == list(parents)


@for_each(NAMES)
def test_the_groups_and_the_column_of_the_time_zone_are_known(name):
    endpoint = ENDPOINTS[name]
    assert endpoint.group in GROUPS
    columns = root_hints(V1, endpoint, "flag")["columns"]
    if endpoint.time_zone is not None:
        assert columns[endpoint.time_zone]["data_type"] == "bigint"
    if endpoint.backfill_date_field is not None:
        assert columns[snake_case(endpoint.backfill_date_field)]["data_type"] == "timestamp"


def test_every_group_has_members_and_the_default_ones_exist():
    assert {entry.group for entry in ENDPOINTS.values()} == set(GROUPS)
    assert set(DEFAULT_GROUPS) <= set(GROUPS)


def test_deleted_rows_are_removed_only_with_that_setting():
    kept = root_hints(V1, ENDPOINTS["clubs"], "flag")["columns"]["is_deleted"]
    removed = root_hints(V1, ENDPOINTS["clubs"], "remove")["columns"]["is_deleted"]
    assert kept["hard_delete"] is False
    assert removed["hard_delete"] is True


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_a_blank_field_name_has_a_column_too(name):
    assert snake_case(name) == "x"


def test_an_endpoint_with_parents_cannot_give_the_time_zones():
    with pytest.raises(ValueError, match="club_details cannot give the time zones"):
        replace(V1, zones=ZoneSource("club_details", ("timeZone",)))


def test_what_sample_payloads_spell_otherwise_goes_to_the_documented_column():
    rows = [{"id": 1, "maximumInterval": 3, "isSystem": "True"}, {"id": 2, "maximumIntarval": 4}]
    decoder = Decoder(ENDPOINTS["freeze_types"], ClubClocks("UTC"))
    batch = decoder.decode([Page(rows)], [{"contract_id": 7}] * 2)
    table = batch.tables["freeze_types"]
    assert table["maximum_intarval"].to_pylist() == [3, 4]
    assert table["is_system"].to_pylist() == [True, None]
    assert not batch.unknown_fields
    club = {"id": 1, "openHours": [{}]}
    batch = Decoder(ENDPOINTS["club_details"], ClubClocks("UTC")).decode(
        [Page([club])], [{"id": 1}]
    )
    assert batch.rows["club_details__opening_hours"] == 1
    assert ROW_TYPES["ZoneType"].fields[-1].aliases == ("dailyLimit",)
    assert not batch.unknown_fields
