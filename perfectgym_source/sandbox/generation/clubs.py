"""Clubs with their details, and the dictionaries of the company."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from ..data import geography, programme
from ..data.geography import SITES, ClubSite
from ..data.names import LANGUAGES
from .builder import Builder, iso, moment

_OPENED = moment(2021, 3, 1, 6)
_DAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Holiday",
)
_WEB = "https://cdn.fitness-park.example"


@cache
def country_names() -> dict[str, str]:
    """English names of countries by their symbol."""
    return {symbol: name for symbol, name, _ in geography.COUNTRIES}


def make_clubs(builder: Builder) -> None:
    """Add `clubs`, each with the fields of `ClubDetails`; their `classes` come later."""
    random = builder.random("clubs")
    countries = country_names()
    part_id = 100
    sites = builder.size.sites or tuple(range(builder.size.clubs))
    for index, place in enumerate(sites):
        site = SITES[place]
        opened = _OPENED + index * 97 * 1440
        changed = min(builder.now - 1440, opened + random.randrange(900 * 1440))
        detail = _detail(builder, random, site, opened, part_id)
        part_id += 100
        builder.add(
            "clubs",
            {
                "id": index + 1,
                "timestamp": 0,
                "name": site.name,
                "shortName": site.short_name,
                "symbol": site.symbol,
                "email": f"{site.symbol.lower()}@fitness-park.example",
                "phoneNumber": site.phone,
                "longitude": site.longitude,
                "latitude": site.latitude,
                "timeZone": site.zone,
                "openDate": None if index % 4 in (2, 3) else iso(opened),
                "address": {
                    "line1": site.street,
                    "line2": None if index % 2 else "1st floor",
                    "postalCode": site.postal_code,
                    "city": site.city,
                    "country": countries[site.country],
                    "countrySymbol": site.country,
                },
                "type": "Studio" if index % 3 == 1 else "Gym",
                "isDeleted": False,
                "isHidden": index % 4 == 3,
            },
            when=changed,
            detail=detail,
            notes={"site": site},
        )


def _detail(
    builder: Builder, random: Random, site: ClubSite, opened: int, first_id: int
) -> dict[str, Any]:
    ids = iter(range(first_id, first_id + 100))

    def part(**fields: Any) -> dict[str, Any]:
        when = opened + random.randrange(600 * 1440)
        fields = {"id": next(ids), "timestamp": 0, **fields, "isDeleted": False}
        return builder.stamp(min(when, builder.now), fields)

    kinds = {name: number for number, (name, _, _) in enumerate(programme.ZONE_TYPES, 1)}
    zones = [
        part(
            clubZoneTypeId=kinds[kind],
            parentId=None,
            name=name,
            description=f"{name} of {site.short_name}",
        )
        for name, kind in programme.ZONES
    ]
    zones[2]["parentId"] = str(zones[0]["id"])
    zones[-1]["isDeleted"] = True
    return {
        "displayName": site.name.removeprefix("Fitness Park "),
        "description": f"{site.name}: gym, classes and wellness in {site.city}.",
        "languageCode": LANGUAGES[site.country],
        "equipment": [
            part(type=kind, name=name, quantity=count + random.randrange(5))
            for kind, name, count in programme.EQUIPMENT
        ],
        "facilities": [part(type=kind, name=name) for kind, name in programme.FACILITIES],
        "openingHours": [
            part(
                isClosed=name == "Holiday",
                dayOfWeekOrHoliday=name,
                openFrom=None if name == "Holiday" else "06:00:00",
                openUntil=None if name == "Holiday" else "23:00:00",
            )
            for name in _DAYS
        ],
        "urls": [
            part(mediaType="Facebook", url=f"https://social.example/{site.symbol.lower()}"),
            part(mediaType="Website", url=f"https://{site.symbol.lower()}.fitness-park.example"),
        ],
        "contacts": [
            part(
                title="Club Manager",
                name=random.choice(("Ewa Mazur", "Sam Hughes", "Priya Nair", "Jo Miller")),
                email=f"manager.{site.symbol.lower()}@fitness-park.example",
                phoneNumber=site.phone[:-1] + "9",
            )
        ],
        "zones": zones,
        "photos": [
            part(photoUrl=f"{_WEB}/clubs/{site.symbol.lower()}/{number}.jpg")
            for number in (1, 2, 3)
        ],
        "classes": [],
    }


def zone_type_refs() -> list[dict[str, Any]]:
    """All zone types as `ClubZoneTypeRef`."""
    return [
        {"id": number, "name": name, "description": text}
        for number, (name, text, _) in enumerate(programme.ZONE_TYPES, 1)
    ]


def make_dictionaries(builder: Builder) -> None:
    """Add the company's dictionaries, which have no `timestamp`, countries and cities included."""
    if not builder.size.clubs:
        return
    for number, name in enumerate(programme.FREEZE_REASONS, 1):
        builder.add("freeze_reasons", {"id": number, "name": name})
    for number, name in enumerate(programme.PRODUCT_TARGETS, 1):
        builder.add("product_targets", {"id": number, "name": name, "isDefault": number == 1})
    for number, name in enumerate(programme.SERVICE_TYPES, 1):
        builder.add("club_service_types", {"id": number, "name": name, "symbol": name[:3].upper()})
    for number, name in enumerate(programme.PRODUCT_CATEGORIES, 1):
        builder.add(
            "product_categories",
            {"id": number, "name": name, "parentId": 1 if number > 4 else None},
        )
    for number, (name, text) in enumerate(programme.LEAD_SOURCES, 1):
        builder.add("lead_sources", {"id": number, "name": name, "description": text})
    for table in ("lead_agreements", "agreement_types"):
        for number, (name, text) in enumerate(programme.AGREEMENTS, 1):
            builder.add(
                table,
                {
                    "id": number,
                    "name": name,
                    "description": text,
                    "signOnClientSide": number % 2 == 1,
                },
            )
    _places(builder)


def _places(builder: Builder) -> None:
    city_id = 1000
    for number, (symbol, name, native) in enumerate(geography.COUNTRIES, 1):
        country = {"id": number, "symbol": symbol, "name": name, "nativeName": native}
        builder.add("countries", country)
        for city in geography.CITIES.get(symbol, ()):
            city_id += 1
            builder.add(
                "cities",
                {"id": city_id, "name": city, "country": dict(country)},
                params={"countryId": number},
            )
