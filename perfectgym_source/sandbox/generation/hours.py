"""Hours: when instructors are there, and when members came and went."""

from __future__ import annotations

from ..store.rows import Row
from .builder import Builder, iso, moment
from .references import club_ref


def make_hours(builder: Builder) -> None:
    """Add `instructor_availability` and `instructor_schedules` of each instructor in each club.

    The first pair has more than one page of both.
    """
    random = builder.random("hours")
    key = 0
    for index, row in enumerate(builder.rows("instructors")):
        for club in row["clubs"]:
            club_id = club["id"]
            heavy = index == 0 and club_id == 1
            for number in range(105 if heavy else builder.size.hours):
                key += 1
                starts = moment(2026, 5, 4, 8) + number * 1440 + random.randrange(24) * 15
                add_availability(builder, key, starts, row, club_id)
                _add_schedule(builder, key, starts, row, club_id)


def add_availability(builder: Builder, key: int, starts: int, row: Row, club_id: int) -> None:
    """Add four hours in which an instructor is there."""
    params = {"clubId": club_id, "employeeId": row["id"]}
    builder.add(
        "instructor_availability",
        {
            "id": key,
            "clubId": club_id,
            "employeeId": row["id"],
            "employeeFirstName": row["firstName"],
            "employeeLastName": row["lastName"],
            "startDate": iso(starts),
            "endDate": iso(starts + 240),
        },
        params=params,
    )


def _add_schedule(builder: Builder, key: int, starts: int, row: Row, club_id: int) -> None:
    params = {"clubId": club_id, "employeeId": row["id"]}
    builder.add(
        "instructor_schedules",
        {
            "ptBookingEventId": 30_000 + key,
            "rowType": ("Availability", "Booking")[key % 2],
            "clubId": club_id,
            "employeeId": row["id"],
            "employeeUserId": 9_000 + row["id"],
            "employeeName": row["firstName"],
            "employeeLastName": row["lastName"],
            "employeeFullName": f"{row['firstName']} {row['lastName']}",
            "employeeTopicVersion": 1_000_000 + key * 3,
            "availabilityType": ("PersonalTraining", "GroupClass")[key % 3 == 2],
            "startDate": iso(starts),
            "endDate": iso(starts + 240),
            "hourStartDate": iso(starts),
            "hourEndDate": iso(starts + 60),
            "periods": [
                {
                    "periodStart": iso(starts + turn * 60),
                    "periodEnd": iso(starts + turn * 60 + 60),
                    "isBusy": (key + turn) % 3 == 0,
                }
                for turn in range(4)
            ],
        },
        params=params,
    )


def make_visits(builder: Builder) -> None:
    """Add `club_visits` in the order of entering, a third of a small world's the demo member's."""
    random = builder.random("visits")
    users = builder.rows("users")
    if not users:
        return
    member = next(row for row in users if row["id"] == builder.member_id)
    refs = {club["id"]: club_ref(club) for club in builder.rows("clubs")}
    entered = sorted(
        random.randrange(moment(2025, 7, 1), builder.now) for _ in range(builder.size.visits)
    )
    step = max(3, builder.size.visits // max(1, builder.size.heavy))
    for number, when in enumerate(entered):
        own = number % step == 0
        user = member if own else random.choice(users)
        notes = builder.notes(user)
        inside = when > builder.now - 100 or number % 70 == 69
        leaves = when + random.randrange(35, 130)
        offset = notes["site"].offset
        builder.add(
            "club_visits",
            {
                "id": 700_001 + number,
                "userId": user["id"],
                "timestamp": 0,
                "enterDate": iso(when + offset),
                "exitDate": None if inside else iso(leaves + offset),
                "club": refs[notes["club"]["id"]],
                "isDeleted": number % 90 == 89,
            },
            when=when if inside else min(leaves, builder.now),
            params={"userId": user["id"]},
        )
