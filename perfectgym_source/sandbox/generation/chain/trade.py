"""What is sold at the till: purchases of members and guests, and where members came from."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from ...data import programme
from ..belongings import add_product
from ..builder import Builder, iso
from . import rhythm
from .people import People, midnight

TYPES = {
    "MembershipFee": "Membership",
    "JoiningFee": "JoiningFee",
    "FreezeFee": "Freeze",
    "AddOnFee": "AddOn",
}
"""The kinds of fees as v2.2 calls them."""
_BOUGHT = (0, 1, 4, 5, 6, 9)
_TASTE = (30, 42, 5, 5, 6, 4)
_ENTRY = 7
_METHODS = ("CreditCard", "Cash", "Online", "MoneyTransfer", "CashLessPrepaid")
_CUSTOM = (55, 24, 10, 4, 7)
_BLANK_SALE = (
    *("refundedTransactionId", "contractId", "productId", "productQuantity", "description"),
    *("contractTransactionType", "productGoodNetCost", "discountAmountGross"),
)
_BLANK_PAYMENT = ("refundedTransactionPaymentId", "ePaymentId", "onlineGateTransactionId")


def make_trade(builder: Builder, people: People, entered: list[tuple[int, int]]) -> None:
    """Add `user_products`, sales to guests, and the sources of members.

    Args:
        builder: what makes the world.
        people: the members.
        entered: local minute and member of each visit.
    """
    random = builder.random("trade")
    owned: set[tuple[int, int]] = set()
    for minute, index in entered:
        if random.random() > 0.045:
            continue
        place = random.choices(_BOUGHT, _TASTE)[0]
        bought = 2 if random.random() < 0.1 else 1
        club = people.lives[index].club + 1
        sell(builder, people, random, index, club, place, bought, 0, minute, owned)
    _guests(builder, people, random)
    for number, (name, text) in enumerate(programme.LEAD_SOURCES, 1):
        fields = {"id": number, "marketingSource": name, "description": text}
        members = [
            user["id"]
            for user, life in zip(people.users, people.lives, strict=True)
            if life.source == number - 1
        ]
        builder.beyond.append(("MemberMarketingSource", fields, {"members": members}))


def sell(
    builder: Builder,
    people: People,
    random: Random,
    index: int,
    club: int,
    place: int,
    bought: int,
    left: int,
    minute: int,
    owned: set[tuple[int, int]],
) -> None:
    """Sell a product of the programme to a member: in v1 what he owns, in v2.2 a sale, too."""
    user, sale = people.users[index], next(people.sales)
    params = {"userId": user["id"], "clubId": club}
    is_first = (index, place) not in owned
    owned.add((index, place))
    row = add_product(builder, place, sale, bought, left, minute, params, is_first)
    fields = {"memberId": user["id"], "clubId": club}
    fields |= {"productId": row["id"], "productQuantity": bought}
    add_sale(builder, random, sale, programme.PRODUCTS[place][1] * bought, minute, fields)


def _guests(builder: Builder, people: People, random: Random) -> None:
    for club, days in enumerate(people.training):
        for day in days:
            season = rhythm.VISITING[day.month - 1]
            if day > people.until or day < people.until - timedelta(730):
                continue
            for _ in range(rhythm.about(random, 0.45 * season)):
                place = _ENTRY if random.random() < 0.6 else 1
                product = club * len(programme.PRODUCTS) + place + 1
                fields = {"memberId": 0, "clubId": club + 1}
                fields |= {"productId": product, "productQuantity": 1}
                minute = midnight(day) + rhythm.draw_minute(random, day)
                sale, cents = next(people.sales), programme.PRODUCTS[place][1]
                add_sale(builder, random, sale, cents, minute, fields)
                if random.random() < 0.02:
                    refund = fields | {"isRefund": True, "refundedTransactionId": sale}
                    add_sale(builder, random, next(people.sales), cents, minute + 9, refund)


def add_sale(
    builder: Builder,
    random: Random,
    sale: int,
    cents: int,
    minute: int,
    fields: dict[str, Any],
) -> None:
    """Add a sale and its payment to what only v2.2 shows."""
    when, is_refund = iso(minute), fields.get("isRefund", False)
    receipt = {"receiptId": sale, "receiptNumber": f"R/{sale}", "date": when, "createdDate": when}
    common = {**receipt, "amount": cents / 100, "isRefund": is_refund, "isDeleted": False}
    common |= {"employeeId": None, "endpointId": None, "source": "PosWeb"}
    sold = {**dict.fromkeys(_BLANK_SALE), "id": sale, **common, **fields}
    builder.beyond.append(("Transaction", sold, {}))
    payment = {"id": sale, "transactionId": sale, "type": random.choices(_METHODS, _CUSTOM)[0]}
    payment |= {name: fields[name] for name in ("memberId", "clubId")}
    builder.beyond.append(
        ("TransactionPayment", {**dict.fromkeys(_BLANK_PAYMENT), **common, **payment}, {})
    )
