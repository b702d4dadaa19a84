"""A year of classes in every club, the bookings of members, and free seats."""

from __future__ import annotations

from typing import Any

from ..data import programme
from ..store.rows import Row
from .builder import Builder, iso, moment
from .references import (
    class_type_ref,
    club_ref,
    instructor_ref,
)

_YEAR = moment(2026, 1, 1)
_YEAR_END = moment(2027, 1, 1)
_MAP = "https://cdn.fitness-park.example/maps"

_NIGHTS: dict[str, tuple[int, ...]] = {
    "Central European Standard Time": (
        moment(2026, 3, 29, 1, 30),
        moment(2026, 3, 29, 3, 0),
        moment(2026, 10, 25, 2, 15),
    ),
    "GMT Standard Time": (
        moment(2026, 3, 29, 0, 30),
        moment(2026, 3, 29, 2, 0),
        moment(2026, 10, 25, 1, 15),
    ),
}
_GAPS: dict[str, int] = {"Central European Standard Time": moment(2026, 3, 29, 2, 30)}
"""Local starts around the changes of the clock: twice in October, and never in March."""


def class_row(
    number: int,
    type_ref: dict[str, Any],
    kind: tuple[str, int, int, str, int],
    club: dict[str, Any],
    start: int,
) -> dict[str, Any]:
    """The fields of the `number`-th class: of a type, in a club, at a local time."""
    _, category, minutes, color, places = kind
    return {
        "id": 100_001 + number,
        "timestamp": 0,
        "isDeleted": False,
        "classType": type_ref,
        "instructor": None,
        "club": club,
        "startDate": iso(start),
        "endDate": iso(start + minutes),
        "attendeesCount": 0,
        "attendeesLimit": places,
        "clubZone": None,
        "clubZoneMapUrl": None,
        "colorRGB": color,
        "allowBookSeatNumber": category == 4,
    }


def known_types(
    builder: Builder,
) -> list[tuple[dict[str, Any], tuple[str, int, int, str, int]]]:
    """The class types that are not deleted, as classes show them, with what the programme says."""
    return [
        (class_type_ref(row), programme.CLASS_TYPES[row["id"] - 11])
        for row in builder.rows("class_types")
        if not row["isDeleted"]
    ]


def zones_of(club: Row) -> list[tuple[str, str]]:
    """The zones of a club, with their maps."""
    symbol = club["symbol"].lower()
    zones = (club.detail or {})["zones"]
    return [(zone["name"], f"{_MAP}/{symbol}/{zone['id']}.png") for zone in zones]


def staff_of(builder: Builder) -> dict[int, list[dict[str, Any]]]:
    """The instructors of each club, as classes show them."""
    staff: dict[int, list[dict[str, Any]]] = {}
    for row in builder.rows("instructors"):
        for club in row["clubs"]:
            staff.setdefault(club["id"], []).append(instructor_ref(row))
    return staff


class Timetable:
    """Makes `classes`, `user_classes` and `class_available_seats` of a world."""

    def __init__(self, builder: Builder, quirks: bool) -> None:
        self._builder = builder
        self._quirks = quirks
        self._random = builder.random("timetable")
        self._types = known_types(builder)
        self._member_club = 1
        self._booked = 0

    def make(self) -> None:
        """Add everything, in the order in which classes were planned."""
        clubs = self._builder.rows("clubs")
        if not clubs:
            return
        planned = sorted(
            (entry for club in clubs for entry in self._plan(club)), key=lambda entry: entry[:2]
        )
        refs = {club["id"]: club_ref(club) for club in clubs}
        zones = {club["id"]: zones_of(club) for club in clubs}
        staff = staff_of(self._builder)
        members = self._members()
        parents = {club["id"]: {"clubId": club["id"]} for club in clubs}
        for number, (created, start, club_id, offset) in enumerate(planned):
            row = self._class(
                number, created, start, offset, refs[club_id], zones[club_id], staff[club_id]
            )
            guests = members[club_id % len(clubs) + 1 if number % 12 == 11 else club_id]
            row["attendeesCount"] = self._book(
                number, row, created, start - offset, guests, club_id
            )
            last = created + 2880 if row["isDeleted"] else max(created, start - offset + 60)
            self._builder.add("classes", row, min(last, self._builder.now - 1), parents[club_id])

    def _plan(self, club: Row) -> list[tuple[int, int, int, int]]:
        """Planning moment, local start, club and offset of each class of a club."""
        size = self._builder.size
        first = round(size.classes * size.first_club)
        share = (size.classes - first) // max(1, size.clubs - 1)
        count = first if club["id"] == 1 else share
        site = self._builder.notes(club)["site"]
        draw = self._random.random
        starts = []
        for number in range(count):
            midnight = _YEAR + number * 365 // count * 1440
            starts.append(midnight + 360 + int(draw() * 61) * 15)
        nights = list(_NIGHTS.get(site.zone, ()))
        if self._quirks and site.zone in _GAPS:
            nights.append(_GAPS[site.zone])
        starts[: len(nights)] = nights
        entries = []
        for start in starts:
            lead = int((14 + draw() * 30) * 1440)
            latest = self._builder.now - 60 - int(draw() * 60 * 1440)
            entries.append(
                (min(start - site.offset - lead, latest), start, club["id"], site.offset)
            )
        return entries

    def _class(
        self,
        number: int,
        created: int,
        start: int,
        offset: int,
        club: dict[str, Any],
        zones: list[tuple[str, str]],
        staff: list[dict[str, Any]],
    ) -> dict[str, Any]:
        draw = self._random.random
        type_ref, kind = self._types[int(draw() * len(self._types))]
        row = class_row(number, type_ref, kind, club, start)
        row["isDeleted"] = number % 50 == 49
        if number % 60 != 59:
            row["instructor"] = staff[int(draw() * len(staff))]
        if number % 40 == 13:
            row["attendeesLimit"] = None
        row["clubZone"], row["clubZoneMapUrl"] = zones[2 if kind[1] == 4 else number % 2]
        return row

    def _book(
        self,
        number: int,
        row: dict[str, Any],
        created: int,
        start: int,
        members: list[int],
        club_id: int,
    ) -> int:
        """Add the bookings of a class, and its free seats; return how many are booked."""
        size, draw = self._builder.size, self._random.random
        limit = programme.CLASS_TYPES[row["classType"]["id"] - 11][4]
        wanted = min(int(draw() * (2 * size.bookings + 1)), limit, len(members))
        chosen = {members[int(draw() * len(members))] for _ in range(wanted)}
        own = self._builder.member_id
        if own is not None and club_id == self._member_club and self._booked < size.heavy:
            chosen.add(own)
        booked = 0
        for turn, user_id in enumerate(sorted(chosen)):
            standby = turn == limit - 1 or (number + turn) % 37 == 36
            cancelled = (number + turn) % 29 == 28
            self._booked += user_id == own
            booked += not standby and not cancelled
            self._booking(number, turn, row, user_id, club_id, standby, cancelled, created, start)
        if row["allowBookSeatNumber"] and start > self._builder.now - 30 * 1440:
            params = {"classId": row["id"]}
            for seat in range(1 + booked, limit + 1):
                self._builder.add("class_available_seats", {"seatNumber": seat}, params=params)
        return booked

    def _booking(
        self,
        number: int,
        turn: int,
        row: dict[str, Any],
        user_id: int,
        club_id: int,
        standby: bool,
        cancelled: bool,
        created: int,
        start: int,
    ) -> None:
        past = start < self._builder.now
        attended = past and not standby and not cancelled and (number + turn) % 8 != 7
        rated = attended and (number + turn) % 5 == 0
        if past:
            when = start + 30 + turn
        else:
            when = created + int((self._builder.now - created) * self._random.random())
        products: list[dict[str, Any]] = []
        if (number + turn) % 11 == 3:
            name, cents, *_ = programme.PRODUCTS[8]
            products.append({"id": 9, "price": cents / 100, "productName": name})
        self._builder.add(
            "user_classes",
            {
                "id": row["id"],
                "timestamp": 0,
                "isDeleted": cancelled,
                "booked": not standby and not cancelled,
                "attended": attended,
                "standby": standby,
                "userClassRating": 3 + turn % 3 if rated else None,
                "userInstructorRating": 3 + number % 3 if rated else None,
                "products": products,
            },
            when=min(when, self._builder.now),
            params={"userId": user_id, "clubId": club_id, "classId": row["id"]},
        )

    def _members(self) -> dict[int, list[int]]:
        members: dict[int, list[int]] = {club["id"]: [] for club in self._builder.rows("clubs")}
        for row in self._builder.rows("users"):
            if not row["isDeleted"]:
                members[self._builder.notes(row)["club"]["id"]].append(row["id"])
        return members
