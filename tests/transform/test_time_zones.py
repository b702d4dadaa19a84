"""Local times to instants, hour by hour."""

import logging
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones
from zoneinfo import _zoneinfo as python_zoneinfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.each import for_each
from tzlocal.windows_tz import win_tz

from perfectgym_source.catalog.zones import zone_of
from perfectgym_source.transform.time_zones import (
    MOST_WARNINGS,
    MOST_YEARS,
    ClubClocks,
    ZoneClock,
    offsets_of,
)

EPOCH = datetime(1970, 1, 1)
WARSAW = "Central European Standard Time"
ZONES = {
    WARSAW: "Europe/Warsaw",
    "GMT Standard Time": "Europe/London",
    "India Standard Time": "Asia/Kolkata",
    "US Mountain Standard Time": "America/Phoenix",
}


def to_utc(clocks, clubs, local):
    clubs, local = pa.array(clubs, pa.int64()), pa.array(local, pa.int64())
    return clocks.to_utc(clubs, local).to_pylist()


def micros(moment):
    return (moment.replace(tzinfo=None) - EPOCH) // timedelta(microseconds=1)


def utc(zone, *wall):
    return instants(zone_of(zone), [datetime(*wall)])[0]


def instants(zone, walls):
    local = pa.array([None if wall is None else micros(wall) for wall in walls], pa.int64())
    found = ZoneClock(zone).to_utc(local).to_pylist()
    return [None if i is None else EPOCH + timedelta(microseconds=i) for i in found]


def by_python(zone, wall):
    try:
        return wall.replace(tzinfo=zone, fold=0).astimezone(timezone.utc).replace(tzinfo=None)
    except OverflowError:
        return None


@pytest.fixture
def warnings(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("windows", ZONES)
def test_a_year_of_quarter_hours_is_what_python_makes_of_it(windows):
    clocks = ClubClocks()
    clocks.set_club(1, windows)
    zone = ZoneInfo(ZONES[windows])
    quarter, walls = timedelta(minutes=15), []
    moment = datetime(2026, 1, 1)
    while moment.year == 2026:
        walls.append(moment)
        moment += quarter
    assert len(walls) == 365 * 96
    expected = [
        micros(wall.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)) for wall in walls
    ]
    assert to_utc(clocks, [1] * len(walls), [micros(wall) for wall in walls]) == expected


# Half an hour of summer time, winter time that is behind, Ramadan, days that never were or were
# twice, offsets with seconds, rules that end.
ODD_ZONES = ["Australia/Lord_Howe", "Europe/Dublin", "Africa/Casablanca", "Pacific/Apia"]
ODD_ZONES += ["America/Juneau", "Asia/Manila", "Europe/Amsterdam", "Africa/Freetown", "Asia/Gaza"]
ODD_ZONES += ["Pacific/Kwajalein", "Africa/Monrovia", "Antarctica/Troll", "Asia/Tehran", "UTC"]
WALLS = st.datetimes() | st.datetimes(datetime(1900, 1, 1), datetime(2045, 1, 1))


@settings(max_examples=200, deadline=None)
@given(
    zone=(st.sampled_from(ODD_ZONES) | st.sampled_from(sorted(win_tz.values()))).map(ZoneInfo),
    walls=st.lists(st.none() | WALLS, min_size=1, max_size=8),
)
def test_any_local_time_of_any_zone_is_what_python_makes_of_it(zone, walls):
    expected = [None if wall is None else by_python(zone, wall) for wall in walls]
    assert instants(zone, walls) == expected


@pytest.mark.parametrize("name", ODD_ZONES)
def test_the_seconds_around_every_change_of_a_zone_are_what_python_makes_of_them(name):
    """The changes, and the gaps and folds around them, as the pure Python `zoneinfo` lists them."""
    zone = ZoneInfo(name)
    changes = python_zoneinfo.ZoneInfo(name)._trans_utc
    walls = {
        wall_at(zone, change + side) + timedelta(seconds=second)
        for change in changes
        for side in (-1, 0)
        for second in (-3600, -1, 0, 1, 1800, 3600)
    }
    walls = sorted(walls)
    assert instants(zone, walls or [EPOCH]) == [by_python(zone, w) for w in walls or [EPOCH]]


def wall_at(zone, seconds):
    instant = (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=timezone.utc)
    return instant.astimezone(zone).replace(tzinfo=None)


def test_no_zone_changes_its_offset_twice_within_days():
    """`offsets_of` looks for changes day by day."""
    least = timedelta.max
    for name in available_timezones():
        zone = python_zoneinfo.ZoneInfo(name)
        offset, last = None, None
        for at, info in zip(zone._trans_utc, zone._ttinfos):
            if info.utcoff == offset:
                continue
            if last is not None:
                least = min(least, timedelta(seconds=at - last))
            offset, last = info.utcoff, at
    assert least > timedelta(days=3)


def test_years_of_zones_are_remembered_up_to_a_bound():
    zone = ZoneInfo("Europe/Warsaw")
    offsets_of.cache_clear()
    instants(zone, [datetime(year, 6, 1) for year in range(2000, 2010)] * 3)
    assert offsets_of.cache_info().misses == 10
    assert offsets_of.cache_info().maxsize == MOST_YEARS < 9_999


def test_the_hour_that_happens_twice_is_its_first_occurrence():
    assert utc(WARSAW, 2026, 10, 25, 1, 59) == datetime(2026, 10, 24, 23, 59)
    assert utc(WARSAW, 2026, 10, 25, 2, 30) == datetime(2026, 10, 25, 0, 30)
    assert utc(WARSAW, 2026, 10, 25, 3, 0) == datetime(2026, 10, 25, 2, 0)
    assert utc("GMT Standard Time", 2026, 10, 25, 1, 30) == datetime(2026, 10, 25, 0, 30)


def test_a_time_in_the_hour_that_does_not_exist_lands_after_the_gap():
    assert utc(WARSAW, 2026, 3, 29, 1, 59) == datetime(2026, 3, 29, 0, 59)
    assert utc(WARSAW, 2026, 3, 29, 2, 30) == datetime(2026, 3, 29, 1, 30)
    assert utc(WARSAW, 2026, 3, 29, 3, 0) == datetime(2026, 3, 29, 1, 0)
    assert utc("GMT Standard Time", 2026, 3, 29, 1, 30) == datetime(2026, 3, 29, 1, 30)


def test_seconds_and_microseconds_pass_through():
    assert utc(WARSAW, 2026, 7, 1, 12, 0, 59, 123_456) == datetime(2026, 7, 1, 10, 0, 59, 123_456)


@for_each(sorted(win_tz))
def test_every_windows_zone_resolves(windows):
    assert zone_of(windows) == ZoneInfo(win_tz[windows])


def test_an_iana_name_is_taken_as_it_is():
    assert zone_of("Europe/Warsaw") == ZoneInfo("Europe/Warsaw")


@pytest.mark.parametrize("name", [None, "", "Mars Time", "../etc/passwd", "a\x00b", "Europe", "ż"])
def test_what_is_no_zone_is_none(name):
    assert zone_of(name) is None


def test_an_unknown_zone_gives_nothing_one_warning_and_leaves_others_alone(warnings):
    clocks = ClubClocks()
    clocks.set_club(1, "Mars Time")
    clocks.set_club(2, WARSAW)
    clocks.set_club(3, "Mars Time")
    noon = micros(datetime(2026, 1, 1, 12))
    for _ in range(3):
        found = to_utc(clocks, [1, 2, 3], [noon] * 3)
        assert found == [None, micros(datetime(2026, 1, 1, 11)), None]
    assert len(warnings()) == 1
    assert "Mars Time" in warnings()[0]


def test_a_club_that_is_not_listed_gives_nothing_and_one_warning(warnings):
    clocks = ClubClocks()
    clocks.set_club(2, WARSAW)
    assert to_utc(clocks, [9, 9], [0, 1]) == to_utc(clocks, [9, 9], [2, 3]) == [None, None]
    assert len(warnings()) == 1
    assert "9" in warnings()[0]
    clocks.set_club(9, WARSAW)
    assert to_utc(clocks, [9], [0]) != [None]


def test_rows_of_no_club_take_the_default_zone(warnings):
    clocks = ClubClocks(default="India Standard Time")
    clocks.set_club(1, WARSAW)
    noon = micros(datetime(2026, 1, 1, 12))
    assert to_utc(clocks, [None], [noon]) == [micros(datetime(2026, 1, 1, 6, 30))]
    assert not warnings()


def test_rows_of_no_club_take_the_zone_that_all_clubs_share(warnings):
    clocks = ClubClocks()
    clocks.set_club(1, WARSAW)
    clocks.set_club(2, WARSAW)
    noon = micros(datetime(2026, 1, 1, 12))
    assert to_utc(clocks, [None], [noon]) == [micros(datetime(2026, 1, 1, 11))]
    assert not warnings()


@pytest.mark.parametrize("zones", [[], [WARSAW, "GMT Standard Time"]])
def test_rows_of_no_club_have_no_instant_where_the_zone_is_open_and_one_warning(zones, warnings):
    clocks = ClubClocks()
    for club, zone in enumerate(zones, 1):
        clocks.set_club(club, zone)
    assert to_utc(clocks, [None, None], [0, 1]) == to_utc(clocks, [None, None], [2, 3])
    assert to_utc(clocks, [None], [0]) == [None]
    assert len(warnings()) == 1
    assert "time_zone" in warnings()[0]


def test_no_time_is_no_instant_and_no_reason_to_warn(warnings):
    clocks = ClubClocks()
    assert to_utc(clocks, [None, 5], [None, None]) == [None, None]
    assert not warnings()


@pytest.mark.parametrize("zone", ["India Standard Time", "US Mountain Standard Time"])
def test_the_ends_of_the_calendar_give_nothing_or_an_instant_and_no_error(zone):
    clock = ZoneClock(zone_of(zone))
    ends = clock.to_utc(pa.array([micros(datetime(1, 1, 1)), micros(datetime.max)])).to_pylist()
    assert ends.count(None) == 1
    for outside in ([2**62, None], [-(2**62)], [None]):
        assert clock.to_utc(pa.array(outside, pa.int64())).to_pylist() == [None] * len(outside)


@pytest.mark.parametrize(
    ("club", "words"),
    [(1, "Club 1: no time zone in the list of clubs."), (9, "Club 9: not in the list of clubs.")]
    + [(2, "Club 2: unknown time zone 'Mars\\x1b'."), (None, "Rows of no club: no time zone;")],
)
def test_a_warning_names_the_reason(club, words, warnings):
    clocks = ClubClocks()
    for listed, zone in ((1, None), (2, "Mars\x1b"), (3, WARSAW)):
        clocks.set_club(listed, zone)
    assert to_utc(clocks, [club, club], [0, 1]) == [None, None]
    [message] = warnings()
    assert message.startswith(words)
    assert "_utc" in message


def test_a_club_without_a_zone_leaves_rows_of_no_club_the_zone_that_the_others_share():
    clocks = ClubClocks()
    clocks.set_club(1, None)
    clocks.set_club(2, WARSAW)
    assert to_utc(clocks, [None], [0]) == [-3_600_000_000]


def test_a_thousand_clubs_that_are_not_listed_are_not_a_thousand_warnings(warnings):
    clocks = ClubClocks()
    for club in range(1_000):
        to_utc(clocks, [club], [0])
    assert len(warnings()) == MOST_WARNINGS + 1
    assert warnings()[-1].startswith("Further clubs")
