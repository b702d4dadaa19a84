"""The same world in both generations: rows that correspond have the same ids and values."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from support.odata_client import ODataClient, by_key

from perfectgym_source.sandbox import Sandbox, World
from perfectgym_source.sandbox.encoding import truthy
from perfectgym_source.sandbox.v22.views import VIEWED, VIEWS, clubs, offer

BLANK = (None, "", "null")
SAME = """
clubs Clubs name symbol email openDate=openingDate
class_types ClassTypes name description colorRGB=hexColor
class_categories ClassCategories name
classes Classes startDate endDate attendeesCount
club_visits MemberClubVisits userId=memberId enterDate exitDate=leaveDate
users Members firstName sex number birthDate=birthdate
contracts Contracts startDate endDate status
freeze_reasons FreezeReasons name
memberships MembershipTypes name isActive
payment_plans PaymentPlans name isAddOnPaymentPlan=isAdditional
discounts ContractDiscountDefinitions name isActive
instructors Instructors firstName lastName
instructors Employees firstName email
instructor_availability EmployeeAvailabilitySlots clubId employeeId
products Products name price=defaultPriceGross
product_categories ProductCategories name
user_products MemberProducts id=productId quantity=currentQuantity
documents MemberFiles name type=documentType
messages MemberPushNotifications title=subject createdDate=sentDate
lead_sources CrmLeadSources name
lead_agreements MemberAgreements name description=title
countries Countries name symbol nativeName
cities Cities name
"""
"""Tables of v1, their sets, and fields with the properties that show them, if they differ."""


@pytest.fixture(scope="module")
def reader() -> Iterator[ODataClient]:
    """A client of an installation that nobody changes."""
    with Sandbox(size="tiny", seed=1, api="v2.2") as sandbox:
        yield ODataClient(sandbox)
        assert sandbox.errors == []


@pytest.fixture
def world() -> World:
    """A world that the test may change."""
    return World("tiny")


def plain(value: Any, like: Any) -> Any:
    """A value of v1 as v2.2 has it, without the odd spellings."""
    if value in BLANK:
        return None
    if isinstance(like, bool):
        return truthy(value)
    if isinstance(like, (int, Decimal)):
        return Decimal(str(value))
    return value


@pytest.mark.parametrize("line", SAME.strip().splitlines())
def test_rows_that_correspond_are_equal(line: str, reader: ODataClient) -> None:
    table, name, *fields = line.split()
    rows = by_key(name, reader.all(name))
    known = reader.sandbox.world.rows(table)
    assert known
    for row in known:
        found = rows[row.key,]
        for field in fields:
            spelled, _, shown = field.partition("=")
            shown = shown or spelled
            assert plain(row.get(spelled), found[shown]) == found[shown], (row.key, field)
        if "isDeleted" in row and "isDeleted" in found:
            assert found["isDeleted"] is truthy(row["isDeleted"])
        if "timestamp" in row and "version" in found:
            assert found["version"] == row["timestamp"]
    more = {"Members", "Employees"}
    assert name in more or len(rows) == len(known)


def test_objects_inside_rows_of_v1_are_keys_or_sets(reader: ODataClient) -> None:
    world = reader.sandbox.world
    club = world.clubs[0]
    assert club.detail is not None
    for array, name, v1_name, own in (
        ("equipment", "ClubEquipment", "name", "name"),
        ("zones", "ClubZones", "name", "name"),
        ("openingHours", "ClubOpeningHours", "dayOfWeekOrHoliday", "dayOfWeek"),
        ("contacts", "ClubContacts", "email", "email"),
    ):
        rows = by_key(name, reader.all(name, filter="clubId eq 1"))
        assert {key: row[own] for (key,), row in rows.items()} == {
            part["id"]: part[v1_name] for part in club.detail[array]
        }
    hours = reader.rows("ClubOpeningHours", filter="clubId eq 1 and dayOfWeek eq 'Monday'")
    assert [(row["openFrom"], row["openUntil"]) for row in hours] == [("PT6H", "PT23H")]
    zones = {row["id"]: row["timezoneId"] for row in reader.all("Clubs")}
    assert set(zones.values()) == {
        "Europe/Warsaw",
        "Europe/London",
        "Asia/Kolkata",
        "America/Phoenix",
    }
    for row in world.contracts:
        found = reader.sandbox.world.sets.find("Contracts", row.key)
        assert found["memberId"] == row.hidden["userId"]
        assert found["paymentPlanId"] == row["paymentPlan"]["id"]


def test_bookings_join_members_and_classes(reader: ODataClient) -> None:
    rows = {(row["classId"], row["memberId"]): row for row in reader.all("ClassBookings")}
    known = reader.sandbox.world.rows("user_classes")
    assert len(rows) == len(known)
    for row in known:
        found = rows[row.params["classId"], row.params["userId"]]
        assert found["hasAttended"] is truthy(row["attended"])
        assert found["isStandby"] is truthy(row["standby"])
        assert found["version"] == row["timestamp"]
    ratings = {row["bookingId"]: row["rating"] for row in reader.all("ClassRatings")}
    assert set(ratings) <= {row["id"] for row in rows.values()}
    assert len(ratings) == sum(row["userClassRating"] not in BLANK for row in known)


def test_fees_are_charges_and_payments(reader: ODataClient) -> None:
    fees = reader.sandbox.world.rows("contract_fees")
    charges = reader.all("ContractCharges")
    payments = reader.all("ContractPayments")
    open_fees = sum(len(_list(row["pendingTransactions"])) for row in fees)
    open_fees += len(reader.sandbox.world.rows("pending_contract_fees"))
    paid_fees = sum(len(_list(row["paidTransactions"])) for row in fees)
    assert len(charges) == open_fees + paid_fees
    assert sum(row["leftToPay"] == 0 for row in charges) == paid_fees
    assert len(payments) == paid_fees
    for row in (*charges, *payments):
        amount = row["amount"]
        assert amount["gross"] == amount["net"] + amount["vat"]


def _list(value: Any) -> list[Any]:
    return [value] if isinstance(value, dict) else value or []


def test_the_types_that_show_v1_are_known(world: World) -> None:
    made = {
        each.type
        for table, view in VIEWS.items()
        for row in world.rows(table)
        for each in view(world.tables, row)
    }
    made |= {each.type for each in (*clubs.constants(), *offer.constants())}
    assert made == VIEWED


def test_what_v1_has_lost_is_not_made_up(world: World) -> None:
    for row in world.rows("documents"):
        world.purge("documents", row)
    assert world.sets.truth("MemberFiles") == []


def test_an_edit_of_v1_shows_in_its_sets_under_the_same_version(world: World) -> None:
    sets = world.sets
    row = world.change("users", 5001, firstName="Zoë", isDeleted="True")
    member = sets.find("Members", 5001)
    assert (member["firstName"], member["isDeleted"]) == ("Zoë", True)
    assert member["version"] == row["timestamp"]
    new = world.add("classes", club_id=1)
    assert sets.find("Classes", new["id"])["version"] == new["timestamp"]
    world.purge("classes", new)
    with pytest.raises(KeyError):
        sets.find("Classes", new["id"])
    late = world.add_late("club_visits", user_id=5001)
    assert late.row["id"] not in {row["id"] for row in sets.rows("MemberClubVisits")}
    assert sets.find("MemberClubVisits", late.commit()["id"])["version"] == late.timestamp


def test_parts_of_a_row_of_v1_change_only_where_they_differ(world: World) -> None:
    sets = world.sets
    club = world.clubs[0]
    assert club.detail is not None
    first, second, *rest = club.detail["equipment"]
    before = sets.find("ClubEquipment", second["id"])["version"]
    row = world.change("clubs", club, equipment=[{**first, "quantity": 99}, second])
    changed = sets.find("ClubEquipment", first["id"])
    assert (changed["quantity"], changed["version"]) == (99, row["timestamp"])
    assert sets.find("ClubEquipment", second["id"])["version"] == before
    for part in rest:
        gone = sets.find("ClubEquipment", part["id"])
        assert (gone["isDeleted"], gone["version"]) == (True, row["timestamp"])


def test_a_freeze_that_goes_leaves_no_trace(world: World) -> None:
    sets = world.sets
    row = next(
        row for row in world.contracts if isinstance(row["freezes"], list) and row["freezes"]
    )
    freezes = {freeze["id"] for freeze in row["freezes"]}
    world.change("contracts", row, freezes=[])
    assert not freezes & {each["id"] for each in sets.rows("ContractFreezes")}


def test_an_edit_of_a_set_stays_in_v22(world: World) -> None:
    name = world.clubs[0]["name"]
    world.sets.change("Clubs", 1, name="Only here")
    assert world.clubs[0]["name"] == name
    world.change("clubs", 1, shortName="Both")
    assert world.sets.find("Clubs", 1)["shortName"] == "Both"


def test_a_row_that_v1_deletes_without_a_flag_has_one_in_v22(world: World) -> None:
    sets = world.sets
    product, reason = world.rows("products")[0], world.rows("freeze_reasons")[0]
    before = sets.find("Products", product.key)["version"]
    world.delete("products", product)
    world.delete("freeze_reasons", reason)
    gone = sets.find("Products", product.key)
    assert gone["isDeleted"] is True
    assert gone["version"] > before
    with pytest.raises(KeyError):
        sets.find("FreezeReasons", reason.key)


def test_new_rows_of_either_generation_do_not_meet(world: World) -> None:
    own = world.sets.add("Classes")
    row = world.add("classes", club_id=1)
    assert own["id"] > 2**53
    assert world.sets.find("Classes", row["id"])["version"] == row["timestamp"]
    assert world.sets.add("Classes")["id"] > own["id"]


def test_v1_is_the_same_world_with_and_without_sets(world: World) -> None:
    other = World("tiny")
    assert world.sets.rows("Clubs")
    assert world.truth("contracts") == other.truth("contracts")
    assert world.timestamp == other.timestamp
