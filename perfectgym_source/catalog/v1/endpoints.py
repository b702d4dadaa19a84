"""Every read endpoint of the API v1, as data. Adding an endpoint is adding an entry here.

The facts are those of the vendor's endpoint pages (`v1_endpoints`); where the documentation leaves
the account modes open, both are allowed.
"""

from __future__ import annotations

from ..model import Endpoint, Mode, Parent, Write

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

_COMPANY = (
    Endpoint(
        "clubs", "Clubs/Clubs", "Club", BOTH, "timestamp", ("id",), "company",
        "One club of the company.",
        key_prefix="club", time_zone="id",
    ),
    Endpoint(
        "class_types", "Classes/ClassesTypes", "ClassType", BOTH, "timestamp", ("id",), "company",
        "One kind of class on offer, such as yoga.",
        key_prefix="class_type",
    ),
    Endpoint(
        "class_categories", "Classes/Categories", "ClassCategory", BOTH, "timestamp", ("id",),
        "company", "One category that groups class types.",
        key_prefix="class_category",
    ),
    Endpoint(
        "instructors", "Instructors/Instructors", "Instructor", BOTH, "timestamp", ("id",),
        "company", "One instructor, active or not.",
        key_prefix="instructor",
    ),
    Endpoint(
        "memberships", "Memberships/Memberships", "Membership", EMPLOYEE, "timestamp", ("id",),
        "company", "One membership on offer, now or in the past.",
        key_prefix="membership",
    ),
    Endpoint(
        "payment_plans", "PaymentPlans/PaymentPlans", "PaymentPlan", EMPLOYEE, "timestamp",
        ("id",), "company", "One way of paying for a membership, active or not.",
        request_variants=({"isActive": "true"}, {"isActive": "false"}), key_prefix="payment_plan",
    ),
    Endpoint(
        "contracts", "Contracts/Contracts", "Contract + ContractDetails", EMPLOYEE, "timestamp",
        ("id",), "company", "One contract that a member signed.",
        key_prefix="contract",
    ),
    Endpoint(
        "club_visits", "Users/ClubVisits/All", "ClubVisit", EMPLOYEE, "timestamp", ("id",),
        "company", "One visit of a member to a club.",
        key_prefix="club_visit", time_zone="club__id", backfill_date_field="enterDate",
    ),
    Endpoint(
        "measurements", "Measurements/Measurements", "MeasurementSet", BOTH, "timestamp", ("id",),
        "company", "One set of body measurements taken of a member on a day.",
        own_user_parameter="userId", key_prefix="measurement_set",
    ),
    Endpoint(
        "users", "Users/Users", "User", EMPLOYEE, "page", ("id",), "company",
        "One member, former member or other person known to the company.",
        key_prefix="user", time_zone="home_club_id",
    ),
    Endpoint(
        "freeze_reasons", "Contracts/FreezeReasons", "FreezeReason", EMPLOYEE, "none", ("id",),
        "company", "One reason for which a contract can be frozen.", write=Write.REPLACE,
    ),
    Endpoint(
        "product_targets", "Products/ProductTargets", "ProductTarget", EMPLOYEE, "none", (),
        "company", "One target group of products.", write=Write.REPLACE,
    ),
    Endpoint(
        "club_service_types", "Products/ClubServiceTypes", "ClubServiceType", EMPLOYEE, "none",
        (), "company", "One kind of service that clubs sell.", write=Write.REPLACE,
    ),
    Endpoint(
        "product_categories", "Products/CategoryTypes", "ProductCategory", EMPLOYEE, "none", (),
        "company", "One category of products.", write=Write.REPLACE,
    ),
    Endpoint(
        "lead_sources", "Crm/Lead/Sources", "LeadSource", BOTH, "none", ("id",), "company",
        "One way in which people come to know the company.", write=Write.REPLACE,
    ),
    Endpoint(
        "lead_agreements", "Crm/Lead/Agreements", "AgreementType", BOTH, "none", ("id",),
        "company", "One kind of consent asked of a lead.", write=Write.REPLACE,
    ),
    Endpoint(
        "agreement_types", "Users/AgreementType", "AgreementType", BOTH, "none", ("id",),
        "company", "One kind of consent asked of a member.", write=Write.REPLACE,
    ),
    Endpoint(
        "countries", "Geo/Countries", "Country", EMPLOYEE, "page", ("id",), "company",
        "One country.", write=Write.REPLACE, key_prefix="country",
    ),
)  # fmt: skip

_PER_PARENT = (
    Endpoint(
        "classes", "Classes/Classes", "Class", BOTH, "timestamp", ("id",), "club",
        "One class on the timetable of one club.",
        parents=(CLUB,), key_prefix="class", time_zone="club_id", backfill_date_field="startDate",
    ),
    Endpoint(
        "classes_window", "Classes/Classes", "Class", BOTH, "page", ("id",), "club",
        "The classes that start within start_date and end_date, for loading a period again.",
        parents=(CLUB,), has_date_range=True, table="classes", key_prefix="class",
        time_zone="club_id",
        in_groups=False,
    ),
    Endpoint(
        "club_details", "Clubs/Club", "Club + ClubDetails", BOTH, "none", ("id",), "club",
        "One club with its opening hours, zones, equipment, photos and contacts.",
        parents=(Parent("clubs", "clubId", "id"),), key_prefix="club", time_zone="id",
    ),
    Endpoint(
        "products", "Products/Products", "Product", EMPLOYEE, "none", ("club_id", "id"), "club",
        "One product or service for sale in one club. The API may leave the id out.",
        parents=(CLUB,), write=Write.REPLACE, key_prefix="product", time_zone="club_id",
    ),
    Endpoint(
        "club_instructors", "Instructors/Instructors", "Instructor", BOTH, "none",
        ("club_id", "id"), "club", "One active instructor in one club where they work.",
        parents=(CLUB,), write=Write.REPLACE, key_prefix="instructor", time_zone="club_id",
    ),
    Endpoint(
        "club_memberships", "Memberships/Memberships", "Membership", EMPLOYEE, "page",
        ("club_id", "id"), "club", "One membership on offer in one club.",
        parents=(CLUB,), write=Write.REPLACE, key_prefix="membership", time_zone="club_id",
    ),
    Endpoint(
        "club_payment_plans", "PaymentPlans/PaymentPlans", "PaymentPlan", EMPLOYEE, "page",
        ("club_id", "id"), "club", "One payment plan on offer in one club, add-ons included.",
        parents=(CLUB,), write=Write.REPLACE, key_prefix="payment_plan", time_zone="club_id",
        request_variants=({"addOnPaymentPlans": "false"}, {"addOnPaymentPlans": "true"}),
    ),
    Endpoint(
        "users_in_club", "Clubs/WhoIsIn", "User", USER, "none", ("club_id", "id"), "club",
        "One member seen in one club at taken_at; only members who agreed to be shown. Each run "
        "adds a picture.",
        parents=(CLUB,), write=Write.APPEND, key_prefix="user", time_zone="club_id",
    ),
    Endpoint(
        "instructor_availability", "Instructors/Instructor/Available", "InstructorAvailability",
        EMPLOYEE, "page", ("club_id", "employee_id", "start_date"), "instructor",
        "One free period of one instructor in one club, in the coming days.",
        parents=(CLUB, INSTRUCTOR), pairs_from="club_instructors", write=Write.REPLACE,
        has_date_range=True,
        time_zone="club_id",
    ),
    Endpoint(
        "instructor_schedules", "Instructors/Instructor/Sheduler", "InstructorSchedule",
        EMPLOYEE, "page", ("club_id", "employee_id", "start_date"),
        "instructor",
        "One entry in the calendar of one instructor in one club, in the coming days.",
        parents=(CLUB, INSTRUCTOR), pairs_from="club_instructors", write=Write.REPLACE,
        has_date_range=True,
        key_prefix="instructor_schedule", time_zone="club_id",
    ),
    Endpoint(
        "discounts", "Discounts/Discounts", "Discount", EMPLOYEE,
        "page",
        ("club_id", "payment_plan_id", "id"), "plan",
        "One discount that can be given on one payment plan in one club.",
        parents=(CLUB, PAYMENT_PLAN), write=Write.REPLACE, always_refresh=False,
        key_prefix="discount",
        time_zone="club_id",
    ),
    Endpoint(
        "class_attendees", "Classes/WhoIsIn", "User", EMPLOYEE, "none", ("class_id", "id"),
        "class", "One member booked into one class.",
        parents=(CLASS,), write=Write.REPLACE, always_refresh=False, key_prefix="user",
        time_zone="home_club_id",
    ),
    Endpoint(
        "class_available_seats", "Classes/AvailableSeatNumbers", "AvailableSeat", BOTH, "none",
        ("class_id", "seat_number"), "class", "One seat of one class that can still be booked.",
        parents=(CLASS,), write=Write.REPLACE, always_refresh=False,
    ),
    Endpoint(
        "contract_details", "Contracts/Contract", "Contract + ContractDetails", EMPLOYEE, "none",
        ("id",), "contract", "One contract with its membership, plan, discounts and freezes.",
        parents=(Parent("contracts", "contractId", "id"),), always_refresh=False,
        key_prefix="contract",
    ),
    Endpoint(
        "contract_fees", "Contracts/Contract/Fees", "ContractFees", EMPLOYEE, "none", ("id",),
        "contract", "The fees of one contract, with what was paid and what is due.",
        parents=(Parent("contracts", "contractId", "id"),), always_refresh=False,
        key_prefix="contract",
    ),
    Endpoint(
        "freeze_types", "Contracts/FreezeTypes", "FreezeType + FreezeTypeDetails", EMPLOYEE,
        "none", ("contract_id", "id"), "contract", "One way in which one contract can be frozen.",
        parents=(CONTRACT,), write=Write.REPLACE, always_refresh=False,
    ),
    Endpoint(
        "membership_details", "Memberships/Membership", "Membership + MembershipDetails",
        EMPLOYEE, "none", ("id",), "plan", "One membership with its access rules and plans.",
        parents=(Parent("memberships", "membershipId", "id"),), always_refresh=False,
        key_prefix="membership",
    ),
    Endpoint(
        "payment_plan_details", "PaymentPlans/PaymentPlan", "PaymentPlan + PaymentPlanDetails",
        EMPLOYEE, "none", ("id",), "plan", "One payment plan with its fees, terms and add-ons.",
        parents=(Parent("payment_plans", "paymentPlanId", "id"),), always_refresh=False,
        key_prefix="payment_plan",
    ),
    Endpoint(
        "user_details", "Users/User", "User + UserDetails", BOTH, "none", ("id",), "user",
        "One member with address, contracts, cards and consents; in user mode the signed-in one.",
        parents=(Parent("users", "userId", "id", implicit_for_modes=USER),), always_refresh=False,
        key_prefix="user", time_zone="home_club_id",
    ),
    Endpoint(
        "user_contracts", "Contracts/Contracts", "Contract", EMPLOYEE, "page", ("user_id", "id"),
        "user", "One contract of one member; the list of contracts itself names no member.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False,
    ),
    Endpoint(
        "user_classes", "Classes/UserClasses", "Class + UserClass", BOTH, "timestamp",
        ("user_id", "id"), "user", "One class that one member booked or attended.",
        parents=(MEMBER, CLUB), always_refresh=False, key_prefix="class", time_zone="club_id",
    ),
    Endpoint(
        "user_club_visits", "Users/ClubVisits", "ClubVisit", BOTH, "timestamp", ("id",), "user",
        "One visit of one member to a club; for an employee account club_visits holds the same "
        "rows in far fewer requests.",
        parents=(MEMBER,), always_refresh=False, time_zone="club__id",
    ),
    Endpoint(
        "documents", "Documents/Documents", "Document", EMPLOYEE, "timestamp",
        ("user_id", "id"), "user", "One document kept for one member.",
        parents=(MEMBER,), always_refresh=False,
    ),
    Endpoint(
        "messages", "Messages/Messages", "Message", EMPLOYEE, "timestamp", ("user_id", "id"),
        "user", "One message sent to one member.",
        parents=(MEMBER,), always_refresh=False, key_prefix="message",
    ),
    Endpoint(
        "message_details", "Messages/Message", "Message + MessageDetails", EMPLOYEE, "none",
        ("id",), "message", "One message with its text and attachments.",
        parents=(Parent("messages", "messageId", "id"),), always_refresh=False,
        key_prefix="message",
    ),
    Endpoint(
        "pending_contract_fees", "Payments/ContractFees", "PendingContractFee", EMPLOYEE, "page",
        ("user_id", "id"), "user", "One fee that one member still has to pay.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False,
    ),
    Endpoint(
        "membership_cards", "Users/MembershipCards", "MembershipCard", EMPLOYEE, "none",
        ("user_id", "card_number"), "user", "One card that one member holds.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False,
    ),
    Endpoint(
        "user_products", "Users/UserProducts", "UserProduct", EMPLOYEE, "none",
        ("user_id", "club_id", "id", "transaction_id"), "user",
        "One product that one member bought in one club, with what is left of it.",
        parents=(MEMBER, CLUB), write=Write.REPLACE, always_refresh=False, time_zone="club_id",
    ),
    Endpoint(
        "user_owned_products", "Users/User/Product", "UserOwnedProduct", EMPLOYEE, "none",
        ("user_id", "club_id", "product_id"), "user",
        "One product that one member can use in one club now.",
        parents=(MEMBER, CLUB), write=Write.REPLACE, always_refresh=False, time_zone="club_id",
    ),
    Endpoint(
        "friends", "Users/Friends", "FriendStatus", BOTH, "none", ("user_id", "friend_user_id"),
        "user", "One friendship of one member.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False,
    ),
    Endpoint(
        "friend_statuses", "Users/FriendStatus", "FriendStatus", BOTH, "none",
        ("user_id", "friend_user_id"), "user", "The state of one friendship of one member.",
        parents=(MEMBER,), write=Write.REPLACE, always_refresh=False,
    ),
    Endpoint(
        "cities", "Geo/Cities", "City", EMPLOYEE, "page", ("id",), "geo",
        "One city of the world dictionary.",
        parents=(COUNTRY,), write=Write.REPLACE, always_refresh=False,
    ),
)  # fmt: skip

ENDPOINTS: dict[str, Endpoint] = {entry.name: entry for entry in (*_COMPANY, *_PER_PARENT)}
"""All endpoints by resource name."""
