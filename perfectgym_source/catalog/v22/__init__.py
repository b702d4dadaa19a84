"""The API v2.2 (OData): its entity sets and row types, as data."""

from ..api_version import ApiVersion, Envelope, ZoneSource
from .endpoints import DEFAULT_GROUPS, ENDPOINTS, GROUPS
from .references import REFERENCES
from .row_types import ROW_TYPES

V22 = ApiVersion(
    name="v2.2",
    endpoints=ENDPOINTS,
    row_types=ROW_TYPES,
    groups=GROUPS,
    default_groups=DEFAULT_GROUPS,
    page_size=500,
    envelope=Envelope("value", "@odata.nextLink", "@odata.context", ("@odata.count",)),
    sign_in=("keys",),
    base_path="Api",
    own_path="v2.2/odata",
    cursor_parameters={"$filter": "version gt {after}", "$orderby": "version"},
    id_parameters={"$filter": "{field} gt {after}", "$orderby": "{field}"},
    only_parameters={"$select": "{field}"},
    zones=ZoneSource("clubs", ("timezoneId",)),
    references=REFERENCES,
    expand_limit=100,
    sends_all_fields=True,
)
"""The API v2.2."""
