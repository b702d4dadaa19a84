"""Results as JSON."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any


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
