"""Weekly timetables, popular classes and empty ones, and who comes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from ..builder import Builder
from ..references import club_ref
from ..timetable import class_row, known_types, staff_of, zones_of
from . import rhythm
from .people import AHEAD, People, day_of, midnight

_SLOTS = (
    *((weekday, 7 * 60 + 15, 0.95) for weekday in (0, 3)),
    *((weekday, 18 * 60 + 15, 1.45) for weekday in range(4)),
    (1, 19 * 60 + 30, 1.0),
    (1, 12 * 60 + 15, 0.4),
    *((5, 10 * 60 + 15, 1.0), (6, 11 * 60 + 15, 0.65)),
)
"""Weekday, minute and popularity of the classes of a week."""
_TASTE: dict[str, tuple[float, float]] = {
    "Power Pump": (1.15, 0.1),
    "HIIT 45": (1.4, 0.2),
    "Vinyasa Yoga": (1.2, 0.12),
    "Zumba": (1.3, 0.19),
    "Indoor Cycling": (1.75, 0.14),
    "Boxing Basics": (0.8, 0.08),
    "Aqua Aerobics": (0.6, 0.05),
    "Mini Movers": (0.3, 0.26),
    "Salsa Solo": (0.4, 0.17),
    "Muay Thai": (0.55, 0.07),
}
"""How popular a class type is, and which share does not show up."""
_OF_OTHERS = (0.95, 0.13)
_STANDBY = 3

Slot = tuple[int, int, float, int, int]
"""Weekday, minute and popularity of a class, its type and its instructor."""


def make_classes(builder: Builder, people: People) -> list[tuple[int, int, int]]:
    """Add `classes`, `user_classes` and `class_available_seats`.

    Returns:
        Local start, local end, and member of each booking that was attended.
    """
    return _Classes(builder, people).make()


class _Classes:
    def __init__(self, builder: Builder, people: People) -> None:
        self._builder = builder
        self._people = people
        self._random = builder.random("timetable")
        self._types = known_types(builder)
        self._staff = staff_of(builder)
        self._attended: list[tuple[int, int, int]] = []

    def make(self) -> list[tuple[int, int, int]]:
        random, clubs = self._random, self._builder.rows("clubs")
        planned = sorted(
            (midnight(day) - random.randrange(14, 44) * 1440, midnight(day) + slot[1], place, slot)
            for place in range(len(clubs))
            for day, slot in self._plan(place)
        )
        refs, zones = [club_ref(club) for club in clubs], [zones_of(club) for club in clubs]
        for number, (created, start, place, slot) in enumerate(planned):
            created = min(created, self._builder.now - 120)
            type_ref, kind = self._types[slot[3]]
            row = class_row(number, type_ref, kind, refs[place], start)
            row["attendeesLimit"] = max(8, kind[4] // 2)
            row["clubZone"], row["clubZoneMapUrl"] = zones[place][2 if kind[1] == 4 else number % 2]
            if random.random() > 0.01:
                row["instructor"] = self._staff[place + 1][slot[4]]
            row["isDeleted"] = random.random() < (0.05 if kind[0] == "Mini Movers" else 0.012)
            self._book(row, kind, place, start, slot, created)
            if random.random() < 0.015:
                row["attendeesLimit"] = None
            offset = self._builder.notes(clubs[place])["site"].offset
            changed = created + 2880 if row["isDeleted"] else max(created, start - offset + 60)
            changed = min(changed, self._builder.now - 1)
            self._builder.add("classes", row, changed, {"clubId": place + 1})
        return self._attended

    def _plan(self, place: int) -> Iterator[tuple[date, Slot]]:
        """The classes of a club: each year has a timetable of its own, and August a short one."""
        random, days = self._random, self._people.training[place]
        first, last = min(days), self._people.until + AHEAD
        staff = len(self._staff[place + 1])
        for year in range(first.year, last.year + 1):
            slots = [
                (*slot, random.randrange(len(self._types)), random.randrange(staff))
                for slot in _SLOTS
            ]
            day = max(first, date(year, 1, 1))
            while day <= min(last, date(year, 12, 31)):
                for slot in slots:
                    is_short = day.month == 8 and slot[1] in (12 * 60 + 15, 19 * 60 + 30)
                    if slot[0] == day.weekday() and not is_short:
                        yield day, slot
                day += timedelta(1)

    def _book(
        self,
        row: dict[str, Any],
        kind: tuple[str, int, int, str, int],
        place: int,
        start: int,
        slot: Slot,
        created: int,
    ) -> None:
        """Add the bookings of a class and its free seats, and count them in its row."""
        random = self._random
        day = day_of(start)
        popularity, missing = _TASTE.get(kind[0], _OF_OTHERS)
        if slot[1] < 8 * 60:
            missing += 0.06
        instructor = row["instructor"]
        if instructor is not None:
            popularity *= (1.25, 1.0, 0.75)[instructor["id"] % 3]
        limit = row["attendeesLimit"]
        chosen = self._guests(place, day, popularity * slot[2])[: limit + _STANDBY]
        is_past = start < self._builder.now
        is_marked = random.random() > 0.015
        booked = 0
        for turn, index in enumerate(chosen):
            is_cancelled = row["isDeleted"] or random.random() < 0.1
            is_standby = not is_cancelled and booked >= limit
            is_booked = not is_cancelled and not is_standby
            booked += is_booked
            attended = is_past and is_marked and is_booked and random.random() > missing
            if attended:
                self._attended.append((start, start + kind[2], index))
            state = {"booked": is_booked, "attended": attended, "standby": is_standby}
            state["isDeleted"] = is_cancelled and turn % 2 == 0
            self._add_booking(row["id"], place, index, state, start + turn, created)
        row["attendeesCount"] = booked
        if row["allowBookSeatNumber"] and not is_past:
            for seat in range(1 + booked, limit + 1):
                params = {"classId": row["id"]}
                self._builder.add("class_available_seats", {"seatNumber": seat}, params=params)

    def _add_booking(
        self, class_id: int, place: int, index: int, state: dict[str, bool], when: int, created: int
    ) -> None:
        random, now = self._random, self._builder.now
        rating = random.randrange(2, 6) if state["attended"] and random.random() < 0.12 else None
        if when > now:
            when = 30 + created + int((now - created) * random.random())
        self._builder.add(
            "user_classes",
            {
                "id": class_id,
                "timestamp": 0,
                **state,
                "userClassRating": rating,
                "userInstructorRating": rating and min(5, rating + 1),
                "products": [],
            },
            when=min(when - 30, now - 1),
            params={
                "userId": self._people.users[index]["id"],
                "clubId": place + 1,
                "classId": class_id,
            },
        )

    def _guests(self, place: int, day: date, popularity: float) -> list[int]:
        """Members who book a class of a day, each once."""
        people = self._people
        there = people.training[place].get(day, [])
        keen = [people.lives[index].classes for index in there]
        expected = sum(keen) / len(_SLOTS) * popularity
        expected *= rhythm.VISITING[day.month - 1] * (0.4 if day > people.until else 1)
        count = rhythm.about(self._random, expected)
        return list(dict.fromkeys(self._random.choices(there, keen, k=count))) if there else []
