"""What views are made of: a row of v2.2 that shows one of v1, and v1's odd spellings undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ...encoding import truthy
from ...store.rows import Row, Table
from .. import facts

Tables = Mapping[str, Table]

_BLANKS = (None, "", "null")
_USUAL = {"net": 100, "gross": 123}


@dataclass(frozen=True)
class Shown:
    """A row of v2.2 as far as v1 knows it.

    Attributes:
        type: its type.
        fields: its properties; the rest is filled in.
        version: the `timestamp` of v1; None where v1 has none.
        links: many-to-many relations: keys of the other rows by the name of the link.
    """

    type: str
    fields: dict[str, Any]
    version: int | None = None
    links: dict[str, list[Any]] = field(default_factory=dict)


def shown(name: str, fields: Mapping[str, Any], version: Any = None, **links: list[Any]) -> Shown:
    """A `Shown` row whose values have the types of the facts, whatever v1 spelled."""
    properties = facts.types()[name]
    typed = {key: _typed(properties[key].type, value) for key, value in fields.items()}
    return Shown(name, typed, None if version in _BLANKS else int(version), links)


def more(name: str, fields: Mapping[str, Any], links: dict[str, list[Any]]) -> Shown:
    """A row that v1 does not show; its amounts are gross."""
    properties = facts.types()[name]
    return shown(
        name,
        {
            key: taxed(value) if properties[key].type == "TaxedValue" else value
            for key, value in fields.items()
        },
        None,
        **links,
    )


def elements(value: Any) -> list[dict[str, Any]]:
    """An array of v1, which may come as its only element, or blank."""
    if value in _BLANKS:
        return []
    return [value] if isinstance(value, dict) else list(value)


def given(row: Mapping[str, Any], *spellings: str) -> Any:
    """The value of a field under the first of its spellings that is there."""
    return next((row[name] for name in spellings if name in row), None)


def taxed(fee: Any, like: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """A `TaxedValue` of a fee of v1, or of a gross amount that is taxed like another fee."""
    if fee in _BLANKS:
        return None
    if isinstance(fee, dict):
        net, vat, gross = (_decimal(fee[name]) for name in ("net", "tax", "gross"))
        return {"net": net, "gross": gross, "vat": vat}
    gross = _decimal(fee)
    net, whole = (_decimal((like or _USUAL)[name]) for name in ("net", "gross"))
    net = (gross * net / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return {"net": net, "gross": gross, "vat": gross - net}


def period(text: Any) -> dict[str, int]:
    """A `TimePeriod` of a text as `12 Months`."""
    count, _, unit = str(text).partition(" ")
    number = int(count) if count.isdigit() else 0
    days = {"day": 1, "week": 7}.get(unit.lower().rstrip("s"), 0)
    months = {"month": 1, "year": 12}.get(unit.lower().rstrip("s"), 0)
    return {"days": number * days, "months": number * months}


def duration(text: Any) -> str | None:
    """A time of day as the duration since midnight: `08:30:00` is `PT8H30M`."""
    if text in _BLANKS:
        return None
    hours, minutes, *_ = (int(part) for part in str(text).split(":"))
    return f"PT{hours}H{minutes}M" if minutes else f"PT{hours}H"


def key_of(reference: Any) -> Any:
    """The id in an object that stands for another row."""
    return reference.get("id") if isinstance(reference, dict) else None


def home_club(tables: Tables, user: Row) -> Any:
    """The club of a member: v2.2 always names one."""
    club = user.get("homeClubId")
    if club in _BLANKS:
        club = (user.detail or {}).get("registeredAtClubId")
    return club if club not in _BLANKS else min(tables["clubs"].rows, default=None)


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _typed(kind: str, value: Any) -> Any:
    if value is None or isinstance(value, dict):
        return value
    if kind == "string":
        return None if value == "null" else str(value)
    if value in _BLANKS:
        return None
    if kind == "boolean":
        return truthy(value)
    if kind in ("int64", "int32"):
        return int(value)
    if kind == "double":
        return _decimal(value)
    if kind == "datetime" and len(value) == 10:
        return f"{value}T00:00:00"
    return value
