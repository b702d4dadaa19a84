"""The log on standard error: lines of text, or JSON objects, each with the run's id."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from typing import Literal

from ..errors import PerfectGymError
from ..text import one_line, printable

LogFormat = Literal["text", "json"]
LEVELS = ("debug", "info", "warning", "error")
OWN = "perfectgym_source"
PROGRESS = "perfectgym_source.extract.progress"
"""The logger of progress lines, which are shown whatever the level is, unless the run is quiet."""

MOST_REMEMBERED = 1000
"""So many different errors are remembered, so that they are logged once."""


class _RunId(logging.Filter):
    """Puts the id of the run under way into every record."""

    value = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.run_id = self.value
        return True


class _Repeated(logging.Filter):
    """Leaves out errors of ours that differ from one before in the request only.

    The summary counts them. A run over many members can fail with the same words for each.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[tuple[str, str]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        for value in record.args if isinstance(record.args, tuple) else ():
            if isinstance(value, PerfectGymError):
                words = (value.message, value.hint)
                if words in self._seen:
                    return False
                if len(self._seen) < MOST_REMEMBERED:
                    self._seen.add(words)
        return True


class _AsText(logging.Formatter):
    """A line for each record, so that no text from the API can look like a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.partition(".")[0] == OWN:
            return one_line(record.getMessage())
        return printable(super().format(record))


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "run_id": getattr(record, "run_id", ""),
            "message": printable(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = printable(self.formatException(record.exc_info))
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
    handler.setFormatter(_AsJson() if form == "json" else _AsText("%(message)s"))
    if form == "text" and level != "debug":
        handler.addFilter(_Repeated())
    logging.basicConfig(
        level="ERROR" if is_quiet else level.upper(), handlers=[handler], force=True
    )
    logging.getLogger(PROGRESS).setLevel("ERROR" if is_quiet else "INFO")
    # A standard error that is gone is no reason to write about it there.
    logging.raiseExceptions = False
    # dlt takes the handler that its logger has. What it says of failures is said in our words.
    dlt = logging.getLogger("dlt")
    dlt.handlers[:] = [_OfDlt(handler, level)]


class _OfDlt(logging.Handler):
    """Hands on what dlt logs where somebody looks for details: from the level `info` on, or where
    dlt's own `runtime.log_level` is lowered. Its tracebacks come at the level `debug`."""

    def __init__(self, handler: logging.Handler, level: str) -> None:
        super().__init__()
        self._handler = handler
        self._level = level

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """Keep ours."""

    def emit(self, record: logging.LogRecord) -> None:
        is_lowered = logging.getLogger("dlt").getEffectiveLevel() < logging.WARNING
        if self._level not in ("debug", "info") and not is_lowered:
            return
        if self._level != "debug" and not is_lowered:
            # It puts tracebacks into texts, too.
            record = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None})
            record.msg, record.args = record.getMessage().partition("\n")[0], None
        self._handler.handle(record)


def begin_run(run_id: str) -> None:
    """Put this id into every record from now on."""
    _run_id.value = run_id
