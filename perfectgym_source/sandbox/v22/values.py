"""Values for properties that v1 does not know: plausible, deterministic, and now and then odd."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ..data import names
from . import facts
from .facts import Property

LANGUAGES = ("EN", "DE", "PL")
"""Languages of translations, as the API writes them; the company's own is the first."""

_FIRST_DAY = datetime(2023, 1, 1, 5)
_MINUTES = 1270 * 1440
_DURATIONS = ("PT8H30M", "PT0S", "PT45M", "PT23H59M", "PT6H", "P1D", "PT1H30M15S", "PT12H0.5S")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Holiday")
_LATER = ("end", "until", "leave", "expiry", "to", "deadline")
_FIRST_NAMES = [name for pair in names.FIRST_NAMES.values() for sex in pair for name in sex]
_LAST_NAMES = [name for group in names.LAST_NAMES.values() for name in group]


def mixed(text: str, number: int) -> int:
    """A number below 2**32 that looks like chance and is the same for the same arguments."""
    return _mixed(zlib.crc32(text.encode()), number)


def _mixed(salt: int, number: int) -> int:
    value = ((salt ^ (number * 0x9E3779B1)) * 0x85EBCA6B + 0x165667B1) & 0xFFFFFFFF
    return (value ^ (value >> 13)) * 0xC2B2AE35 & 0xFFFFFFFF


@dataclass(frozen=True)
class _Plan:
    """How a property of a type gets its values.

    Attributes:
        property: what the facts say.
        salt: makes its chance its own; `moment` makes that of all its type's moments.
        target: the type that it refers to; empty where it refers to none.
        blank: one value in so many is null; 0 where none is.
    """

    property: Property
    salt: int
    moment: int
    target: str
    blank: int


class Values:
    """Makes the values of rows.

    Args:
        seed: the same seed gives the same values.
        keys: the keys of the rows of a type, to which references point.
        odd: whether some values are odd: unknown texts, long fractions, references to nothing.
    """

    def __init__(self, seed: int, keys: Mapping[str, Sequence[Any]], odd: bool = True) -> None:
        self._seed = seed
        self._odd = odd
        self._keys = keys
        self._plans: dict[str, dict[str, _Plan]] = {}

    def fields(self, name: str, number: int, given: dict[str, Any]) -> dict[str, Any]:
        """All properties of the `number`-th row of a type, those given as they are."""
        if name not in self._plans:
            self._plans[name] = dict(self._planned(name))
        row = {
            key: given[key] if key in given else self._value(plan, number)
            for key, plan in self._plans[name].items()
        }
        row.update(given)
        return row

    def _planned(self, name: str) -> Iterator[tuple[str, _Plan]]:
        moment = zlib.crc32(f"{self._seed}/{name}".encode())
        for each in facts.types()[name].values():
            if each.link or each.undocumented:
                continue
            salt = zlib.crc32(f"{self._seed}/{name}.{each.name}".encode())
            blank = 0 if each.nullable is False else (7 if each.nullable else 11)
            if each.name in ("isDeleted", "version"):
                blank = 0
            yield each.name, _Plan(each, salt, moment, facts.reference(name, each.name), blank)

    def _value(self, plan: _Plan, number: int) -> Any:
        each, chance = plan.property, _mixed(plan.salt, number)
        if each.name == "isDeleted":
            return chance % 11 == 5
        if each.name == "version":
            return 0
        if plan.blank and chance % plan.blank == 3:
            return None
        if each.type == "datetime":
            return _moment(each.name, _mixed(plan.moment, number) % _MINUTES, chance)
        if not self._odd:
            chance = _tame(chance)
        if each.type in ("TaxedValue", "TimePeriod"):
            return _inline(each.type, chance)
        if plan.target and (keys := self._keys.get(plan.target)):
            key = keys[chance % len(keys)]
            is_lost = (
                self._odd and chance % 41 == 7 and plan.target != "Member" and isinstance(key, int)
            )
            return key + 10**9 if is_lost else key
        return _plain(each, number, chance)


def _tame(chance: int) -> int:
    """The next number of which no value is odd: none of those that the makers of values test."""
    odd = ((13, 6), (29, 11), (23, 9), (19, 4), (17, 2))
    while any(chance % divisor == rest for divisor, rest in odd):
        chance += 1
    return chance


def _plain(each: Property, number: int, chance: int) -> Any:
    if each.type == "boolean":
        return chance % 3 != 0
    if each.type == "int32":
        return chance % 100
    if each.type == "int64":
        return 9_007_199_254_740_993 + chance if chance % 5 == 0 else 1_000_000_000_000 + chance
    if each.type == "double":
        return amount(chance)
    if each.type == "duration":
        return _DURATIONS[chance % len(_DURATIONS)]
    if each.type == "base64":
        return base64.b64encode(b"template %d" % number).decode()
    return _text(each, number, chance)


def amount(chance: int) -> Decimal:
    """An amount of money; one in thirteen has more digits than a double holds."""
    if chance % 13 == 6:
        return Decimal(f"{chance % 100_000}.{chance:010d}{chance * 7919 % 10**10:010d}")
    if chance % 29 == 11:
        return Decimal(f"{chance % 9 + 1}E+{chance % 4 + 1}")
    cents = Decimal(chance % 500_000)
    return cents.scaleb(-2) * (-1 if chance % 10 == 4 else 1)


def _inline(name: str, chance: int) -> dict[str, Any]:
    if name == "TimePeriod":
        return {"days": chance % 30, "months": chance % 13}
    net = amount(chance)
    vat = (net * 23 / 100).quantize(Decimal("0.01")) if net.as_tuple().exponent == -2 else net
    return {"net": net, "gross": net + vat, "vat": vat}


def _moment(name: str, minute: int, chance: int) -> str:
    lower = name.lower()
    if any(word in lower for word in _LATER):
        minute += 60 + chance % 600
    moment = _FIRST_DAY + timedelta(minutes=minute)
    if "birth" in lower:
        return moment.replace(hour=0, minute=0).isoformat()
    text = moment.isoformat()
    if name.endswith("Utc"):
        return f"{text}Z"
    if name.endswith("Offset"):
        return f"{text}+02:00"
    return text + ("+02:00", "Z", ".123", ".1234567", "-07:00", "", "", "", "", "", "")[chance % 11]


def _text(each: Property, number: int, chance: int) -> str:
    if each.enum:
        if chance % 23 == 9:
            return f"Undocumented{chance % 3}"
        return each.enum[chance % len(each.enum)]
    lower = each.name.lower()
    if lower.endswith("firstname"):
        return _FIRST_NAMES[chance % len(_FIRST_NAMES)]
    if lower.endswith("lastname"):
        return _LAST_NAMES[chance % len(_LAST_NAMES)]
    if "email" in lower:
        return f"person{number}@mail.example"
    if "phone" in lower:
        return f"+48555{chance % 10**6:06d}"
    if lower.endswith("url"):
        return f"https://cdn.fitness-park.example/{each.name}/{number}"
    if lower == "language":
        return LANGUAGES[chance % 3]
    if lower == "dayofweek":
        return _DAYS[chance % 8]
    if lower in ("timefrom", "timeuntil"):
        return f"{chance % 24:02d}:{chance % 4 * 15:02d}"
    if lower == "hexcolor":
        return f"#{chance % 0x1000000:06X}"
    if chance % 19 == 4 and each.nullable is not False:
        return ""
    if chance % 17 == 2:
        return f'Zażółć "{each.name}"\\\n№ {number}'
    return f"{each.name[0].upper()}{each.name[1:]} {number}"
