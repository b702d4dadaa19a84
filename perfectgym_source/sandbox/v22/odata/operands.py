"""The parts of a filter: values with their kinds, and how two of them compare."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from ...store.rows import Row
from .errors import ODataError

Test = Callable[[Row], Any]
"""What a row gives: a value, or whether it is accepted."""

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
"""Comparisons by their names."""
_NUMBERS = ("int32", "int64", "double", "number")
TEXTS = ("string", "duration", "base64")
"""Kinds of values that compare as text."""


@dataclass(frozen=True)
class Operand:
    """A part of an expression: how to get its value, and of which kind it is."""

    value: Test
    kind: str
    name: str = ""
    literal: Any = None
    is_literal: bool = False


def instant(text: Any) -> datetime | None:
    """A date-time of the API as an instant; one without an offset counts as UTC."""
    if text is None:
        return None
    plain = re.sub(r"(\.\d{6})\d+", r"\1", str(text)).replace("Z", "+00:00")
    plain = re.sub(r"\.(\d+)", lambda found: f".{found[1]:0<6}", plain)
    moment = datetime.fromisoformat(plain)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def literal(kind: str, text: str) -> Operand:
    """The value that a token of a kind stands for.

    Raises:
        ODataError: it is a date-time without an offset, or of no day that there is.
    """
    value: Any = text
    if kind == "string":
        value = text[1:-1].replace("''", "'")
    elif kind == "duration":
        value = text[len("duration'") : -1]
    elif kind == "number":
        value = int(text) if re.fullmatch(r"-?\d+", text) else Decimal(text)
    elif not re.search(r"T.*(Z|[+-]\d\d:\d\d)$", text):
        raise ODataError(f"'{text}' is no Edm.DateTimeOffset: it has no offset.")
    else:
        try:
            value = instant(text)
        except ValueError:
            raise ODataError(f"'{text}' is no Edm.DateTimeOffset.") from None
    return Operand(lambda _: value, kind, literal=value, is_literal=True)


def _family(kind: str) -> str:
    if kind in _NUMBERS:
        return "number"
    return "string" if kind in TEXTS else kind


def compared(left: Operand, word: str, right: Operand) -> Test:
    """Whether two operands compare as a word says.

    Raises:
        ODataError: they are of different kinds.
    """
    families = {_family(left.kind), _family(right.kind)} - {"null"}
    if len(families) > 1:
        raise ODataError(
            "A binary operator with incompatible types was detected. Found operand types "
            f"'{left.kind}' and '{right.kind}' for operator kind '{word}'."
        )
    compare = COMPARISONS[word]
    if word in ("eq", "ne"):
        return lambda row: compare(left.value(row), right.value(row))

    def holds(row: Row) -> bool:
        first, second = left.value(row), right.value(row)
        return first is not None and second is not None and compare(first, second)

    return holds
