"""Members and what is theirs: contracts, fees, bookings, visits, cards, products, files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ...encoding import truthy
from ...store.rows import Row
from .shown import (
    Shown,
    Tables,
    elements,
    given,
    home_club,
    key_of,
    shown,
    taxed,
)

_AS_IN_V1 = ("firstName", "lastName", "sex", "email", "phoneNumber", "number", "personalId")
_CHARGE_TYPES = {
    "membershipfee": "Membership",
    "joiningfee": "JoiningFee",
    "freezefee": "Freeze",
    "addonfee": "AddOn",
}
_PAID = 500
"""Added to the position of a paid transaction, which makes the id of its charge."""


def user(tables: Tables, row: Row) -> Iterator[Shown]:
    """`Members`, their addresses and sign-ins, and `MemberBalances`."""
    detail, version = row.detail or {}, row["timestamp"]
    yield shown(
        "Member",
        {
            "id": row.key,
            **{name: row.get(name) for name in _AS_IN_V1},
            "homeClubId": home_club(tables, row),
            "isActive": row["isActive"],
            "isForeigner": detail.get("isForeigner"),
            "birthdate": row.get("birthDate"),
            "createdDate": row.get("created"),
            "memberType": "Member",
            "isDeleted": row["isDeleted"],
        },
        version,
    )
    address = detail.get("address") or {}
    yield shown(
        "MemberAddress",
        {
            "memberId": row.key,
            "street": address.get("line1"),
            "additionalAddressLine": address.get("line2"),
            "postalCode": address.get("postalCode"),
            "city": address.get("city"),
            "country": address.get("country"),
        },
    )
    yield shown(
        "MemberCredentials",
        {name: detail.get(name) for name in ("facebookId", "hasPassword")} | {"memberId": row.key},
    )
    balance = {"memberId": row.key, "prepaidBalance": detail.get("prepaidAmount") or 0}
    yield shown("MemberBalance", balance, version)


def contract(tables: Tables, row: Row) -> Iterator[Shown]:
    """`Contracts` with their commitment, freezes and discounts."""
    owner = row.hidden.get("userId", 0)
    user = tables["users"].rows.get(owner)
    version = row["timestamp"]
    yield shown(
        "Contract",
        {
            "id": row.key,
            "isActive": row["isActive"],
            "isAdditionalContract": row.hidden.get("isAdditional", False),
            "status": row["status"],
            "signUpDate": given(row, "signDate", "signUpDate"),
            "startDate": row["startDate"],
            "endDate": row["endDate"],
            "cancelDate": row["cancelDate"],
            "clubId": home_club(tables, user) if user is not None else 1,
            "memberId": owner,
            "paymentPlanId": key_of(row["paymentPlan"]),
            "isDeleted": row["isDeleted"],
        },
        version,
    )
    commitment = {"contractId": row.key, "commitmentEndDate": row["commitmentDate"]}
    yield shown("ContractCommitmentEndDate", commitment)
    for freeze in elements(row["freezes"]):
        if not truthy(freeze.get("isDeleted")):
            fields: dict[str, Any] = {"id": freeze["id"], "contractId": row.key}
            fields |= {name: freeze.get(name) for name in ("startDate", "endDate")}
            kind = freeze.get("type") or {}
            fields |= {"freezeTypeId": kind.get("id"), "freezeFee": kind.get("fixedFee") or 0}
            fields["reasonId"] = key_of(freeze.get("reason"))
            yield shown("ContractFreeze", fields, freeze.get("timestamp", version))
    for order, discount in enumerate(elements(row["discounts"])):
        fields = {"id": int(row["id"]) * 1000 + order, "contractId": row.key, "order": order}
        fields["contractDiscountDefinitionId"] = discount.get("id")
        yield shown("ContractDiscountAssignment", fields)


def contract_fees(tables: Tables, row: Row) -> Iterator[Shown]:
    """`ContractCharges` of all transactions, and `ContractPayments` of the paid ones."""
    key = row.params["contractId"]
    contract = tables["contracts"].rows.get(key)
    owner = contract.hidden.get("userId", 0) if contract is not None else 0
    user = tables["users"].rows.get(owner)
    common = {"memberId": owner, "contractId": key, "isDeleted": False}
    paid = elements(row["paidTransactions"])
    due, tills = row.hidden.get("due"), row.hidden.get("till")
    open_fees = [
        (order, fee, fee["date"]) for order, fee in enumerate(elements(row["pendingTransactions"]))
    ]
    paid_fees = [
        (_PAID + order, fee, due[order] if due else fee["date"]) for order, fee in enumerate(paid)
    ]
    for order, fee, day in (*open_fees, *paid_fees):
        fields = {
            **common,
            "id": key * 1000 + order,
            "amount": _charged(tables, contract, fee),
            "leftToPay": fee["amountToSettle"],
            "dueDate": day,
            "type": _charge_type(fee["type"]),
            "isCancelled": False,
        }
        yield shown("ContractCharge", fields, row["timestamp"])
    for order, fee in enumerate(paid):
        fields = {
            **common,
            "id": key * 1000 + order,
            "clubId": home_club(tables, user) if user is not None else 1,
            "amount": _charged(tables, contract, fee),
            "date": fee["date"],
            "isRefund": False,
        }
        if tills is not None:
            fields["transactionId"] = tills[order]
            fields["ePaymentId"] = None if tills[order] else key * 1000 + order
            fields["onlineGateTransactionId"] = None
        yield shown("ContractPayment", fields, row["timestamp"])


def _charged(tables: Tables, contract: Row | None, fee: dict[str, Any]) -> dict[str, Any] | None:
    """The amount of a transaction; the tax in a membership fee is that of its plan."""
    if contract is None or _charge_type(fee["type"]) != "Membership":
        return taxed(fee["amount"])
    plan = tables["payment_plans"].rows.get(key_of(contract["paymentPlan"]))
    listed = ((plan.detail or {}).get("fees") or {}).get("membershipFee") if plan else None
    return taxed(fee["amount"], listed if isinstance(listed, dict) else None)


def pending_fee(tables: Tables, row: Row) -> Iterator[Shown]:
    """`ContractCharges` of the open fees of a member that are not those of a contract."""
    if "contractId" in row.hidden:
        return
    fee = given(row, "fee", "amount")
    yield shown(
        "ContractCharge",
        {
            "id": 900_000_000 + int(row["id"]),
            "memberId": row.params["userId"],
            "contractId": None,
            "amount": taxed(fee),
            "leftToPay": fee["gross"] if isinstance(fee, dict) else fee,
            "dueDate": row["dueDate"],
            "description": row["description"] or "",
            "type": _charge_type(given(row, "feeType", "paymentType")),
            "isCancelled": False,
            "isDeleted": row["isDeleted"],
        },
        row["timestamp"],
    )


def _charge_type(kind: Any) -> str:
    return _CHARGE_TYPES.get(str(kind).lower(), str(kind))


def booking(tables: Tables, row: Row) -> Iterator[Shown]:
    """`ClassBookings` and `ClassRatings`."""
    class_id, member = row.params["classId"], row.params["userId"]
    key = class_id * 1_000_000 + member
    cancelled = not truthy(row["booked"]) and not truthy(row["standby"])
    common = {"classId": class_id, "memberId": member, "isDeleted": row["isDeleted"]}
    yield shown(
        "ClassBooking",
        {
            **common,
            "id": key,
            "isStandby": row["standby"],
            "isCanceled": cancelled,
            "hasAttended": row["attended"],
        },
        row["timestamp"],
    )
    if row["userClassRating"] not in (None, "", "null"):
        fields = {**common, "id": key, "bookingId": key, "rating": row["userClassRating"]}
        yield shown("ClassRating", fields, row["timestamp"])


def visit(tables: Tables, row: Row) -> Iterator[Shown]:
    """`MemberClubVisits`."""
    yield shown(
        "MemberClubVisit",
        {
            "id": row.key,
            "memberId": row["userId"],
            "clubId": key_of(row["club"]),
            "enterDate": row["enterDate"],
            "leaveDate": row["exitDate"],
            "isDeleted": row["isDeleted"],
        },
        row["timestamp"],
    )


def card(tables: Tables, row: Row) -> Iterator[Shown]:
    """`MemberCards`: v1 knows them by their number, which is unique."""
    number = str(row.key)
    fields = {"id": int(number), "cardNumber": number, "memberId": row.params["userId"]}
    yield shown("MemberCard", {**fields, "isDeleted": row["isDeleted"]}, row["timestamp"])


def owned(tables: Tables, row: Row) -> Iterator[Shown]:
    """`MemberProducts`."""
    yield shown(
        "MemberProduct",
        {
            "id": row.key,
            "productId": row["id"],
            "memberId": row.params["userId"],
            "clubId": row.params["clubId"],
            "initialQuantity": row["initialQuantity"],
            "currentQuantity": row["quantity"],
            "purchaseDate": row["createdTime"],
            "expiryDate": row["expireDate"],
            "isDeleted": False,
        },
    )


def document(tables: Tables, row: Row) -> Iterator[Shown]:
    """`MemberFiles`."""
    fields = {"id": row.key, "memberId": row.params["userId"], "name": row["name"]}
    fields |= {"documentType": row["type"], "isDeleted": row["isDeleted"]}
    yield shown("MemberFile", fields, row["timestamp"])


def message(tables: Tables, row: Row) -> Iterator[Shown]:
    """`MemberPushNotifications`."""
    fields = {"id": row.key, "memberId": row.params["userId"], "subject": row["title"]}
    fields |= {"content": (row.detail or {}).get("text", ""), "sentDate": row["createdDate"]}
    yield shown(
        "MemberPushNotification", {**fields, "isDeleted": row["isDeleted"]}, row["timestamp"]
    )


def friend(tables: Tables, row: Row) -> Iterator[Shown]:
    """`MemberRelations` of friends."""
    parent, child = row.params["userId"], row["userId"]
    fields = {"id": parent * 1_000_000 + child, "relationType": "FriendAccess"}
    fields |= {"parentMemberId": parent, "childMemberId": child, "isDeleted": False}
    fields |= {"dateFrom": row["dateFrom"], "dateUntil": row["dateTo"]}
    yield shown("MemberRelation", fields)


MEMBER_VIEWS: dict[str, Callable[[Tables, Row], Iterator[Shown]]] = {
    "users": user,
    "contracts": contract,
    "contract_fees": contract_fees,
    "pending_contract_fees": pending_fee,
    "user_classes": booking,
    "club_visits": visit,
    "membership_cards": card,
    "user_products": owned,
    "documents": document,
    "messages": message,
    "friends": friend,
}
