"""Every endpoint serves what the world holds, and checks what it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.each import for_each
from support.loading import small_world
from support.sandbox_client import FACTS, Client, canonical, required

from perfectgym_source.sandbox import Sandbox

EMPLOYEE_TABLES = [table for table, facts in FACTS.items() if facts["modes"] != "U"]
MEMBER_TABLES = [table for table, facts in FACTS.items() if facts["modes"] in ("EU", "U", "")]
COMPANY_TOO = ("club_instructors", "club_memberships", "club_payment_plans", "user_contracts")
REQUIRED = [
    (table, name)
    for table in EMPLOYEE_TABLES
    if table not in COMPANY_TOO
    for name in required(table)
]


@pytest.fixture(scope="module")
def employee_of_few() -> Iterator[Client]:
    """The API user of an installation of which all can be read in short, signed in."""
    with Sandbox(world=small_world()) as running:
        yield Client(running, running.employee)


@for_each(EMPLOYEE_TABLES)
def test_a_complete_read_as_employee_finds_the_truth(table: str, employee_of_few: Client) -> None:
    truth = employee_of_few.sandbox.world.truth(table)
    assert truth, "the world has no rows to tell"
    assert canonical(employee_of_few.read(table)) == canonical(truth)


@for_each(MEMBER_TABLES)
def test_a_complete_read_as_member_finds_the_truth(
    table: str, untouched: Sandbox, reading_member: Client
) -> None:
    truth = untouched.world.truth(table, mode="user")
    assert truth, "the world has no rows to tell"
    assert canonical(reading_member.read(table)) == canonical(truth)


def test_the_truth_is_known_for_each_of_the_50_tables_and_no_other(untouched: Sandbox) -> None:
    assert len(FACTS) == 50
    for table in FACTS:
        untouched.world.truth(table)
    with pytest.raises(ValueError, match="no table"):
        untouched.world.truth("nonsense")


@for_each(REQUIRED)
def test_a_required_parameter_that_is_missing_or_malformed_is_an_error(
    table: str, name: str, reading_employee: Client
) -> None:
    needed = {
        other: "2026-01-01" if other.endswith("Date") else "1"
        for other in required(table)
        if other != name
    }
    for asked in (needed, {**needed, name: ""}, {**needed, name: "x1"}):
        answer = reading_employee.get(FACTS[table]["path"], **asked)
        assert answer.status_code == 400
        [error] = answer.json()["errors"]
        assert set(error) == {"code", "property", "message"}
        assert error["property"] == name


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("Users/Users", {"page": 0}),
        ("Users/Users", {"page": "first"}),
        ("Clubs/Clubs", {"timestamp": "today"}),
        ("Clubs/Clubs", {"timestamp": 2**64}),
        ("PaymentPlans/PaymentPlans", {"isActive": "maybe"}),
        ("Classes/Classes", {"clubId": 1, "startDate": "2026-13-01", "endDate": "2026-12-01"}),
        ("Classes/Classes", {"clubId": 1, "startDate": "2026-01-01T00:00:00Z", "endDate": "2027"}),
    ],
)
def test_a_malformed_value_is_an_error_in_the_envelope(
    path: str, params: dict[str, Any], reading_employee: Client
) -> None:
    answer = reading_employee.get(path, **params)
    assert answer.status_code == 400
    assert answer.json()["errors"]


@for_each(table for table in EMPLOYEE_TABLES if required(table))
def test_a_parent_that_does_not_exist_has_no_elements(table: str, reading_employee: Client) -> None:
    params = {
        name: "2026-01-01" if name.endswith("Date") else 99_999_999 for name in required(table)
    }
    answer = reading_employee.get(FACTS[table]["path"], **params)
    assert answer.status_code == 200
    assert answer.json() == {"elements": []}


def test_paths_and_parameter_names_may_be_in_any_case(
    untouched: Sandbox, reading_employee: Client
) -> None:
    expected = reading_employee.elements("Classes/Classes", clubId=2)
    assert reading_employee.elements("cLASSES/classes", CLUBID=2) == expected
    assert untouched.requests[-1].path == "Classes/Classes"
    assert untouched.requests[-1].params == {"clubId": "2"}


def test_a_path_that_is_no_endpoint_is_not_found(reading_employee: Client) -> None:
    assert reading_employee.get("Classes/Nothing").status_code == 404
    assert reading_employee.get("Classes/Classes/1/2/3").status_code == 404


def test_the_older_form_takes_club_and_timestamp_from_the_path(
    untouched: Sandbox, reading_employee: Client
) -> None:
    first = reading_employee.elements("Classes/Classes", clubId=1)
    assert reading_employee.elements("Classes/Classes/1") == first
    assert untouched.requests[-1].params == {"clubId": "1"}
    cursor = first[-1]["timestamp"]
    second = reading_employee.elements("Classes/Classes", clubId=1, timestamp=cursor)
    assert reading_employee.elements(f"Classes/Classes/1/{cursor}") == second


def test_a_window_of_classes_is_half_open_and_sorted_by_id(
    untouched: Sandbox, reading_employee: Client
) -> None:
    rows = untouched.world.rows("classes", club_id=1)
    starts = sorted({str(row["startDate"]) for row in rows})
    first, end = starts[20], starts[60]
    found = reading_employee.elements("Classes/Classes", clubId=1, startDate=first, endDate=end)
    expected = sorted(row["id"] for row in rows if first <= row["startDate"] < end)
    assert [row["id"] for row in found] == expected
    assert first in {row["startDate"] for row in found}
    assert end not in {row["startDate"] for row in found}


def test_classes_of_a_member_come_by_window_too(
    untouched: Sandbox, reading_employee: Client
) -> None:
    params = {"userId": untouched.member.user_id, "clubId": 1}
    first, end = "2026-02-01", "2026-03-01"
    found = reading_employee.elements("Classes/UserClasses", **params, startDate=first, endDate=end)
    every = reading_employee.pages("Classes/UserClasses", "timestamp", **params)
    expected = [row for rows in every for row in rows if first <= row["startDate"] < end]
    assert expected
    assert found == sorted(expected, key=lambda row: row["id"])


def test_payment_plans_are_the_inactive_ones_unless_asked_otherwise(
    reading_employee: Client,
) -> None:
    path = "PaymentPlans/PaymentPlans"
    inactive = reading_employee.ids(path, isActive="false")
    active = reading_employee.ids(path, isActive="true")
    assert reading_employee.ids(path) == inactive
    assert inactive
    assert active
    assert not set(active) & set(inactive)


def test_payment_plans_can_be_asked_for_by_the_day_from_which_they_are_sold(
    untouched: Sandbox, reading_employee: Client
) -> None:
    found = reading_employee.ids(
        "PaymentPlans/PaymentPlans", isActive="true", startDate="2022-03-01", endDate="2022-05-01"
    )
    starts = {row["id"]: row["startDate"] for row in untouched.world.truth("payment_plan_details")}
    assert found
    assert all("2022-03-01" <= starts[key] < "2022-05-01" for key in found)


def test_plans_of_a_club_leave_out_add_ons_unless_asked_for_them(
    reading_employee: Client,
) -> None:
    path = "PaymentPlans/PaymentPlans"
    plain = reading_employee.elements(path, clubId=1)
    extra = reading_employee.elements(path, clubId=1, addOnPaymentPlans="true")
    assert {str(row["isAddOnPaymentPlan"]) for row in plain} == {"False"}
    assert {str(row["isAddOnPaymentPlan"]) for row in extra} == {"True"}


def test_instructors_of_a_club_are_only_the_active_ones(
    untouched: Sandbox, reading_employee: Client
) -> None:
    company = reading_employee.elements("Instructors/Instructors")
    of_clubs = {
        key
        for club in untouched.world.clubs
        for key in reading_employee.ids("Instructors/Instructors", clubId=club["id"])
    }
    assert of_clubs == {row["id"] for row in company if str(row["isActive"]) == "True"}
    assert len(company) > len(of_clubs)


def test_users_can_be_asked_for_by_club_and_by_date(reading_employee: Client) -> None:
    of_club = reading_employee.elements("Users/Users", clubId=2)
    assert {str(row["homeClubId"]) for row in of_club} == {"2"}
    since = "2025-06-01T00:00:00"
    recent = reading_employee.elements("Users/Users", created=since)
    assert recent
    assert min(row["created"] for row in recent) >= since
    assert reading_employee.elements("Users/Users", created=1748736000) == recent


def test_dictionaries_can_be_searched_by_name(reading_employee: Client) -> None:
    [poland] = reading_employee.elements("Geo/Countries", name="poland")
    [city] = reading_employee.elements("Geo/Cities", countryId=poland["id"], name="gdy")
    assert city["name"] == "Gdynia"


def test_products_can_be_asked_for_by_target_service_and_category(
    reading_employee: Client,
) -> None:
    path = "Products/Products"
    every = reading_employee.elements(path, clubId=1)
    services = reading_employee.elements(path, clubId=1, clubServiceType="Service")
    assert services == [row for row in every if row["type"] == "Service"]
    assert 0 < len(reading_employee.elements(path, clubId=1, productTarget="Members")) < len(every)
    training = reading_employee.elements(path, clubId=1, categoryTypeId=2)
    assert {row["category"] for row in training} == {"Training"}


def test_hours_of_an_instructor_are_those_that_start_in_the_window(
    untouched: Sandbox, reading_employee: Client
) -> None:
    row = untouched.world.rows("instructor_schedules")[5]
    day = row["startDate"][:10]
    found = reading_employee.elements(
        "Instructors/Instructor/Sheduler",
        clubId=row["clubId"],
        employeeId=row["employeeId"],
        startDate=day,
        endDate=f"{day}T23:59:59",
    )
    assert found == [row]


def test_discounts_can_be_asked_for_by_date_and_channel(
    untouched: Sandbox, reading_employee: Client
) -> None:
    path, params = "Discounts/Discounts", untouched.world.rows("discounts")[2].params
    every = reading_employee.elements(path, **params)
    assert reading_employee.elements(path, **params, date="1999-01-01") == []
    assert reading_employee.elements(path, **params, channel="Reception") == every
    assert len(reading_employee.elements(path, **params, channel="Web")) == len(every) - 1


def test_details_of_a_club_come_in_the_language_asked_for(reading_employee: Client) -> None:
    [club] = reading_employee.elements("Clubs/Club", clubId=1, languageCode="de-DE")
    assert club["languageCode"] == "de-DE"


def test_single_resources_come_as_an_array_or_as_a_bare_object(
    untouched: Sandbox, reading_employee: Client
) -> None:
    contract = untouched.world.contracts[0]["id"]
    bare = reading_employee.get("Contracts/Contract", contractId=contract).json()["elements"]
    listed = reading_employee.get("Clubs/Club", clubId=1).json()["elements"]
    assert isinstance(bare, dict)
    assert isinstance(listed, list)
    assert len(listed) == 1


def test_free_seats_are_bare_numbers(untouched: Sandbox, reading_employee: Client) -> None:
    seat = untouched.world.rows("class_available_seats")[0]
    found = reading_employee.elements("Classes/AvailableSeatNumbers", **seat.params)
    assert seat["seatNumber"] in found
    assert all(type(number) is int for number in found)
