"""New rows for edits: what the caller gives, filled up from a clean row of a tiny world."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..generation import generate
from ..generation.references import club_ref
from .quirks import SPELLINGS
from .rows import Row, Table, TableSpec
from .tables import PARENT_TABLES, SPECS

_OWN_USER_FIELD = ("friends", "friend_statuses")


def camel(name: str) -> str:
    """`club_id` as the API writes it: `clubId`. Names without an underscore stay."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def split(table: str, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell the parents of a new row (`club_id`, or `clubId`) from its fields.

    In lists of friends `userId` is a field, the friend; the owner of the list is `user_id`.
    """
    parents = {name for grouping in SPECS[table].groupings for name in grouping}
    if table == "user_classes":
        parents.add("classId")
    params: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for name, value in values.items():
        parent = camel(name)
        if parent not in parents or (table in _OWN_USER_FIELD and "_" not in name):
            fields[name if parent not in parents else parent] = value
        else:
            params[parent] = value
    return params, fields


def new_row(
    tables: Mapping[str, Table],
    table: str,
    params: Mapping[str, Any],
    fields: Mapping[str, Any],
) -> Row:
    """A row that is in no table yet, with these parents and fields and all others filled in.

    Raises:
        ValueError: a parent is missing or unknown.
    """
    spec = SPECS[table]
    template = _template(table)
    params = _checked(tables, spec, dict(params))
    row = Row(copy.deepcopy(dict(template)), 0, params, copy.deepcopy(template.detail))
    row.hidden = template.hidden
    if "isDeleted" in row:
        row["isDeleted"] = False
    _point_at_parents(tables, row, params, table)
    own = spec.key[-1]
    if own not in fields and table != "user_classes":
        row[own] = _free(tables[table], spec, params)
    assign(row, fields)
    if table == "user_classes":
        row["id"] = params["classId"]
    row.key = spec.key_of(row, params)
    return row


def assign(row: Row, fields: Mapping[str, Any]) -> None:
    """Set fields of a row and of its details, as they are; another spelling of one goes."""
    for name, value in fields.items():
        if row.detail is not None and name in row.detail:
            row.detail[name] = value
            if name not in row:
                continue
        for pair in SPELLINGS:
            if name in pair and name not in row:
                row.pop(pair[1 - pair.index(name)], None)
        row[name] = value


@lru_cache(maxsize=1)
def _clean_tables() -> dict[str, Table]:
    tables = {name: Table(spec) for name, spec in SPECS.items()}
    generate("tiny", 1, False, tables)
    return tables


def _template(table: str) -> Row:
    return next(iter(_clean_tables()[table].rows.values()))


def _checked(
    tables: Mapping[str, Table], spec: TableSpec, params: dict[str, Any]
) -> dict[str, Any]:
    needed = {name for grouping in spec.groupings for name in grouping}
    if spec.name == "user_classes" and "classId" in params:
        found = tables["classes"].rows.get(params["classId"])
        if found is not None:
            params.setdefault("clubId", found.params["clubId"])
    for name in sorted(needed):
        if name not in params:
            raise ValueError(f"a row of {spec.name} needs {name}")
        if params[name] not in tables[PARENT_TABLES[name]].rows:
            raise ValueError(f"there is no row {params[name]!r} in {PARENT_TABLES[name]}")
    return params


def _point_at_parents(
    tables: Mapping[str, Table], row: Row, params: Mapping[str, Any], table: str
) -> None:
    club_id = params.get("clubId")
    if table == "club_visits":
        club_id = min(tables["clubs"].rows, default=None)
    if isinstance(row.get("club"), dict) and club_id in tables["clubs"].rows:
        row["club"] = club_ref(tables["clubs"].rows[club_id])
    if table == "cities":
        row["country"] = dict(tables["countries"].rows[params["countryId"]])
    for name, value in params.items():
        if name in row and table not in _OWN_USER_FIELD:
            row[name] = value


def _free(table: Table, spec: TableSpec, params: Mapping[str, Any]) -> int | str:
    own = spec.key[-1]
    if own == "cardNumber":
        return f"9{len(table.rows) + 1:09d}"
    if len(spec.key) == 1:
        return table.next_id()
    values = tuple(params[name] for name in spec.groupings[0])
    held = [row[own] for row in table.select(spec.groupings[0], values)]
    return max(held, default=0) + 1
