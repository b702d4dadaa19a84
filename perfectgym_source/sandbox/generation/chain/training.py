"""Personal training: when instructors are there, and who trains with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from ..builder import Builder, iso
from ..hours import add_availability
from .people import AHEAD, People, midnight
from .trade import sell

_TRAINING, _BOUGHT = 2, 10
_ZONE = ZoneInfo("Europe/Warsaw")


def make_training(builder: Builder, people: People) -> None:
    """Add `instructor_availability` of all weeks, and the trainings, which only v2.2 shows."""
    keys = count(1)
    for row in builder.rows("instructors"):
        if not row["isActive"] or row["isDeleted"]:
            continue
        for club in row["clubs"]:
            day = min(people.training[club["id"] - 1])
            while day <= people.until + 4 * AHEAD:
                if (day.toordinal() + row["id"]) % 7 in (0, 2, 4):
                    starts = midnight(day) + (8 + (day.toordinal() + row["id"]) % 9) * 60
                    add_availability(builder, next(keys), starts, row, club["id"])
                day += timedelta(1)
    _trainings(builder, people)


def _trainings(builder: Builder, people: People) -> None:
    """Members who bought ten trainings, week after week with the same instructor."""
    random, keys = builder.random("training with somebody"), count(1)
    staff = _staff(builder)
    owned: set[tuple[int, int]] = set()
    for index, life in enumerate(people.lives):
        days = list(life.days(people.until + AHEAD))
        if len(days) < 60 or random.random() > 0.16:
            continue
        instructor = random.choice(staff[life.club])
        first = days[random.randrange(10, 40)]
        if first > people.until:
            continue
        hour = random.choice((8, 9, 10, 12, 16, 17, 18, 19))
        held = 0
        for week in range(_BOUGHT):
            day = first + timedelta(7 * week + random.randrange(2))
            if day > people.until + AHEAD:
                break
            fate = random.random()
            is_completed = fate < 0.88 and day <= people.until
            held += is_completed
            starts = midnight(day) + hour * 60
            details = {"employeeId": instructor, "clubId": life.club + 1}
            details |= {"memberId": people.users[index]["id"], "isCancelled": fate > 0.93}
            _add(builder, next(keys), starts, details | {"isCompleted": is_completed})
        left, minute = _BOUGHT - held, midnight(first) + 9 * 60
        sell(builder, people, random, index, life.club + 1, _TRAINING, _BOUGHT, left, minute, owned)


def _staff(builder: Builder) -> list[list[int]]:
    clubs = builder.rows("clubs")
    return [
        [
            row["id"]
            for row in builder.rows("instructors")
            if row["isActive"] and any(each["id"] == club["id"] for each in row["clubs"])
        ]
        for club in clubs
    ]


def _add(builder: Builder, key: int, starts: int, details: dict[str, Any]) -> None:
    fields = {
        "id": key,
        "clubZoneId": None,
        "productId": (details["clubId"] - 1) * 10 + _TRAINING + 1,
        "name": "Personal training",
        "comments": None,
        "createdByEmpId": details["employeeId"],
        "startDateOffset": _with_offset(starts),
        "endDateOffset": _with_offset(starts + 60),
        "isDeleted": False,
    }
    booking = {"id": key, "personalTrainingBookingDetailsId": key, "isDeleted": False}
    builder.beyond.append(("PersonalTrainingBookingDetails", fields | details, {}))
    builder.beyond.append(("PersonalTrainingBooking", booking, {}))


def _with_offset(minute: int) -> str:
    return datetime.fromisoformat(iso(minute)).replace(tzinfo=_ZONE).isoformat()
