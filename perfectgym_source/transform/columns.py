"""Arrow columns from raw values, in few calls, where the values are as the API documents them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..catalog.coerce import DECIMAL_PRECISION, DECIMAL_SCALE, to_timestamp_us, utc_offset_us

LOCAL = pa.timestamp("us")
INSTANT = pa.timestamp("us", tz="UTC")

ARROW_TYPES: Mapping[str, pa.DataType] = {
    "long": pa.int64(),
    "int": pa.int64(),
    "decimal": pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "date": pa.date32(),
    "datetime": LOCAL,
    "json": pa.string(),
}
"""The Arrow type of each kind."""

CANNOT_BUILD = (
    pa.ArrowInvalid,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    OverflowError,
    TypeError,
    UnicodeEncodeError,
)
"""What is raised where values are not all of the form that a column has."""
_YEAR_1 = {
    "date": (pa.int32(), (date.min - date(1970, 1, 1)).days),
    "datetime": (pa.int64(), to_timestamp_us("0001-01-01")),
}
"""The first moment of a kind that Python knows, as Arrow's number."""
_NOTHING = type(None)
_A_MOMENT = "2026-01-31T12:00:00"
_SECONDS_LENGTH = len(_A_MOMENT)
_MOMENT_END = re.compile(r"(?:(\.\d{1,6})\d{0,3})?(?:Z|[+-]\d\d:?\d\d)?")
_TAKEN_AS_THEY_ARE: Mapping[str, set[type]] = {
    "long": {int, _NOTHING},
    "int": {int, _NOTHING},
    "decimal": {float, int, _NOTHING},
    "double": {float, int, _NOTHING},
    "bool": {bool, _NOTHING},
}
_TEXTS = frozenset(("string", "date", "datetime"))
"""Kinds whose values are text; Arrow takes nothing else for text."""
_EXACT_AS_FLOAT = 1e6
"""Below it, binary floating point is so fine that 9 decimal places come out as they were written:
half a unit in the last place is at most 6e-11."""


def moments_of(values: Sequence[Any]) -> tuple[pa.Array, pa.Array, Sequence[int]]:
    """Read in one call the moments of a column of which some have an offset, or all digits.

    Returns:
        The local times in microseconds, NULL where a value is not read; the offsets in
        microseconds, NULL where there is none; and the rows that are still to be read.
    """
    nothing = pa.nulls(len(values), pa.int64())
    try:
        texts = pa.array([v if isinstance(v, str) else None for v in values], pa.string())
        rests = pc.utf8_slice_codeunits(texts, _SECONDS_LENGTH).dictionary_encode()
        ends = list(map(_moment_end, rests.dictionary.to_pylist()))
        digits = pa.array([end and end[0] for end in ends], pa.string()).take(rests.indices)
        is_whole = pc.greater_equal(pc.utf8_length(texts), _SECONDS_LENGTH)
        seconds = pc.if_else(is_whole, pc.utf8_slice_codeunits(texts, 0, _SECONDS_LENGTH), None)
        found = _moments("datetime", pc.binary_join_element_wise(seconds, digits, ""))
    except CANNOT_BUILD:
        return nothing, nothing, range(len(values))
    offsets = pa.array([end and end[1] for end in ends], pa.int64()).take(rests.indices)
    left = [row for row, read in enumerate(found.is_valid().to_pylist()) if not read]
    return (
        found.cast(pa.int64()),
        pc.if_else(found.is_valid(), offsets, None),
        [row for row in left if values[row] is not None],
    )


def _moment_end(rest: str) -> tuple[str, int | None] | None:
    """Return the microseconds and the offset that stand behind a moment's seconds; None if there
    is something else."""
    found = _MOMENT_END.fullmatch(rest)
    if found is None:
        return None
    return found.group(1) or "", utc_offset_us(f"{_A_MOMENT}{rest}")


def in_one_call(kind: str, values: Sequence[Any]) -> pa.Array:
    """Return a column whose values are all in the form that the API documents.

    Raises:
        TypeError: One of them is not; so do the others of `CANNOT_BUILD`.
    """
    if kind in _TEXTS:
        texts = pa.array(values, pa.string())
        return texts if kind == "string" else _moments(kind, texts)
    types = set(map(type, values))
    if types <= {_NOTHING}:
        return pa.nulls(len(values), ARROW_TYPES[kind])
    if not types <= _TAKEN_AS_THEY_ARE.get(kind, set()):
        raise TypeError("Arrow would take True and 1.5 for 1; JSON is read one by one")
    if kind == "decimal":
        array = pa.array(values, pa.float64())
        if not pc.max(pc.abs(array)).as_py() < _EXACT_AS_FLOAT:
            raise TypeError("the decimal places would not be those that were written")
        decimals = array.cast(ARROW_TYPES[kind])
        if not decimals.cast(pa.float64()).equals(array):
            raise TypeError("there are more decimal places than the column has")
        return decimals
    return pa.array(values, ARROW_TYPES[kind])


def _moments(kind: str, texts: pa.Array) -> pa.Array:
    """Return days or moments."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), ARROW_TYPES[kind])
    array = (_days(texts) if kind == "date" else texts).cast(ARROW_TYPES[kind])
    number, year_1 = _YEAR_1[kind]
    if pc.min(array.cast(number)).as_py() < year_1:
        raise TypeError("Arrow knows a year 0, Python and most databases do not")
    return array


def _days(texts: pa.Array) -> pa.Array:
    """Return days without the zeros of a time of day, if all of them have it."""
    is_moment = pc.equal(pc.utf8_length(texts), _SECONDS_LENGTH)
    if pc.all(pc.and_(is_moment, pc.ends_with(texts, "T00:00:00"))).as_py():
        return pc.utf8_slice_codeunits(texts, 0, 10)
    return texts
