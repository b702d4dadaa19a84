"""Which rows a request finds, for each table that is more than the list of its parent.

Every function takes the stored tables and the request's parameters, checked and converted,
and gives rows in serving order, before paging. The rules are those of the vendor's facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..encoding import truthy
from .rows import Row, Table

Tables = Mapping[str, Table]
Params = Mapping[str, Any]


def attends(booking: Row) -> bool:
    """Whether a booking counts: booked, not on the waiting list, not cancelled."""
    return (
        truthy(booking["booked"])
        and not truthy(booking["standby"])
        and not truthy(booking["isDeleted"])
    )


def _in_window(rows: Sequence[Row], starts: Callable[[Row], str], params: Params) -> list[Row]:
    first, end = params["startDate"], params["endDate"]
    return [row for row in rows if first <= starts(row) < end]


def _classes_window(tables: Tables, params: Params) -> list[Row]:
    rows = tables["classes"].select(("clubId",), (params["clubId"],))
    found = _in_window(rows, lambda row: str(row["startDate"]), params)
    return sorted(found, key=lambda row: row["id"])


def _user_classes(tables: Tables, params: Params) -> Sequence[Row]:
    rows = tables["user_classes"].select(("userId", "clubId"), (params["userId"], params["clubId"]))
    classes = tables["classes"].rows
    return [row for row in rows if row.params["classId"] in classes]


def _user_classes_window(tables: Tables, params: Params) -> list[Row]:
    classes = tables["classes"].rows
    found = _in_window(
        _user_classes(tables, params),
        lambda row: str(classes[row.params["classId"]]["startDate"]),
        params,
    )
    return sorted(found, key=lambda row: row["id"])


def _works_in(instructor: Row, club: int) -> bool:
    return (
        truthy(instructor["isActive"])
        and not truthy(instructor["isDeleted"])
        and any(each["id"] == club for each in instructor["clubs"])
    )


def _hours(table: str) -> Callable[[Tables, Params], list[Row]]:
    def found(tables: Tables, params: Params) -> list[Row]:
        key = (params["clubId"], params["employeeId"])
        if not _works_in(tables["instructors"].rows[params["employeeId"]], params["clubId"]):
            return []
        rows = tables[table].select(("clubId", "employeeId"), key)
        return _in_window(rows, lambda row: str(row["startDate"]), params)

    return found


def _one(table: str, param: str) -> Callable[[Tables, Params], list[Row]]:
    return lambda tables, params: [tables[table].rows[params[param]]]


def _payment_plans(tables: Tables, params: Params) -> list[Row]:
    wanted = params.get("isActive", False)
    rows = [
        row for row in tables["payment_plans"].select((), ()) if truthy(row["isActive"]) == wanted
    ]
    first, end = params.get("startDate"), params.get("endDate")
    if first is not None:
        rows = [row for row in rows if row.hidden["from"] >= first]
    if end is not None:
        rows = [row for row in rows if row.hidden["from"] < end]
    return rows


def _users(tables: Tables, params: Params) -> Sequence[Row]:
    rows: Sequence[Row] = tables["users"].select((), ())
    if "clubId" in params:
        rows = [row for row in rows if str(row["homeClubId"]) == str(params["clubId"])]
    for name in ("created", "updated"):
        if name in params:
            since = _moment(params[name])
            rows = [row for row in rows if str(row[name]) >= since]
    return rows


def _moment(value: str | int) -> str:
    """A date, or a long read as seconds since 1970: the documentation leaves the unit open."""
    if isinstance(value, str):
        return value
    return (datetime(1970, 1, 1) + timedelta(seconds=value)).isoformat()


def _named(table: str, parent: str | None) -> Callable[[Tables, Params], Sequence[Row]]:
    def found(tables: Tables, params: Params) -> Sequence[Row]:
        grouping = (parent,) if parent else ()
        rows = tables[table].select(grouping, tuple(params[name] for name in grouping))
        part = str(params.get("name", "")).casefold()
        return [row for row in rows if part in row["name"].casefold()] if part else rows

    return found


def _measurements(tables: Tables, params: Params) -> Sequence[Row]:
    if "userId" in params:
        return tables["measurements"].select(("userId",), (params["userId"],))
    return tables["measurements"].select((), ())


def _products(tables: Tables, params: Params) -> list[Row]:
    rows = tables["products"].select(("clubId",), (params["clubId"],))
    return [
        row
        for row in rows
        if params.get("productTarget", row.hidden["target"]) == row.hidden["target"]
        and params.get("clubServiceType", row["type"]) == row["type"]
        and params.get("categoryTypeId", row.hidden["category_id"]) == row.hidden["category_id"]
    ]


def _club_instructors(tables: Tables, params: Params) -> list[Row]:
    rows = tables["instructors"].rows.values()
    found = [row for row in rows if _works_in(row, params["clubId"])]
    return sorted(found, key=lambda row: row["id"])


def _club_memberships(tables: Tables, params: Params) -> list[Row]:
    def allowed(row: Row) -> bool:
        rules = (row.detail or {})["accessRules"]
        clubs = (club["id"] for rule in rules for club in rule["allowedClubs"])
        return params["clubId"] in clubs

    rows = tables["memberships"].rows.values()
    found = [row for row in rows if not truthy(row["isDeleted"]) and allowed(row)]
    return sorted(found, key=lambda row: row["id"])


def _club_plans(tables: Tables, params: Params) -> list[Row]:
    wanted = params.get("addOnPaymentPlans", False)
    found = [
        row
        for row in tables["payment_plans"].rows.values()
        if not truthy(row["isDeleted"])
        and truthy(row["isAddOnPaymentPlan"]) == wanted
        and params["clubId"] in row.hidden["clubs"]
    ]
    return sorted(found, key=lambda row: row["id"])


def _users_in_club(tables: Tables, params: Params) -> list[Row]:
    return [
        row
        for row in tables["users"].select((), ())
        if truthy(row["presentInClub"])
        and not truthy(row["isDeleted"])
        and str(row["homeClubId"]) == str(params["clubId"])
    ]


def _discounts(tables: Tables, params: Params) -> list[Row]:
    key = (params["clubId"], params["paymentPlanId"])
    rows = tables["discounts"].select(("clubId", "paymentPlanId"), key)
    date, channel = params.get("date"), params.get("channel")
    return [
        row
        for row in rows
        if (date is None or row.hidden["from"] <= date < row.hidden["until"])
        and (channel is None or channel in row.hidden["channels"])
    ]


def _user_contracts(tables: Tables, params: Params) -> list[Row]:
    rows = tables["contracts"].rows.values()
    found = [row for row in rows if row.hidden.get("userId") == params["userId"]]
    return sorted(found, key=lambda row: row["id"])


def _attendees(tables: Tables, params: Params) -> list[Row]:
    users = tables["users"].rows
    rows = tables["user_classes"].select(("classId",), (params["classId"],))
    found = [row for row in rows if attends(row) and row.params["userId"] in users]
    return sorted(found, key=lambda row: row.params["userId"])


SELECTIONS: dict[str, Callable[[Tables, Params], Sequence[Row]]] = {
    "payment_plans": _payment_plans,
    "measurements": _measurements,
    "users": _users,
    "countries": _named("countries", None),
    "cities": _named("cities", "countryId"),
    "classes (window)": _classes_window,
    "club_details": _one("clubs", "clubId"),
    "products": _products,
    "club_instructors": _club_instructors,
    "club_memberships": _club_memberships,
    "club_payment_plans": _club_plans,
    "users_in_club": _users_in_club,
    "instructor_availability": _hours("instructor_availability"),
    "instructor_schedules": _hours("instructor_schedules"),
    "discounts": _discounts,
    "class_attendees": _attendees,
    "contract_details": _one("contracts", "contractId"),
    "membership_details": _one("memberships", "membershipId"),
    "payment_plan_details": _one("payment_plans", "paymentPlanId"),
    "user_contracts": _user_contracts,
    "user_details": _one("users", "userId"),
    "user_classes": _user_classes,
    "user_classes (window)": _user_classes_window,
    "message_details": _one("messages", "messageId"),
}
"""How to find the rows of a table for which listing a parent's rows is not enough."""
