"""JSON as the sandbox sends it: compact, UTF-8; orjson where it is installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any


def _with_the_standard_library(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)
    return text.encode()


def _fastest() -> Callable[[Any], bytes]:
    try:
        import orjson
    except ImportError:
        return _with_the_standard_library

    def digits(value: Any) -> orjson.Fragment:
        if isinstance(value, Decimal):
            return orjson.Fragment(str(value))
        raise TypeError(f"no JSON for {type(value).__name__}")

    return partial(orjson.dumps, default=digits)


encode: Callable[[Any], bytes] = _fastest()
"""Compact UTF-8 JSON of any value made of dicts, lists, text, numbers, booleans and None; a
`Decimal` keeps its digits."""


def truthy(value: Any) -> bool:
    """Read a boolean as the API may spell it: `True`, `"True"`, `"true"`, `1`, `"1"`."""
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1")
    return bool(value)
