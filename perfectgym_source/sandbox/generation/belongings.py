"""What hangs on each user: documents, messages, open fees, cards, products, friends, measures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Any

from ..data import programme
from ..store.rows import Row
from .builder import Builder, day, fee, iso, money

_WEB = "https://cdn.fitness-park.example"


def make_belongings(builder: Builder) -> None:
    """Add `documents`, `messages`, `pending_contract_fees`, `membership_cards`, `user_products`,
    `user_owned_products`, `friends` and `friend_statuses`.

    The demo member has enough documents and messages for more than one page.
    """
    random = builder.random("belongings")
    users = builder.rows("users")
    documents, messages, fees, transactions = count(1), count(1), count(1), count(40_001)
    for index, user in enumerate(users):
        heavy = builder.size.heavy if user["id"] == builder.member_id else 0
        params = {"userId": user["id"]}
        joined = builder.notes(user)["joined"]
        for number in range(heavy or index % 3):
            _document(builder, random, next(documents), number, params, joined)
        for number in range(heavy or (index + 1) % 4):
            _message(builder, random, next(messages), number, params, joined)
        # Fees and purchases in a chain follow from contracts and visits.
        by_chance = not builder.size.months
        for number in range((2 if heavy else index % 7 % 3) if by_chance else 0):
            _pending_fee(builder, random, next(fees), number, params)
        _cards(builder, index, user, params, joined)
        if by_chance and (heavy or index % 2 == 0):
            _products(builder, random, index, user, transactions)
        _friends(builder, random, index, users, params, joined)


def make_measurements(builder: Builder) -> None:
    """Add `measurements`, a fifth of them the demo member's."""
    random = builder.random("measurements")
    users = builder.rows("users")
    if not users:
        return
    taken = sorted(
        random.randrange(builder.now - 500 * 1440, builder.now)
        for _ in range(builder.size.measurements)
    )
    part_id = 0
    for number, when in enumerate(taken, 1):
        user_id = builder.member_id if number % 5 == 0 else random.choice(users)["id"]
        parts = []
        for name, least, greatest in programme.MEASURES[: 1 + number % 4]:
            part_id += 1
            part = {
                "id": part_id,
                "name": name,
                "value": round(random.uniform(least, greatest), 1),
                "timestamp": 0,
                "isDeleted": part_id % 50 == 49,
            }
            parts.append(builder.stamp(when, part))
        builder.add(
            "measurements",
            {
                "id": number,
                "timestamp": 0,
                "addDate": iso(when),
                "measurements": parts,
                "isDeleted": number % 30 == 29,
            },
            when=when,
            params={"userId": user_id},
        )


def _document(
    builder: Builder, random: Random, key: int, number: int, params: dict[str, Any], joined: int
) -> None:
    kind = ("Contract", "Invoice", "Annex")[number % 3]
    builder.add(
        "documents",
        {
            "id": key,
            "timestamp": 0,
            "name": f"{kind} {key}",
            "extension": "pdf",
            "type": kind,
            "size": random.randrange(20_000, 900_000),
            "url": f"{_WEB}/documents/{key}.pdf",
            "isDeleted": number % 9 == 8,
        },
        when=random.randrange(joined, builder.now),
        params=params,
    )


def _message(
    builder: Builder, random: Random, key: int, number: int, params: dict[str, Any], joined: int
) -> None:
    title, text = programme.MESSAGES[key % len(programme.MESSAGES)]
    sent = random.randrange(joined, builder.now)
    read = random.random() < 0.6
    builder.add(
        "messages",
        {
            "id": key,
            "timestamp": 0,
            "title": title,
            "isDeleted": number % 11 == 10,
            "status": "Read" if read else "Sent",
            "isReaded": read,
            "createdDate": iso(sent),
        },
        when=sent,
        params=params,
        detail={
            "text": text,
            "read": read,
            "comment": "Sent by the reception" if key % 4 == 0 else None,
            "attachments": [{"id": 7000 + key, "name": "timetable.pdf"}] if key % 3 == 0 else [],
        },
    )


def _pending_fee(
    builder: Builder, random: Random, key: int, number: int, params: dict[str, Any]
) -> None:
    due = builder.now + random.randrange(-20, 25) * 1440
    name = ("Membership fee", "Joining fee")[number % 2]
    cents = random.randrange(1990, 18990)
    changed = builder.now - random.randrange(1, 40) * 1440
    add_pending_fee(builder, key, name, cents, due, changed, params)


def add_pending_fee(
    builder: Builder,
    key: int,
    name: str,
    cents: int,
    due: int,
    changed: int,
    params: dict[str, Any],
    contract: int | None = None,
) -> None:
    """Add one of `pending_contract_fees`; of a contract if it is one of its open transactions."""
    builder.add(
        "pending_contract_fees",
        {
            "id": key,
            "timestamp": 0,
            "name": name,
            "description": f"{name} due on {day(due)[:10]}",
            "feeType": name.replace(" ", ""),
            "fee": fee(cents),
            "dueDate": day(due),
            "isDeleted": False,
        },
        when=changed,
        params=params,
        hidden=None if contract is None else {"contractId": contract},
    )


def _cards(builder: Builder, index: int, user: Row, params: dict[str, Any], joined: int) -> None:
    contracts = builder.notes(user)["contracts"]
    for number in range(1 + (index % 8 in (3, 7))):
        builder.add(
            "membership_cards",
            {
                "cardNumber": f"7{7 + number}{index + 1:08d}",
                "timestamp": 0,
                "isBlocked": index % 19 == 18 or number > 0,
                "isDeleted": False,
                "cardType": "Wristband" if number else "Card",
                "contractId": contracts[0]["id"] if contracts else None,
                "assigneReason": "Lost card" if number else "New member",
            },
            when=min(builder.now, joined + 5 + number * 90 * 1440),
            params=params,
        )


def _products(
    builder: Builder, random: Random, index: int, user: Row, transactions: Iterator[int]
) -> None:
    notes = builder.notes(user)
    club_id = notes["club"]["id"]
    for number in range(1 + index % 3):
        place = (index + number * 3) % len(programme.PRODUCTS)
        package = programme.PRODUCTS[place][2] == "package"
        bought = 10 if package else 1 + index % 2
        left = random.randrange(bought + 1)
        when = random.randrange(notes["joined"], builder.now)
        params = {"userId": user["id"], "clubId": club_id}
        row = add_product(builder, place, next(transactions), bought, left, when, params)
        row["isStartPackage"] = package and number == 0


def add_product(
    builder: Builder,
    place: int,
    transaction: int,
    bought: int,
    left: int,
    when: int,
    params: dict[str, Any],
    is_first: bool = True,
) -> Row:
    """Add what a member bought to `user_products`, and what is left to `user_owned_products`.

    Args:
        builder: what makes the world.
        place: which of the products of the programme.
        transaction: the sale.
        bought: how many.
        left: how many of them are left.
        when: the local time.
        params: the member and the club.
        is_first: whether the member bought none of them before.
    """
    name, cents, unit, kind, category = programme.PRODUCTS[place]
    product_id = (params["clubId"] - 1) * len(programme.PRODUCTS) + place + 1
    package = unit == "package"
    expires = day(when + 180 * 1440) if package or kind == "Entry" else None
    row = builder.add(
        "user_products",
        {
            "id": product_id,
            "transactionId": transaction,
            "expireDate": expires[:10] if expires else None,
            "quantity": left,
            "initialQuantity": bought,
            "name": name,
            "price": money(cents),
            "isActive": left > 0,
            "unitOfMeasure": unit,
            "createdTime": iso(when),
            "category": category,
            "type": kind,
            "isStartPackage": False,
            "isStartPackageOnlyForNewcomer": False,
            "translations": [{"cultureSymbol": "pl-PL", "name": name}] if package else [],
            "categoriesClasses": [{"id": 1, "name": "Strength"}] if kind == "Service" else [],
            "clubZoneTypes": [{"id": 3, "name": "Gym"}] if kind == "Entry" else [],
            "employeePositions": [{"id": 1, "name": "Trainer"}] if kind == "Service" else [],
        },
        params=params,
    )
    owned = {"productId": product_id, "productName": name, "quantity": left, "expireDate": expires}
    if is_first:
        builder.add("user_owned_products", owned, params=params)
    return row


def _friends(
    builder: Builder,
    random: Random,
    index: int,
    users: list[Row],
    params: dict[str, Any],
    joined: int,
) -> None:
    steps = (1, 3, 8, 17)[: min(index % 5, len(users) - 1)]
    if params["userId"] == builder.member_id:
        steps = (1, 3, 8)
    for number, step in enumerate(steps):
        friend = users[(index + step) % len(users)]["id"]
        since = random.randrange(joined, builder.now)
        ended = day(builder.now - 1440)[:10] if number == 2 else None
        fields = {"userId": friend, "dateFrom": day(since)[:10], "dateTo": ended}
        builder.add("friend_statuses", dict(fields), params=params)
        if number != 1:
            builder.add("friends", fields, params=params)
