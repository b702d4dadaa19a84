"""Progress in words: it fits every terminal, and says no more than is known."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.cli.rendering.progress import (
    StepProgress,
    estimate_line,
    log_line,
    screen_lines,
)
from perfectgym_source.extract.progress import EndpointProgress, Estimate, ExtractProgress

# Endpoints print long, which takes time where the machine is busy.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

AMOUNTS = st.integers(0, 10**9)

ENDPOINT_PROGRESS = st.builds(
    EndpointProgress,
    endpoint=st.sampled_from(list(ENDPOINTS.values())),
    rows=AMOUNTS,
    pages=AMOUNTS,
    done=AMOUNTS,
    partitions=st.none() | AMOUNTS,
    is_finished=st.booleans(),
)
EXTRACTION = st.builds(
    ExtractProgress,
    endpoints=st.lists(ENDPOINT_PROGRESS, max_size=30),
    requests=AMOUNTS,
    connections=st.integers(1, 64),
    possible_pace=st.none() | st.floats(0.001, 1000),
    is_sample=st.booleans(),
)
PROGRESS = st.builds(
    StepProgress,
    step=st.sampled_from(["extract", "normalize", "load"]),
    seconds=st.floats(0, 10**7),
    extraction=st.none() | EXTRACTION,
    pace=st.none() | st.floats(0.001, 1000),
    rows=st.dictionaries(st.sampled_from(list(ENDPOINTS)), AMOUNTS),
    jobs=AMOUNTS,
    all_jobs=AMOUNTS,
)


@unhurried
@given(PROGRESS, st.integers(1, 200), st.integers(1, 80))
def test_no_line_is_longer_than_the_terminal_and_there_are_not_too_many(
    progress: StepProgress, width: int, height: int
) -> None:
    lines = screen_lines(progress, width, height)
    assert max(map(len, lines)) <= width
    assert len(lines) <= max(1, height - 4)
    assert log_line(progress).isprintable()


@unhurried
@given(PROGRESS)
def test_each_endpoint_at_work_has_a_line_or_is_counted(progress: StepProgress) -> None:
    *lines, _ = screen_lines(progress, 200, 24)
    endpoints = progress.extraction.endpoints if progress.extraction else ()
    at_work = [each for each in endpoints if each.is_at_work]
    more = len(at_work) - 18 if len(at_work) > 19 else 0
    assert len(lines) == len(at_work) - more + bool(more)
    if more:
        assert lines[-1] == f"and {more} more"


def of(name: str, **more: int) -> EndpointProgress:
    return EndpointProgress(ENDPOINTS[name], **more)


def extraction(*endpoints: EndpointProgress, requests: int = 600) -> ExtractProgress:
    return ExtractProgress(endpoints, requests, connections=8, possible_pace=20)


FEES = of("contract_fees", rows=200, pages=200, done=200, partitions=650)
PLANS = of("club_payment_plans", rows=31, pages=6, done=2, partitions=6)
USERS = of("users", pages=42, partitions=1)


def test_lines_on_a_terminal() -> None:
    finished = EndpointProgress(ENDPOINTS["clubs"], 8, 1, 1, 1, is_finished=True)
    look = StepProgress("extract", 30, extraction(finished, FEES, USERS, of("discounts")), 20)
    assert screen_lines(look, 79, 24) == [
        "contract_fees  200 of 650 contracts  200 rows  200 pages  ===.......",
        "users                                           42 pages",
        "extract, 30 s, 600 requests (20/s), 208 rows, at least 22 s left",
    ]
    assert screen_lines(look, 50, 6) == [
        "and 2 more",
        "extract, 30 s, 600 requests (20/s), 208 rows, at l",
    ]
    assert screen_lines(look, 40, 24)[0] == "contract_fees  200 of 650 contracts"


def test_a_line_in_the_log() -> None:
    look = StepProgress("extract", 30, extraction(FEES, PLANS, USERS), 20)
    assert log_line(look) == (
        "extract, 30 s, 600 requests (20/s), 231 rows, at least 23 s left: "
        "contract_fees 200 of 650 contracts, club_payment_plans 2 of 6 clubs, users 42 pages"
    )


@pytest.mark.parametrize(
    ("endpoints", "pace", "left"),
    [
        ([FEES], 20, ", about 22 s left"),
        ([FEES], 0.5, ", about 15 min left"),
        ([FEES, of("message_details")], 20, ", at least 22 s left"),
        ([FEES], None, ""),
        ([USERS], 20, ""),
        ([], 20, ""),
        ([of("contract_fees", partitions=3)], 20, ""),  # less than a second
    ],
)
def test_the_time_that_is_left(
    endpoints: list[EndpointProgress], pace: float | None, left: str
) -> None:
    rows = sum(each.rows for each in endpoints)
    line = log_line(StepProgress("extract", 30, extraction(*endpoints), pace)).partition(":")[0]
    assert line == f"extract, 30 s, 600 requests (20/s), {rows} rows{left}"


def test_lines_of_the_other_steps() -> None:
    rows = {"clubs": 8, "classes": 12_300, "contracts": 650}
    load = StepProgress("load", 283, rows=rows, jobs=4, all_jobs=12)
    assert log_line(load) == (
        "load, 4 min 43 s, 4 of 12 jobs, 12,958 rows: classes, contracts and 1 more"
    )
    assert screen_lines(load, 79, 24) == [log_line(load)]
    assert log_line(StepProgress("normalize", 2)) == "normalize, 2 s"


def test_estimates() -> None:
    assert estimate_line(Estimate(5600), 20) == "about 5,600 requests, 4 min 40 s at 20 requests/s"
    least = Estimate(40_000, is_least=True)
    assert estimate_line(least, 2.5) == "at least 40,000 requests, 4 h 27 min at 2.5 requests/s"
    assert estimate_line(least, None) == "at least 40,000 requests"
