"""The Retry-After header: seconds, dates, nonsense; and the waits that come of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfectgym_source.api.retry import RetryableFailure, RetryPolicy, retry_after, retry_call

NOON = 1704110400.0  # 2024-01-01T12:00:00Z


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("Mon, 01 Jan 2024 12:00:30 GMT", 30.0),
        ("Monday, 01-Jan-24 12:00:30 GMT", 30.0),
        ("Mon, 01 Jan 2024 11:00:00 GMT", 0.0),
    ],
)
def test_seconds_and_dates_are_understood(header, seconds):
    assert retry_after(header, now=NOON) == seconds


@pytest.mark.parametrize(
    "header",
    [None, "", "-5", "soon", "nan", "inf", "1e9", "٣", "Mon, 99 Jan 2024 12:00:30 GMT", "GMT"],
)
def test_nonsense_is_no_wish(header):
    assert retry_after(header, now=NOON) is None


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    for header in (text, f"{text} GMT"):
        seconds = retry_after(header)
        assert seconds is None or seconds >= 0


def waits(again, policy):
    slept = []
    assert retry_call(lambda: again, policy, "test", slept.append) is again
    return slept


def test_the_waits_double_at_most_and_have_an_end():
    for _ in range(20):
        slept = waits(
            RetryableFailure("no"), RetryPolicy(attempts=6, retry_wait=1, max_retry_wait=4)
        )
        assert len(slept) == 5
        assert all(wait <= most for wait, most in zip(slept, (1, 2, 4, 4, 4), strict=True))


def test_the_server_gets_no_request_sooner_than_it_wants():
    policy = RetryPolicy(attempts=3, retry_wait=1, max_retry_wait=60)
    assert all(wait >= 30 for wait in waits(RetryableFailure("busy", retry_after=30), policy))


def test_a_server_that_asks_for_too_much_gets_the_longest_wait():
    policy = RetryPolicy(attempts=3, retry_wait=1, max_retry_wait=5)
    assert waits(RetryableFailure("busy", retry_after=1e9), policy) == [5, 5]


def test_one_attempt_is_not_repeated():
    assert (
        waits(RetryableFailure("no"), RetryPolicy(attempts=1, retry_wait=1, max_retry_wait=5)) == []
    )


@pytest.mark.parametrize("attempt", [1, 64, 1_025, 10**9])
def test_a_wait_has_its_limit_after_however_many_attempts(attempt):
    policy = RetryPolicy(attempts=10**9, retry_wait=0.5, max_retry_wait=60)
    assert policy.longest_wait(attempt) == (0.5 if attempt == 1 else 60)
    assert 0 <= policy.wait_after(attempt, RetryableFailure("no")) <= 60
