"""Every entity set of the API v2.2, and its many-to-many links, as data.

The facts are those of the vendor's documentation (`entity_sets.json`, `types.json`). Each set is an
endpoint, named as the set in snake case. A set with row versions is read by version; the others are
read by id, and as a whole at intervals, because their rows change without a sign.
"""

from __future__ import annotations

import re
from typing import Any

from ..model import Endpoint, Mode, Write
from .links import LINKS, ManyToMany
from .row_types import EXPANDED, ROW_TYPES

_EMPLOYEE: tuple[Mode, ...] = ("employee",)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

GROUPS = {
    "access_control": "Visits of members: a request for 500 new or changed rows.",
    "classes": "Classes, bookings and kinds of class: a request for 500 new or changed rows.",
    "ratings": "Ratings of classes: a request for 500 new or changed rows.",
    "clubs": "Clubs with their zones, hours and contacts: a request or two for each table.",
    "contracts": "Contracts, charges, payments and freezes: a request for 500 new or changed rows; "
    "freezes and discounts are read as a whole once a day.",
    "memberships": "Kinds of membership and their access rules: a request for each table.",
    "payment_plans": "Payment plans with fees, categories and tags: a request or two for each "
    "table.",
    "members": "Members, balances, cards, relations and agreements: a request for 500 new or "
    "changed rows; balances and answers are read as a whole once a day.",
    "member_records": "Notes, files, photos, messages and custom fields of members: much free text "
    "about people; a page of notes takes about 10 seconds, custom fields are read as a whole every "
    "6 hours.",
    "employees": "Employees and instructors: a request for 500 new or changed rows.",
    "transactions": "Sales, payments and deferred revenue: a request for 500 new or changed rows; "
    "prepaid transactions are read as a whole once a day.",
    "payments": "Bonus on prepaid amounts: a request.",
    "invoices": "Invoices with items: a request for 500 new or changed rows; items are read as a "
    "whole once a day.",
    "products": "Products, and what members own of them: a request for 500 new or changed rows.",
    "facility_bookings": "Bookings of courts and rooms, and their rules: a request for 500 new or "
    "changed rows.",
    "personal_trainings": "Personal trainings: a request for 500 new or changed rows.",
    "levels_and_skills": "Levels and skills of members: a request for 500 new or changed rows.",
    "courses": "Courses with groups and enrollments: a request for 500 new or changed rows; "
    "vacancies are read as a whole once a day.",
    "custom_attributes": "The fields that the company has defined itself: a request.",
    "dictionaries": "The dictionaries of the application: a request or two.",
    "countries": "Countries and states: ten requests, once a week as a whole.",
    "cities": "A world dictionary of cities: more than 2 million rows, 5,000 requests.",
    "companies": "Companies on invoices: a request for 500 new or changed rows.",
    "crm": "Leads of the first CRM: read as a whole once a day.",
    "crm2": "Leads, calls and meetings: leads are read as a whole every 6 hours, calls and "
    "meetings once a day.",
    "referrals": "Referral campaigns: a request.",
    "warehouse": "Warehouses, stocks and the product catalog: a request for 500 new or changed "
    "rows; changes of stocks are read as a whole once a day.",
    "links": "Which rows belong together, such as members and tags: a request for 500 rows that "
    "have such a link; those of members and bookings are read once a day, the others in each run.",
}
"""What can be selected together, with what it costs."""

DEFAULT_GROUPS = (
    "access_control",
    "classes",
    "ratings",
    "clubs",
    "contracts",
    "memberships",
    "payment_plans",
    "members",
    "employees",
    "transactions",
    "payments",
    "invoices",
    "products",
    "facility_bookings",
    "personal_trainings",
    "courses",
    "countries",
)


def resource_name(entity_set: str) -> str:
    """Return the name of a set's resource: that of the set in snake case.

    Example:
        >>> resource_name("Crm2ConsultantAvailability"), resource_name("EPaymentKeys")
        ('crm2_consultant_availability', 'e_payment_keys')
    """
    # Not `naming.snake_case`: that takes dlt, and completion in a shell needs the names only.
    return _WORDS.sub("_", entity_set).lower()


def _versioned(
    entity_set: str,
    row_type: str,
    group: str,
    description: str,
    expanded: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
    **options: Any,
) -> Endpoint:
    """Return a set whose rows have a version and a mark of deletion.

    Args:
        entity_set: Its name in the path.
        row_type: The type of its rows.
        group: See `Endpoint`.
        description: See `Endpoint`.
        expanded: The links that each request asks for, as `$expand` names them.
        optional: Those of the expanded links without which the set is read if the API refuses the
            request. If there are none, it is read without the links of linked rows then.
        options: See `Endpoint`.
    """
    special: dict[str, Any] = {
        "paginator": "keyset",
        "key": ("id",),
        "id_field": "id",
        "version_field": "version",
        "deleted_field": "isDeleted",
        "key_prefix": resource_name(row_type),
    }
    if expanded:
        links = special["expanded"] = dict(map(_options, expanded))
        special["request_variants"] = ({"$expand": ",".join(expanded)},)
        if optional or any(links.values()):
            kept = zip(links, expanded if optional else links)
            others = [text for name, text in kept if name not in optional]
            special["fallback"] = {"$expand": ",".join(others)} if others else {}
    return Endpoint(
        name=resource_name(entity_set),
        path=entity_set,
        row_type=f"{row_type} + {row_type}{EXPANDED}" if expanded else row_type,
        modes=_EMPLOYEE,
        group=group,
        description=description,
        row_types=ROW_TYPES,
        **{**special, **options},
    )


def _options(link: str) -> tuple[str, str]:
    """Return a link and its options: of `taxRates($expand=tax)`, `taxRates` and `$expand=tax`."""
    name, _, options = link.partition("(")
    return name, options.removesuffix(")")


def _unversioned(
    entity_set: str, row_type: str, group: str, description: str, **options: Any
) -> Endpoint:
    """Return a set whose rows have no version and, if nothing else is said, no mark of deletion."""
    special: dict[str, Any] = {
        "paginator": "id",
        "version_field": None,
        "deleted_field": None,
        "sweep_hours": 24,
    }
    return _versioned(entity_set, row_type, group, description, **{**special, **options})


def _link(found: ManyToMany) -> Endpoint:
    """Return the endpoint of a many-to-many link: one of the two sets is read, its ids only."""
    parameters = {"$select": "id", "$expand": f"{found.link.field}($select=id)"}
    return Endpoint(
        name=found.name,
        path=found.entity_set,
        row_type=found.name,
        modes=_EMPLOYEE,
        paginator="id",
        key=(resource_name(found.link.own), resource_name(found.link.other)),
        group="links",
        description=found.description,
        row_types=ROW_TYPES,
        id_field="id",
        write=Write.REPLACE,
        # Rows without the link need not be read, if the API takes the filter.
        request_variants=({**parameters, "$filter": f"{found.link.field}/any()"},),
        fallback=parameters,
        link=found.link,
        sweep_hours=found.sweep_hours,
    )


_SETS = (
    # access_control
    _versioned(
        "MemberClubVisits", "MemberClubVisit", "access_control",
        "One visit of a member to a club, with entry and exit.", time_zone="club_id",
        backfill_date_field="enterDate",
    ),
    # classes
    _versioned(
        "Classes", "Class", "classes",
        "One class on the timetable of one club: a single date, not the kind of class.",
        time_zone="club_id", backfill_date_field="startDate",
    ),
    _versioned(
        "ClassBookings", "ClassBooking", "classes",
        "One booking of a class by a member, with standby, canceled and deleted ones and who "
        "attended.",
    ),
    _versioned(
        "ClassTypes", "ClassType", "classes", "One kind of class, such as yoga.",
        expanded=("customAttributes", "availableInApplications"),
    ),
    _versioned("ClassCategories", "ClassCategory", "classes", "One category of class types."),
    _versioned(
        "ClassAgeLimits", "ClassAgeLimit", "classes",
        "One age limit that course groups and booking rules refer to.",
    ),
    _versioned(
        "ClassTypeAppAvailabilities", "ClassTypeAppAvailability", "classes",
        "One application in which one class type is offered.",
    ),
    # ratings
    _versioned(
        "ClassRatings", "ClassRating", "ratings",
        "One member's rating of one class that they attended.",
    ),
    _versioned(
        "ClassTypeRatingSummaries", "ClassTypeRatingSummary", "ratings",
        "The average rating of one class type, as PerfectGym computes it.",
    ),
    # clubs
    _versioned(
        "Clubs", "Club", "clubs", "One club of the company.", time_zone="id",
        expanded=("taxRates($expand=tax)",),
    ),
    _unversioned("ClubTypes", "ClubType", "clubs", "One grade of club.", sweep_hours=0),
    _versioned(
        "ClubRegions", "ClubRegion", "clubs",
        "One region of the company, with the employee in charge.",
    ),
    _versioned(
        "ClubZones", "ClubZone", "clubs", "One room or area of a club.", time_zone="club_id",
    ),
    _versioned(
        "ClubZoneTypes", "ClubZoneType", "clubs", "One kind of zone, such as a court or a pool.",
    ),
    _versioned(
        "ClubOpeningHours", "ClubOpeningHour", "clubs",
        "The opening hours of one club on one day of the week.", time_zone="club_id",
    ),
    _versioned(
        "ClubOpeningHoursExceptions", "ClubOpeningHourException", "clubs",
        "One period in which one club has other opening hours.", time_zone="club_id",
    ),
    _versioned(
        "ClubEquipment", "ClubEquipment", "clubs", "One kind of equipment in one club.",
        time_zone="club_id",
    ),
    _versioned(
        "ClubFacilities", "ClubFacility", "clubs", "One amenity of one club.", time_zone="club_id",
    ),
    _versioned(
        "ClubContacts", "ClubContact", "clubs", "One contact of one club.", time_zone="club_id",
    ),
    _versioned("ClubPhotos", "ClubPhoto", "clubs", "One photo of one club.", time_zone="club_id"),
    _versioned("ClubUrls", "ClubUrl", "clubs", "One web address of one club.", time_zone="club_id"),
    _unversioned(
        "ClubCustomAttributes", "ClubCustomAttribute", "clubs",
        "One field that the company has defined itself, with its value for one club.",
        time_zone="club_id", sweep_hours=0,
    ),
    _versioned(
        "ClubTranslations", "ClubTranslation", "clubs", "The texts of one club in one language.",
        key=("club_id", "language"), id_field=None, time_zone="club_id",
    ),
    _versioned(
        "ClubEquipmentTranslations", "ClubEquipmentTranslation", "clubs",
        "The name of one kind of equipment of a club in one language.",
        key=("club_info_equipment_id", "language"), id_field=None,
    ),
    _versioned(
        "ClubFacilityTranslations", "ClubFacilityTranslation", "clubs",
        "The name of one amenity of a club in one language.",
        key=("club_info_facility_id", "language"), id_field=None,
    ),
    _unversioned("PosStations", "PosStation", "clubs", "One till.", sweep_hours=0),
    _unversioned(
        "MembersInClub", "MembersInClub", "clubs",
        "How many members were in one club at taken_at. Each run adds a snapshot.",
        write=Write.APPEND, sweep_hours=None,
    ),
    # contracts
    _versioned(
        "Contracts", "Contract", "contracts", "One contract that a member signed.",
        time_zone="club_id", expanded=("paymentSource", "contractCommitmentEndDate"),
    ),
    _versioned(
        "ContractCharges", "ContractCharge", "contracts", "One amount that is owed on a contract.",
    ),
    _versioned(
        "ContractPayments", "ContractPayment", "contracts",
        "One amount that was paid on a contract. Where it has a transaction_id, the same "
        "money is in transactions too.",
        time_zone="club_id",
    ),
    _versioned(
        "ContractFreezes", "ContractFreeze", "contracts", "One freeze of one contract.",
        deleted_field=None, sweep_hours=24,
    ),
    _unversioned(
        "ContractDiscountAssignments", "ContractDiscountAssignment", "contracts",
        "One discount that one contract has.",
    ),
    _versioned(
        "ContractDiscountDefinitions", "ContractDiscountDefinition", "contracts",
        "One discount that contracts can have.", expanded=("validityPeriods", "parameters"),
        optional=("parameters",),
    ),
    _unversioned(
        "FreezeTypes", "FreezeType", "contracts", "One way in which contracts can be frozen.",
        expanded=("validityPeriods",), sweep_hours=0,
    ),
    _unversioned(
        "FreezeReasons", "FreezeReason", "contracts",
        "One reason for which a contract can be frozen.", sweep_hours=0,
    ),
    _unversioned(
        "CancelReasons", "CancelReason", "contracts",
        "One reason for which a contract can be canceled. Contracts do not name theirs.",
        sweep_hours=0,
    ),
    # memberships
    _unversioned(
        "MembershipTypes", "MembershipType", "memberships",
        "One kind of membership: which access it gives.", sweep_hours=0,
    ),
    _unversioned(
        "MembershipRules", "MembershipRule", "memberships",
        "One rule about the zones that a membership opens.", sweep_hours=0,
    ),
    # payment_plans
    _versioned(
        "PaymentPlans", "PaymentPlan", "payment_plans", "One way of paying for a membership.",
        expanded=(
            "currentMembershipFee($expand=taxes)", "availableInApplications", "customAttributes",
            "allowedPaymentTypes", "currentAdminFee($expand=taxes)",
            "currentJoiningFee($expand=taxes)",
        ),
        optional=("allowedPaymentTypes",),
    ),
    _versioned(
        "PaymentPlanCategories", "PaymentPlanCategory", "payment_plans",
        "One category of payment plans.",
    ),
    _versioned("PaymentPlanTags", "PaymentPlanTag", "payment_plans", "One tag of payment plans."),
    _versioned(
        "PaymentPlanTranslations", "PaymentPlanTranslation", "payment_plans",
        "The texts of one payment plan in one language.", key=("payment_plan_id", "language"),
        id_field=None,
    ),
    _versioned(
        "MembershipAddons", "MembershipAddon", "payment_plans",
        "One addition to a membership, with its fee.",
    ),
    # members
    _versioned(
        "Members", "Member", "members", "One member, guest or lead: member_type tells which.",
        time_zone="home_club_id",
        expanded=("credentials", "address", "marketingInfo", "paymentSources"),
    ),
    _versioned(
        "MemberBalances", "MemberBalance", "members",
        "The balances of one member's account, as they are now.", key=("member_id",),
        id_field="memberId", deleted_field=None, sweep_hours=24,
    ),
    _versioned("MemberCards", "MemberCard", "members", "One card of one member."),
    _versioned(
        "MemberRelations", "MemberRelation", "members",
        "One relation between two members, such as a child or a payer.",
    ),
    _versioned(
        "MemberAgreements", "MemberAgreement", "members",
        "One agreement that members are asked for.", expanded=("attachments",),
        optional=("attachments",), deleted_field=None, sweep_hours=24,
    ),
    _unversioned(
        "MemberAgreementAnswers", "MemberAgreementAnswer", "members",
        "One member's answer to one agreement.",
    ),
    _unversioned(
        "MemberAgreementChannels", "MemberAgreementChannel", "members",
        "One channel through which agreements are asked for.", sweep_hours=0,
    ),
    _unversioned(
        "MemberAgreementTranslations", "MemberAgreementTranslation", "members",
        "The texts of one agreement in one language.", key=("member_agreement_id", "language"),
        id_field=None, paginator="link", write=Write.REPLACE, sweep_hours=None,
    ),
    _unversioned(
        "MemberMarketingSources", "MemberMarketingSource", "members",
        "One way in which members come to know the company.", sweep_hours=0,
    ),
    _unversioned(
        "MemberTags", "MemberTag", "members", "One tag that members can have.", sweep_hours=0,
    ),
    # member_records
    _versioned(
        "MemberNotes", "MemberNote", "member_records",
        "One note about one member, free text. A page takes about 10 seconds.",
    ),
    _versioned(
        "MemberFiles", "MemberFile", "member_records",
        "One file kept for one member; its content is not loaded.",
    ),
    _versioned(
        "MemberPhotos", "MemberPhoto", "member_records",
        "One photo of one member in one size; its content is not loaded.",
    ),
    _versioned(
        "MemberPushNotifications", "MemberPushNotification", "member_records",
        "One message sent to one member's telephone.",
    ),
    _unversioned(
        "MemberCustomAttributes", "MemberCustomAttribute", "member_records",
        "One field that the company has defined itself, with its value for one member.",
        sweep_hours=6,
    ),
    _versioned(
        "MemberBiometricData", "MemberBiometricData", "member_records",
        "One biometric template of one member.", deleted_field=None, sweep_hours=24,
        in_groups=False,
    ),
    # employees
    _versioned(
        "Employees", "Employee", "employees", "One employee.", expanded=("customAttributes",),
    ),
    _versioned(
        "EmployeePositions", "EmployeePosition", "employees", "One position that employees have.",
    ),
    _versioned(
        "EmployeePositionTranslations", "EmployeePositionTranslation", "employees",
        "The name of one position in one language.", key=("employee_position_id", "language"),
        id_field=None,
    ),
    _versioned(
        "EmployeeTranslations", "EmployeeTranslation", "employees",
        "The texts about one employee in one language.", key=("employee_id", "language"),
        id_field=None,
    ),
    _versioned(
        "EmployeeAvailabilitySlots", "EmployeeAvailabilitySlot", "employees",
        "One period in which one employee can be booked in one club.", time_zone="club_id",
    ),
    _versioned(
        "Instructors", "Instructor", "employees",
        "One instructor, who is an employee too: employee__id.", expanded=("employee($select=id)",),
        optional=("employee",),
    ),
    _versioned(
        "InstructorClubs", "InstructorClub", "employees",
        "One club in which one instructor works.", time_zone="club_id",
    ),
    # transactions
    _versioned(
        "Transactions", "Transaction", "transactions", "One line of a sale at a till or online.",
        time_zone="club_id", expanded=("invoiceItems", "companyInvoiceItems", "endpoint"),
    ),
    _versioned(
        "TransactionPayments", "TransactionPayment", "transactions", "One payment of a sale.",
        time_zone="club_id",
        expanded=("invoiceItems", "companyInvoiceItems", "paymentProviderDetails", "endpoint"),
    ),
    _unversioned(
        "TransactionTypes", "TransactionType", "transactions", "One type of transaction.",
        sweep_hours=0,
    ),
    _versioned("VatRates", "VatRate", "transactions", "One rate of value added tax."),
    _unversioned(
        "PrepaidTransactions", "PrepaidTransaction", "transactions",
        "One prepaid amount on a member's account, with what is left of it.", time_zone="club_id",
    ),
    _versioned(
        "CashlessDebitPosTransactions", "CashlessDebitPosTransaction", "transactions",
        "One debt of a member at a till.",
    ),
    _versioned(
        "DeferredRevenues", "DeferredRevenue", "transactions",
        "One amount that was paid in advance, to be recognized as revenue over a period.",
        expanded=("contractTransactionSettlements", "serviceSettlements"),
    ),
    _versioned(
        "DeferredRevenueSettlements", "DeferredRevenueSettlement", "transactions",
        "One part of a deferred amount that was recognized, or rolled back.",
    ),
    _versioned(
        "EPaymentTransactions", "EPaymentTransaction", "transactions",
        "One online payment or direct debit.", time_zone="club_id",
    ),
    _versioned(
        "OnlineGateTransactions", "OnlineGateTransaction", "transactions",
        "One attempt to pay through a payment gate.", time_zone="club_id",
    ),
    _unversioned(
        "EPaymentKeys", "EPaymentKey", "transactions", "One key of an online payment.",
        in_groups=False,
    ),
    # payments
    _versioned(
        "CashlessBonusStages", "CashlessBonusStage", "payments",
        "One step of the bonus on prepaid amounts in one club.", time_zone="club_id",
    ),
    # invoices
    _versioned("Invoices", "Invoice", "invoices", "One invoice to a person."),
    _unversioned(
        "InvoiceItems", "InvoiceItem", "invoices", "One item of an invoice, with its amounts.",
        expanded=("transactions",),
    ),
    _versioned(
        "CompanyInvoices", "CompanyInvoice", "invoices", "One invoice to a company.",
        time_zone="club_id",
    ),
    _unversioned(
        "CompanyInvoiceItems", "CompanyInvoiceItem", "invoices",
        "One item of an invoice to a company, with its amounts.", expanded=("transactions",),
    ),
    # products
    _versioned(
        "Products", "Product", "products", "One product or service for sale.",
        expanded=("targets", "additionalTaxes"),
    ),
    _versioned("ProductCategories", "ProductCategory", "products", "One category of products."),
    _versioned("ProductBarcodes", "ProductBarcode", "products", "One barcode of one product."),
    _unversioned(
        "UnitsOfMeasure", "UnitOfMeasure", "products", "One unit in which products are counted.",
        sweep_hours=0,
    ),
    _versioned(
        "MemberProducts", "MemberProduct", "products",
        "One product that one member bought, with what is left of it.", time_zone="club_id",
    ),
    _versioned(
        "MemberProductStateDeliveryChanges", "MemberProductStateDeliveryChange", "products",
        "One change of what is left of a member's product.", time_zone="club_id",
    ),
    # facility_bookings
    _versioned(
        "FacilityBookings", "FacilityBooking", "facility_bookings",
        "One booking of a court, a room or a slot of it.", time_zone="club_id",
    ),
    _versioned(
        "FacilityBookingDefinitions", "FacilityBookingDefinition", "facility_bookings",
        "One kind of booking that is on offer.",
    ),
    _versioned(
        "FacilityBookingRules", "FacilityBookingRule", "facility_bookings",
        "One rule of a kind of booking: who may book, when, and for how much.",
    ),
    _versioned(
        "FacilityBookingRuleAvailabilityDays", "FacilityBookingRuleAvailabilityDay",
        "facility_bookings", "One calendar of days on which a rule holds.",
    ),
    _versioned(
        "FacilityBookingRuleAvailabilityDayPeriods", "FacilityBookingRuleAvailabilityDayPeriod",
        "facility_bookings", "One period of a calendar of days.",
    ),
    _versioned(
        "FacilityBookingRuleAvailabilityHours", "FacilityBookingRuleAvailabilityHour",
        "facility_bookings", "One timetable of hours in which a rule holds.",
    ),
    _versioned(
        "FacilityBookingRuleAvailabilityHourPeriods", "FacilityBookingRuleAvailabilityHourPeriod",
        "facility_bookings", "One period of a timetable of hours.",
    ),
    _versioned(
        "FacilityBookingRuleLimits", "FacilityBookingRuleLimit", "facility_bookings",
        "One limit on the number of bookings.",
    ),
    _versioned(
        "FacilityBookingRulePricingScheduleItems", "FacilityBookingRulePricingScheduleItem",
        "facility_bookings", "One price of a rule, from a day on.",
    ),
    _versioned(
        "FacilityBookingCancelReasons", "FacilityBookingCancelReason", "facility_bookings",
        "One reason for which a booking can be canceled.",
    ),
    _versioned(
        "ClubZoneAvailabilities", "ClubZoneAvailability", "facility_bookings",
        "One period in which one zone can be booked.", time_zone="club_id",
    ),
    # personal_trainings
    _versioned(
        "PersonalTrainingBookings", "PersonalTrainingBooking", "personal_trainings",
        "One booking of a personal training.",
        time_zone="personal_training_booking_details__club_id",
        expanded=("personalTrainingBookingDetails",),
    ),
    _versioned(
        "PersonalTrainingDefinitions", "PersonalTrainingDefinition", "personal_trainings",
        "One kind of personal training on offer.",
    ),
    _versioned(
        "ActivityEmployeeLevels", "ActivityEmployeeLevel", "personal_trainings",
        "One level that employees can have in an activity.",
    ),
    # levels_and_skills
    _versioned(
        "ActivityCategories", "ActivityCategory", "levels_and_skills",
        "One category of activities.",
    ),
    _versioned(
        "ActivityMemberLevels", "ActivityMemberLevel", "levels_and_skills",
        "One level that members can have in an activity.",
    ),
    _versioned("ActivitySkills", "ActivitySkill", "levels_and_skills", "One skill of a level."),
    _versioned(
        "ActivitySkillProgressionStages", "ActivitySkillProgressionStage", "levels_and_skills",
        "One stage on the way to a skill.",
    ),
    _versioned(
        "ActivityMemberSkills", "ActivityMemberSkill", "levels_and_skills",
        "The stage that one member has reached in one skill.",
    ),
    # courses
    _versioned("Groups", "Group", "courses", "One group of a course."),
    _versioned(
        "GroupEnrollments", "GroupEnrollment", "courses",
        "One enrollment in a group; the contract tells the member.",
    ),
    _unversioned(
        "GroupVacancyBlocks", "GroupVacancyBlock", "courses",
        "How many are enrolled in one group in one period, as PerfectGym computes it.",
    ),
    _versioned("Semesters", "Semester", "courses", "One semester."),
    # custom_attributes
    _unversioned(
        "CustomAttributeDefinitions", "CustomAttributeDefinition", "custom_attributes",
        "One field that the company has defined itself.", expanded=("possibleValues",),
        sweep_hours=0,
    ),
    # dictionaries
    _versioned(
        "ApplicationDictionaryValues", "ApplicationDictionaryValue", "dictionaries",
        "One value of one of the application's dictionaries.",
    ),
    # countries
    _unversioned("Countries", "Country", "countries", "One country.", sweep_hours=168),
    _unversioned(
        "States", "State", "countries", "One state or province of a country.", sweep_hours=168,
    ),
    # cities
    _unversioned("Cities", "City", "cities", "One city of the world dictionary.", sweep_hours=168),
    # companies
    _versioned(
        "Companies", "Company", "companies", "One company that invoices are sent from or to.",
    ),
    # crm
    _unversioned(
        "CrmLeads", "CrmLead", "crm", "One lead or contact of the first CRM.", time_zone="club_id",
        deleted_field="isDeleted",
    ),
    _unversioned(
        "CrmLeadSources", "CrmLeadSource", "crm", "One source of leads of the first CRM.",
        sweep_hours=0,
    ),
    # crm2
    _unversioned(
        "Crm2Leads", "Crm2Lead", "crm2",
        "One member, guest or lead of the CRM: user_type tells which.", time_zone="club_id",
        deleted_field="isDeleted", sweep_hours=6,
    ),
    _unversioned(
        "Crm2Events", "Crm2Event", "crm2", "One call or meeting with a member, guest or lead.",
        time_zone="club_id", deleted_field="isDeleted",
    ),
    _versioned(
        "Crm2ConsultantAvailability", "Crm2ConsultantAvailability", "crm2",
        "One period in which one consultant can be booked.", time_zone="club_id",
    ),
    # referrals
    _unversioned(
        "ReferralCampaigns", "ReferralCampaign", "referrals", "One referral campaign.",
        sweep_hours=0,
    ),
    # warehouse
    _unversioned(
        "Warehouses", "Warehouse", "warehouse", "One warehouse of one club.", time_zone="club_id",
        deleted_field="isDeleted", sweep_hours=0,
    ),
    _versioned(
        "WarehouseStates", "WarehouseState", "warehouse",
        "How much of one product one warehouse has now.",
    ),
    _unversioned(
        "WarehouseChanges", "WarehouseChange", "warehouse",
        "One change of a stock; the transaction tells its date.",
    ),
    _versioned(
        "ProductCatalogCategories", "ProductCatalogCategory", "warehouse",
        "One category of the product catalog.",
    ),
    _versioned(
        "ProductCatalogCategoriesProducts", "ProductCatalogCategoryProduct", "warehouse",
        "One product in one category of the catalog.",
    ),
    _versioned(
        "ProductCatalogCategoryAppAvailabilities", "ProductCatalogCategoryAppAvailability",
        "warehouse", "One application in which one category of the catalog is shown.",
    ),
)  # fmt: skip

ENDPOINTS: dict[str, Endpoint] = {entry.name: entry for entry in (*_SETS, *map(_link, LINKS))}
"""All endpoints by resource name."""
