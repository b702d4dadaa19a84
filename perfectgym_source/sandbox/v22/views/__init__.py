"""How v1's rows look in v2.2: one function for each stored table, all of them in `VIEWS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...store.rows import Row
from .clubs import CLUB_VIEWS
from .members import MEMBER_VIEWS
from .offer import OFFER_VIEWS
from .shown import Shown, Tables, more

VIEWS: dict[str, Callable[[Tables, Row], Iterator[Shown]]] = {
    **CLUB_VIEWS,
    **OFFER_VIEWS,
    **MEMBER_VIEWS,
}
"""The view of each stored table of v1 that has a counterpart, by the name of the table."""

VIEWED = frozenset({
    "Club", "ClubType", "ClubEquipment", "ClubFacility", "ClubOpeningHour", "ClubUrl",
    "ClubContact", "ClubPhoto", "ClubZone", "ClubZoneType", "Country", "City", "FreezeReason",
    "FreezeType", "ProductCategory", "CrmLeadSource", "MemberAgreement", "EmployeePosition",
    "UnitOfMeasure", "ClassCategory", "ClassType", "ClassTypeRatingSummary", "Class",
    "Instructor", "Employee", "InstructorClub", "EmployeeAvailabilitySlot", "Product",
    "MembershipType", "MembershipRule", "MembershipFeeDetails", "PaymentPlan",
    "ContractDiscountDefinition", "Member",
    "MemberAddress", "MemberCredentials", "MemberBalance", "Contract",
    "ContractCommitmentEndDate", "ContractFreeze", "ContractDiscountAssignment",
    "ContractCharge", "ContractPayment", "ClassBooking", "ClassRating", "MemberClubVisit",
    "MemberCard", "MemberProduct", "MemberFile", "MemberPushNotification", "MemberRelation",
})  # fmt: skip
"""The types that views make."""

__all__ = ["VIEWED", "VIEWS", "Shown", "more"]
