"""The endpoints of the PerfectGym API v1 as data, written out by hand from the vendor's facts.

One `Endpoint` for each readable table; several may share a path and are told apart by the
parameters of the request (`when`).
"""

from __future__ import annotations

from dataclasses import dataclass

EMPLOYEE = "employee"
"""The mode of the special API user."""
USER = "user"
"""The mode of a club member who signed in with his own e-mail (end user mode)."""


@dataclass(frozen=True)
class Param:
    """A query parameter.

    Attributes:
        name: its documented spelling; requests may use any case.
        kind: `long`, `page` (1 or more), `datetime`, `bool`, `text` or `when` (a date or a
            long: the documentation leaves the unit of `created` and `updated` open).
    """

    name: str
    kind: str = "long"


@dataclass(frozen=True)
class Endpoint:
    """What one table of the API is.

    Attributes:
        table: its name in the facts.
        path: the path below `/Api`.
        modes: `E`, `U` or both; where the documentation does not say, both.
        paging: `timestamp` (keyset), `page` (1-based) or `none`.
        required: parameters without which the answer is 400.
        optional: parameters that may be left out.
        when: choose this endpoint, among those of its path, if one of these was given.
        path_params: parameters which the older form puts behind the path.
        own: in user mode `userId` is the signed-in member, and no other.
        bare: with quirks the single resource comes as an object instead of an array.
    """

    table: str
    path: str
    modes: str = "E"
    paging: str = "none"
    required: tuple[Param, ...] = ()
    optional: tuple[Param, ...] = ()
    when: tuple[str, ...] = ()
    path_params: tuple[str, ...] = ()
    own: bool = False
    bare: bool = False

    @property
    def parents(self) -> tuple[str, ...]:
        """The required parameters that name a parent row, in order."""
        return tuple(param.name for param in self.required if param.kind == "long")


PAGE_SIZE = 100
"""Elements on a full page, in both ways of paging."""

_TIMESTAMP = Param("timestamp")
_PAGE = Param("page", "page")
_CLUB = Param("clubId")
_USER = Param("userId")
_EMPLOYEE = Param("employeeId")
_CONTRACT = Param("contractId")
_PLAN = Param("paymentPlanId")
_START = Param("startDate", "datetime")
_END = Param("endDate", "datetime")
_NAME = Param("name", "text")
_LANGUAGE = Param("languageCode", "text")


def _company(table: str, path: str, modes: str, *optional: Param) -> Endpoint:
    return Endpoint(table, path, modes, "timestamp", optional=(_TIMESTAMP, *optional))


def _of_user(table: str, path: str, paging: str = "none") -> Endpoint:
    optional = {"timestamp": (_TIMESTAMP,), "page": (_PAGE,)}.get(paging, ())
    return Endpoint(table, path, "E", paging, (_USER,), optional)


def _of_user_and_club(table: str, path: str) -> Endpoint:
    return Endpoint(table, path, required=(_USER, _CLUB))


def _hours(table: str, path: str) -> Endpoint:
    return Endpoint(
        table, path, "E", "page", required=(_CLUB, _EMPLOYEE, _START, _END), optional=(_PAGE,)
    )


ENDPOINTS: tuple[Endpoint, ...] = (
    # the company's lists
    _company("clubs", "Clubs/Clubs", "EU"),
    _company("class_types", "Classes/ClassesTypes", "EU"),
    _company("class_categories", "Classes/Categories", "EU"),
    _company("instructors", "Instructors/Instructors", "EU", _PAGE),
    _company("memberships", "Memberships/Memberships", "E"),
    _company(
        "payment_plans", "PaymentPlans/PaymentPlans", "E", Param("isActive", "bool"), _START, _END
    ),
    _company("contracts", "Contracts/Contracts", "E", _PAGE),
    _company("club_visits", "Users/ClubVisits/All", "E"),
    Endpoint(
        "measurements",
        "Measurements/Measurements",
        "EU",
        "timestamp",
        optional=(_TIMESTAMP, _USER),
        own=True,
    ),
    Endpoint(
        "users",
        "Users/Users",
        "E",
        "page",
        optional=(_PAGE, _CLUB, Param("created", "when"), Param("updated", "when")),
    ),
    Endpoint("freeze_reasons", "Contracts/FreezeReasons"),
    Endpoint("product_targets", "Products/ProductTargets"),
    Endpoint("club_service_types", "Products/ClubServiceTypes"),
    Endpoint("product_categories", "Products/CategoryTypes"),
    Endpoint("lead_sources", "Crm/Lead/Sources", "EU"),
    Endpoint("lead_agreements", "Crm/Lead/Agreements", "EU"),
    Endpoint("agreement_types", "Users/AgreementType", "EU"),
    Endpoint("countries", "Geo/Countries", "E", "page", optional=(_PAGE, _NAME)),
    # lists of one parent
    Endpoint(
        "classes",
        "Classes/Classes",
        "EU",
        "timestamp",
        required=(_CLUB,),
        optional=(_TIMESTAMP,),
        path_params=("clubId", "timestamp"),
    ),
    Endpoint(
        "classes (window)",
        "Classes/Classes",
        "EU",
        "page",
        required=(_CLUB, _START, _END),
        optional=(_PAGE,),
        when=("startDate", "endDate"),
    ),
    Endpoint("club_details", "Clubs/Club", "EU", required=(_CLUB,), optional=(_LANGUAGE,)),
    Endpoint(
        "products",
        "Products/Products",
        required=(_CLUB,),
        optional=(
            Param("productTarget", "text"),
            Param("clubServiceType", "text"),
            Param("categoryTypeId"),
        ),
    ),
    Endpoint(
        "club_instructors", "Instructors/Instructors", "EU", required=(_CLUB,), when=("clubId",)
    ),
    Endpoint(
        "club_memberships",
        "Memberships/Memberships",
        "E",
        "page",
        required=(_CLUB,),
        optional=(_PAGE,),
        when=("clubId",),
    ),
    Endpoint(
        "club_payment_plans",
        "PaymentPlans/PaymentPlans",
        "E",
        "page",
        required=(_CLUB,),
        optional=(_PAGE, Param("addOnPaymentPlans", "bool")),
        when=("clubId", "addOnPaymentPlans"),
    ),
    Endpoint("users_in_club", "Clubs/WhoIsIn", "U", required=(_CLUB,)),
    _hours("instructor_availability", "Instructors/Instructor/Available"),
    _hours("instructor_schedules", "Instructors/Instructor/Sheduler"),
    Endpoint(
        "discounts",
        "Discounts/Discounts",
        "E",
        "page",
        required=(_CLUB, _PLAN),
        optional=(_PAGE, Param("date", "datetime"), Param("channel", "text")),
    ),
    Endpoint("class_attendees", "Classes/WhoIsIn", required=(Param("classId"),)),
    Endpoint(
        "class_available_seats", "Classes/AvailableSeatNumbers", "EU", required=(Param("classId"),)
    ),
    Endpoint("contract_details", "Contracts/Contract", required=(_CONTRACT,), bare=True),
    Endpoint("contract_fees", "Contracts/Contract/Fees", required=(_CONTRACT,), bare=True),
    Endpoint("freeze_types", "Contracts/FreezeTypes", required=(_CONTRACT,)),
    Endpoint(
        "membership_details", "Memberships/Membership", required=(Param("membershipId"),), bare=True
    ),
    Endpoint(
        "payment_plan_details",
        "PaymentPlans/PaymentPlan",
        required=(_PLAN,),
        optional=(_LANGUAGE,),
        bare=True,
    ),
    Endpoint(
        "user_contracts",
        "Contracts/Contracts",
        "E",
        "page",
        required=(_USER,),
        optional=(_PAGE,),
        when=("userId",),
    ),
    Endpoint("user_details", "Users/User", "EU", required=(_USER,), own=True),
    Endpoint(
        "user_classes",
        "Classes/UserClasses",
        "EU",
        "timestamp",
        required=(_USER, _CLUB),
        optional=(_TIMESTAMP,),
        own=True,
    ),
    Endpoint(
        "user_classes (window)",
        "Classes/UserClasses",
        "EU",
        "page",
        required=(_USER, _CLUB, _START, _END),
        optional=(_PAGE,),
        when=("startDate", "endDate"),
        own=True,
    ),
    Endpoint(
        "user_club_visits",
        "Users/ClubVisits",
        "EU",
        "timestamp",
        required=(_USER,),
        optional=(_TIMESTAMP,),
        own=True,
    ),
    _of_user("documents", "Documents/Documents", "timestamp"),
    _of_user("messages", "Messages/Messages", "timestamp"),
    Endpoint("message_details", "Messages/Message", required=(Param("messageId"),), bare=True),
    _of_user("pending_contract_fees", "Payments/ContractFees", "page"),
    _of_user("membership_cards", "Users/MembershipCards"),
    _of_user_and_club("user_products", "Users/UserProducts"),
    _of_user_and_club("user_owned_products", "Users/User/Product"),
    Endpoint("friends", "Users/Friends", "EU", required=(_USER,), own=True),
    Endpoint("friend_statuses", "Users/FriendStatus", "EU", required=(_USER,), own=True),
    Endpoint(
        "cities", "Geo/Cities", "E", "page", required=(Param("countryId"),), optional=(_PAGE, _NAME)
    ),
)
"""Every readable table, and `user_classes (window)`: the same rows by date, as for classes."""

BY_TABLE: dict[str, Endpoint] = {endpoint.table: endpoint for endpoint in ENDPOINTS}
"""Endpoints by the name of their table."""

TRAPS: tuple[str, ...] = (
    "Users/ConnectFriend",
    "Users/VerifyFriendConnection",
    "Users/ConfirmEmailAddress",
    "Users/ResetPassword",
    "Users/SendEmailToResetPassword",
    "Payments/Pay",
    "Payments/PaymentStatus",
)
"""GET endpoints that change data: the facts say never to call them."""

TOKEN_PATH = "oauth/authorize"
"""The only path that takes a POST."""
