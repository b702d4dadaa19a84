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
"""The logger of progress lines, which are shown at every level, unless the run is quiet."""

MOST_REMEMBERED = 1000
"""The most errors that are stored in order to log each once."""


class _RunId(logging.Filter):
    """A filter that adds the id of the current run to every record."""

    value = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.run_id = self.value
        return True


class _Repeated(logging.Filter):
    """A filter that drops our errors that differ from an earlier one in the request only.

    A run over many members can fail with the same message for each. The summary counts them.
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


class _OnStandardError(logging.Handler):
    """A handler that writes to what standard error is now: progress on a terminal replaces it,
    so that lines of the log stand above."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


class _AsText(logging.Formatter):
    """A formatter with one line for each record, so that text from the API cannot forge a line."""

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
    handler = _OnStandardError()
    handler.addFilter(_run_id)
    handler.setFormatter(_AsJson() if form == "json" else _AsText("%(message)s"))
    if form == "text" and level != "debug":
        handler.addFilter(_Repeated())
    logging.basicConfig(
        level="ERROR" if is_quiet else level.upper(), handlers=[handler], force=True
    )
    logging.getLogger(PROGRESS).setLevel("ERROR" if is_quiet else "INFO")
    # Report no failure to write to standard error on standard error.
    logging.raiseExceptions = False
    # dlt uses the handler that its logger has. Our own messages replace those of its failures.
    dlt = logging.getLogger("dlt")
    dlt.handlers[:] = [_OfDlt(handler, level)]


class _OfDlt(logging.Handler):
    """A handler that passes on dlt's records from the level `info` on, or where dlt's own
    `runtime.log_level` is lowered; with tracebacks at the level `debug` only."""

    def __init__(self, handler: logging.Handler, level: str) -> None:
        super().__init__()
        self._handler = handler
        self._level = level

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """Ignore dlt's formatter."""

    def emit(self, record: logging.LogRecord) -> None:
        is_lowered = logging.getLogger("dlt").getEffectiveLevel() < logging.WARNING
        if self._level not in ("debug", "info") and not is_lowered:
            return
        if self._level != "debug" and not is_lowered:
            # dlt adds tracebacks to messages, too.
            record = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None})
            record.msg, record.args = record.getMessage().partition("\n")[0], None
        self._handler.handle(record)


def begin_run(run_id: str) -> None:
    """Put the id of a run into every record from now on.

    Args:
        run_id: The id.
    """
    _run_id.value = run_id
