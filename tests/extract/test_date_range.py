"""The period of `classes_window` is asked for in full, or refused before the first request."""

from __future__ import annotations

from datetime import date

import pytest

from perfectgym_source import perfectgym_source
from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.config.settings import make_settings
from perfectgym_source.errors import ConfigurationError
from perfectgym_source.extract.reading.page_requests import request_parameters

LOGIN = {"subdomain": "demo", "username": "u", "password": "p"}


@pytest.mark.parametrize("given", [{}, {"start_date": "2026-01-01"}, {"end_date": "2026-02-01"}])
def test_half_a_period_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="needs a period"):
        perfectgym_source(**LOGIN, resources=["classes_window"], **given)


def test_the_period_is_that_of_the_settings() -> None:
    settings = make_settings(**LOGIN, start_date="2026-01-01", end_date="2026-02-01")
    asked = request_parameters(
        ENDPOINTS["classes_window"], (3,), {}, settings, today=date(2026, 7, 1)
    )
    assert asked == {
        "clubId": "3",
        "startDate": "2026-01-01T00:00:00",
        "endDate": "2026-02-01T00:00:00",
    }


def test_calendars_reach_from_today_as_far_as_the_settings_say() -> None:
    settings = make_settings(**LOGIN, start_date="2026-01-01", schedule_days=7)
    asked = request_parameters(
        ENDPOINTS["instructor_schedules"], (3, 5), {}, settings, today=date(2026, 7, 1)
    )
    assert (asked["startDate"], asked["endDate"]) == ("2026-07-01T00:00:00", "2026-07-08T00:00:00")
