"""Tables and lines fit the terminal, and results become JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from perfectgym_source.catalog import API_VERSIONS, ApiVersion
from perfectgym_source.cli.rendering.json_output import attributes, to_json
from perfectgym_source.cli.rendering.listing import resources
from perfectgym_source.cli.rendering.style import unstyled
from perfectgym_source.cli.rendering.summary import as_text
from perfectgym_source.cli.rendering.table import fitted
from perfectgym_source.cli.rendering.table import table as styled_table
from perfectgym_source.errors import ConfigurationError, RequestRefused
from perfectgym_source.extract.report import Failure, Report
from perfectgym_source.pipeline.runner import Summary


def table(*arguments: Any, **options: Any) -> list[str]:
    return [unstyled(line) for line in styled_table(*arguments, **options)]


HEADS = ("table", "rows", "note")
NAME = "contract_fees__pending_transactions"


def test_columns_are_aligned_and_empty_ones_left_out() -> None:
    rows = [HEADS, ("clubs", "4", ""), ("classes", "1,290", "")]
    assert table(rows, right=[1], width=0) == [
        "table     rows",
        "clubs        4",
        "classes  1,290",
    ]
    assert table([HEADS], width=0) == ["table  rows  note"]


def test_long_cells_are_wrapped_and_nothing_is_lost() -> None:
    words = "which was read until the last page"
    lines = table([HEADS, (NAME, "1,290", words), ("x", "4", "")], right=[1], width=60)
    assert lines == [
        f"{'table':<35}   rows  note",
        f"{NAME}  1,290  which was read",
        f"{'':<35}         until the last",
        f"{'':<35}         page",
        f"{'x':<35}      4",
    ]


def test_a_table_that_just_fits_is_as_it_is() -> None:
    rows = [("table", "rows"), ("two words", "4")]
    assert table(rows, width=15) == table(rows, width=0) == ["table      rows", "two words  4"]
    assert table(rows, width=14) != table(rows, width=0)


def test_a_name_is_broken_where_there_is_no_room_for_it() -> None:
    lines = table([HEADS, (NAME, "1,290", "x")], right=[1], width=30)
    assert max(map(len, lines)) <= 30
    assert "".join(line.split("  ")[0] for line in lines[1:]) == NAME


def test_a_cell_is_one_line_of_printable_text() -> None:
    assert table([("a",), ("b\x1b[31m\nc",)], width=0) == ["a", "b [31m c"]


def test_long_lines_are_wrapped_between_words_with_their_indent() -> None:
    text = "short\n  a line of words that is too long for it\n\nhttps://example.com/a-long-address"
    assert fitted(text, 20).split("\n") == [
        "short",
        "  a line of words",
        "  that is too long",
        "  for it",
        "",
        "https://example.com/a-long-address",
    ]
    assert fitted(text, 0) == text


@pytest.mark.parametrize("api", API_VERSIONS, ids=lambda api: api.name)
@pytest.mark.parametrize("columns", [80, 100])
def test_the_list_of_resources_fits(
    columns: int, api: ApiVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text, _ = resources(api)
    lines = unstyled(fitted(text)).splitlines()
    assert max(map(len, lines)) <= columns


@dataclass
class Found:
    at: datetime
    file: Path
    hidden: str = "-"


def test_results_become_json() -> None:
    found = Found(datetime(2026, 1, 2, tzinfo=timezone.utc), Path("a/b"))
    error = ConfigurationError("No")
    assert json.loads(to_json([found, {"error": error, "names": {"b", "a"}}])) == [
        {"at": "2026-01-02T00:00:00+00:00", "file": "a/b", "hidden": "-"},
        {"error": "No.", "names": ["a", "b"]},
    ]
    assert attributes(found, "hidden", "at") == {"file": Path("a/b")}
    with pytest.raises(TypeError, match="object"):
        to_json(object())


@pytest.mark.parametrize(
    ("requests", "failing", "first"),
    [
        ({"clubs": 1, "classes": 4}, (), "Nothing new."),
        ({"clubs": 1, "classes": 4}, ("classes",), "Nothing new in what could be read."),
        ({"clubs": 1, "classes": 4}, ("classes", "clubs"), "Nothing could be read."),
        ({"clubs": 0}, ("classes",), "Nothing could be read."),
    ],
)
def test_a_run_without_rows_says_first_what_was_read(
    requests: dict[str, int], failing: tuple[str, ...], first: str
) -> None:
    failures = [Failure(name, (), RequestRefused("No", status=500)) for name in failing]
    report = Report(requests=Counter(requests), failures=failures)
    assert as_text(Summary(report, 1, 0, "x.duckdb", "x")).splitlines()[0] == first


def test_of_more_tables_than_are_shown_those_with_the_most_rows_are() -> None:
    report = Report()
    report.rows.update({"classes": 7, "clubs": 2, "users": 1290, "visits": 0, "agreements": 2})
    summary = Summary(report, 1.0, 0, "gym.duckdb", "perfectgym")

    def tables(most: int | None) -> list[str]:
        lines = unstyled(as_text(summary, most)).split("\n")
        return lines[: lines.index("")]

    assert tables(2) == [
        "table     rows",
        "users    1,290",
        "classes      7",
        "... and 2 more tables",
    ]
    assert [line.split()[0] for line in tables(3)[1:]] == ["users", "classes", "agreements", "..."]
    everything = [line.split()[0] for line in tables(None)[1:]]
    assert everything == ["agreements", "classes", "clubs", "users"]
    assert len(tables(4)) == 5
