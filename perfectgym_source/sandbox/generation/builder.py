"""The tools with which the parts of a world are made: sizes, moments, money, row versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from ..store.quirks import Quirks
from ..store.rows import Key, Row, Table
from ..store.tables import SPECS

_EPOCH = datetime(2020, 1, 1)
_FIRST_TIMESTAMP = 9_999_970_000
_LARGEST_GAP = 25


@dataclass(frozen=True)
class Size:
    """How much a world holds.

    Attributes:
        clubs, class_types, instructors, classes, users, contracts, visits, measurements: rows.
        first_club: the share of the classes that the first club holds.
        bookings: bookings of an average class.
        heavy: rows in each list of the demo member, so that even a small world has pages.
        hours: rows of availability of each instructor in each club.
        months: months of a chain, whose members, classes and visits follow a rhythm; then the
            numbers of classes, users, contracts and visits follow from it, too. 0: by chance.
        sites: which sites the clubs have; those in order if there are none.
    """

    clubs: int = 0
    class_types: int = 0
    instructors: int = 0
    classes: int = 0
    first_club: float = 0.0
    bookings: float = 0.0
    users: int = 0
    contracts: int = 0
    visits: int = 0
    measurements: int = 0
    heavy: int = 0
    hours: int = 0
    months: int = 0
    sites: tuple[int, ...] = ()


SIZES: dict[str, Size] = {
    "empty": Size(),
    "tiny": Size(4, 14, 12, 290, 0.74, 3.0, 130, 150, 330, 120, 104, 4),
    "small": Size(6, 24, 30, 5_000, 0.30, 4.0, 500, 650, 6_000, 500, 120, 20),
    "medium": Size(10, 24, 120, 100_000, 0.15, 2.5, 5_000, 6_500, 60_000, 5_000, 250, 30),
    "chain": Size(3, 14, 9, measurements=120, heavy=20, hours=20, months=26, sites=(0, 5, 10)),
}
"""The sizes by name. `tiny` has a second page in each paged list that can have one."""


Beyond = tuple[str, dict[str, Any], dict[str, list[Any]]]
"""A row that only v2.2 shows: its type, its fields, and the keys behind its links."""


def moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """Minutes since the start of 2020, the unit of the world's clock."""
    return int((datetime(year, month, day, hour, minute) - _EPOCH).total_seconds()) // 60


NOW = moment(2026, 7, 1, 16)
"""The present of every world, in UTC: nothing was entered after it."""


def end_of(until: date) -> int:
    """The end of a day, the present of a world of which it is the last."""
    return moment(until.year, until.month, until.day) + 1440


def iso(minutes: int) -> str:
    """A moment as the API writes it: ISO 8601 without an offset."""
    return (_EPOCH + timedelta(minutes=minutes)).isoformat()


def day(minutes: int) -> str:
    """The midnight before a moment, as the API writes it."""
    return iso(minutes - minutes % 1440)


def money(cents: int) -> float:
    """A decimal amount."""
    return cents / 100


def fee(gross: int, rate: int = 23) -> dict[str, Any]:
    """A `Fee` of so many cents, of which `rate` per cent is tax."""
    net = round(gross * 100 / (100 + rate))
    return {
        "net": money(net),
        "tax": money(gross - net),
        "taxRate": float(rate),
        "gross": money(gross),
    }


class Builder:
    """Collects the rows of a world and gives them their versions in the order of time.

    Rows and the parts inside rows which have a `timestamp` are registered with the moment of
    their last change; `finish` numbers them all in that order, over all tables and clubs.

    Attributes:
        size: how much there is.
        now: the present: nothing was entered after it.
        beyond: rows that only v2.2 shows.
        member_id: the demo member.
    """

    def __init__(self, size: Size, seed: int, quirks: bool, now: int = NOW) -> None:
        self.size = size
        self.now = now
        self._seed = seed
        self._quirks = Quirks() if quirks else None
        self._rows: dict[str, list[Row]] = {name: [] for name in SPECS}
        self._notes: dict[int, dict[str, Any]] = {}
        self._stamps: list[tuple[int, int, dict[str, Any]]] = []
        self.beyond: list[Beyond] = []
        self.member_id: int | None = None

    def random(self, name: str) -> Random:
        """A source of chance of its own for one part of the world."""
        return Random(f"{self._seed}/{name}")

    def rows(self, table: str) -> list[Row]:
        """The rows of a table made so far, in the order in which they were added."""
        return self._rows[table]

    def add(
        self,
        table: str,
        fields: dict[str, Any],
        when: int = 0,
        params: Mapping[str, Any] | None = None,
        detail: dict[str, Any] | None = None,
        hidden: dict[str, Any] | None = None,
        notes: dict[str, Any] | None = None,
    ) -> Row:
        """Add a row whose last change was at `when`, spelled oddly if it is its turn.

        `hidden` stays with the row; `notes` are for the makers of later rows only.
        """
        spec = SPECS[table]
        parents = params if params is not None else {}
        key: Key = spec.key_of(fields, parents)
        if self._quirks is not None:
            self._quirks.apply(table, fields, detail)
        row = Row(fields, key, parents, detail, hidden)
        self._rows[table].append(row)
        if notes is not None:
            self._notes[id(row)] = notes
        if spec.versioned:
            self._stamps.append((when, len(self._stamps), row))
        return row

    def notes(self, row: Row) -> dict[str, Any]:
        """What the maker of a row left for the makers of later ones."""
        return self._notes[id(row)]

    def stamp(self, when: int, fields: dict[str, Any]) -> dict[str, Any]:
        """Register a part inside a row (a zone, a freeze) for its own `timestamp`."""
        fields["timestamp"] = 0
        self._stamps.append((when, len(self._stamps), fields))
        return fields

    def finish(self, tables: Mapping[str, Table]) -> int:
        """Number all versions, fill the tables, and return the last `timestamp`."""
        gaps = self.random("gaps")
        draw = gaps.random
        timestamp = _FIRST_TIMESTAMP
        self._stamps.sort(key=lambda stamp: stamp[:2])
        for _, _, fields in self._stamps:
            timestamp += 1 + int(draw() * _LARGEST_GAP)
            fields["timestamp"] = timestamp
        for name, rows in self._rows.items():
            table = tables[name]
            if table.spec.keyset:
                for row in rows:
                    row.order = row["timestamp"]
                rows = sorted(rows, key=lambda row: row.order)
            for row in rows:
                table.put(row)
        return timestamp
