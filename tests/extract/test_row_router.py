"""Rows that several threads receive at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import pytest

from perfectgym_source.api.paging.pages import Page
from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.config.settings import make_settings
from perfectgym_source.extract.context import ExtractContext
from perfectgym_source.extract.reading.row_router import RowRouter
from perfectgym_source.extract.report import Report
from perfectgym_source.extract.state.resource_state import ResourceState
from perfectgym_source.extract.state.stored import StoredState

SETTINGS = make_settings(subdomain="demo", username="api", password="secret")
NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


class WatchedId(int):
    """An id that calls a function when it is looked up in a dict for the `at`-th time."""

    at = 0
    then: Callable[[], None]

    def __hash__(self) -> int:
        self.at -= 1
        if self.at == 0:
            self.then()
        return super().__hash__()


class WatchedPage(Page):
    """A page of one row, with an id of its own."""

    watched: WatchedId

    def ids(self, identity: Any) -> list[int | None]:
        return [self.watched]


@pytest.mark.parametrize("at", range(1, 7))
def test_a_row_that_is_received_in_two_partitions_at_once_is_sent_once(at: int) -> None:
    """Its child rows have no key of their own: they would be there twice."""
    endpoint = ENDPOINTS["user_classes"]
    client = cast("Any", SimpleNamespace(stop=Event()))
    router = RowRouter(ExtractContext.of(SETTINGS, client, NOW, Report()), endpoint)
    router.table = ResourceState(endpoint, StoredState("user_classes", {}), SETTINGS, NOW)
    sent: list[Any] = []
    queue = SimpleNamespace(add=lambda rows, keys, emptied=(): sent.extend(rows.elements))
    router.batch_queue = cast("Any", queue)

    row = {"id": 1, "timestamp": 5}
    page = WatchedPage([row])
    page.watched = WatchedId(1)
    page.watched.at = at
    page.watched.then = lambda: router.receive((7, 2), "7|2", Page([row]))
    router.receive((7, 1), "7|1", page)
    assert len(sent) == 1
