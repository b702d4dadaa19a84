"""Local times to instants, in the zone of a club.

The API gives local times without an offset and names a club's zone (see `catalog.zones`).

The rule for the two odd hours of a year is that of PEP 495 with `fold=0`, which is what
`datetime.astimezone` does: an hour that happens twice is taken as its first occurrence (still
summer time), and a time in the hour that does not exist is read with the offset that was valid
before the change, so that it lands as much after the gap as it stood inside it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import MAXYEAR, date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from ..catalog.zones import zone_of

logger = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_STEP, _SECOND = timedelta(days=2), timedelta(seconds=1)
_FIRST, _LAST = ((moment - _EPOCH) // _MICROSECOND for moment in (datetime.min, datetime.max))

MOST_YEARS = 1_000
"""So many years of zones are remembered, over all zones."""

MOST_WARNINGS = 20
"""So many clubs are named in warnings."""


class ZoneClock:
    """Converts local times of one zone to instants, whole columns at once."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def to_utc(self, local: pa.Array) -> pa.Array:
        """Return the instants of local times.

        Args:
            local: Microseconds of the wall clock since 1970-01-01T00:00:00.

        Returns:
            Microseconds since the epoch, UTC; null for null and for times outside the calendar.
        """
        local = _within_calendar(local)
        years = pc.unique(pc.year(local.drop_null().cast(pa.timestamp("us")))).to_pylist()
        changes = [change for year in sorted(years) for change in offsets_of(self._zone, year)]
        # Sorted among the local times, each offset holds for all that come after it.
        moments = pa.array([moment for moment, _ in changes], pa.int64())
        offsets = pa.array([offset for _, offset in changes], pa.int64())
        order = pc.array_sort_indices(pa.concat_arrays([moments, local]))
        known = pa.concat_arrays([offsets, pa.nulls(len(local), pa.int64())]).take(order)
        found = pc.fill_null_forward(known).take(pc.array_sort_indices(order))
        return _within_calendar(pc.subtract(local, found.slice(len(changes))))


@lru_cache(MOST_YEARS)
def offsets_of(zone: ZoneInfo, year: int) -> Sequence[tuple[int, int]]:
    """Return from which local time on a zone has which offset, within a year.

    Args:
        zone: The zone.
        year: The year, 1 to 9999.

    Returns:
        Pairs of a local time and the offset from UTC that is valid from then on, in microseconds
        and ascending; the first pair is the beginning of the year.
    """
    end = datetime.max if year == MAXYEAR else datetime(year + 1, 1, 1)
    high = datetime(year, 1, 1)
    offset = _offset(zone, high)
    found = [((high - _EPOCH) // _MICROSECOND, offset)]
    # No zone changes its offset twice within days, and none within a second.
    while high < end:
        low, high = high, end if end - high < _STEP else high + _STEP
        if (then := _offset(zone, high)) == offset:
            continue
        last = high
        while high - low > _SECOND:
            middle = low + (high - low) // _SECOND // 2 * _SECOND
            low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
        if high < end:
            found.append(((high - _EPOCH) // _MICROSECOND, then))
        offset, high = then, last
    return found


def _offset(zone: ZoneInfo, wall: datetime) -> int:
    """Return the offset of a local time from UTC in microseconds, by the rule of this module."""
    offset = wall.replace(tzinfo=zone).utcoffset()
    return 0 if offset is None else offset // _MICROSECOND


def _within_calendar(moments: pa.Array) -> pa.Array:
    """Return moments, null where they are outside the years 1 to 9999."""
    ends = pc.min_max(moments)
    if moments.null_count == len(moments) or (
        ends["min"].as_py() >= _FIRST and ends["max"].as_py() <= _LAST
    ):
        return moments
    inside = pc.and_(pc.greater_equal(moments, _FIRST), pc.less_equal(moments, _LAST))
    return pc.if_else(inside, moments, None)


class ClubClocks:
    """The clock of each club, and of rows that belong to none.

    Args:
        default: Zone of rows without a club. If it is not given and all clubs share one zone, that
            one; otherwise such rows have no instant.
    """

    def __init__(self, default: str | None = None) -> None:
        self._default_name = default
        self._names: dict[int, str | None] = {}
        self._warned: set[str] = set()
        self._clocks: dict[str, ZoneClock | None] = {}

    def set_club(self, club: int, zone_name: str | None) -> None:
        """Set the zone of a club (a Windows or IANA name; None if the API gives none)."""
        self._names[club] = zone_name

    def to_utc(self, clubs: pa.Array | None, local: pa.Array) -> pa.Array:
        """Return the instants of local times, each in the zone of its club.

        Args:
            clubs: The clubs' ids, null for rows of no club; None if all rows are.
            local: Microseconds of the wall clock since 1970-01-01T00:00:00.

        Returns:
            Microseconds since the epoch, UTC; null where the zone is not known.
        """
        instants = pa.nulls(len(local), pa.int64())
        if local.null_count == len(local):
            return instants
        if clubs is None:
            clubs = pa.nulls(len(local), pa.int64())
        clubs_of: dict[ZoneClock, list[int | None]] = {}
        for club in pc.unique(clubs.filter(local.is_valid())).to_pylist():
            if (clock := self._clock_of(club)) is not None:
                clubs_of.setdefault(clock, []).append(club)
        for clock, ids in clubs_of.items():
            theirs = pc.is_in(clubs, pa.array(ids, pa.int64()))
            found = clock.to_utc(local.filter(theirs))
            instants = pc.replace_with_mask(instants, theirs, found)
        return instants

    def has_zone(self, club: int | None) -> bool:
        """Return whether the zone of a club, or of rows of no club, is known."""
        name = self._name_of(club)
        return bool(name and zone_of(name))

    def today(self, club: int | None, now: datetime) -> date:
        """Return the day that it is at a club; in UTC if its zone is not known.

        Args:
            club: The club's id.
            now: The current time, with a time zone.
        """
        name = self._name_of(club)
        return now.astimezone((zone_of(name) if name else None) or timezone.utc).date()

    def _name_of(self, club: int | None) -> str | None:
        return self._default() if club is None else self._names.get(club)

    def _clock_of(self, club: int | None) -> ZoneClock | None:
        whose = "Rows of no club" if club is None else f"Club {club}"
        if name := self._name_of(club):
            return self._clock(name, whose)
        if club is None:
            why = "no time zone; set sources.perfectgym.time_zone in .dlt/config.toml"
        elif club in self._names:
            why = "no time zone in the list of clubs"
        else:
            why = "not in the list of clubs"
        self._warn(whose, why)
        return None

    def _default(self) -> str | None:
        if self._default_name:
            return self._default_name
        names = set(filter(None, self._names.values()))
        return names.pop() if len(names) == 1 else None

    def _clock(self, name: str, whose: str) -> ZoneClock | None:
        if name not in self._clocks:
            zone = zone_of(name)
            self._clocks[name] = ZoneClock(zone) if zone else None
            if zone is None:
                self._warn(whose, f"unknown time zone {name!r}")
        return self._clocks[name]

    def _warn(self, whose: str, why: str) -> None:
        if whose in self._warned or len(self._warned) > MOST_WARNINGS:
            return
        self._warned.add(whose)
        if len(self._warned) > MOST_WARNINGS:
            whose, why = "Further clubs", "no known time zone"
        logger.warning("%s: %s. The _utc columns of these rows stay NULL.", whose, why)
