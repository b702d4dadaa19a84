"""Local times to instants, hour by hour."""

import logging
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from tzlocal.windows_tz import win_tz

from perfectgym_source.decoding import ClubClocks, ZoneClock, zone_of

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
    instant = ZoneClock(zone_of(zone)).to_utc(micros(datetime(*wall)))
    return EPOCH + timedelta(microseconds=instant)


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


@pytest.mark.parametrize("windows", sorted(win_tz))
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
    ends = [clock.to_utc(micros(datetime(1, 1, 1))), clock.to_utc(micros(datetime.max))]
    assert ends.count(None) == 1
    assert clock.to_utc(2**62) is None
    assert clock.to_utc(None) is None
