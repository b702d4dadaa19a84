"""Coercion: a raw value of the API's JSON to a value of a column's type, odd spellings included.

In practice blanks come as `null`, `""` and even the text `"null"`, and booleans and numbers as text
(`"True"`, `"5"`); so says the vendor's documentation of responses. Each function here takes one
raw value, returns None for a blank, and raises ValueError for what cannot be read as its type:
`Inexact` where a part of it can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from math import isinf
from typing import Any

import orjson

from .fields import Kind

BLANKS = frozenset(("", "null"))
DECIMAL_PRECISION, DECIMAL_SCALE = 38, 9

_EPOCH = datetime(1970, 1, 1)
_LARGEST = Decimal("9" * DECIMAL_PRECISION).scaleb(-DECIMAL_SCALE, Context(prec=DECIMAL_PRECISION))
_PLACES = Decimal(1).scaleb(-DECIMAL_SCALE)
_EXACT = Context(prec=2 * DECIMAL_PRECISION)
_DOUBLE = Context(prec=15)
"""So many digits binary floating point holds, whatever they are."""
_TRUE, _FALSE = frozenset(("true", "1", "yes")), frozenset(("false", "0", "no"))
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?"
)


class Inexact(ValueError):
    """A column can hold a value only in part.

    Args:
        reason: What is lost.
        value: The part that the column can hold.

    Attributes:
        value: This.
    """

    def __init__(self, reason: str, value: Any) -> None:
        super().__init__(reason)
        self.value = value


def is_blank(value: Any) -> bool:
    """Return whether a value is one of the API's spellings of nothing."""
    return value is None or (isinstance(value, str) and value.strip() in BLANKS)


def number_of(text: str) -> float | Decimal | str:
    """Return a JSON number that has a fraction or an exponent, without losing a digit.

    Args:
        text: The number as it was sent.

    Returns:
        A float where it is exact, which it is up to 15 digits; otherwise a Decimal. The text of a
        number whose exponent no Decimal has.
    """
    if len(text) <= 16 and "e" not in text and "E" not in text:
        return float(text)
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def integer_of(text: str) -> int | Decimal:
    """Return a JSON number that has neither; Python reads integers up to some length only."""
    return int(text) if len(text) < 1_000 else Decimal(text)


def to_int(value: Any) -> int | None:
    """Return a 64-bit integer; a number with a fraction is none."""
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    number = _number(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise ValueError("not an integer")
    if not -(2**63) <= number < 2**63:
        raise ValueError("beyond 64 bits")
    return int(number)


def are_long(values: Sequence[Any]) -> bool:
    """Return whether all values are what `to_int` returns of them."""
    return set(map(type, values)) == {int} and min(values) >= -(2**63) and max(values) < 2**63


def to_decimal(value: Any) -> Decimal | None:
    """Return a decimal number with at most 9 places.

    Raises:
        Inexact: It has more. The trace of binary floating point is none of them:
            0.30000000000000004 is 0.3.
    """
    number = _number(value)
    if number is None:
        return None
    if number.copy_abs() > _LARGEST:
        raise ValueError("out of range")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= DECIMAL_SCALE:
        return number
    for found in (number, _DOUBLE.plus(number)):
        rounded = found.quantize(_PLACES, context=_EXACT)
        if rounded == found and (found == number or _is_double(number)):
            return rounded
    raise Inexact("more than 9 decimal places", number.quantize(_PLACES, context=_EXACT))


def to_double(value: Any) -> float | None:
    """Return a number as binary floating point.

    Raises:
        Inexact: It has digits that binary floating point does not hold.
    """
    number = _number(value)
    if number is None:
        return None
    double = float(number)
    if isinf(double):
        raise ValueError("out of range")
    if number != Decimal(double) and not _is_double(number):
        raise Inexact("more digits than binary floating point holds", double)
    return double


def _number(value: Any) -> Decimal | None:
    """Return a number with all its digits."""
    if is_blank(value):
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        raise ValueError("not a number")
    text = repr(value) if isinstance(value, float) else str(value).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("not a number") from None
    if "_" in text:  # Python's way of writing numbers, nobody else's
        raise ValueError("not a number")
    if not number.is_finite():
        raise ValueError("out of range")
    return number


def _is_double(number: Decimal) -> bool:
    """Return whether a number is what binary floating point is written as, in the shortest form or
    in 17 digits."""
    double = float(number)
    return number in (Decimal(repr(double)), Decimal(f"{double:.17g}"))


def to_bool(value: Any) -> bool | None:
    """Return True or False, also of text and of 1 and 0."""
    if isinstance(value, bool):
        return value
    if is_blank(value):
        return None
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError("not a boolean")


def is_true(value: Any) -> bool:
    """Return whether a value is True as `to_bool` reads it; what it cannot read is not."""
    try:
        return to_bool(value) is True
    except ValueError:
        return False


def to_text(value: Any) -> str | None:
    """Return text as it was sent; numbers and booleans as JSON writes them."""
    if isinstance(value, str):
        value.encode()  # half a character cannot be stored: UnicodeEncodeError is a ValueError
        return value
    return to_json(value)


def to_plain_text(value: Any) -> str | None:
    """Return text as `to_text` does, of single values only."""
    if isinstance(value, (dict, list)):
        raise ValueError("not a single value")
    return to_text(value)


def to_json(value: Any) -> str | None:
    """Return a value as JSON text, whatever its depth and the size of its integers."""
    if value is None:
        return None
    try:
        return orjson.dumps(value, default=as_json).decode()
    except TypeError:  # deeper than 254 levels, an integer beyond 64 bits, half a character
        return "".join(_json_parts(value))


def as_json(value: Any) -> Any:
    """Return what orjson writes for a value that it does not know; a Decimal is a number."""
    return orjson.Fragment(str(value)) if isinstance(value, Decimal) else str(value)


def _json_parts(value: Any) -> Iterator[str]:
    """Yield JSON as orjson writes it, but ASCII and without recursion."""
    todo: list[tuple[bool, Any]] = [(False, value)]
    while todo:
        is_written, item = todo.pop()
        if is_written:
            yield item
        elif isinstance(item, dict):
            todo.append((True, "}"))
            for index, (name, inner) in reversed(list(enumerate(item.items()))):
                todo.append((False, inner))
                todo.append((True, f"{',' if index else ''}{json.dumps(str(name))}:"))
            todo.append((True, "{"))
        elif isinstance(item, (list, tuple)):
            todo.append((True, "]"))
            for index, inner in reversed(list(enumerate(item))):
                todo.append((False, inner))
                if index:
                    todo.append((True, ","))
            todo.append((True, "["))
        else:
            yield str(item) if isinstance(item, Decimal) else json.dumps(item, default=str)


def to_timestamp_us(value: Any) -> int | None:
    """Return a local time as microseconds of the wall clock since 1970-01-01T00:00:00.

    An offset, which the API does not promise, is left out here: see `utc_offset_us`.
    """
    found = _moment(value)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction = found.group(1, 2, 3, 4, 5, 6, 7)
    wall = datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)
    )
    micros = int((fraction or "0").ljust(6, "0")[:6])
    return (wall - _EPOCH) // timedelta(microseconds=1) + micros


def utc_offset_us(value: Any) -> int | None:
    """Return the offset from UTC that a time carries, in microseconds; None if it carries none."""
    if not isinstance(value, str):
        return None
    found = _MOMENT.fullmatch(value.strip())
    zone = found.group(8) if found else None
    if zone is None:
        return None
    if zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-minutes if zone[0] == "-" else minutes) * 60_000_000


def to_date(value: Any) -> date | None:
    """Return a date; the time of day, which the API may add as zeros, is left out.

    Raises:
        Inexact: The time of day is another one, or has an offset.
    """
    found = _moment(value)
    if found is None:
        return None
    day = date(*(int(part) for part in found.group(1, 2, 3)))
    if found.group(8) or any(int(part) for part in found.group(4, 5, 6, 7) if part):
        raise Inexact("a time of day", day)
    return day


def _moment(value: Any) -> re.Match[str] | None:
    if is_blank(value):
        return None
    found = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a date or time")
    return found


COERCIONS: Mapping[Kind, Callable[[Any], Any]] = {
    "long": to_int,
    "int": to_int,
    "decimal": to_decimal,
    "double": to_double,
    "bool": to_bool,
    "string": to_text,
    "date": to_date,
    "datetime": to_timestamp_us,
    "json": to_json,
}
"""The coercion of each kind."""
