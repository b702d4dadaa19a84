"""What the company offers: class types, classes, instructors, products, memberships, plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...data import programme
from ...encoding import truthy
from ...store.rows import Row
from .shown import (
    Shown,
    Tables,
    elements,
    key_of,
    period,
    shown,
    taxed,
)

UNITS = tuple(dict.fromkeys(unit for _, _, unit, _, _ in programme.PRODUCTS))
"""Units of measure; their ids count from 1."""
_PRODUCT_TYPES = {"Product": "Good"}


def class_category(tables: Tables, row: Row) -> Iterator[Shown]:
    """`ClassCategories`."""
    fields = {"id": row.key, "name": row["name"], "isDeleted": row["isDeleted"]}
    fields["isAdditionallyPaid"] = truthy(row.get("isProductRequiredForBooking"))
    yield shown("ClassCategory", fields, row["timestamp"])


def class_type(tables: Tables, row: Row) -> Iterator[Shown]:
    """`ClassTypes` and `ClassTypeRatingSummaries`."""
    yield shown(
        "ClassType",
        {
            "id": row.key,
            "name": row["name"],
            "description": row.get("description"),
            "photoUrl": row.get("photoUrl"),
            "hexColor": row.get("colorRGB"),
            "categoryId": key_of(row.get("category")),
            "isDeleted": row["isDeleted"],
        },
        row["timestamp"],
        availableInClubs=[each["id"] for each in elements(row.get("availableAtTheClub"))],
    )
    mark = row.get("rating")
    votes = mark.get("votesCount") if isinstance(mark, dict) else 1
    yield shown(
        "ClassTypeRatingSummary",
        {
            "id": row.key,
            "classTypeId": row.key,
            "ratingsCount": votes,
            "rating": mark.get("rating") if isinstance(mark, dict) else mark or 0,
            "isDeleted": row["isDeleted"],
        },
        row["timestamp"],
    )


def scheduled_class(tables: Tables, row: Row) -> Iterator[Shown]:
    """`Classes`."""
    club = row.params["clubId"]
    detail = tables["clubs"].rows[club].detail if club in tables["clubs"].rows else None
    zones = {zone["name"]: zone["id"] for zone in elements((detail or {}).get("zones"))}
    yield shown(
        "Class",
        {
            "id": row.key,
            "startDate": row["startDate"],
            "endDate": row["endDate"],
            "attendeesCount": row["attendeesCount"],
            "attendeesLimit": row["attendeesLimit"],
            "allowChooseSeatNumber": row["allowBookSeatNumber"],
            "classTypeId": key_of(row["classType"]),
            "instructorId": key_of(row["instructor"]),
            "clubId": club,
            "clubZoneId": zones.get(row["clubZone"]),
            "isDeleted": row["isDeleted"],
        },
        row["timestamp"],
    )


def instructor(tables: Tables, row: Row) -> Iterator[Shown]:
    """`Instructors`, their `Employees`, and `InstructorClubs`."""
    clubs = [each["id"] for each in elements(row.get("clubs"))]
    person = {name: row.get(name) for name in ("firstName", "lastName", "sex", "photoUrl")}
    person |= {"id": row.key, "isActive": row["isActive"], "isDeleted": row["isDeleted"]}
    yield shown("Instructor", person, row["timestamp"], clubs=clubs)
    position = row.get("employeePosition")
    known = programme.POSITIONS.index(position) + 1 if position in programme.POSITIONS else 1
    more = {"email": row.get("email"), "positionId": known}
    yield shown("Employee", {**person, **more}, row["timestamp"], assignedClubs=clubs)
    for club in clubs:
        link = {"id": int(row["id"]) * 1000 + club, "instructorId": row.key, "clubId": club}
        yield shown("InstructorClub", {**link, "isDeleted": False}, row["timestamp"])


def availability(tables: Tables, row: Row) -> Iterator[Shown]:
    """`EmployeeAvailabilitySlots`."""
    names = ("clubId", "employeeId", "startDate", "endDate")
    fields = {"id": row.key, **{name: row[name] for name in names}, "isDeleted": False}
    yield shown("EmployeeAvailabilitySlot", fields)


def product(tables: Tables, row: Row) -> Iterator[Shown]:
    """`Products`: v1 lists each in one club."""
    unit, kind = row.get("unitOfMeasure"), row.get("type")
    yield shown(
        "Product",
        {
            "id": row.key,
            "name": row.get("name"),
            "defaultPriceGross": row.get("price") or 0,
            "productType": _PRODUCT_TYPES.get(str(kind), kind),
            "categoryId": row.hidden.get("category_id"),
            "unitOfMeasureId": UNITS.index(unit) + 1 if unit in UNITS else 1,
            "isDeleted": False,
        },
        availableInClubs=[row.params["clubId"]],
    )


def membership(tables: Tables, row: Row) -> Iterator[Shown]:
    """`MembershipTypes` and their `MembershipRules`."""
    detail = row.detail or {}
    rules = elements(detail.get("accessRules"))
    yield shown(
        "MembershipType",
        {
            "id": row.key,
            "name": row["name"],
            "isActive": row["isActive"],
            "startDate": detail.get("startDate"),
            "endDate": detail.get("endDate"),
        },
        membershipRules=[rule["id"] for rule in rules],
    )
    for rule in rules:
        kinds = [kind["id"] for kind in elements(rule.get("allowedZoneTypes"))]
        fields = {name: rule.get(name) for name in ("id", "name", "description")}
        yield shown("MembershipRule", fields, clubZoneTypes=kinds)


def payment_plan(tables: Tables, row: Row) -> Iterator[Shown]:
    """`PaymentPlans`, and the fee that holds now."""
    detail = row.detail or {}
    fees = detail.get("fees") or {}
    price = taxed(fees.get("membershipFee", 0))
    yield shown("MembershipFeeDetails", {"id": row.key, "membershipFee": price})
    yield shown(
        "PaymentPlan",
        {
            "id": row.key,
            "name": row["name"],
            "isActive": row["isActive"],
            "isAdditional": row["isAddOnPaymentPlan"],
            "isDeleted": row["isDeleted"],
            "membershipTypeId": key_of(detail.get("membership")),
            "joiningFee": taxed(fees.get("joiningFee", 0)),
            "adminFee": taxed(fees.get("administarationFee", 0)),
            "membershipFee": price,
            "currentMembershipFeeId": row.key,
            "paymentInterval": period(detail.get("paymentInterval")),
            "commitmentPeriod": period(detail.get("commitmentPeriod")),
        },
        row["timestamp"],
        availableInClubs=list(row.hidden.get("clubs", ())),
    )


def discount(tables: Tables, row: Row) -> Iterator[Shown]:
    """`ContractDiscountDefinitions`: v1 lists them by club and plan."""
    others = elements(row.get("combineDiscounts"))
    kind = row.get("membershipFeeDiscountType")
    fields = {"id": row.key, "name": row["name"], "isActive": row["isActive"], "isDeleted": False}
    yield shown(
        "ContractDiscountDefinition",
        {**fields, "membershipFeeDiscountType": kind},
        clubs=[row.params["clubId"]],
        paymentPlans=[row.params["paymentPlanId"]],
        relatedDiscountDefinitions=[other["id"] for other in others],
    )


def constants() -> Iterator[Shown]:
    """Units of measure, which v1 shows only as texts inside products."""
    for number, name in enumerate(UNITS, 1):
        yield shown("UnitOfMeasure", {"id": number, "name": name})


OFFER_VIEWS: dict[str, Callable[[Tables, Row], Iterator[Shown]]] = {
    "class_categories": class_category,
    "class_types": class_type,
    "classes": scheduled_class,
    "instructors": instructor,
    "instructor_availability": availability,
    "products": product,
    "memberships": membership,
    "payment_plans": payment_plan,
    "discounts": discount,
}
