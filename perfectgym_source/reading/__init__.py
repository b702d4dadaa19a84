"""Reading the API: which lists, for which parents, from which cursor, side by side."""

from .report import Failure, Report
from .run import ReadingRun
from .selection import known_resources, selected_endpoints

__all__ = ["Failure", "ReadingRun", "Report", "known_resources", "selected_endpoints"]
