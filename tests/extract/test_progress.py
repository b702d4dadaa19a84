"""How far an extraction is, as a dlt progress collector sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from dlt.common.runtime.collector import DictCollector
from hypothesis import given
from hypothesis import strategies as st
from support.loading import Target

from perfectgym_source.api.client import Statistics
from perfectgym_source.api.pace.congestion import CongestionControl
from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.extract.progress import (
    MEASURED,
    EndpointProgress,
    Estimate,
    ExtractCollector,
    ExtractProgress,
    Pace,
    possible_pace,
)
from perfectgym_source.sandbox import Fault, Sandbox


class Following(DictCollector, ExtractCollector):
    """Keeps the means to look at the extraction."""

    progress: Callable[[], ExtractProgress] | None = None

    def follow(self, progress: Callable[[], ExtractProgress]) -> None:
        self.progress = progress

    def look(self) -> dict[str, EndpointProgress]:
        assert self.progress is not None
        return {each.endpoint.name: each for each in self.progress().endpoints}


@pytest.fixture
def target(tmp_path: Path, sandbox: Sandbox) -> Target:
    return Target(tmp_path, sandbox, concurrency=1)


def extract(target: Target, collector: DictCollector, *resources: str) -> None:
    pipeline = target.pipeline()
    pipeline.collector = collector
    pipeline.extract(target.source(*resources))


def counts(each: EndpointProgress) -> tuple[int, int, int, int | None, bool]:
    return each.rows, each.pages, each.done, each.partitions, each.is_finished


def test_pages_rows_and_clubs_are_known_while_they_are_read(target: Target) -> None:
    following = Following()
    sandbox = target.sandbox
    seen: dict[str, dict[str, EndpointProgress]] = {}
    lock = threading.Lock()

    def look(request: object) -> None:
        parameters = getattr(request, "params", {})
        with lock:
            seen.setdefault(parameters.get("clubId", "clubs"), following.look())

    sandbox.on_request = look
    extract(target, following, "classes")

    [first, *of_clubs] = list(seen.values())
    assert counts(first["clubs"]) == (0, 1, 0, 1, False)
    assert counts(first["classes"]) == (0, 0, 0, None, False)
    assert not first["classes"].is_at_work and first["clubs"].is_at_work
    # One club after the other: so many are done when the next one is requested.
    assert [each["classes"].done for each in of_clubs] == [0, 1, 2, 3]
    assert {each["classes"].partitions for each in of_clubs} == {4}
    assert {counts(each["clubs"]) for each in of_clubs} == {(4, 1, 1, 1, True)}

    pages = sum(request.table == "classes" for request in sandbox.requests)
    rows = len(sandbox.world.rows("classes"))
    assert counts(following.look()["classes"]) == (rows, pages, 4, 4, True)
    assert following.progress is not None
    assert following.progress().left == Estimate(0)


def test_all_figures_agree_with_the_requests_that_were_made(target: Target) -> None:
    following = Following()
    extract(target, following, "discounts", "instructor_schedules", "contract_fees", "users")
    made = [request.table for request in target.sandbox.requests]
    found = following.look()
    assert set(found) == {
        *("clubs", "users", "contracts", "payment_plans", "club_instructors"),
        *("discounts", "instructor_schedules", "contract_fees"),
    }
    assert sum(each.pages for each in found.values()) == len(made)
    for each in found.values():
        assert each.done == each.partitions, each.endpoint.name
        assert each.is_finished
    clubs, plans = len(target.sandbox.world.clubs), len(target.sandbox.world.rows("payment_plans"))
    assert found["discounts"].partitions == clubs * plans
    assert found["contract_fees"].partitions == len(target.sandbox.world.contracts)


def test_a_request_that_is_repeated_is_one_page(target: Target) -> None:
    following = Following()
    target.sandbox.faults.add(Fault("Clubs/Clubs", "status", status=503, times=2))
    extract(target, following, "clubs")
    assert len(target.sandbox.requests) == 3
    assert following.look()["clubs"].pages == 1


def test_a_club_that_cannot_be_read_is_done_too(target: Target) -> None:
    following = Following()
    target.options["on_error"] = "continue"
    club = str(target.sandbox.world.clubs[0]["id"])
    refused = Fault("Products/Products", "status", status=403, times=None, params={"clubId": club})
    target.sandbox.faults.add(refused)
    extract(target, following, "products")
    assert refused.fired
    products = following.look()["products"]
    assert (products.pages, products.done, products.partitions) == (4, 4, 4)


def test_a_source_that_is_read_again_counts_anew(target: Target) -> None:
    following = Following()
    source = target.source("clubs", "products", limit=2)
    found = []
    for _ in range(2):
        pipeline = target.pipeline()
        pipeline.collector = following
        pipeline.extract(source)
        found.append([counts(each) for each in following.look().values()])
        assert following.look()["clubs"].rows >= 2
    assert found[0] == found[1]


def test_a_collector_of_dlt_counts_rows_as_ever(target: Target) -> None:
    class Counting(DictCollector):
        highest = 0

        def update(self, name: str, inc: int = 1, *rest: object, **more: object) -> None:
            super().update(name, inc)
            self.highest = max(self.highest, self.counters["clubs"])

    counting = Counting()
    extract(target, counting, "clubs")
    assert counting.highest == 4


def test_where_no_pipeline_extracts_nobody_follows(target: Target) -> None:
    following = Following()
    target.pipeline().collector = following
    assert list(target.source("clubs"))
    assert following.progress is None


def of(name: str, **more: int) -> EndpointProgress:
    return EndpointProgress(ENDPOINTS[name], **more)


@pytest.mark.parametrize(
    ("each", "left"),
    [
        (of("users", partitions=1, pages=40), Estimate(0, is_least=True)),
        (of("contract_fees"), Estimate(0, is_least=True)),
        (of("contract_fees", partitions=650), Estimate(650)),
        (of("contract_fees", partitions=650, done=600, pages=610), Estimate(50)),
        (of("messages", partitions=500), Estimate(500, is_least=True)),
        (of("messages", partitions=500, done=MEASURED - 1), Estimate(481, is_least=True)),
        (of("messages", partitions=500, done=200, pages=832), Estimate(1200)),
        (of("messages", partitions=500, done=500, pages=2000), Estimate(0)),
        (of("club_payment_plans", partitions=8), Estimate(16, is_least=True)),
        (replace(of("users", partitions=1), is_finished=True), Estimate(0)),
    ],
)
def test_what_is_left_of_an_endpoint(each: EndpointProgress, left: Estimate) -> None:
    assert each.left(connections=8) == left


def test_what_is_left_is_a_minimum_as_long_as_a_list_is_waiting() -> None:
    fees, details = of("contract_fees", partitions=100), of("message_details")
    assert ExtractProgress([fees], 10, 8).left == Estimate(100)
    waiting = ExtractProgress([fees, details], 10, 8)
    assert waiting.left == Estimate(100, is_least=True)
    assert waiting.has_waiting
    assert ExtractProgress([fees], 10, 8, is_sample=True).left == Estimate(0, is_least=True)


@given(
    st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 5000), st.sampled_from(["a", "b"])
)
def test_what_is_left_is_never_less_than_a_request_for_each(
    done: int, more: int, pages: int, kind: str
) -> None:
    name = {"a": "messages", "b": "club_payment_plans"}[kind]
    each = of(name, partitions=done + more, done=done, pages=pages)
    assert each.left(8).count >= more * len(each.endpoint.request_variants)


@pytest.mark.parametrize(
    ("limit", "responses", "seconds", "pace"),
    [
        (20, 0, 0.0, 20),
        (0, 0, 0.0, None),
        (20, 10, 1.0, 20),  # eight at a time could make 80
        (20, 10, 8.0, 10),
        (0, 10, 1.0, 80),
    ],
)
def test_the_possible_pace(limit: float, responses: int, seconds: float, pace: float) -> None:
    congestion = CongestionControl(8, limit)
    found = possible_pace(congestion, Statistics(responses=responses, seconds_responding=seconds))
    assert found == (None if pace is None else pytest.approx(pace))


def test_the_observed_pace_counts_as_soon_as_there_is_enough_to_request() -> None:
    def at(requests: int, left: int) -> ExtractProgress:
        fees = of("contract_fees", partitions=left)
        return ExtractProgress([fees], requests, 8, possible_pace=20)

    pace = Pace()
    assert pace.observe(0, at(0, 0)) == 20
    assert pace.observe(10, at(20, 0)) == 20  # one page after the other
    assert pace.observe(12, at(30, 500)) == 20
    assert pace.observe(17, at(80, 450)) == pytest.approx(60 / 7)
    assert pace.observe(40, at(80, 450)) == 2
    assert pace.observe(60, at(80, 450)) is None  # the API hangs
    assert pace.observe(100, at(80, 450)) == 20  # nothing was observed for long
