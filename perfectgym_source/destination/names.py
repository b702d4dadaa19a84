"""The names by which dlt and a destination know what is ours."""

from __future__ import annotations

PIPELINE = "perfectgym"
"""dlt's pipeline that loads, and its source."""
HISTORY_PIPELINE = "perfectgym_runs"
"""dlt's pipeline that writes the run history, and its source."""
FILES_PIPELINE = "perfectgym_files"
"""dlt's pipeline that writes files, and its source."""

RUNS = "_runs"
RESOURCES = "_run_resources"
CHECKS = "_run_checks"
HISTORY_TABLES = (RUNS, RESOURCES, CHECKS)
"""The tables of the run history, in the dataset that is loaded."""
