"""Every read endpoint of the API v1, as data: an entry here is all that an endpoint needs.

The facts are those of the vendor's endpoint pages (`v1_endpoints`); where the documentation leaves
the account modes open, both are allowed.
"""

from __future__ import annotations

from typing import Any

from ..model import Endpoint, Mode, Paginator, Parent, Write
from .row_types import ROW_TYPES

EMPLOYEE: tuple[Mode, ...] = ("employee",)
USER: tuple[Mode, ...] = ("user",)
BOTH: tuple[Mode, ...] = ("employee", "user")

CLUB = Parent("clubs", "clubId", "club_id")
INSTRUCTOR = Parent("instructors", "employeeId", "employee_id")
PAYMENT_PLAN = Parent("payment_plans", "paymentPlanId", "payment_plan_id")
CLASS = Parent("classes", "classId", "class_id")
CONTRACT = Parent("contracts", "contractId", "contract_id")
MEMBER = Parent("users", "userId", "user_id", implicit_for_modes=USER)
COUNTRY = Parent("countries", "countryId", "country_id")

GROUPS = {
    "company": "Lists of the whole company: a few requests each.",
    "club": "Lists of each club: one request or a few for each club.",
    "plan": "Details of memberships and payment plans: one request for each new or changed one.",
    "instructor": "Calendars: one request for each club and instructor of that club, in every run.",
    "class": "Attendees and seats: one request for each class that is new or changed.",
    "contract": "Details of contracts: one request for each that is new or changed.",
    "user": "Details of users: one request for each user (some: for each user and club) that is "
    "new or changed.",
    "message": "Texts of messages: one request for each that is new or changed; reads the message "
    "lists of all users first.",
    "geo": "A world dictionary of cities: can run to millions of rows.",
}
"""What can be selected together, with what it costs."""

DEFAULT_GROUPS = ("company", "club")


def _endpoint(
    name: str,
    path: str,
    row_type: str,
    modes: tuple[Mode, ...],
    paginator: Paginator,
    key: tuple[str, ...],
    group: str,
    description: str,
    **options: Any,
) -> Endpoint:
    """Return an endpoint of v1: its rows may have an id and a mark of deletion where that is not
    documented; a row version they have where it is."""
    fields = {field.name for part in row_type.split(" + ") for field in ROW_TYPES[part].fields}
    special: dict[str, Any] = {"id_field": "id", "deleted_field": "isDeleted"}
    if "timestamp" in fields:
        special["version_field"] = "timestamp"
    return Endpoint(
        name, path, row_type, modes, paginator, key, group, description, ROW_TYPES,
        **{**special, **options},
    )  # fmt: skip


_COMPANY = (
    _endpoint(
        "clubs", "Clubs/Clubs", "Club", BOTH, "keyset", ("id",), "company",
        "One club of the company.",
        key_prefix="club", time_zone="id",
    ),
    _endpoint(
        "class_types", "Classes/ClassesTypes", "ClassType", BOTH, "keyset", ("id",), "company",
        "One kind of class on offer, such as yoga.",
        key_prefix="class_type",
    ),
    _endpoint(
        "class_categories", "Classes/Categories", "ClassCategory", BOTH, "keyset", ("id",),
        "company", "One category that groups class types.",
        key_prefix="class_category",
    ),
    _endpoint(
        "instructors", "Instructors/Instructors", "Instructor", BOTH, "keyset", ("id",),
        "company", "One instructor, active or not.",
        key_prefix="instructor",
    ),
    _endpoint(
        "memberships", "Memberships/Memberships", "Membership", EMPLOYEE, "keyset", ("id",),
        "company", "One membership on offer, now or in the past.",
        key_prefix="membership",
    ),
    _endpoint(
        "payment_plans", "PaymentPlans/PaymentPlans", "PaymentPlan", EMPLOYEE, "keyset",
        ("id",), "company", "One way of paying for a membership, active or not.",
        request_variants=({"isActive": "true"}, {"isActive": "false"}), key_prefix="payment_plan",
    ),
    _endpoint(
        "contracts", "Contracts/Contracts", "Contract + ContractDetails", EMPLOYEE, "keyset",
        ("id",), "company", "One contract that a member signed.",
        key_prefix="contract",
    ),
    _endpoint(
        "club_visits", "Users/ClubVisits/All", "ClubVisit", EMPLOYEE, "keyset", ("id",),
        "company", "One visit of a member to a club.",
        key_prefix="club_visit", time_zone="club__id", backfill_date_field="enterDate",
    ),
    _endpoint(
        "measurements", "Measurements/Measurements", "MeasurementSet", BOTH, "keyset", ("id",),
        "company", "One set of body measurements taken of a member on a day.",
        own_parent=MEMBER, key_prefix="measurement_set",
    ),
    _endpoint(
        "users", "Users/Users", "User", EMPLOYEE, "page", ("id",), "company",
        "One member, former member or other person known to the company.",
        key_prefix="user", time_zone="home_club_id", stand_ins={"user": "user_details"},
    ),
    _endpoint(
        "freeze_reasons", "Contracts/FreezeReasons", "FreezeReason", EMPLOYEE, "single", ("id",),
        "company", "One reason for which a contract can be frozen.", write=Write.REPLACE,
    ),
    _endpoint(
        "product_targets", "Products/ProductTargets", "ProductTarget", EMPLOYEE, "single", (),
        "company", "One target group of products.", write=Write.REPLACE,
    ),
    _endpoint(
        "club_service_types", "Products/ClubServiceTypes", "ClubServiceType", EMPLOYEE, "single",
        (), "company", "One kind of service that clubs sell.", write=Write.REPLACE,
    ),
    _endpoint(
        "product_categories", "Products/CategoryTypes", "ProductCategory", EMPLOYEE, "single", (),
        "company", "One category of products.", write=Write.REPLACE,
    ),
    _endpoint(
        "lead_sources", "Crm/Lead/Sources", "LeadSource", BOTH, "single", ("id",), "company",
        "One way in which people come to know the company.", write=Write.REPLACE,
    ),
    _endpoint(
        "lead_agreements", "Crm/Lead/Agreements", "AgreementType", BOTH, "single", ("id",),
        "company", "One kind of consent asked of a lead.", write=Write.REPLACE,
    ),
    _endpoint(
        "agreement_types", "Users/AgreementType", "AgreementType", BOTH, "single", ("id",),
        "company", "One kind of consent asked of a member.", write=Write.REPLACE,
    ),
    _endpoint(
        "countries", "Geo/Countries", "Country", EMPLOYEE, "page", ("id",), "company",
        "One country.", write=Write.REPLACE, key_prefix="country",
    ),
)  # fmt: skip

_PER_PARENT = (
    _endpoint(
        "classes", "Classes/Classes", "Class", BOTH, "keyset", ("id",), "club",
        "One class on the timetable of one club.",
        parents=(CLUB,), key_prefix="class", time_zone="club_id", backfill_date_field="startDate",
    ),
    _endpoint(
        "classes_window", "Classes/Classes", "Class", BOTH, "page", ("id",), "club",
        "The classes that start within start_date and end_date, for loading a period again.",
        parents=(CLUB,), date_range="settings", table="classes", key_prefix="class",
        time_zone="club_id",
        in_groups=False,
    ),
    _endpoint(
        "club_details", "Clubs/Club", "Club + ClubDetails", BOTH, "single", ("id",), "club",
        "One club with its opening hours, zones, equipment, photos and contacts.",
        parents=(Parent("clubs", "clubId", "id"),), key_prefix="club", time_zone="id",
    ),
    _endpoint(
        "products", "Products/Products", "Product", EMPLOYEE, "single", ("club_id", "id"), "club",
        "One product or service for sale in one club. The API may leave the id out.",
        parents=(CLUB,), write=Write.REPLACE, key_prefix="product", time_zone="club_id",
    ),
    _endpoint(
        "club_instructors", "Instructors/Instructors", "Instructor", BOTH, "single",
        ("club_id", "id"), "club", "One active instructor in one club where they work.",
        parents=(CLUB,), write=Write.REPLACE, key_prefix="instructor", time_zone="club_id",
    ),
    _endpoint(
        "club_memberships", "Memberships/Memberships", "Membership", EMPLOYEE, "page",
        ("club_id", "id"), "club", "One membership on offer in one club.",
        parents=(CLUB,), write=Write.REPLACE, key_prefix="membership", time_zone="club_id",
    ),
    _endpoint(
        "club_payment_plans", "PaymentPlans/PaymentPlans", "PaymentPlan", EMPLOYEE, "page",
        ("club_id", "id"), "club", "One payment plan on offer in one club, add-ons included.",
        parents=(CLUB,), write=Write.REPLACE, key_prefix="payment_plan", time_zone="club_id",
        request_variants=({"addOnPaymentPlans": "false"}, {"addOnPaymentPlans": "true"}),
    ),
    _endpoint(
        "users_in_club", "Clubs/WhoIsIn", "User", USER, "single", ("club_id", "id"), "club",
        "One member seen in one club at taken_at; only members who agreed to be shown. Each run "
        "adds a snapshot.",
        parents=(CLUB,), write=Write.APPEND, key_prefix="user", time_zone="club_id",
    ),
    _endpoint(
        "instructor_availability", "Instructors/Instructor/Available", "InstructorAvailability",
        EMPLOYEE, "page", ("club_id", "employee_id", "start_date"), "instructor",
        "One free period of one instructor in one club, in the coming days.",
        parents=(CLUB, INSTRUCTOR), pairs_from="club_instructors", write=Write.REPLACE,
        date_range="schedule", is_volatile=True,
        time_zone="club_id",
    ),
    _endpoint(
        "instructor_schedules", "Instructors/Instructor/Sheduler", "InstructorSchedule",
        EMPLOYEE, "page", ("club_id", "employee_id", "start_date"),
        "instructor",
        "One entry in the calendar of one instructor in one club, in the coming days.",
        parents=(CLUB, INSTRUCTOR), pairs_from="club_instructors", write=Write.REPLACE,
        date_range="schedule", is_volatile=True,
        key_prefix="instructor_schedule", time_zone="club_id",
    ),
    _endpoint(
        "discounts", "Discounts/Discounts", "Discount", EMPLOYEE,
        "page",
        ("club_id", "payment_plan_id", "id"), "plan",
        "One discount that can be given on one payment plan in one club.",
        parents=(CLUB, PAYMENT_PLAN), write=Write.REPLACE, always_refresh=False,
        key_prefix="discount",
        time_zone="club_id",
    ),
    _endpoint(
        "class_attendees", "Classes/WhoIsIn", "User", EMPLOYEE, "single", ("class_id", "id"),
        "class", "One member booked into one class.",
        parents=(CLASS,), write=Write.REPLACE, always_refresh=False, key_prefix="user",
        time_zone="home_club_id",
    ),
    _endpoint(
        "class_available_seats", "Classes/AvailableSeatNumbers", "AvailableSeat", BOTH, "single",
        ("class_id", "seat_number"), "class", "One seat of one class that can still be booked.",
        parents=(CLASS,), write=Write.REPLACE, always_refresh=False, is_volatile=True,
    ),
    _endpoint(
        "contract_details", "Contracts/Contract", "Contract + ContractDetails", EMPLOYEE, "single",
        ("id",), "contract", "One contract with its membership, plan, discounts and freezes.",
        parents=(Parent("contracts", "contractId", "id"),), always_refresh=False,
        key_prefix="contract",
    ),
    _endpoint(
        "contract_fees", "Contracts/Contract/Fees", "ContractFees", EMPLOYEE, "single", ("id",),
        "contract", "The fees of one contract, with what was paid and what is due.",
        parents=(Parent("contracts", "contractId", "id"),), always_refresh=False,
        key_prefix="contract",
    ),
    _endpoint(
        "freeze_types", "Contracts/FreezeTypes", "FreezeType + FreezeTypeDetails", EMPLOYEE,
        "single", ("contract_id", "id"), "contract", "One way in which one contract can be frozen.",
        parents=(CONTRACT,), write=Write.REPLACE, always_refresh=False,
    ),
    _endpoint(
        "membership_details", "Memberships/Membership", "Membership + MembershipDetails",
        EMPLOYEE, "single", ("id",), "plan", "One membership with its access rules and plans.",
        parents=(Parent("memberships", "membershipId", "id"),), always_refresh=False,
        key_prefix="membership",
    ),
    _endpoint(
        "payment_plan_details", "PaymentPlans/PaymentPlan", "PaymentPlan + PaymentPlanDetails",
        EMPLOYEE, "single", ("id",), "plan", "One payment plan with its fees, terms and add-ons.",
        parents=(Parent("payment_plans", "paymentPlanId", "id"),), always_refresh=False,
        key_prefix="payment_plan",
    ),
    _endpoint(
        "user_details", "Users/User", "User + UserDetails", BOTH, "single", ("id",), "user",
        "One member with address, contracts, cards and consents; in user mode the signed-in one.",
        parents=(Parent("users", "userId", "id", implicit_for_modes=USER),), always_refresh=False,
        key_prefix="user", time_zone="home_club_id",
    ),
    _endpoint(
        "user_contracts", "Contracts/Contracts", "Contract", EMPLOYEE, "page", ("user_id", "id"),
        "user", "One contract of one member; the list of contracts itself names no member.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False,
    ),
    _endpoint(
        "user_classes", "Classes/UserClasses", "Class + UserClass", BOTH, "keyset",
        ("user_id", "id"), "user", "One class that one member booked or attended.",
        parents=(MEMBER, CLUB), always_refresh=False, key_prefix="class", time_zone="club_id",
    ),
    _endpoint(
        "user_club_visits", "Users/ClubVisits", "ClubVisit", BOTH, "keyset", ("id",), "user",
        "One visit of one member to a club; for an employee account club_visits holds the same "
        "rows in far fewer requests.",
        parents=(MEMBER,), always_refresh=False, time_zone="club__id",
    ),
    _endpoint(
        "documents", "Documents/Documents", "Document", EMPLOYEE, "keyset",
        ("user_id", "id"), "user", "One document kept for one member.",
        parents=(MEMBER,), always_refresh=False,
    ),
    _endpoint(
        "messages", "Messages/Messages", "Message", EMPLOYEE, "keyset", ("user_id", "id"),
        "user", "One message sent to one member.",
        parents=(MEMBER,), always_refresh=False, key_prefix="message",
    ),
    _endpoint(
        "message_details", "Messages/Message", "Message + MessageDetails", EMPLOYEE, "single",
        ("id",), "message", "One message with its text and attachments.",
        parents=(Parent("messages", "messageId", "id"),), always_refresh=False,
        key_prefix="message",
    ),
    _endpoint(
        "pending_contract_fees", "Payments/ContractFees", "PendingContractFee", EMPLOYEE, "page",
        ("user_id", "id"), "user", "One fee that one member still has to pay.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False, is_volatile=True,
    ),
    _endpoint(
        "membership_cards", "Users/MembershipCards", "MembershipCard", EMPLOYEE, "single",
        ("user_id", "card_number"), "user", "One card that one member holds.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False,
    ),
    _endpoint(
        "user_products", "Users/UserProducts", "UserProduct", EMPLOYEE, "single",
        ("user_id", "club_id", "id", "transaction_id"), "user",
        "One product that one member bought in one club, with what is left of it.",
        parents=(MEMBER, CLUB), write=Write.REPLACE, always_refresh=False, time_zone="club_id",
    ),
    _endpoint(
        "user_owned_products", "Users/User/Product", "UserOwnedProduct", EMPLOYEE, "single",
        ("user_id", "club_id", "product_id"), "user",
        "One product that one member can use in one club now.",
        parents=(MEMBER, CLUB), write=Write.REPLACE, always_refresh=False, time_zone="club_id",
    ),
    _endpoint(
        "friends", "Users/Friends", "FriendStatus", BOTH, "single", ("user_id", "friend_user_id"),
        "user", "One friendship of one member.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False,
    ),
    _endpoint(
        "friend_statuses", "Users/FriendStatus", "FriendStatus", BOTH, "single",
        ("user_id", "friend_user_id"), "user", "The state of one friendship of one member.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False,
    ),
    _endpoint(
        "cities", "Geo/Cities", "City", EMPLOYEE, "page", ("id",), "geo",
        "One city of the world dictionary.",
        parents=(COUNTRY,), write=Write.REPLACE, always_refresh=False,
    ),
)  # fmt: skip

ENDPOINTS: dict[str, Endpoint] = {entry.name: entry for entry in (*_COMPANY, *_PER_PARENT)}
"""All endpoints by resource name."""
