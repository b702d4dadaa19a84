"""Rows as other rows embed them: a few fields of the whole, as in real payloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CLUB = (
    "id",
    "name",
    "shortName",
    "symbol",
    "email",
    "phoneNumber",
    "timeZone",
    "timezone",
    "address",
)
_CLASS_TYPE = (
    "id",
    "name",
    "description",
    "colorRGB",
    "photoUrl",
    "iconUrl",
    "rating",
    "category",
)
_CATEGORY = ("id", "name", "description")
_INSTRUCTOR = ("id", "firstName", "lastName", "displayName", "photoUrl", "sex", "rating")
_MEMBERSHIP = ("id", "name", "isActive")
_PLAN = ("id", "name", "isActive", "isAddOnPaymentPlan")
_PERSON = (
    "id",
    "timestamp",
    "firstName",
    "lastName",
    "photoUrl",
    "coverPhotoUrl",
    "presentInClub",
    "sex",
    "isDeleted",
)


def _part(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names if name in row}


def club_ref(row: Mapping[str, Any]) -> dict[str, Any]:
    """A club inside another row: names, zone (in either spelling) and address."""
    return _part(row, _CLUB)


def class_type_ref(row: Mapping[str, Any]) -> dict[str, Any]:
    """A class type inside another row: names, color, rating and category."""
    return _part(row, _CLASS_TYPE)


def category_ref(row: Mapping[str, Any]) -> dict[str, Any]:
    """A class category inside another row (`ClassCategoryRef`)."""
    return _part(row, _CATEGORY)


def instructor_ref(row: Mapping[str, Any]) -> dict[str, Any]:
    """An instructor inside another row: names, photo and rating."""
    return _part(row, _INSTRUCTOR)


def membership_ref(row: Mapping[str, Any]) -> dict[str, Any]:
    """A membership inside another row."""
    return _part(row, _MEMBERSHIP)


def plan_ref(row: Mapping[str, Any]) -> dict[str, Any]:
    """A payment plan inside another row."""
    return _part(row, _PLAN)


def person_ref(row: Mapping[str, Any]) -> dict[str, Any]:
    """A user as other members see him: no contact data, no contracts."""
    return _part(row, _PERSON)
