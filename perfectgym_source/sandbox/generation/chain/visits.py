"""Visits: to classes, and to train alone at the hours that suit most people."""

from __future__ import annotations

from ..builder import Builder, iso
from ..references import club_ref
from . import rhythm
from .people import People, midnight


def make_visits(
    builder: Builder, people: People, attended: list[tuple[int, int, int]]
) -> list[tuple[int, int]]:
    """Add `club_visits` in the order of entering.

    Args:
        builder: what makes the world.
        people: the members.
        attended: start, end and member of each attended booking.

    Returns:
        Local minute and member of each visit.
    """
    random = builder.random("visits")
    found: list[tuple[int, int, int]] = []
    busy: set[tuple[int, int]] = set()
    for start, end, index in attended:
        place = (start // 1440, index)
        if place not in busy:
            busy.add(place)
            found.append((start - random.randrange(2, 24), end + random.randrange(5, 45), index))
    found += _alone(builder, people, busy)
    found.sort()
    _add(builder, people, found)
    return [(enters, index) for enters, _, index in found]


def _alone(
    builder: Builder, people: People, busy: set[tuple[int, int]]
) -> list[tuple[int, int, int]]:
    random = builder.random("training")
    found = []
    for days in people.training:
        for day, there in days.items():
            if day > people.until:
                continue
            first = midnight(day)
            factor = rhythm.VISITING[day.month - 1] * rhythm.WEEKDAYS[day.weekday()] / 7
            for index in there:
                is_there = random.random() < people.lives[index].training * factor
                if is_there and (first // 1440, index) not in busy:
                    enters = first + rhythm.draw_minute(random, day)
                    found.append((enters, enters + random.randrange(35, 115), index))
    return found


def _add(builder: Builder, people: People, found: list[tuple[int, int, int]]) -> None:
    random = builder.random("doors")
    refs = [club_ref(club) for club in builder.rows("clubs")]
    number = 700_000
    for enters, leaves, index in found:
        user, place = people.users[index], people.lives[index].club
        if random.random() < 0.02:
            place = random.randrange(len(refs))
        is_noted = random.random() > 0.012
        passes: list[tuple[int, int | None]] = [(enters, leaves if is_noted else None)]
        if random.random() < 0.01:  # out to the car, and in again
            passes = [(enters, enters + 20), (enters + 23, leaves)]
        for entered, left in passes:
            number += 1
            builder.add(
                "club_visits",
                {
                    "id": number,
                    "userId": user["id"],
                    "timestamp": 0,
                    "enterDate": iso(entered),
                    "exitDate": None if left is None else iso(left),
                    "club": refs[place],
                    "isDeleted": number % 400 == 399,
                },
                when=min((entered if left is None else left) - 60, builder.now - 1),
                params={"userId": user["id"]},
            )
