"""Local times to instants, in the zone of a club.

The API gives local times without an offset and names a club's zone as Windows does ("Central
European Standard Time"). The mapping to IANA names is CLDR's `windowsZones` table as `tzlocal`
carries it; IANA names are taken as they are.

The rule for the two odd hours of a year is that of PEP 495 with `fold=0`, which is what
`datetime.astimezone` does: an hour that happens twice is taken as its first occurrence (still
summer time), and a time in the hour that does not exist is read with the offset that was valid
before the change, so that it lands as much after the gap as it stood inside it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from tzlocal.windows_tz import win_tz

logger = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1)
_MICROSECONDS_PER_MINUTE = 60_000_000


def zone_of(name: str | None) -> ZoneInfo | None:
    """The zone of a Windows or IANA name; None if there is no such zone."""
    if not name:
        return None
    try:
        return ZoneInfo(win_tz.get(name, name))
    except (KeyError, ValueError, OSError):
        return None


class ZoneClock:
    """Converts local times of one zone to instants, remembering the offsets that it has met."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._offsets: dict[int, int | None] = {}

    def to_utc(self, local: int | None) -> int | None:
        """The instant of a local time.

        Args:
            local: Microseconds of the wall clock since 1970-01-01T00:00:00, or None.

        Returns:
            Microseconds since the epoch, UTC; None for None and for times outside the calendar.
        """
        if local is None:
            return None
        minute = local // _MICROSECONDS_PER_MINUTE
        try:
            offset = self._offsets[minute]
        except KeyError:
            offset = self._offsets[minute] = self._offset(minute)
        return None if offset is None else local - offset

    def _offset(self, minute: int) -> int | None:
        # Offsets change on whole minutes, so one look-up serves every second of a minute.
        try:
            wall = (_EPOCH + timedelta(minutes=minute)).replace(tzinfo=self._zone)
            offset = wall.utcoffset()
            wall.astimezone(ZoneInfo("UTC"))
        except (OverflowError, ValueError):
            return None
        return None if offset is None else offset // timedelta(microseconds=1)


class ClubClocks:
    """The clock of each club, and of rows that belong to none.

    Args:
        default: Zone of rows without a club. If it is not given and all clubs share one zone, that
            one; otherwise such rows have no instant.
    """

    def __init__(self, default: str | None = None) -> None:
        self._default_name = default
        self._names: dict[int, str] = {}
        self._clocks: dict[str, ZoneClock | None] = {}

    def set_club(self, club: int, zone_name: str) -> None:
        """Say in which zone a club is (a Windows or IANA name)."""
        self._names[club] = zone_name

    def to_utc(self, clubs: pa.Array | None, local: pa.Array) -> pa.Array:
        """The instants of local times, each in the zone of its club.

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
        # Times of day repeat: each distinct one is looked up once.
        encoded = local.dictionary_encode()
        moments = encoded.dictionary.to_pylist()
        for clock, ids in clubs_of.items():
            found = pa.array(map(clock.to_utc, moments), pa.int64()).take(encoded.indices)
            theirs = pc.is_in(clubs, pa.array(ids, pa.int64()))
            instants = pc.if_else(theirs, found, instants)
        return instants

    def _clock_of(self, club: int | None) -> ZoneClock | None:
        name = self._default() if club is None else self._names.get(club)
        if club is not None and name is None:
            self._warn(f"club {club}", "is not in the list of clubs")
            return None
        return self._clock(name, "rows of no club" if club is None else f"club {club}")

    def _default(self) -> str | None:
        if self._default_name:
            return self._default_name
        names = set(self._names.values())
        return names.pop() if len(names) == 1 else None

    def _clock(self, name: str | None, whose: str) -> ZoneClock | None:
        if name is None:
            self._warn(
                whose, "have no time zone; set sources.perfectgym.time_zone in .dlt/config.toml"
            )
            return None
        if name not in self._clocks:
            zone = zone_of(name)
            self._clocks[name] = ZoneClock(zone) if zone else None
            if zone is None:
                logger.warning(
                    "The time zone %r of %s is not known: its _utc columns stay NULL.", name, whose
                )
        return self._clocks[name]

    def _warn(self, whose: str, why: str) -> None:
        if whose not in self._clocks:
            self._clocks[whose] = None
            logger.warning("%s %s: their _utc columns stay NULL.", whose.capitalize(), why)
