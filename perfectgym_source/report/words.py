"""Figures as text."""

from __future__ import annotations

from datetime import date
from typing import Any

UNKNOWN = "–"
NO_CURRENCY = "not known"


def count(value: Any) -> str:
    """Return a number of things.

    >>> count(1204)
    '1,204'
    """
    return UNKNOWN if value is None else f"{int(value):,}"


def percent(value: Any, digits: int = 1) -> str:
    """Return a part of one in percent.

    >>> percent(0.8333)
    '83.3 %'
    """
    return UNKNOWN if value is None else f"{float(value) * 100:.{digits}f} %"


def amount(value: Any, currency: str) -> str:
    """Return an amount of money, to the cent.

    >>> amount(1204.5, "EUR")
    '1,204.50 EUR'
    """
    return UNKNOWN if value is None else f"{value:,.2f} {currency}".strip()


def month_name(month: date) -> str:
    """Return a month.

    >>> month_name(date(2026, 3, 1))
    'Mar 2026'
    """
    return f"{_MONTHS[month.month - 1]} {month.year}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Those of the system's locale could be of any language."""
