"""What the company offers: class categories and types, instructors, products."""

from __future__ import annotations

from random import Random
from typing import Any

from ..data import names, programme
from ..store.rows import Row
from .builder import Builder, iso, moment, money
from .clubs import zone_type_refs
from .references import (
    category_ref,
    class_type_ref,
    club_ref,
)

_WEB = "https://cdn.fitness-park.example"
_START = moment(2021, 2, 1, 9)


def rating(random: Random) -> dict[str, Any]:
    """A `Rating` object."""
    votes = random.randrange(3, 900)
    mark = random.randrange(290, 500)
    return {
        "rating": money(mark),
        "submitionsCount": votes + random.randrange(20),
        "rankingFactor": money(random.randrange(20, 100)),
        "votesCount": votes,
        "rankingSort": round(mark * votes / 100, 2),
    }


def make_class_types(builder: Builder) -> None:
    """Add `class_categories` and `class_types`, and tell each club which it has."""
    random = builder.random("class types")
    count = builder.size.class_types
    if not count:
        return
    categories = [_category(builder, random, index) for index in range(len(programme.CATEGORIES))]
    clubs = builder.rows("clubs")
    for index in range(count):
        row = _class_type(builder, random, index, categories, clubs)
        ref = class_type_ref(row)
        categories[programme.CLASS_TYPES[index][1]]["classTypes"].append(ref)
        for club in clubs:
            if club.detail is not None and index % 5 != club["id"] % 5:
                club.detail["classes"].append(ref)


def _category(builder: Builder, random: Random, index: int) -> Row:
    name, text = programme.CATEGORIES[index]
    slug = name.lower().replace(" & ", "-")
    return builder.add(
        "class_categories",
        {
            "id": index + 1,
            "timestamp": 0,
            "isDeleted": False,
            "name": name,
            "description": text,
            "imageUrl": f"{_WEB}/categories/{slug}.jpg",
            "iconUrl": f"{_WEB}/categories/{slug}.svg" if index % 3 else None,
            "classTypes": [],
            "isProductRequiredForBooking": "true" if name == "Water" else "false",
            "category": "Paid" if name == "Water" else "Standard",
        },
        when=_START + random.randrange(1500 * 1440),
    )


def _class_type(
    builder: Builder, random: Random, index: int, categories: list[Row], clubs: list[Row]
) -> Row:
    name, category, minutes, color, _ = programme.CLASS_TYPES[index]
    type_id = index + 11
    slug = name.lower().replace(" & ", "-").replace(" ", "-")
    created = _START + index * 40 * 1440
    translations = []
    if name in programme.POLISH_TITLES:
        translations.append(
            {
                "classTypeId": type_id,
                "club": clubs[0]["name"],
                "cultureSymbol": "pl-PL",
                "title": programme.POLISH_TITLES[name],
                "description": f"{programme.POLISH_TITLES[name]}: zajęcia, {minutes} minut",
                "author": "Ewa Mazur",
                "created": iso(created + 1440),
            }
        )
    family = category == 7
    return builder.add(
        "class_types",
        {
            "id": type_id,
            "timestamp": 0,
            "isDeleted": index == 12,
            "name": name,
            "description": f"{name}: {minutes} minutes for beginners and regulars alike",
            "colorRGB": color,
            "photoUrl": f"{_WEB}/classes/{slug}.jpg" if index % 4 else None,
            "iconUrl": f"{_WEB}/classes/{slug}.svg",
            "rating": rating(random),
            "ageFromMonths": 36 if family else 192,
            "ageToMonths": 144 if family else None,
            "category": category_ref(categories[category]),
            "secondCategory": category_ref(categories[1]) if index % 4 == 1 else None,
            "translations": translations,
            "attributes": [
                {
                    "value": ("Beginner", "Intermediate", "Advanced")[index % 3],
                    "translations": [{"cultureSymbol": "pl-PL", "value": "Poziom"}],
                }
            ]
            if index % 2 == 0
            else [],
            "availableAtTheClub": [club_ref(club) for club in clubs if index % 5 != club["id"] % 5],
        },
        when=min(builder.now - 60, created + random.randrange(1400 * 1440)),
    )


def make_instructors(builder: Builder) -> None:
    """Add `instructors`; each works in one club or two, a few are inactive or deleted."""
    random = builder.random("instructors")
    clubs = builder.rows("clubs")
    categories = builder.rows("class_categories")
    for index in range(builder.size.instructors):
        home = clubs[index % len(clubs)]
        others = [clubs[(index + 1) % len(clubs)]] if index % 3 == 0 else []
        site = builder.notes(home)["site"]
        sex = index % 2
        first = random.choice(names.FIRST_NAMES[site.country][sex])
        last = random.choice(names.LAST_NAMES[site.country])
        taught = random.sample(range(len(categories)), 1 + index % 3)
        joined = _START + random.randrange(1700 * 1440)
        deleted = index % 40 == 11
        builder.add(
            "instructors",
            {
                "id": 201 + index,
                "timestamp": 0,
                "firstName": first,
                "lastName": last,
                "displayName": f"{first} {last[0]}.",
                "email": f"trainer{index + 1}@fitness-park.example",
                "photoUrl": f"{_WEB}/instructors/{201 + index}.jpg" if index % 5 else None,
                "sex": ("Female", "Male")[sex],
                "rating": rating(random),
                "isActive": not deleted and index % 12 != 7,
                "isDeleted": deleted,
                "employeePosition": programme.POSITIONS[index % len(programme.POSITIONS)],
                "clubs": [club_ref(club) for club in (home, *others)],
                "categoriesClasses": [category_ref(categories[number]) for number in taught],
                "services": [{"id": 3, "name": "Personal Training 60 min"}] if index % 2 else [],
            },
            when=min(builder.now - 30, joined + random.randrange(300 * 1440)),
        )


def make_products(builder: Builder) -> None:
    """Add the `products` of each club."""
    random = builder.random("products")
    zone_types = zone_type_refs()
    categories = builder.rows("class_categories")
    product_id = 0
    for club in builder.rows("clubs"):
        for index, (name, cents, unit, kind, category) in enumerate(programme.PRODUCTS):
            product_id += 1
            builder.add(
                "products",
                {
                    "id": product_id,
                    "name": name,
                    "price": money(cents + random.randrange(-9, 10) * 5),
                    "isActive": index % 7 != 6,
                    "unitOfMeasure": unit,
                    "type": kind,
                    "category": category,
                    "createdTime": None if index == 4 else iso(_START + product_id * 1440 + 613),
                    "clubZoneTypes": [dict(zone_types[2])] if kind == "Entry" else [],
                    "categoriesClasses": [category_ref(categories[index % len(categories)])]
                    if kind == "Service"
                    else [],
                },
                params={"clubId": club["id"]},
                hidden={
                    "target": programme.PRODUCT_TARGETS[index % 3],
                    "category_id": programme.PRODUCT_CATEGORIES.index(category) + 1,
                },
            )
