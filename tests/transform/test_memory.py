"""What a long load keeps in memory."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
import weakref
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from support.loading import Target

from perfectgym_source import resources
from perfectgym_source.api.paging.pages import Page, RowParser
from perfectgym_source.api.responses import parse, rows_of
from perfectgym_source.catalog import ENDPOINTS, V1, table_layout
from perfectgym_source.catalog.coerce import to_json
from perfectgym_source.extract import batch_queue
from perfectgym_source.transform.decoder import Decoder
from perfectgym_source.transform.time_zones import ClubClocks


def test_rows_that_were_handed_to_dlt_do_not_stay_in_memory(tmp_path, sandbox, monkeypatch):
    monkeypatch.setenv("DATA_WRITER__BUFFER_MAX_ITEMS", "1")
    monkeypatch.setattr(batch_queue, "ITEM_BYTES", 1)
    monkeypatch.setattr(batch_queue, "BATCH_ROWS", 20)
    handed, alive, item = [], [], resources._item

    def noted(endpoint, name, table):
        alive.append(sum(reference() is not None for reference in handed))
        handed.append(weakref.ref(table))
        return item(endpoint, name, table)

    monkeypatch.setattr(resources, "_item", noted)
    gc.disable()
    try:
        Target(tmp_path, sandbox).load("classes")
    finally:
        gc.enable()
    assert len(handed) > 5
    assert max(alive) <= 2


ROWS = 100
MOMENT, MINUTE = datetime(1990, 1, 1), timedelta(minutes=1)
OF_CLUB_1 = {"club": {"id": 1}}
CASES = {
    "long": ("club_visits", lambda n: {"userId": n}),
    "decimal": ("class_types", lambda n: {"rating": {"rating": n / 100}}),
    "exact decimal": ("clubs", lambda n: {"longitude": Decimal(f"9007199254740.{n}")}),
    "bool": ("classes", lambda n: {"isDeleted": str(n % 2 == 0)}),
    "string": ("clubs", lambda n: {"name": f"{n:0>1000}"}),
    "date": ("user_products", lambda n: {"expireDate": f"{n // 365 % 9000 + 1000}-01-01"}),
    "datetime": ("club_visits", lambda n: {"enterDate": f"{MOMENT + n * MINUTE}", **OF_CLUB_1}),
    "datetime with an offset": (
        "clubs",
        lambda n: {"id": 1, "openDate": f"{MOMENT + n * MINUTE}Z"},
    ),
    "json": ("user_products", lambda n: {"translations": [{"name": n}]}),
    "embedded object": ("classes", lambda n: {"classType": {"id": n, "name": f"{n:0>1000}"}}),
    "child rows": ("contracts", lambda n: {"discounts": [{"id": n, "name": f"{n:0>1000}"}]}),
    "unknown field": ("clubs", lambda n: {"news": f"{n:0>1000}"}),
    "names of unknown fields": ("clubs", lambda n: {f"news{n:0>500}": n}),
    "what cannot be read": ("clubs", lambda n: {"isHidden": f"{n:0>1000}"}),
    "clubs that are not listed": (
        "club_visits",
        lambda n: {"club": {"id": n}, "enterDate": "2026-01-01"},
    ),
}


@pytest.fixture(scope="module", autouse=True)
def objects_of_other_tests():
    """They are not looked through in each collection."""
    gc.collect()
    gc.freeze()


def held():
    gc.collect()
    return tracemalloc.get_traced_memory()[0] + pa.total_allocated_bytes()


@pytest.mark.parametrize("case", CASES)
def test_memory_does_not_grow_with_the_values_that_were_decoded(case):
    """After as many batches as fill what is bounded, twice as many take no more."""
    name, fields = CASES[case]
    endpoint = ENDPOINTS[name]
    clocks = ClubClocks()
    for club, zone in enumerate(("Europe/Warsaw", "Asia/Kolkata"), 1):
        clocks.set_club(club, zone)
    decoder = Decoder(endpoint, clocks)
    layout = table_layout(endpoint).layout
    row_parser = RowParser(layout.scalar_names(), layout.nested_names(), V1.envelope)
    unreadable, unknown_fields = Counter(), set()
    numbers = itertools.count(1)

    def page():
        rows = [{"id": n, "timestamp": n, **fields(n)} for n in itertools.islice(numbers, ROWS)]
        return to_json({"elements": rows}).encode()

    def read(pages):
        for content in pages:
            found = row_parser.read(content)
            if found is None:
                elements = rows_of(parse(content), "elements")
                row_parser.learn(elements)
                found = Page(elements)
            batch = decoder.decode([found], [{"club_id": 1}] * ROWS)
            unreadable.update(batch.unreadable)
            unknown_fields.update(batch.unknown_fields)
        return held()

    pages = [page() for _ in range(90)]
    tracemalloc.start()
    try:
        full = read(pages[:30])
        grown = read(pages[30:]) - full
    finally:
        tracemalloc.stop()
    assert grown < 200_000, f"{grown:,} bytes"
