"""Rules that the tables and columns of every generation of the API keep."""

import re

from dlt.common.normalizers.naming.snake_case import NamingConvention
from support.catalog_tables import all_tables
from support.each import for_each

from perfectgym_source.catalog import API_VERSIONS
from perfectgym_source.catalog.tables import LOAD_ID
from perfectgym_source.transform.decoder import arrow_schema

ALL_TABLES = [
    (f"{api.name} {each[0]}", *each[1:]) for api in API_VERSIONS for each in all_tables(api)
]
COLUMNS = {
    api.name: {table.name: hints["columns"].keys() for _, _, table, hints in all_tables(api)}
    for api in API_VERSIONS
}


@for_each(ALL_TABLES)
def test_names_are_what_dlt_would_make_of_them_and_fit_into_postgres(label, endpoint, table, hints):
    naming = NamingConvention()
    assert naming.normalize_path(table.name) == table.name
    for key, column in hints["columns"].items():
        assert key == column["name"]
        assert naming.normalize_path(key) == key
    assert max(map(len, (table.name, *hints["columns"]))) <= 63


@for_each(ALL_TABLES)
def test_decoded_rows_have_the_columns_of_the_hints(label, endpoint, table, hints):
    assert {*arrow_schema(endpoint, table).names, LOAD_ID} == set(hints["columns"])


@for_each(ALL_TABLES)
def test_no_two_columns_of_a_table_share_a_name(label, endpoint, table, hints):
    names = []
    for column in table.columns():
        names.append(column.name)
        if column.utc_name in hints["columns"]:
            names.append(column.utc_name)
    names += [*table.positions, "_unreadable", "_removed", "_dlt_load_id", "taken_at"]
    assert len(names) == len(set(names))
    assert set(hints["columns"]) <= set(names)


@for_each(ALL_TABLES)
def test_every_table_and_column_is_described(label, endpoint, table, hints):
    texts = [hints["additional_table_hints"]["description"]]
    texts += [column["description"] for column in hints["columns"].values()]
    for text in texts:
        assert re.fullmatch(r"\S.*\S\.", text), text
        assert len(text) <= 1_000  # BigQuery takes 1,024 characters


@for_each(ALL_TABLES)
def test_references_and_keys_point_to_what_exists(label, endpoint, table, hints):
    known = COLUMNS[label.split()[0]]
    for reference in hints["references"]:
        assert set(reference["columns"]) <= set(hints["columns"])
        assert set(reference["referenced_columns"]) <= known[reference["referenced_table"]]
    for name in (*hints.get("primary_key", ()), *hints.get("merge_key", ())):
        assert name in hints["columns"]
