"""Users, with the details that only `Users/User` shows."""

from __future__ import annotations

from random import Random
from typing import Any

from ..data import names
from ..data.geography import ClubSite
from ..store.rows import Row
from .builder import Builder, day, iso, moment, money
from .clubs import country_names

_WEB = "https://cdn.fitness-park.example"
_FIRST_SIGN_UP = moment(2023, 1, 2, 6)


def make_users(builder: Builder) -> None:
    """Add `users` in the order in which they joined, and choose the demo member."""
    random = builder.random("users")
    clubs = builder.rows("clubs")
    if not clubs:
        return
    count = builder.size.users
    joined = sorted(random.randrange(_FIRST_SIGN_UP, builder.now - 1440) for _ in range(count))
    for index, created in enumerate(joined):
        club = clubs[0] if index == 7 or random.random() < 0.3 else random.choice(clubs)
        make_user(builder, random, index, created, club)
    builder.member_id = builder.rows("users")[7]["id"]


def make_user(
    builder: Builder,
    random: Random,
    index: int,
    created: int,
    club: Row,
    is_active: bool | None = None,
) -> Row:
    """Add the `index`-th of `users`, who joined a club; active by his number if it is not said."""
    site = builder.notes(club)["site"]
    country = site.country
    sex = random.randrange(2)
    first = random.choice(names.FIRST_NAMES[country][sex])
    last = random.choice(names.LAST_NAMES[country])
    user_id = 5001 + index
    updated = min(builder.now - 1, created + random.randrange(200 * 1440))
    born = None if index % 9 == 4 else day(created - random.randrange(16 * 365, 70 * 365) * 1440)
    member = index == 7
    deleted = not member and index % 31 == 30
    if builder.size.months:
        deleted = deleted and not is_active
    if is_active is None:
        is_active = member or index % 5 != 3
    home = None if index % 13 == 12 and not builder.size.months else club["id"]
    shared = {
        "email": None if index % 17 == 16 else f"member{index + 1}@mail.example",
        "number": f"{site.symbol}-{index + 1:06d}",
        "homeClubId": home,
        "personalId": f"{random.randrange(10**10, 10**11)}" if country == "PL" else None,
        "isActive": is_active,
        "phoneNumber": f"{site.phone[:4]}555{random.randrange(10**6):06d}",
        "birthDate": born,
    }
    photo = f"{_WEB}/users/{user_id}.jpg" if index % 3 else None
    present = not deleted and (member or random.random() < 0.06)
    offset = site.offset
    return builder.add(
        "users",
        {
            "id": user_id,
            "timestamp": 0,
            "firstName": first,
            "lastName": last,
            "photoUrl": photo,
            "coverPhotoUrl": f"{_WEB}/users/{user_id}-cover.jpg" if index % 6 == 1 else None,
            "presentInClub": present,
            "sex": ("Female", "Male")[sex],
            "isDeleted": deleted,
            "isPresent": present,
            "birthDate": born,
            "created": iso(created + offset),
            "updated": iso(updated + offset),
            "email": shared["email"],
            "number": shared["number"],
            "homeClubId": home,
            "personalId": shared["personalId"],
            "isAccepted": index % 8 != 5,
            "isActive": shared["isActive"],
            "phoneNumber": shared["phoneNumber"],
            "contracts": [],
        },
        when=updated,
        detail=_detail(random, index, shared, site, club["id"]),
        notes={"site": site, "club": club, "joined": created, "contracts": []},
    )


def _detail(
    random: Random, index: int, shared: dict[str, Any], site: ClubSite, club_id: int
) -> dict[str, Any]:
    foreigner = index % 10 == 6
    debit = index % 4 == 1
    street = f"{random.choice(names.STREETS[site.country])} {random.randrange(1, 180)}"
    account = f"{site.country}{random.randrange(10**23, 10**24)}"
    return {
        "personalId": shared["personalId"],
        "number": shared["number"],
        "cardNumber": f"77{index + 1:08d}",
        "cardIsBlocked": index % 19 == 18,
        "facebookId": 100_000_000_000_000_000 + index * 7_919_001 if index % 5 == 2 else None,
        "email": shared["email"],
        "emailAddressIsConfirmed": index % 3 != 2,
        "birthDate": shared["birthDate"],
        "isForeigner": foreigner,
        "hasAccount": index % 4 != 3,
        "hasPassword": index % 4 != 3,
        "language": names.LANGUAGES[site.country],
        "phoneNumber": shared["phoneNumber"],
        "idCardName": "Passport" if foreigner else None,
        "idCardNumber": f"X{random.randrange(10**7):07d}" if foreigner else None,
        "legalGuardian": "Parent or guardian on file" if index % 23 == 5 else None,
        "newsletterAgreement": index % 2 == 0,
        "termsAndConditionsAgreement": True,
        "address": {
            "line1": street,
            "line2": f"Flat {index % 40 + 1}" if index % 3 == 0 else None,
            "postalCode": site.postal_code,
            "city": site.city,
            "country": country_names()[site.country],
            "countrySymbol": site.country,
        },
        "contracts": [],
        "cards": [{"cardNumber": f"77{index + 1:08d}", "isBlocked": index % 19 == 18}],
        "directDebit": {
            "accountNumber": account,
            "ownerName": "The member",
            "street": street,
            "cityAndPostalCode": f"{site.postal_code} {site.city}",
            "documentUrl": f"{_WEB}/debits/{index + 1}.pdf",
        }
        if debit
        else None,
        "homeClubId": shared["homeClubId"],
        "registeredAtClubId": club_id,
        "isActive": shared["isActive"],
        "prepaidAmount": money(random.randrange(0, 9000) if index % 3 == 1 else 0),
        "employee": {"employeeId": 201 + index // 10, "role": "Trainer"}
        if index % 40 == 20
        else None,
    }
