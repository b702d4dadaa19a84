"""What a dlt progress collector is told of the lists while they are read."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest
from dlt.common.runtime.collector import DictCollector, TqdmCollector
from dlt.common.runtime.collector_base import Collector
from support.loading import Target

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.extract.progress import how_far
from perfectgym_source.extract.report import Report
from perfectgym_source.sandbox import Fault, Sandbox


class Collected(DictCollector):
    """Keeps the messages of each name."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, list[str]] = {}
        self.three_clubs_done = threading.Event()

    def update(self, name: str, inc: int = 1, *rest: int, message: str = "") -> None:
        super().update(name, inc)
        if message:
            self.messages.setdefault(name, []).append(message)
        if message.endswith("3 of 4 clubs"):
            self.three_clubs_done.set()


@pytest.fixture
def target(tmp_path: Path, sandbox: Sandbox) -> Target:
    return Target(tmp_path, sandbox, concurrency=1)


def extract(target: Target, collector: Collector, *resources: str) -> None:
    pipeline = target.pipeline()
    pipeline.collector = collector
    pipeline.extract(target.source(*resources))


def test_pages_and_clubs_are_told_while_they_are_read(target: Target) -> None:
    collected = Collected()
    sandbox = target.sandbox
    clubs: set[str] = set()
    told_in_time: list[bool] = []

    def wait_at_the_last_club(request: object) -> None:
        clubs.add(getattr(request, "params", {}).get("clubId", ""))
        if len(clubs - {""}) == 4 and not told_in_time:
            told_in_time.append(collected.three_clubs_done.wait(20))

    sandbox.on_request = wait_at_the_last_club
    extract(target, collected, "classes")

    assert told_in_time == [True]
    pages = sum(request.table == "classes" for request in sandbox.requests)
    assert collected.messages["classes"][-1] == f"{pages} pages, 4 of 4 clubs"
    assert collected.messages["clubs"] == ["1 page"]


def test_a_request_that_is_repeated_is_one_page(target: Target) -> None:
    collected = Collected()
    target.sandbox.faults.add(Fault("Clubs/Clubs", "status", status=503, times=2))
    extract(target, collected, "clubs")
    assert len(target.sandbox.requests) == 3
    assert collected.messages["clubs"][-1] == "1 page"


def test_lists_that_are_read_for_their_ids_only_are_told_too(target: Target) -> None:
    collected = Collected()
    extract(target, collected, "products")
    assert collected.messages == {
        "clubs": ["1 page"],
        "products": [*collected.messages["products"][:-1], "4 pages, 4 of 4 clubs"],
    }


def test_a_club_that_cannot_be_read_is_done_too(target: Target) -> None:
    collected = Collected()
    target.options["on_error"] = "continue"
    club = str(target.sandbox.world.clubs[0]["id"])
    refused = Fault("Products/Products", "status", status=403, times=None, params={"clubId": club})
    target.sandbox.faults.add(refused)
    extract(target, collected, "products")
    assert refused.fired
    assert collected.messages["products"][-1] == "4 pages, 4 of 4 clubs"


def test_a_bar_shows_it(target: Target) -> None:
    screen = io.StringIO()
    extract(target, TqdmCollector(file=screen), "products")
    assert "4 pages, 4 of 4 clubs" in screen.getvalue()


def test_where_no_pipeline_extracts_nobody_is_told(target: Target) -> None:
    collected = Collected()
    target.pipeline().collector = collected
    assert list(target.source("clubs"))
    assert collected.messages == {}


@pytest.mark.parametrize(
    ("resource", "partitions", "text"),
    [
        ("users", 1, "1,998 pages"),
        ("contract_fees", 3000, "1,998 pages, 1,500 of 3,000 contracts"),
        ("user_products", 3000, "1,998 pages, 1,500 of 3,000 lists"),
        ("user_products", None, "1,998 pages"),
    ],
)
def test_in_words(resource: str, partitions: int | None, text: str) -> None:
    report = Report()
    report.requests[resource], report.retries[resource] = 2000, 2
    report.partitions_done[resource] = 1500
    if partitions:
        report.partitions[resource] = partitions
    assert how_far(ENDPOINTS[resource], report) == text
