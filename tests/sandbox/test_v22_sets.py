"""Every set of API v2.2 pages completely, both ways, and its rows are as the facts have them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.each import for_each
from support.odata_client import SETS, TYPES, ODataClient, by_key

import perfectgym_source
from perfectgym_source.sandbox import Installation, Sandbox, World

PLAIN = ("string", "boolean", "int32", "int64", "double", "datetime", "duration", "base64")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?")
SMALL_PAGES = Installation(page_size=7)


@pytest.fixture(scope="module")
def reader() -> Iterator[ODataClient]:
    """A client of an installation with small pages, which nobody changes."""
    with Sandbox(size="tiny", seed=1, api="v2.2", installation=SMALL_PAGES) as sandbox:
        yield ODataClient(sandbox)
        assert sandbox.errors == []
        assert sandbox.violations == []


def expanded(name: str) -> dict[str, str]:
    needed = SETS[name]["expand_needed"]
    return {"expand": ",".join(needed)} if needed else {}


@pytest.mark.parametrize("file", ["entity_sets", "types"])
def test_the_package_carries_the_facts(file: str) -> None:
    packaged = Path(perfectgym_source.__file__).parent / "catalog" / "v22" / f"{file}.json"
    copied = Path(__file__).parents[1] / "facts" / f"v22_{file}.json"
    assert packaged.read_bytes() == copied.read_bytes()


@for_each(SETS)
def test_a_set_pages_completely_by_next_link(name: str, reader: ODataClient) -> None:
    pages = list(reader.pages(name, **expanded(name)))
    rows = [row for page in pages for row in page]
    truth = reader.sandbox.world.sets.truth(name, *SETS[name]["expand_needed"])
    assert truth
    assert list(by_key(name, rows).values()) == truth
    assert all(len(page) == 7 for page in pages[:-1])
    assert len(pages) > 1 or len(truth) <= 7


@for_each(name for name in SETS if SETS[name]["has_version"])
def test_a_set_pages_completely_by_version(name: str, reader: ODataClient) -> None:
    rows = reader.all_after(name, "version", **expanded(name))
    assert [row["version"] for row in rows] == sorted(row["version"] for row in rows)
    truth = reader.sandbox.world.sets.truth(name, *SETS[name]["expand_needed"])
    assert by_key(name, rows) == by_key(name, truth)


@for_each(name for name in SETS if SETS[name]["paging"] == "id")
def test_a_set_without_a_version_pages_completely_by_id(name: str, reader: ODataClient) -> None:
    rows = reader.all_after(name, "id")
    assert by_key(name, rows) == by_key(name, reader.sandbox.world.sets.truth(name))
    answer = reader.get(name, filter="version gt 0", orderby="version")
    assert answer.status_code == 400
    assert "version" in answer.json()["error"]["message"]


@for_each(SETS)
def test_every_link_expands_to_what_is_there_and_stops_at_100(
    name: str, reader: ODataClient
) -> None:
    facts = TYPES[SETS[name]["type"]]
    links = [key for key, fact in facts.items() if "expand" in fact or "inline" in fact]
    rows = reader.rows(name, **({"expand": ",".join(links)} if links else {}))
    wanted = {row_key(name, row): row for row in reader.sandbox.world.sets.truth(name, *links)}
    for row in rows:
        truth = wanted[row_key(name, row)]
        for link in links:
            cut = truth[link][:100] if isinstance(truth[link], list) else truth[link]
            assert row[link] == cut, link


def row_key(name: str, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[part] for part in SETS[name]["key"])


def check_value(fact: dict[str, Any], value: Any, place: str) -> None:
    if value is None:
        assert fact.get("nullable") is not False, place
        return
    kind = fact["type"]
    if kind == "boolean":
        assert type(value) is bool, place
    elif kind in ("int32", "int64"):
        assert type(value) is int, place
        assert abs(value) < 2 ** (31 if kind == "int32" else 63), place
    elif kind == "double":
        assert type(value) in (int, Decimal), place
    elif kind == "datetime":
        assert MOMENT.fullmatch(value), place
        assert datetime.fromisoformat(value[:19]) < datetime(2100, 1, 1)
    elif kind == "duration":
        assert re.fullmatch(r"P(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?", value), place
    elif kind in TYPES:
        assert value.keys() == TYPES[kind].keys(), place
        for name, inner in TYPES[kind].items():
            check_value(inner, value[name], f"{place}.{name}")
    else:
        assert type(value) is str, place


@for_each(SETS)
def test_rows_have_the_properties_of_the_facts(name: str, reader: ODataClient) -> None:
    facts = TYPES[SETS[name]["type"]]
    for row in reader.all(name, **expanded(name)):
        for key, fact in facts.items():
            if "expand" in fact or "inline" in fact:
                assert key not in row or key in SETS[name]["expand_needed"]
            elif fact["type"] in (*PLAIN, "TaxedValue", "TimePeriod"):
                check_value(fact, row[key], f"{name}.{key}")
        assert set(row) - set(facts) <= {"externalReference"}


def test_values_are_as_odd_as_the_facts_allow(reader: ODataClient) -> None:
    text = json.dumps(
        [reader.get(name, **expanded(name)).text for name in SETS], ensure_ascii=False
    )
    for pattern in (
        r"externalReference",
        r"Undocumented\d",
        r"T\d\d:\d\d:\d\d\+02:00",
        r"T\d\d:\d\d:\d\dZ",
        r"PT8H30M",
        r":\d+\.\d{18,}",
        r":\d+E\+\d",
        r"Zażółć",
    ):
        assert re.search(pattern, text), pattern


@pytest.mark.parametrize("size", ["small", "medium"])
def test_sets_that_v1_does_not_know_have_more_than_a_page_where_the_world_is_large(
    size: str,
) -> None:
    from perfectgym_source.sandbox.v22.generation import COUNTS

    assert COUNTS[size] > Installation().page_size


def test_every_set_has_pages_where_they_are_small() -> None:
    sets = World("tiny").sets
    assert min(len(sets.rows(name)) for name in SETS) > 3


def test_an_empty_world_has_empty_sets() -> None:
    sets = World("empty").sets
    assert not any(sets.truth(name) for name in SETS)


def test_the_same_seed_gives_the_same_rows() -> None:
    first, second, other = (World("tiny", seed).sets for seed in (1, 1, 2))
    assert all(first.truth(name) == second.truth(name) for name in SETS)
    assert first.truth("Transactions") != other.truth("Transactions")


def test_some_sets_have_rows_that_share_a_version(reader: ODataClient) -> None:
    tied = [
        name
        for name in SETS
        if SETS[name]["has_version"]
        and len({row["version"] for row in reader.sandbox.world.sets.rows(name)})
        < len(reader.sandbox.world.sets.rows(name))
    ]
    assert len(tied) > 10
