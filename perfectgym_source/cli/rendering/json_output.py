"""Results as JSON: the object that every command prints, which `docs/result.schema.json`
describes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timezone
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import PerfectGymError, most_urgent
from ...prerequisites import own_version
from ...text import one_line, printable

if TYPE_CHECKING:
    from ..command import Call
    from ..result import Result

SCHEMA_VERSION = 1


def envelope(call: Call, results: Mapping[str, Result]) -> str:
    """Return the JSON object of a command that has ended.

    Args:
        call: The call.
        results: Its result, or those of several installations by name.
    """
    if len(results) == 1:
        [result] = results.values()
        return to_json(_data(call, call.installation, result))
    codes = {result.exit_code: result for result in results.values()}
    worst = codes[most_urgent(codes)]
    head = _head(call, None, worst.data["outcome"], worst.exit_code)
    each = {name: _data(call, name, result) for name, result in results.items()}
    return to_json({**head, "installations": each})


def failure(call: Call, error: Mapping[str, Any], code: int, outcome: str) -> str:
    """Return the JSON object of a command that did not complete."""
    return to_json({**_head(call, call.installation, outcome, code), "error": error})


def error_data(error: PerfectGymError) -> dict[str, Any]:
    """Return an error as the object `error`: `type`, `message` and `hint`."""
    message = printable(str(error)).removesuffix(one_line(error.hint)).strip()
    return {"type": type(error).__name__, "message": message, "hint": error.hint or None}


def to_json(value: Any) -> str:
    """Return a value as JSON on one line.

    Dataclasses become objects with a key for each attribute, times ISO 8601 text, paths and
    errors text, enumerations their value, sets sorted lists.

    Raises:
        TypeError: JSON has no such value.
    """
    return json.dumps(value, default=_plain)


def attributes(value: Any, *without: str) -> dict[str, Any]:
    """Return the attributes of a dataclass by name.

    Args:
        value: The dataclass.
        without: Names of attributes to leave out.
    """
    return {
        field.name: getattr(value, field.name)
        for field in fields(value)
        if field.name not in without
    }


def _data(call: Call, installation: str | None, result: Result) -> dict[str, Any]:
    head = _head(call, installation, result.data["outcome"], result.exit_code)
    return {**head, **result.data}


def _head(call: Call, installation: str | None, outcome: str, code: int) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "command": call.command,
        "time": datetime.now(timezone.utc),
        "version": own_version(),
        "pipeline": call.pipeline,
        "installation": installation,
        "outcome": outcome,
        "exit_code": code,
        "error": None,
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return attributes(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Path, Exception)):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"JSON has no {type(value).__name__}")
