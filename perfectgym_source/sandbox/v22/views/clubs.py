"""Clubs with their parts, places, and the company's dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from ...data import geography, programme
from ...store.rows import Row
from .shown import (
    Shown,
    Tables,
    duration,
    elements,
    given,
    shown,
)

_IANA = {
    "Central European Standard Time": "Europe/Warsaw",
    "GMT Standard Time": "Europe/London",
    "India Standard Time": "Asia/Kolkata",
    "US Mountain Standard Time": "America/Phoenix",
}
CLUB_TYPES = ("Gym", "Studio")
"""Names of club types; their ids count from 1."""


def club(tables: Tables, row: Row) -> Iterator[Shown]:
    """`Clubs`, and the sets of what v1 shows inside a club."""
    address = row.get("address") or {}
    zone = given(row, "timeZone", "timezone")
    kind = str(row.get("type"))
    country, city = _place(address.get("countrySymbol"), address.get("city"))
    yield shown(
        "Club",
        {
            "id": row.key,
            **{
                name: row.get(name)
                for name in ("name", "shortName", "symbol", "email", "phoneNumber", "isHidden")
            },
            "latitude": row.get("latitude"),
            "longitude": row.get("longitude"),
            "timezoneId": _IANA.get(str(zone), zone),
            "openingDate": row.get("openDate"),
            "clubTypeId": CLUB_TYPES.index(kind) + 1 if kind in CLUB_TYPES else None,
            "address": address.get("line1"),
            "postalCode": address.get("postalCode"),
            "countryId": country,
            "cityId": city,
            "isDeleted": row["isDeleted"],
        },
        row["timestamp"],
    )
    for array, name, fields in _PARTS:
        for part in elements((row.detail or {}).get(array)):
            known = {target: part.get(source) for target, source in fields.items()}
            if array == "openingHours":
                known["openFrom"] = duration(given(part, "openFrom"))
                known["openUntil"] = duration(given(part, "openUntil"))
            common = {"id": part["id"], "clubId": row.key, "isDeleted": part["isDeleted"]}
            yield shown(name, {**common, **known}, part["timestamp"])


_PARTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("equipment", "ClubEquipment", {"name": "name", "quantity": "quantity"}),
    ("facilities", "ClubFacility", {"name": "name"}),
    (
        "openingHours",
        "ClubOpeningHour",
        {"dayOfWeek": "dayOfWeekOrHoliday", "isClosed": "isClosed"},
    ),
    ("urls", "ClubUrl", {"type": "mediaType", "url": "url"}),
    ("contacts", "ClubContact", {"name": "name", "email": "email", "phoneNumber": "phoneNumber"}),
    ("photos", "ClubPhoto", {"photoUrl": "photoUrl"}),
    (
        "zones",
        "ClubZone",
        {"name": "name", "parentClubZoneId": "parentId", "clubZoneTypeId": "clubZoneTypeId"},
    ),
)
"""Arrays inside a club, the types that show them, and v1's field of each property."""


@lru_cache(maxsize=64)
def _place(symbol: str | None, city: str | None) -> tuple[int | None, int | None]:
    """The ids of a country and of a city in it, as v1's dictionaries number them."""
    city_id = 1000
    for number, (known, _, _) in enumerate(geography.COUNTRIES, 1):
        cities = geography.CITIES.get(known, ())
        if known == symbol:
            return number, city_id + 1 + cities.index(city) if city in cities else None
        city_id += len(cities)
    return None, None


def dictionary(type_name: str, **fields: str) -> Callable[[Tables, Row], Iterator[Shown]]:
    """A view of a table whose rows correspond one to one."""

    def view(tables: Tables, row: Row) -> Iterator[Shown]:
        known = {target: row.get(source) for target, source in fields.items()}
        yield shown(type_name, {"id": row.key, **known})

    return view


def city(tables: Tables, row: Row) -> Iterator[Shown]:
    """`Cities`."""
    country = row.params["countryId"]
    yield shown("City", {"id": row.key, "name": row["name"], "countryId": country})


def constants() -> Iterator[Shown]:
    """Rows that v1 shows only as texts inside other rows."""
    for number, name in enumerate(CLUB_TYPES, 1):
        yield shown("ClubType", {"id": number, "name": name})
    for number, (name, text, _) in enumerate(programme.ZONE_TYPES, 1):
        yield shown("ClubZoneType", {"id": number, "name": name, "description": text})
    for number, name in enumerate(programme.POSITIONS, 1):
        yield shown("EmployeePosition", {"id": number, "name": name})
    for number, (name, _, least, greatest, cents) in enumerate(programme.FREEZE_TYPES, 1):
        fields: dict[str, Any] = {"name": name, "fixedFee": cents / 100, "isActive": number != 3}
        fields |= {"minimumInterval": least, "maximumInterval": greatest}
        yield shown("FreezeType", {"id": number, **fields})


CLUB_VIEWS: dict[str, Callable[[Tables, Row], Iterator[Shown]]] = {
    "clubs": club,
    "countries": dictionary("Country", name="name", symbol="symbol", nativeName="nativeName"),
    "cities": city,
    "freeze_reasons": dictionary("FreezeReason", name="name"),
    "product_categories": dictionary("ProductCategory", name="name"),
    "lead_sources": dictionary("CrmLeadSource", name="name"),
    "lead_agreements": dictionary("MemberAgreement", name="name", title="description"),
}
