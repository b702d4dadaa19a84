"""The lists that the page server serves, as encoded rows: the sandbox's own, in any number.

Rows are those of a sandbox world without odd spellings (a peer that trips over the text "null"
could not be measured), repeated under new ids, row versions and clubs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import Any

import orjson

from perfectgym_source.sandbox import World
from perfectgym_source.sandbox.generation.references import club_ref

PAGE_SIZE = 100
SHARES = (25, 20, 15, 12, 10, 8, 6, 4)
"""How many of 100 classes each of the clubs has, in turn, where they are unequal."""

CHANGED = 7_777
"""The `attendeesCount` of classes that were changed."""

_FIRST_VERSION = 9_999_970_000
_LARGEST_GAP = 25


@dataclass(frozen=True)
class Shape:
    """How much there is to read.

    Attributes:
        rows: Classes, over all clubs.
        clubs: Clubs.
        equal: Whether all clubs have as many classes; otherwise by `SHARES`.
        users: Members, each with details and one message.
        visits: Visits of members, over all clubs, each at a moment of its own.
        contracts: Contracts, of which each signs other days; with discounts and freezes.
        members: Members of API v2.2.
        bookings: Bookings of classes of API v2.2.
    """

    rows: int = 0
    clubs: int = 8
    equal: bool = False
    users: int = 0
    visits: int = 0
    contracts: int = 0
    members: int = 0
    bookings: int = 0

    def rows_by_club(self) -> list[int]:
        """How many classes each club has."""
        weights = [1] * self.clubs if self.equal else list(islice(cycle(SHARES), self.clubs))
        counts = [self.rows * weight // sum(weights) for weight in weights]
        counts[0] += self.rows - sum(counts)
        return counts

    def longest_chain(self) -> int:
        """Pages of the longest club's list, with the last one, which is not full and ends it."""
        return max(self.rows_by_club()) // PAGE_SIZE + 1


class VersionedRows:
    """A list that is read by row version: encoded rows in the order of their versions."""

    def __init__(self) -> None:
        self._rows: list[bytes] = []
        self._versions: list[int] = []

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row whose version is above all others."""
        self._rows.append(orjson.dumps(row))
        self._versions.append(row["timestamp"])

    def page_after(self, version: int) -> list[bytes]:
        """The page of rows whose version is greater."""
        first = bisect_right(self._versions, version)
        return self._rows[first : first + PAGE_SIZE]

    def page_starts(self) -> Iterator[int]:
        """The versions after which a complete read asks for pages."""
        yield 0
        yield from self._versions[PAGE_SIZE - 1 :: PAGE_SIZE]

    def change(self, count: int, first_version: int) -> None:
        """Give so many rows, spread over the list, a new value and versions from this one on."""
        step = max(1, len(self._rows) // max(1, count))
        for turn, place in enumerate(range(0, step * count, step)):
            row = orjson.loads(self._rows[place - turn])
            del self._rows[place - turn], self._versions[place - turn]
            self.append({**row, "attendeesCount": CHANGED, "timestamp": first_version + turn})


class Lists:
    """Everything that is served.

    Args:
        shape: How much of it.

    Attributes:
        clubs: The list of clubs.
        classes: The classes by club.
        users: Encoded members, in the order of their ids, which begin with 1.
        visits: The visits of all clubs.
        contracts: The contracts.
        message: One member's message, with the member's id in place of the row's.
    """

    def __init__(self, shape: Shape) -> None:
        world = World("small", seed=1, quirks=False)
        self.clubs = VersionedRows()
        self.classes: dict[int, VersionedRows] = {}
        self._version = _FIRST_VERSION
        clubs = [self._club(row, number) for number, row in _repeated(world.clubs, shape.clubs)]
        for club in clubs:
            self.clubs.append(club)
        self._add_classes(world.classes, clubs, shape)
        self.visits = VersionedRows()
        self._add_visits(world.rows("club_visits"), clubs, shape.visits)
        self.contracts = VersionedRows()
        self._add_contracts(world.rows("contracts"), shape.contracts)
        self._details = [{**row, **(row.detail or {})} for row in world.users]
        numbered = _repeated(world.users, shape.users)
        self.users = [_encoded(row, number) for number, row in numbered]
        self._message = dict(world.rows("messages")[0])

    def detail(self, user_id: int) -> bytes:
        """The details of a member."""
        return _encoded(self._details[(user_id - 1) % len(self._details)], user_id)

    def message(self, user_id: int) -> bytes:
        """The only message of a member."""
        version = _FIRST_VERSION + user_id
        return orjson.dumps({**self._message, "id": user_id, "timestamp": version})

    def change_classes(self, count: int) -> None:
        """Change so many classes, in every club its share of them."""
        shares = Shape(count, len(self.classes)).rows_by_club()
        for rows, share in zip(self.classes.values(), shares):
            rows.change(share, self._version + 1)
            self._version += share

    def _club(self, row: Mapping[str, Any], number: int) -> dict[str, Any]:
        self._version += 1
        name = f"{row['name']} {number}"
        return {**row, "id": number, "timestamp": self._version, "name": name}

    def _add_classes(
        self,
        templates: Sequence[Mapping[str, Any]],
        clubs: Sequence[dict[str, Any]],
        shape: Shape,
    ) -> None:
        random = Random(1)
        counts = shape.rows_by_club()
        places = [place for place, count in enumerate(counts) for _ in range(count)]
        random.shuffle(places)
        shown = [club_ref(club) for club in clubs]
        self.classes = {club["id"]: VersionedRows() for club in clubs}
        lists = list(self.classes.values())
        for number, (place, row) in enumerate(zip(places, cycle(templates)), 100_001):
            self._version += 1 + int(random.random() * _LARGEST_GAP)
            own = {"id": number, "timestamp": self._version, "club": shown[place]}
            lists[place].append({**row, **own})

    def _add_visits(
        self, templates: Sequence[Mapping[str, Any]], clubs: Sequence[dict[str, Any]], count: int
    ) -> None:
        shown = cycle(map(club_ref, clubs))
        enter = datetime(2022, 1, 1)
        for number, (row, club) in enumerate(zip(islice(cycle(templates), count), shown), 1):
            self._version += 1
            enter += timedelta(minutes=2, milliseconds=17)
            leave = enter + timedelta(minutes=40 + number % 70)
            times = {"enterDate": enter.isoformat(), "exitDate": leave.isoformat()}
            own = {"id": number, "timestamp": self._version, "club": club}
            self.visits.append({**row, **own, **times})

    def _add_contracts(self, templates: Sequence[Mapping[str, Any]], count: int) -> None:
        first = date(2015, 1, 1)
        for number, row in _repeated(templates, count):
            self._version += 1
            signed = first + timedelta(days=number % 4_000)
            own = {"id": number, "timestamp": self._version, "signDate": f"{signed}T00:00:00"}
            self.contracts.append({**row, **own})


def _repeated(templates: Sequence[Any], count: int) -> Iterator[tuple[int, Any]]:
    """So many of the templates, each with a number from 1 on."""
    return enumerate(islice(cycle(templates), count), 1)


def _encoded(row: Mapping[str, Any], number: int) -> bytes:
    return orjson.dumps({**row, "id": number, "timestamp": _FIRST_VERSION + number})
