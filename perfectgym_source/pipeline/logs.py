"""The log on standard error: lines of text, or JSON objects, each with the run's id."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from typing import Literal

LogFormat = Literal["text", "json"]
LEVELS = ("debug", "info", "warning", "error")
PROGRESS = "perfectgym_source.progress"
"""The logger of progress lines, which are shown whatever the level is, unless the run is quiet."""


class _RunId(logging.Filter):
    """Puts the id of the run under way into every record."""

    value = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.run_id = self.value
        return True


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "run_id": getattr(record, "run_id", ""),
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


_run_id = _RunId()


def configure_logs(form: LogFormat, level: str, is_quiet: bool) -> None:
    """Set up the log of the program.

    Args:
        form: One line of text, or one JSON object for each record.
        level: The lowest level that is shown, one of `LEVELS`.
        is_quiet: Show errors only, and no progress.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_run_id)
    handler.setFormatter(_AsJson() if form == "json" else logging.Formatter("%(message)s"))
    logging.basicConfig(
        level="ERROR" if is_quiet else level.upper(), handlers=[handler], force=True
    )
    logging.getLogger(PROGRESS).setLevel("ERROR" if is_quiet else "INFO")


def begin_run(run_id: str) -> None:
    """Put this id into every record from now on."""
    _run_id.value = run_id
