"""The API v1: its endpoints and row types, as data."""

from ..model import ApiVersion
from .endpoints import DEFAULT_GROUPS, ENDPOINTS, GROUPS
from .row_types import ROW_TYPES

V1 = ApiVersion("v1", ENDPOINTS, ROW_TYPES, GROUPS, DEFAULT_GROUPS, page_size=100)
"""The API v1."""
