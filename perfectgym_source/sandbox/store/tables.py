"""The stored tables of the world: their keys and the parents by which their rows are listed.

Tables which only show others in another way (`club_details`, `user_club_visits`, ...) are not
here: `views` derives them. Keys and pagings are those of the vendor's documentation.
"""

from __future__ import annotations

from .rows import TableSpec


def _company(name: str) -> TableSpec:
    return TableSpec(name, versioned=True, keyset=True)


def _dictionary(name: str) -> TableSpec:
    return TableSpec(name)


SPECS: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        _company("clubs"),
        _company("class_types"),
        _company("class_categories"),
        _company("instructors"),
        _company("memberships"),
        _company("payment_plans"),
        _company("contracts"),
        TableSpec("club_visits", groupings=((), ("userId",)), versioned=True, keyset=True),
        TableSpec("measurements", groupings=((), ("userId",)), versioned=True, keyset=True),
        TableSpec("users", versioned=True),
        _dictionary("freeze_reasons"),
        _dictionary("product_targets"),
        _dictionary("club_service_types"),
        _dictionary("product_categories"),
        _dictionary("lead_sources"),
        _dictionary("lead_agreements"),
        _dictionary("agreement_types"),
        _dictionary("countries"),
        TableSpec("cities", groupings=(("countryId",),)),
        TableSpec("classes", groupings=(("clubId",),), versioned=True, keyset=True),
        TableSpec("products", groupings=(("clubId",),)),
        TableSpec("instructor_availability", groupings=(("clubId", "employeeId"),)),
        TableSpec(
            "instructor_schedules",
            key=("ptBookingEventId",),
            groupings=(("clubId", "employeeId"),),
        ),
        TableSpec("discounts", groupings=(("clubId", "paymentPlanId"),)),
        TableSpec(
            "class_available_seats", key=("@classId", "seatNumber"), groupings=(("classId",),)
        ),
        TableSpec("contract_fees", groupings=(("contractId",),), versioned=True),
        TableSpec(
            "freeze_types",
            key=("@contractId", "id"),
            groupings=(("contractId",),),
            versioned=True,
        ),
        TableSpec(
            "user_classes",
            key=("@userId", "id"),
            groupings=(("userId", "clubId"), ("classId",)),
            versioned=True,
            keyset=True,
        ),
        TableSpec("documents", groupings=(("userId",),), versioned=True, keyset=True),
        TableSpec("messages", groupings=(("userId",),), versioned=True, keyset=True),
        TableSpec("pending_contract_fees", groupings=(("userId",),), versioned=True),
        TableSpec(
            "membership_cards",
            key=("cardNumber",),
            groupings=(("userId",),),
            versioned=True,
        ),
        TableSpec("user_products", key=("transactionId",), groupings=(("userId", "clubId"),)),
        TableSpec(
            "user_owned_products",
            key=("@userId", "@clubId", "productId"),
            groupings=(("userId", "clubId"),),
        ),
        TableSpec("friends", key=("@userId", "userId"), groupings=(("userId",),)),
        TableSpec("friend_statuses", key=("@userId", "userId"), groupings=(("userId",),)),
    )
}
"""Every stored table by name."""

PARENT_TABLES: dict[str, str] = {
    "clubId": "clubs",
    "userId": "users",
    "classId": "classes",
    "contractId": "contracts",
    "membershipId": "memberships",
    "paymentPlanId": "payment_plans",
    "messageId": "messages",
    "countryId": "countries",
    "employeeId": "instructors",
}
"""The stored table to which a parent parameter refers."""
