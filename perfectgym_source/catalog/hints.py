"""From the catalog to dlt's hints: columns with types and descriptions, keys, references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .api_version import ApiVersion
from .fields import Kind
from .model import INSTALLATION, Endpoint, Write
from .tables import LOAD_ID, REMOVED, TAKEN_AT, UNREADABLE, Column, TableLayout, table_layout

_TYPES: Mapping[Kind, dict[str, Any]] = {
    "long": {"data_type": "bigint"},
    "int": {"data_type": "bigint"},
    "decimal": {"data_type": "decimal", "precision": 38, "scale": 9},
    "double": {"data_type": "double"},
    "bool": {"data_type": "bool"},
    "string": {"data_type": "text"},
    "date": {"data_type": "date"},
    "datetime": {"data_type": "timestamp", "timezone": False, "precision": 6},
    "json": {"data_type": "text"},
}
_INSTANT = {"data_type": "timestamp", "timezone": True, "precision": 6}


def columns(table: TableLayout) -> dict[str, dict[str, Any]]:
    """Return dlt's column hints of the columns that hold values of the API."""
    found: dict[str, dict[str, Any]] = {}
    keys = {key.name for key in table.keys}
    layout_columns = {column.name for column in table.layout.columns()}
    for column in table.columns():
        found[column.name] = _column(column)
        if column.kind == "datetime" and (column.name in layout_columns or column.name not in keys):
            text = f"{column.name} as an instant, by the club's time zone."
            utc = replace(column, name=column.utc_name, description=text)
            found[utc.name] = _column(utc, _INSTANT)
    text = "What was sent where a column could not take it, as JSON by column name."
    found[UNREADABLE] = _column(Column(UNREADABLE, "string", text))
    return found


def unknown_kinds(table: TableLayout, tables: Mapping[str, Any]) -> dict[str, dict[str, Kind]]:
    """Return the kinds of the columns that earlier runs made for unknown fields, by table.

    Args:
        table: An endpoint's own table.
        tables: The tables of the dlt schema, by name.
    """
    stored: tuple[Kind, ...] = ("long", "double", "bool", "string")
    kinds: dict[Any, Kind] = {_TYPES[kind]["data_type"]: kind for kind in stored}
    found = {}
    for each in table.with_children():
        known = columns(each)
        found[each.name] = {
            name: kinds[column["data_type"]]
            for name, column in tables.get(each.name, {}).get("columns", {}).items()
            if name not in known and column.get("data_type") in kinds
        }
    return found


def root_hints(
    api: ApiVersion, endpoint: Endpoint, deleted_rows: str, table: TableLayout | None = None
) -> dict[str, Any]:
    """Return the arguments of `dlt.resource.apply_hints` for the endpoint's root table.

    Args:
        api: The generation of the API, for references to other endpoints.
        endpoint: The endpoint.
        deleted_rows: The setting of that name.
        table: The table's layout, where it is not the catalog's.
    """
    table = table or table_layout(endpoint)
    hints = columns(table)
    result: dict[str, Any] = {
        "table_name": table.name,
        "columns": hints,
        "write_disposition": write_disposition(endpoint),
        "references": _references(api, endpoint, table.name, hints),
        "additional_table_hints": {"description": endpoint.description},
    }
    if endpoint.write is Write.MERGE:
        result["primary_key"] = list(endpoint.key)
        version, deleted = endpoint.version_column, endpoint.deleted_column
        if version in hints:
            hints[version]["dedup_sort"] = "desc"
        if deleted in hints and not endpoint.removes_missing:
            # Without it, the hint of an earlier run would stay in the schema.
            hints[deleted]["hard_delete"] = deleted_rows == "remove"
    else:
        result["merge_key"] = [key.name for key in table.keys]
    hints.update(_loading_columns(endpoint))
    return result


def child_hints(api: ApiVersion, endpoint: Endpoint, table: TableLayout) -> dict[str, Any]:
    """Return the arguments of `apply_hints` for a child table.

    To dlt it is a table of its own: its rows are replaced by the root row's key. (dlt's nested
    tables, joined by `_dlt_id`, cannot be loaded from Arrow.)
    """
    hints = columns(table)
    for name in table.positions:
        level = f" {name.count('parent')} levels up" if "parent" in name else ""
        hints[name] = _column(Column(name, "long", f"Index in the array{level}, from 0."))
    hints.update(_loading_columns(endpoint, is_child=True))
    root = {
        "columns": [key.name for key in table.keys],
        "referenced_table": endpoint.table_name,
        "referenced_columns": list(endpoint.key),
    }
    others = _references(api, endpoint, table.name, hints)
    return {
        "table_name": table.name,
        "columns": hints,
        "write_disposition": write_disposition(endpoint, is_scoped=bool(table.scope)),
        "merge_key": list(table.scope),
        "references": [root, *others] if table.keys else others,
        "additional_table_hints": {"description": table.description},
    }


def _loading_columns(endpoint: Endpoint, is_child: bool = False) -> dict[str, dict[str, Any]]:
    # It may be NULL: in rows from before there was this column.
    load_id = _column(Column(LOAD_ID, "string", "The load of the row: load_id in _dlt_loads."))
    if endpoint.write is Write.APPEND:
        taken_at = Column(TAKEN_AT, "datetime", "When the snapshot was taken.")
        return {TAKEN_AT: _column(taken_at, _INSTANT), LOAD_ID: load_id}
    if not (is_child or endpoint.marks_removed):
        return {LOAD_ID: load_id}
    removed = Column(REMOVED, "bool", "Used while loading; always NULL.")
    return {REMOVED: {**_column(removed), "hard_delete": True}, LOAD_ID: load_id}


def write_disposition(endpoint: Endpoint, is_scoped: bool = True) -> Any:
    """Return how dlt loads the rows into the table.

    A full list replaces the rows of the parents that were read (`delete-insert` by merge key), or
    all rows where the endpoint has no parent.
    """
    if endpoint.write is Write.APPEND:
        return "append"
    merge: dict[str, Any] = {"disposition": "merge", "strategy": "delete-insert"}
    if replaces_all(endpoint) or not is_scoped:
        merge["destination_scope"] = "1 = 1"
    return merge


def replaces_all(endpoint: Endpoint) -> bool:
    """Return whether what is loaded replaces all rows of the table."""
    return endpoint.write is Write.REPLACE and not table_layout(endpoint).keys


def without_merging(columns: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return column hints that take away those for merging, of which dlt would warn.

    Args:
        columns: The column hints of a table.
    """
    taken = {"hard_delete": False, "dedup_sort": None}
    return {
        name: {"name": name, **{key: taken[key] for key in taken.keys() & hints.keys()}}
        for name, hints in columns.items()
        if taken.keys() & hints.keys()
    }


def _column(column: Column, data_type: Mapping[str, Any] | None = None) -> dict[str, Any]:
    hint = {
        "name": column.name,
        **(data_type or _TYPES[column.kind]),
        "nullable": True,
        "description": column.description,
    }
    return {**hint, "x-pii": column.pii} if column.pii else hint


def _references(
    api: ApiVersion, endpoint: Endpoint, table_name: str, hints: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the references of a table to others; dlt keeps one for each, a parent of the request
    first."""
    found: dict[str, str] = {}
    if table_name == endpoint.table_name:
        found = {parent.table: parent.column for parent in endpoint.parents}
    for name, table in api.references.items():
        owner, _, column = name.rpartition(".")
        if not owner and f"{table_name}.{name}" in api.references:
            continue
        is_id = column in hints and hints[column]["data_type"] == "bigint"  # it may be hashed
        if is_id and table != endpoint.table_name and owner in ("", table_name):
            found.setdefault(table, column)
    first = [INSTALLATION] if endpoint.is_shared else []
    return [
        {
            "columns": [*first, column],
            "referenced_table": api.endpoints[table].table_name,
            "referenced_columns": [*first, api.endpoints[table].id_column],
        }
        for table, column in found.items()
    ]
