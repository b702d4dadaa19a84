"""What the API offers, as data: endpoints, row types, and the columns that follow from them."""

from .api_version import ApiVersion, Envelope
from .fields import Field, Kind, RowType
from .model import Endpoint, Mode, Parent, Write
from .tables import Column, TableLayout, table_layout
from .v1 import V1
from .v1.endpoints import DEFAULT_GROUPS, ENDPOINTS, GROUPS
from .v1.row_types import ROW_TYPES
from .v22 import V22

API_VERSIONS: tuple[ApiVersion, ...] = (V1, V22)
"""All generations of the API, the default first."""

RESOURCE_NAMES = tuple(dict.fromkeys(name for api in API_VERSIONS for name in api.endpoints))
"""The names of the resources of every generation."""

GROUP_NAMES = tuple(dict.fromkeys(name for api in API_VERSIONS for name in api.groups))
"""The names of the groups of every generation."""

__all__ = [
    "API_VERSIONS",
    "DEFAULT_GROUPS",
    "ENDPOINTS",
    "GROUPS",
    "GROUP_NAMES",
    "RESOURCE_NAMES",
    "ROW_TYPES",
    "V1",
    "V22",
    "ApiVersion",
    "Column",
    "Endpoint",
    "Envelope",
    "Field",
    "Kind",
    "Mode",
    "Parent",
    "RowType",
    "TableLayout",
    "Write",
    "table_layout",
]
