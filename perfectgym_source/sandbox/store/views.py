"""How each table of the API looks at the stored ones: which rows a request finds, and as what.

`select` answers a request with rows in serving order, before paging; `fields` gives a row as
the endpoint shows it; `truth` makes every request that a complete read makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from ..encoding import encode
from ..endpoints import BY_TABLE, EMPLOYEE, Endpoint
from ..generation.references import person_ref
from .rows import Row, Table
from .selections import SELECTIONS
from .tables import PARENT_TABLES

Tables = Mapping[str, Table]
Params = Mapping[str, Any]

_SHOWN_FROM: dict[str, str] = {
    "classes (window)": "classes",
    "club_details": "clubs",
    "club_instructors": "instructors",
    "club_memberships": "memberships",
    "club_payment_plans": "payment_plans",
    "users_in_club": "users",
    "class_attendees": "user_classes",
    "contract_details": "contracts",
    "membership_details": "memberships",
    "payment_plan_details": "payment_plans",
    "user_contracts": "contracts",
    "user_details": "users",
    "user_classes (window)": "user_classes",
    "user_club_visits": "club_visits",
    "message_details": "messages",
}
"""The stored table from which a table is derived; any other one is stored itself."""


def select(tables: Tables, endpoint: Endpoint, params: Params) -> Sequence[Row]:
    """The rows that a request finds, in serving order and before paging.

    Args:
        tables: the stored tables.
        endpoint: what is asked.
        params: the parameters, checked and converted.

    Returns:
        The rows; none if a parent does not exist. The sequence may be a live list.
    """
    for name in endpoint.parents:
        if params[name] not in tables[PARENT_TABLES[name]].rows:
            return ()
    special = SELECTIONS.get(endpoint.table)
    if special is not None:
        return special(tables, params)
    stored = tables[_SHOWN_FROM.get(endpoint.table, endpoint.table)]
    grouping = stored.spec.groupings[0] if not endpoint.parents else _grouping(endpoint, stored)
    return stored.select(grouping, tuple([params[name] for name in grouping]))


def fields(tables: Tables, endpoint: Endpoint, row: Row, params: Params) -> dict[str, Any]:
    """A row as the endpoint shows it."""
    if endpoint.table.endswith("_details"):
        shown = {**row, **(row.detail or {})}
        if endpoint.table == "club_details" and params.get("languageCode"):
            shown["languageCode"] = params["languageCode"]
        return shown
    if endpoint.table.startswith("user_classes"):
        return {**tables["classes"].rows[row.params["classId"]], **row}
    if endpoint.table == "class_attendees":
        return person_ref(tables["users"].rows[row.params["userId"]])
    if endpoint.table == "users_in_club":
        return person_ref(row)
    return row


def element(tables: Tables, endpoint: Endpoint, row: Row, params: Params) -> bytes:
    """A row as the JSON element that the endpoint sends."""
    if endpoint.table == "class_available_seats":
        return encode(row["seatNumber"])
    shown = fields(tables, endpoint, row, params)
    return row.json() if shown is row else encode(shown)


def truth(
    tables: Tables, table: str, mode: str = EMPLOYEE, member_id: int | None = None
) -> list[dict[str, Any]]:
    """Every row of a table that a mode can read, each with its request's parents in `_params`.

    Raises:
        ValueError: no such table.
    """
    if table not in BY_TABLE:
        raise ValueError(f"no table {table!r} in the API; there are: {', '.join(BY_TABLE)}")
    endpoint = BY_TABLE[table]
    if ("E" if mode == EMPLOYEE else "U") not in endpoint.modes:
        return []
    found: list[dict[str, Any]] = []
    for parents in _every_parent(tables, endpoint, mode, member_id):
        for optional in _both_values(table):
            params = {**parents, **optional, **_all_time(endpoint)}
            if table == "measurements" and mode != EMPLOYEE:
                params["userId"] = member_id
            found.extend(
                {**fields(tables, endpoint, row, params), "_params": dict(parents)}
                for row in select(tables, endpoint, params)
            )
    return found


def _grouping(endpoint: Endpoint, stored: Table) -> tuple[str, ...]:
    for grouping in stored.spec.groupings:
        if set(grouping) == set(endpoint.parents):
            return grouping
    raise LookupError(f"{stored.spec.name} is not listed by {endpoint.parents}")


def _every_parent(
    tables: Tables, endpoint: Endpoint, mode: str, member_id: int | None
) -> Iterator[dict[str, Any]]:
    choices = []
    for name in endpoint.parents:
        keys = list(tables[PARENT_TABLES[name]].rows)
        choices.append(
            [member_id] if endpoint.own and mode != EMPLOYEE and name == "userId" else keys
        )
    for values in product(*choices):
        yield dict(zip(endpoint.parents, values, strict=True))


def _both_values(table: str) -> tuple[dict[str, Any], ...]:
    name = {"payment_plans": "isActive", "club_payment_plans": "addOnPaymentPlans"}.get(table)
    return ({name: False}, {name: True}) if name else ({},)


def _all_time(endpoint: Endpoint) -> dict[str, Any]:
    if any(param.name == "startDate" for param in endpoint.required):
        return {"startDate": "0001-01-01T00:00:00", "endDate": "9999-12-31T00:00:00"}
    return {}
