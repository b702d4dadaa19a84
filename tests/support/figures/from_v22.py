"""The facts of a sandbox's sets as API v2.2 shows them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from support.set_truth import SetTruth

from perfectgym_source.sandbox.v22.sets import Sets

from .facts import (
    Booking,
    Charge,
    Class,
    Contract,
    Entry,
    Facts,
    Fee,
    Payment,
    Plan,
    Sale,
    cents,
)

_NO_MONEY = ("CashLessPrepaid", "CashLessDebit", "Bonus", "Bon")
Row = dict[str, Any]


def facts_of_v22(sets: Sets) -> Facts:
    """Everything that the marts can know from API v2.2."""
    truth = SetTruth(sets, "UTC")

    def rows(name: str) -> list[Row]:
        return [row for row in _all(truth, name) if not row.get("is_deleted")]

    freezes: dict[int, list[tuple[date, date | None]]] = {}
    for row in rows("ContractFreezes"):
        if row["contract_id"] is not None and row["start_date"] is not None:
            period = (_day(row["start_date"]), _day(row["end_date"]))
            freezes.setdefault(row["contract_id"], []).append(period)
    charges = [row for row in rows("ContractCharges") if not row["is_cancelled"]]
    return Facts(
        plans={row["id"]: _plan(row) for row in _all(truth, "PaymentPlans")},
        contracts=tuple(_contract(row, freezes) for row in rows("Contracts")),
        charges=tuple(_charge(row) for row in charges),
        fees=tuple(
            Fee(
                row["member_id"],
                row["type"],
                _day(row["due_date"]),
                cents(_amount(row["left_to_pay"])),
            )
            for row in charges
        ),
        entries=tuple(_entry(row) for row in rows("MemberClubVisits")),
        classes=tuple(_class(row) for row in _all(truth, "Classes")),
        bookings=tuple(_booking(row) for row in _all(truth, "ClassBookings")),
        sales=tuple(_sales(truth, rows("Transactions"))),
        payments=tuple(_payments(rows("TransactionPayments"), rows("ContractPayments"))),
        sources=_sources(truth),
        counts_are_booked=False,
    )


def _all(truth: SetTruth, name: str) -> list[Row]:
    return next(iter(truth.tables(name).values()))


def _day(value: datetime | None) -> Any:
    return None if value is None else value.date()


def _amount(value: Any) -> Fraction:
    return Fraction(0) if value is None else Fraction(value)


def _period(row: Row, name: str) -> tuple[int, int] | None:
    months, days = row[f"{name}__months"], row[f"{name}__days"]
    return None if months is None and days is None else (months or 0, days or 0)


def _plan(row: Row) -> Plan:
    fee = "current_membership_fee__membership_fee__"
    if row.get(f"{fee}gross") is None:
        fee = "membership_fee__"
    return Plan(
        row["id"],
        _amount(row[f"{fee}gross"]),
        _amount(row[f"{fee}net"]),
        _period(row, "payment_interval"),
        _period(row, "commitment_period"),
        bool(row["is_additional"]),
    )


def _contract(row: Row, freezes: dict[int, list[tuple[date, date | None]]]) -> Contract:
    return Contract(
        row["id"],
        row["member_id"] or None,
        row["club_id"],
        row["payment_plan_id"],
        _day(row["start_date"]),
        _day(row["end_date"]),
        _day(row["cancel_date"]),
        _day(row.get("contract_commitment_end_date__commitment_end_date")),
        bool(row["is_additional_contract"]),
        freezes=tuple(freezes.get(row["id"], ())),
    )


def _charge(row: Row) -> Charge:
    return Charge(
        row["contract_id"],
        row["type"],
        _day(row["due_date"]),
        _amount(row["amount__gross"]),
        _amount(row["amount__net"]),
    )


def _entry(row: Row) -> Entry:
    names = ("enter_date", "leave_date", "enter_date_utc", "leave_date_utc")
    return Entry(row["member_id"] or None, row["club_id"], *(row.get(name) for name in names))


def _class(row: Row) -> Class:
    return Class(
        row["id"],
        row["club_id"],
        row["start_date"],
        row["end_date"],
        row["attendees_limit"],
        row["attendees_count"],
        row["class_type_id"],
        row["instructor_id"],
        bool(row["is_deleted"]),
    )


def _booking(row: Row) -> Booking:
    cancelled = bool(row["is_canceled"] or row["is_deleted"])
    attended = bool(row["has_attended"] and not row["is_deleted"])
    standby = bool(row["is_standby"])
    return Booking(row["class_id"], row["member_id"], attended, standby, cancelled)


def _signed(row: Row) -> Any:
    amount = cents(_amount(row["amount__gross"]))
    return -abs(amount) if row["is_refund"] else amount


def _sales(truth: SetTruth, transactions: list[Row]) -> Iterator[Sale]:
    names = {row["id"]: row["name"] for row in _all(truth, "ProductCategories")}
    of_product = {row["id"]: names.get(row["category_id"]) for row in _all(truth, "Products")}
    for row in transactions:
        if row["product_id"] is not None:
            category = of_product.get(row["product_id"])
            yield Sale(_day(row["date"]), row["club_id"], category, _signed(row))


def _payments(receipts: list[Row], of_contracts: list[Row]) -> Iterator[Payment]:
    for row in receipts:
        if row["type"] not in _NO_MONEY:
            yield Payment(_day(row["date"]), row["club_id"], row["type"], _signed(row))
    for row in of_contracts:
        if row["transaction_id"] is None:
            yield Payment(_day(row["date"]), row["club_id"], _method(row), _signed(row))


def _method(row: Row) -> str:
    if row["e_payment_id"] is not None:
        return "EPayment"
    return "Online" if row["online_gate_transaction_id"] is not None else "unknown"


def _sources(truth: SetTruth) -> dict[int, str | None]:
    """The source of each member; the one with the lowest id where there are several."""
    names = {row["id"]: row["marketing_source"] for row in _all(truth, "MemberMarketingSources")}
    found: dict[int, int] = {}
    for pair in truth.pairs("Members", "marketingSources", "member", "source"):
        found[pair["member"]] = min(pair["source"], found.get(pair["member"], pair["source"]))
    return {member: names[source] or None for member, source in found.items()}
