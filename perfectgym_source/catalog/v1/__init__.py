"""The API v1: its endpoints and row types, as data."""

from ..api_version import ApiVersion, Envelope, ZoneSource
from .endpoints import DEFAULT_GROUPS, ENDPOINTS, GROUPS
from .row_types import ROW_TYPES

V1 = ApiVersion(
    name="v1",
    endpoints=ENDPOINTS,
    row_types=ROW_TYPES,
    groups=GROUPS,
    default_groups=DEFAULT_GROUPS,
    page_size=100,
    envelope=Envelope("elements"),
    sign_in=("password", "keys"),
    base_path="Api",
    cursor_parameters={"timestamp": "{after}"},
    date_parameters={"startDate": "{first}T00:00:00", "endDate": "{end}T00:00:00"},
    page_parameter="page",
    zones=ZoneSource("clubs", ("timeZone", "timezone")),
    references={
        "class_type__id": "class_types",
        "category__id": "class_categories",
        "class_type__category__id": "class_categories",
        "instructor__id": "instructors",
        "club__id": "clubs",
        "membership__id": "memberships",
        "payment_plan__id": "payment_plans",
        "country__id": "countries",
        "user_id": "users",
        "home_club_id": "clubs",
    },
)
"""The API v1."""
