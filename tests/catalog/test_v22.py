"""The catalog of API v2.2 against the vendor's facts: every set, every property, every link."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.catalog_tables import all_tables, tables_of
from support.each import for_each
from support.odata_client import BY_ID, NESTED, links_of

from perfectgym_source.api.paging.pages import Page
from perfectgym_source.catalog import V1, V22, Write, table_layout
from perfectgym_source.catalog.hints import root_hints
from perfectgym_source.catalog.naming import snake_case
from perfectgym_source.catalog.pii import all_columns
from perfectgym_source.catalog.pii_rules import make_privacy
from perfectgym_source.catalog.selection import selected_endpoints
from perfectgym_source.catalog.v22.endpoints import resource_name
from perfectgym_source.catalog.v22.links import LINKS
from perfectgym_source.catalog.v22.row_types import EXPANDED
from perfectgym_source.config.pipelines import named_pipeline
from perfectgym_source.sandbox.v22 import facts as sandbox_facts
from perfectgym_source.sandbox.v22.schema import Installation
from perfectgym_source.sandbox.world import World
from perfectgym_source.transform.decoder import Decoder
from perfectgym_source.transform.time_zones import ClubClocks

FACTS = Path(__file__).parent.parent / "facts"
SETS = {fact["set"]: fact for fact in json.loads((FACTS / "v22_entity_sets.json").read_text())}
TYPES = json.loads((FACTS / "v22_types.json").read_text())
ENDPOINT_OF = {entry.path: entry for entry in V22.endpoints.values() if entry.link is None}
NAMES = sorted(SETS)
EXPECTED_TYPES = {
    "int64": "bigint",
    "int32": "bigint",
    "double": "decimal",
    "boolean": "bool",
    "string": "text",
    "duration": "text",
    "base64": "text",
    "datetime": "timestamp",
}
GROUPS_OF_TAGS = {
    "Customattributes": "custom_attributes",
    "Paymentplans": "payment_plans",
    "Geo": "countries",  # API v1 has a group `geo`, of cities
}
MOVED = {
    "Cities": "cities",
    **dict.fromkeys(
        ("MemberNotes", "MemberFiles", "MemberPhotos", "MemberPushNotifications"), "member_records"
    ),
    **dict.fromkeys(("MemberCustomAttributes", "MemberBiometricData"), "member_records"),
}
"""Sets that cost or hold too much for the group of their tag."""
UTC_TEXTS = ("startDateUtc", "endDateUtc")
"""Moments in UTC that are kept as text."""
COLUMNS = {
    "startDateUtc": "start_date_utc_text",
    "endDateUtc": "end_date_utc_text",
    "isRecurringCreditCardPaymentAllowed": "is_recurring_credit_card_allowed",
    "isRecurringDirectDebitPaymentAllowed": "is_recurring_direct_debit_allowed",
}
WHOLE_EACH_RUN = {"MembersInClub", "MemberAgreementTranslations"}


ALL_TABLES = all_tables(V22)


def expanded(name):
    """The links of a set that rows are empty without, or whose content is nowhere else.

    Each with the options of the request for it.
    """
    found = {}
    for path in links_of(name):
        link, _, below = path.partition("/")
        found[link] = f"$expand={below}" if below else ""
    if name in BY_ID:
        found[BY_ID[name]] = "$select=id"
    return found


def as_requested(links):
    """Links as a request names them."""
    return ",".join(f"{name}({options})" if options else name for name, options in links.items())


def test_the_catalog_holds_the_129_sets_and_no_other():
    assert len(SETS) == 129
    assert set(ENDPOINT_OF) == set(SETS)


def test_the_data_of_the_package_are_the_facts():
    folder = Path(sys.modules[V22.row_types.__class__.__module__].__file__).parent
    assert json.loads((folder / "types.json").read_text(encoding="utf-8")) == TYPES
    assert json.loads((folder / "entity_sets.json").read_text(encoding="utf-8")) == [*SETS.values()]


@for_each(NAMES)
def test_a_set_has_the_documented_name_type_and_key(name):
    entry, fact = ENDPOINT_OF[name], SETS[name]
    assert entry.name == snake_case(name)
    assert entry.row_type.split(" + ")[0] == fact["type"]
    assert list(entry.key) == list(map(snake_case, fact["key"]))
    assert entry.id_field == (fact["key"][0] if len(fact["key"]) == 1 else None)
    assert entry.modes == ("employee",)


@for_each(NAMES)
def test_a_set_is_read_by_what_it_has(name):
    entry, fact = ENDPOINT_OF[name], SETS[name]
    paging = {"version": "keyset", "id": "id", "none": "link"}
    assert entry.paginator == paging[fact["paging"]]
    assert entry.version_field == ("version" if fact["has_version"] else None)
    assert entry.deleted_field == ("isDeleted" if fact["has_is_deleted"] else None)
    for has, field in ((fact["has_version"], "version"), (fact["has_is_deleted"], "isDeleted")):
        assert has == (field in TYPES[fact["type"]])


@for_each(NAMES)
def test_a_set_that_does_not_tell_of_every_change_is_swept(name):
    entry, fact = ENDPOINT_OF[name], SETS[name]
    tells = (fact["has_version"] and fact["has_is_deleted"]) or name in WHOLE_EACH_RUN
    assert (entry.sweep_hours is None) == tells
    assert entry.removes_missing != tells


def test_sweeps_are_as_rare_as_a_set_is_large_and_calm():
    hours = Counter(entry.sweep_hours for entry in ENDPOINT_OF.values())
    assert {name for name in SETS if ENDPOINT_OF[name].sweep_hours == 6} == {
        "Crm2Leads",
        "MemberCustomAttributes",
    }
    assert {name for name in SETS if ENDPOINT_OF[name].sweep_hours == 168} == {
        "Countries",
        "States",
        "Cities",
    }
    assert hours == {None: 93, 0: 17, 24: 14, 6: 2, 168: 3}


@for_each(NAMES)
def test_what_comes_by_expand_only_is_asked_for(name):
    entry = ENDPOINT_OF[name]
    assert entry.expanded == expanded(name)
    [variant] = entry.request_variants
    assert variant == ({"$expand": as_requested(entry.expanded)} if entry.expanded else {})
    type_ = TYPES[SETS[name]["type"]]
    sure = [link for link in entry.expanded if "expand" in type_[link] and link != BY_ID.get(name)]
    if len(sure) < len(entry.expanded) or any(entry.expanded.values()):
        nested = {link: entry.expanded[link] for link in sure}
        names = as_requested(nested) if len(sure) < len(entry.expanded) else ",".join(sure)
        assert entry.fallback == ({"$expand": names} if sure else {})
    else:
        assert entry.fallback is None


def inline(name, links=()):
    """The properties of a type that come with a row, and whether they were asked for."""
    for field, fact in TYPES[name].items():
        if field in links:
            yield field, fact, True
        elif "expand" not in fact:
            yield field, fact, False


def check_type(name, tables, table, prefix="", links=None):
    """Every property has its place with the right type. Return the columns of the table."""
    columns, found = tables[table]["columns"], set()
    for field, fact, is_expanded in inline(name, links or ()):
        column = prefix + COLUMNS.get(field, snake_case(field))
        bare = fact["type"].removeprefix("array of ")
        if field in UTC_TEXTS:
            assert columns[column]["data_type"] == "text"
            found.add(column)
        elif (name, field) == ("Member", "birthdate"):
            assert columns[column]["data_type"] == "date"
            found.add(column)
        elif bare in EXPECTED_TYPES or ("inline" in fact and not is_expanded):
            assert columns[column]["data_type"] == EXPECTED_TYPES.get(bare, "text"), column
            found.add(column)
            if bare == "datetime":
                assert columns[column]["timezone"] is False
                assert columns[f"{column}_utc"]["timezone"] is True
                found.add(f"{column}_utc")
        elif bare != fact["type"] and prefix:
            assert columns[column]["data_type"] == "text"  # a list in a linked row is JSON
            found.add(column)
        elif bare != fact["type"]:
            child = f"{table}__{column}"
            below = {key for key in tables[child]["columns"] if key.endswith("_position")}
            keys = {*tables[child]["merge_key"], "_unreadable", "_removed", "_dlt_load_id"}
            own = check_type(bare, tables, child, links={NESTED.get(field): ""})
            assert set(tables[child]["columns"]) == own | below | keys
        elif links and links.get(field) == "$select=id":
            assert columns[f"{column}__id"]["data_type"] == "bigint"
            found.add(f"{column}__id")
        else:
            found |= check_type(bare, tables, table, f"{column}__", {NESTED.get(field): ""})
    return found


@for_each(NAMES)
def test_every_property_has_its_place_with_the_right_type_and_nothing_else_has(name):
    endpoint = ENDPOINT_OF[name]
    tables = {table.name: hints for table, hints in tables_of(V22, endpoint)}
    found = check_type(SETS[name]["type"], tables, endpoint.name, links=expanded(name))
    columns = tables[endpoint.name]["columns"]
    assert set(columns) - {"_unreadable", "_removed", "_dlt_load_id", "taken_at"} == found
    assert set(endpoint.key) <= found
    if endpoint.backfill_date_field is not None:
        assert columns[snake_case(endpoint.backfill_date_field)]["data_type"] == "timestamp"


@for_each(NAMES)
def test_local_times_are_those_of_the_club(name):
    entry = ENDPOINT_OF[name]
    columns = root_hints(V22, entry, "flag")["columns"]
    clubs = [column for column in columns if re.fullmatch(r"(home_|\w+_details__)?club_id", column)]
    expected = "id" if name == "Clubs" else next(iter(clubs), None)
    assert entry.time_zone == expected


def test_no_two_tables_share_a_name():
    names = Counter(table.name for _, _, table, _ in ALL_TABLES)
    assert [name for name, count in names.items() if count > 1] == []


@for_each(ALL_TABLES)
def test_every_table_and_column_is_described_in_words_of_our_own(label, endpoint, table, hints):
    notes = {fact["notes"] for fact in SETS.values()}
    notes |= {fact.get("note") for fields in TYPES.values() for fact in fields.values()}
    texts = [hints["additional_table_hints"]["description"]]
    texts += [column["description"] for column in hints["columns"].values()]
    assert notes.isdisjoint(text.rstrip(".") for text in texts)


def test_every_description_is_of_something():
    folder = Path(sys.modules[V22.row_types.__class__.__module__].__file__).parent
    words = json.loads((folder / "descriptions.json").read_text(encoding="utf-8"))
    links = {field for found in LINKS for field in (found.link.own, found.link.other)}
    known = {field for fields in TYPES.values() for field in fields} | links
    known |= {f"{name}.{field}" for name, fields in TYPES.items() for field in fields}
    assert set(words["texts"]) <= known
    assert set(words["pii"]) <= known


def reached():
    """The properties that come with the rows of some set, as type and name."""
    waiting = [(fact["type"], expanded(name)) for name, fact in SETS.items()]
    found, done = {}, set()
    while waiting:
        name, links = waiting.pop()
        done.add(name)
        for field, fact, _ in inline(name, links):
            found[name, field] = fact
            bare = fact["type"].removeprefix("array of ")
            if bare in TYPES and bare not in done and "inline" not in fact:
                waiting.append((bare, ()))
    return found


def test_what_is_personal_is_marked_and_nothing_else():
    marked = {
        (name.removesuffix(EXPANDED), field.name): field.pii
        for name in V22.row_types
        for field in V22.row_types[name].fields
    }
    for place, fact in reached().items():
        is_personal = bool(fact.get("personal") or fact.get("secret"))
        # Why somebody's contract was frozen tells of health; the documentation sees a name only.
        is_personal |= place == ("FreezeReason", "name")
        assert bool(marked[place]) == is_personal, place
    assert marked["FreezeReason", "name"] == "health"
    assert marked["EPaymentKey", "key"] == "secret"
    assert marked["MemberBiometricData", "data"] == "health"
    assert marked["Member", "birthdate"] == "birth"
    assert marked["MemberNote", "note"] == "content"


def test_personal_columns_can_be_ruled_by_name():
    columns = {f"{table.name}.{column.name}": column.pii for _, table, column in all_columns(V22)}
    assert columns["members.email"] == "contact"
    assert columns["members.address__street"] == "address"
    assert columns["members__payment_sources.public_data"] == "financial"
    assert columns["personal_training_bookings.personal_training_booking_details__comments"]
    assert columns["clubs.email"] is None


def test_groups_are_the_tags_of_the_documentation():
    tags = {fact["tag"] for fact in SETS.values()}
    assert len(tags) == 25
    for name, fact in SETS.items():
        tag = GROUPS_OF_TAGS.get(fact["tag"], snake_case(fact["tag"]))
        assert ENDPOINT_OF[name].group == MOVED.get(name, tag), name
    assert {entry.group for entry in V22.endpoints.values()} == set(V22.groups)
    for cost in V22.groups.values():
        assert re.fullmatch(r"\S.*\S\.", cost)


def test_no_group_has_the_name_of_one_of_the_other_generation():
    # A pipeline names the groups of both: each generation takes those that it has.
    assert not V1.groups.keys() & V22.groups.keys()
    core = named_pipeline("core")
    for api, other in ((V1, V22), (V22, V1)):
        chosen = selected_endpoints(api, "employee", groups=core.groups, others=(other,))
        assert {entry.group for entry in chosen} == set(api.default_groups)


def test_what_is_costly_or_secret_is_not_loaded_by_default():
    chosen = {
        entry.path
        for entry in V22.endpoints.values()
        if entry.group in V22.default_groups and entry.in_groups
    }
    assert set(V22.default_groups) <= set(V22.groups)
    assert not chosen & {"Cities", "EPaymentKeys", "MemberBiometricData", "MemberNotes"}
    assert chosen >= {"Clubs", "Members", "Contracts", "ContractCharges", "ClassBookings"}
    assert {entry.path for entry in V22.endpoints.values() if not entry.in_groups} == {
        "EPaymentKeys",
        "MemberBiometricData",
    }


@for_each(ALL_TABLES)
def test_references_and_keys_point_to_what_exists(label, endpoint, table, hints):
    known = {table.name: found["columns"] for _, _, table, found in ALL_TABLES}
    for reference in hints["references"]:
        assert set(reference["columns"]) <= set(hints["columns"])
        assert set(reference["referenced_columns"]) <= set(known[reference["referenced_table"]])
        if not table.level:
            assert V22.endpoints[reference["referenced_table"]].key == ("id",) or (
                reference["referenced_table"] == "member_balances"
            )
    for name in (*hints.get("primary_key", ()), *hints.get("merge_key", ())):
        assert name in hints["columns"]


def test_every_reference_is_of_a_column_that_exists():
    columns = {(table.name, name) for _, _, table, found in ALL_TABLES for name in found["columns"]}
    names = {name for _, name in columns}
    for name, target in V22.references.items():
        owner, _, column = name.rpartition(".")
        assert ((owner, column) in columns) if owner else column in names, name
        assert V22.endpoints[target].id_column == "id"


@for_each(NAMES)
def test_a_column_that_holds_an_id_refers_to_the_set_of_its_link(name):
    table, type_ = ENDPOINT_OF[name].name, SETS[name]["type"]
    sets = {fact["type"]: key for key, fact in SETS.items()}
    for field, fact in TYPES[type_].items():
        target = sandbox_facts.reference(type_, field)
        if fact["type"] == "int64" and target in sets:
            column = snake_case(field)
            found = V22.references.get(f"{table}.{column}") or V22.references.get(column)
            assert found == resource_name(sets[target]), field


def references_of(table):
    [found] = [hints["references"] for _, _, each, hints in ALL_TABLES if each.name == table]
    return {each["referenced_table"]: each["columns"] for each in found}


def test_a_child_table_refers_to_other_tables_too():
    assert references_of("payment_plans__custom_attributes") == {
        "payment_plans": ["root_payment_plan_id"],
        "custom_attribute_definitions": ["attribute_definition_id"],
    }
    assert references_of("invoice_items__transactions") == {
        "invoice_items": ["root_invoice_item_id"],
        "transactions": ["transaction_id"],
        "transaction_payments": ["transaction_payment_id"],
        "contract_charges": ["contract_charge_id"],
        "contract_payments": ["contract_payment_id"],
    }
    assert references_of("transactions__company_invoice_items") == {
        "transactions": ["root_transaction_id"],
        "transaction_payments": ["transaction_payment_id"],
        "contract_charges": ["contract_charge_id"],
        "contract_payments": ["contract_payment_id"],
        "company_invoice_items": ["invoice_item_id"],
    }
    assert "invoice_items" not in references_of("company_invoice_items__transactions")


def test_each_many_to_many_relation_is_read_from_one_side():
    sides = {(name, link) for name in SETS for link in SETS[name].get("expand_relations", ())}
    read = {(found.entity_set, found.link.field) for found in LINKS}
    types = {fact["set"]: fact["type"] for fact in SETS.values()}
    set_of = {type_: name for name, type_ in types.items()}
    for name, link in sorted(sides):
        found = sandbox_facts.links()[types[name]][link]
        other = (set_of[found.type], found.inverse)
        assert ((name, link) in read) + (other in read and other != (name, link)) == 1, (name, link)
    assert read <= sides
    assert len(LINKS) == 30


@for_each([found.name for found in LINKS])
def test_a_link_is_a_table_of_pairs_of_ids(name):
    entry = V22.endpoints[name]
    [(_, hints)] = tables_of(V22, entry)
    assert set(hints["columns"]) == {*entry.key, "_unreadable", "_removed", "_dlt_load_id"}
    assert entry.write is Write.REPLACE and entry.group == "links"
    own, other = (V22.references[column] for column in entry.key)
    assert own == resource_name(entry.path)
    type_ = TYPES[SETS[entry.path]["type"]][entry.link.field]["type"].removeprefix("array of ")
    assert other == resource_name(next(n for n, fact in SETS.items() if fact["type"] == type_))
    assert {parent["referenced_table"] for parent in hints["references"]} == {own, other}
    assert entry.request_variants == ({**entry.fallback, "$filter": f"{entry.link.field}/any()"},)


def test_names_cost_neither_dlt_nor_the_data_files():
    code = (
        "import sys; from perfectgym_source.catalog import GROUP_NAMES, RESOURCE_NAMES, V22; "
        "assert 'class_bookings' in RESOURCE_NAMES and 'crm2' in GROUP_NAMES; "
        "print('dlt' in sys.modules, '_types' in vars(V22.row_types))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("is_inline", [False, True])
def test_the_rows_of_every_set_have_a_place_for_each_value(is_inline):
    world = World("tiny", seed=1)
    world.sets.installation = Installation(inline=is_inline)
    broken = []
    for name in NAMES:
        endpoint = ENDPOINT_OF[name]
        rows = world.sets.truth(name, *links_of(name))
        assert rows, name
        batch = Decoder(endpoint, ClubClocks("UTC")).decode([Page(rows)], [{}] * len(rows))
        kinds = {
            f"{table.name}.{column.name}": column.kind
            for table in table_layout(endpoint).with_children()
            for column in table.columns()
        }
        # Amounts with more digits than a column holds are kept beside it.
        broken += [key for key in batch.unreadable if kinds.get(key) != "decimal"]
        # The sandbox has a field that the documentation does not.
        broken += [key for key in batch.unknown_fields if "external_reference" not in key]
        assert batch.tables[endpoint.name].num_rows == len(rows)
    assert broken == []


def plant(row, name, links=()):
    """Put a canary into every personal property of a row, at every depth. Return how many."""
    planted = 0
    for field, fact, is_expanded in inline(name, links):
        bare = fact["type"].removeprefix("array of ")
        if fact.get("personal") or fact.get("secret"):
            row[field] = 987654321987 if bare == "int64" else CANARY
            planted += 1
        elif bare in TYPES and (is_expanded or "inline" not in fact):
            below = row.get(field) or []
            for element in below if isinstance(below, list) else [below]:
                planted += plant(element, bare)
    return planted


CANARY = "canary-1234"


@pytest.mark.parametrize("rule", ["drop", "hash"])
def test_nothing_personal_gets_past_a_rule_for_it(rule):
    privacy = make_privacy(rule, "0123456789abcdef", V22)
    world = World("tiny", seed=1)
    planted = 0
    for name in NAMES:
        endpoint = ENDPOINT_OF[name]
        rows = [dict(row) for row in world.sets.truth(name, *links_of(name))][:20]
        planted += sum(plant(row, SETS[name]["type"], endpoint.expanded) for row in rows)
        decoder = Decoder(endpoint, ClubClocks("UTC"), privacy=privacy)
        batch = decoder.decode([Page(rows)], [{}] * len(rows))
        shown = str([table.to_pylist() for table in batch.tables.values()])
        assert CANARY not in shown and "987654321987" not in shown, name
    assert planted > 500


@for_each([(e.name, e) for e in V22.endpoints.values()])
def test_one_column_at_most_says_that_a_row_leaves_the_table(name, endpoint):
    for rule in ("flag", "remove"):
        columns = root_hints(V22, endpoint, rule)["columns"]
        marks = [key for key, column in columns.items() if column.get("hard_delete")]
        leaves = endpoint.removes_missing or endpoint.write is Write.REPLACE
        by_flag = [endpoint.deleted_column] if rule == "remove" and not leaves else []
        assert marks == (["_removed"] if leaves else list(filter(None, by_flag)))
