"""Reading the API: which lists, for which parents, from which cursor, side by side."""

from .run import Failure, ReadingRun, Report
from .selection import selected_endpoints

__all__ = ["Failure", "ReadingRun", "Report", "selected_endpoints"]
