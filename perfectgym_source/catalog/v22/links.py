"""The many-to-many links between the entity sets of the API v2.2, as data.

A link has no set of its own: it is a list in the rows of either side. Of the two sides the one
with the shorter lists is read, because a list inside `$expand` is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Link


@dataclass(frozen=True)
class ManyToMany:
    """A many-to-many link.

    Attributes:
        name: The name of its resource.
        entity_set: The set whose rows have the list.
        link: The list, and the fields of the pairs of ids.
        description: What one row is.
        sweep_hours: See `Endpoint`. A changed link raises no version, so all are read again.
    """

    name: str
    entity_set: str
    link: Link
    description: str
    sweep_hours: int


LARGE = frozenset(("Members", "FacilityBookings"))
"""Sets with so many rows that their links are read once a day, the others in each run."""


def _link(
    name: str, entity_set: str, field: str, own: str, other: str, description: str
) -> ManyToMany:
    hours = 24 if entity_set in LARGE else 0
    return ManyToMany(name, entity_set, Link(field, own, other), description, hours)


LINKS = (
    _link(
        "members_to_tags", "Members", "tags", "memberId", "memberTagId",
        "One tag that one member has.",
    ),
    _link(
        "members_to_marketing_sources", "Members", "marketingSources", "memberId",
        "memberMarketingSourceId", "One way in which one member came to know the company.",
    ),
    _link(
        "members_to_activity_levels", "Members", "levels", "memberId", "activityMemberLevelId",
        "One level that one member has in an activity.",
    ),
    _link(
        "members_to_family_children", "Members", "familyChildren", "parentMemberId",
        "childMemberId", "One child of one member's family.",
    ),
    _link(
        "employees_to_activity_levels", "Employees", "levels", "employeeId",
        "activityEmployeeLevelId", "One level that one employee has in an activity.",
    ),
    _link(
        "employees_to_clubs", "Employees", "assignedClubs", "employeeId", "clubId",
        "One club to which one employee is assigned.",
    ),
    _link(
        "instructors_to_clubs", "Instructors", "clubs", "instructorId", "clubId",
        "One club in which one instructor works, as instructor_clubs has it too.",
    ),
    _link(
        "class_types_to_clubs", "ClassTypes", "availableInClubs", "classTypeId", "clubId",
        "One club in which one class type is on offer.",
    ),
    _link(
        "membership_types_to_rules", "MembershipTypes", "membershipRules", "membershipTypeId",
        "membershipRuleId", "One access rule of one kind of membership.",
    ),
    _link(
        "membership_rules_to_club_zone_types", "MembershipRules", "clubZoneTypes",
        "membershipRuleId", "clubZoneTypeId", "One kind of zone that one access rule opens.",
    ),
    _link(
        "membership_addons_to_payment_plans", "MembershipAddons", "paymentPlans",
        "membershipAddonId", "paymentPlanId",
        "One payment plan that one addition is offered with.",
    ),
    _link(
        "payment_plans_to_categories", "PaymentPlans", "categories", "paymentPlanId",
        "paymentPlanCategoryId", "One category of one payment plan.",
    ),
    _link(
        "payment_plans_to_tags", "PaymentPlans", "tags", "paymentPlanId", "paymentPlanTagId",
        "One tag of one payment plan.",
    ),
    _link(
        "payment_plans_to_clubs", "PaymentPlans", "availableInClubs", "paymentPlanId", "clubId",
        "One club in which one payment plan is on offer.",
    ),
    _link(
        "member_agreements_to_channels", "MemberAgreements", "agreementChannels",
        "memberAgreementId", "memberAgreementChannelId",
        "One channel through which one agreement is asked for.",
    ),
    _link(
        "member_agreements_to_payment_plans", "MemberAgreements", "availableForPaymentPlans",
        "memberAgreementId", "paymentPlanId",
        "One payment plan for which one agreement is asked for.",
    ),
    _link(
        "contract_discounts_to_clubs", "ContractDiscountDefinitions", "clubs",
        "contractDiscountDefinitionId", "clubId", "One club in which one discount is on offer.",
    ),
    _link(
        "contract_discounts_to_payment_plans", "ContractDiscountDefinitions", "paymentPlans",
        "contractDiscountDefinitionId", "paymentPlanId",
        "One payment plan to which one discount applies.",
    ),
    _link(
        "contract_discounts_to_related", "ContractDiscountDefinitions",
        "relatedDiscountDefinitions", "contractDiscountDefinitionId",
        "relatedContractDiscountDefinitionId", "One discount that is related to another one.",
    ),
    _link(
        "freeze_types_to_clubs", "FreezeTypes", "clubs", "freezeTypeId", "clubId",
        "One club in which one way of freezing is on offer.",
    ),
    _link(
        "freeze_types_to_payment_plans", "FreezeTypes", "paymentPlans", "freezeTypeId",
        "paymentPlanId", "One payment plan whose contracts can be frozen in one way.",
    ),
    _link(
        "freeze_types_to_related", "FreezeTypes", "relatedFreezeTypes", "freezeTypeId",
        "relatedFreezeTypeId", "One way of freezing that is related to another one.",
    ),
    _link(
        "products_to_clubs", "Products", "availableInClubs", "productId", "clubId",
        "One club in which one product is for sale.",
    ),
    _link(
        "products_to_payment_plans", "Products", "requiredPaymentPlans", "productId",
        "paymentPlanId", "One payment plan that a buyer of one product needs.",
    ),
    _link(
        "products_to_class_categories", "Products", "assignedCategories", "productId",
        "classCategoryId", "One category of classes that one product pays for.",
    ),
    _link(
        "facility_bookings_to_contract_charges", "FacilityBookings", "contractCharges",
        "facilityBookingId", "contractChargeId", "One charge for one booking.",
    ),
    _link(
        "facility_bookings_to_transactions", "FacilityBookings", "transactions",
        "facilityBookingId", "transactionId", "One sale for one booking.",
    ),
    _link(
        "facility_booking_rules_to_payment_plans", "FacilityBookingRules", "requiredPaymentPlans",
        "facilityBookingRuleId", "paymentPlanId",
        "One payment plan that one booking rule asks for.",
    ),
    _link(
        "facility_booking_definitions_to_ignored", "FacilityBookingDefinitions",
        "definitionsWhosSetupTimeIsIgnored", "facilityBookingDefinitionId",
        "ignoredFacilityBookingDefinitionId",
        "One kind of booking whose setup time another one ignores.",
    ),
    _link(
        "semesters_to_previous", "Semesters", "previousSemesters", "semesterId",
        "previousSemesterId", "One semester that comes before another one.",
    ),
)  # fmt: skip
"""All links; of those that can be read from both sides, one side."""
