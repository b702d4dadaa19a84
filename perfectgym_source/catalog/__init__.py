"""What the API offers, as data: endpoints, row types, and the columns that follow from them."""

from .model import ApiVersion, Endpoint, Field, Kind, Mode, Parent, RowType, Write
from .tables import Column, TableLayout, table_layout
from .v1 import V1
from .v1.endpoints import DEFAULT_GROUPS, ENDPOINTS, GROUPS
from .v1.row_types import ROW_TYPES

__all__ = [
    "DEFAULT_GROUPS",
    "ENDPOINTS",
    "GROUPS",
    "ROW_TYPES",
    "V1",
    "ApiVersion",
    "Column",
    "Endpoint",
    "Field",
    "Kind",
    "Mode",
    "Parent",
    "RowType",
    "TableLayout",
    "Write",
    "table_layout",
]
