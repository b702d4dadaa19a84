"""Where the rows go: one object for each kind of destination."""

from __future__ import annotations

from .base import Destination, View
from .comments import write_comments
from .dlt_state import load_packages, pending_packages, stored_state
from .duckdb.duckdb_file import DuckDBFile
from .files import FILESYSTEM, WrittenFiles
from .names import Options
from .servers import SQLServer
from .session import Session

__all__ = [
    "Destination",
    "Options",
    "Session",
    "View",
    "destination_for",
    "load_packages",
    "pending_packages",
    "stored_state",
    "write_comments",
]


def destination_for(options: Options) -> Destination:
    """Return the destination that the options name; nothing else decides its kind."""
    kinds = {"duckdb": DuckDBFile, FILESYSTEM: WrittenFiles}
    return kinds.get(options.destination, SQLServer)(options)
