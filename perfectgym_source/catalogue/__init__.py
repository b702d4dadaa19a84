"""What the API offers, as data: endpoints, row types, and the columns that follow from them."""

from .columns import Column, TableLayout, table_layout
from .endpoints import DEFAULT_GROUPS, ENDPOINTS, GROUPS
from .model import Endpoint, Field, Kind, Mode, Parent, RowType, Write
from .types import ROW_TYPES

__all__ = [
    "DEFAULT_GROUPS",
    "ENDPOINTS",
    "GROUPS",
    "ROW_TYPES",
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
