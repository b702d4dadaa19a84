"""Paging: by timestamp, by page number, and what moves while it is read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from support.sandbox_client import FACTS, Client

from perfectgym_source.sandbox import RecordedRequest, Sandbox


def test_a_timestamp_page_holds_a_hundred_later_rows_in_ascending_order(
    reading_employee: Client,
) -> None:
    pages = list(reading_employee.pages("Classes/Classes", "timestamp", clubId=1))
    assert [len(page) for page in pages] == [100, 100, 15]
    stamps = [row["timestamp"] for page in pages for row in page]
    assert stamps == sorted(set(stamps))


def test_a_timestamp_is_strictly_exceeded(reading_employee: Client) -> None:
    first, second, *_ = reading_employee.elements("Clubs/Clubs")
    later = reading_employee.elements("Clubs/Clubs", timestamp=first["timestamp"])
    assert later[0] == second
    just_before = reading_employee.elements("Clubs/Clubs", timestamp=first["timestamp"] - 1)
    assert just_before[0] == first


def test_timestamps_are_larger_than_32_bits_and_change_their_number_of_digits(
    reading_employee: Client,
) -> None:
    rows = reading_employee.pages("Contracts/Contracts", "timestamp")
    lengths = {len(str(row["timestamp"])) for page in rows for row in page}
    assert lengths == {10, 11}


def test_versions_of_all_tables_and_clubs_are_interleaved(untouched: Sandbox) -> None:
    rows = sorted(untouched.world.truth("classes"), key=lambda row: row["timestamp"])
    clubs = [row["_params"]["clubId"] for row in rows]
    assert sum(before != after for before, after in pairwise(clubs)) > 50
    contracts = [row["timestamp"] for row in untouched.world.contracts]
    stamps = [row["timestamp"] for row in rows]
    assert min(contracts) < max(stamps)
    assert min(stamps) < max(contracts)
    every = [row["timestamp"] for row in untouched.world.truth("user_classes")] + stamps + contracts
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("path", "params", "sizes"),
    [
        ("Users/Users", {}, [100, 30]),
        ("Geo/Countries", {}, [100, 16]),
        ("Geo/Cities", {"countryId": 1}, [100, 10]),
        (
            "Classes/Classes",
            {"clubId": 1, "startDate": "2026-01-01", "endDate": "2027-01-01"},
            [100, 100, 15],
        ),
    ],
)
def test_a_numbered_page_holds_a_hundred_rows_in_a_lasting_order(
    path: str, params: dict[str, str], sizes: list[int], reading_employee: Client
) -> None:
    pages = list(reading_employee.pages(path, "page", **params))
    assert [len(page) for page in pages] == sizes
    ids = [row["id"] for page in pages for row in page]
    assert ids == sorted(set(ids))
    assert reading_employee.elements(path, **params) == pages[0]
    assert reading_employee.elements(path, **params, page=99) == []


def test_keyset_lists_of_the_company_take_a_page_number_where_it_is_documented(
    reading_employee: Client,
) -> None:
    first = reading_employee.elements("Contracts/Contracts", page=1)
    second = reading_employee.elements("Contracts/Contracts", page=2)
    by_cursor = reading_employee.elements("Contracts/Contracts", timestamp=first[-1]["timestamp"])
    assert len(first) == 100
    assert second == by_cursor


@pytest.mark.parametrize(
    "table",
    ["club_visits", "measurements", "documents", "messages", "user_classes", "user_club_visits"],
)
def test_the_smallest_world_has_a_second_page_of(
    table: str, untouched: Sandbox, reading_employee: Client
) -> None:
    facts = FACTS[table]
    params = {"userId": untouched.member.user_id, "clubId": 1} if "params" in facts else {}
    sizes = [len(page) for page in reading_employee.pages(facts["path"], "timestamp", **params)]
    assert sizes[0] == 100
    assert sizes[1] > 0


def test_a_row_that_changes_while_it_is_read_is_seen_again(
    sandbox: Sandbox, employee: Client
) -> None:
    first_row = sandbox.world.rows("classes", club_id=1)[0]

    def change_once(_: RecordedRequest) -> None:
        if first_row["attendeesCount"] != 77:
            sandbox.world.change("classes", first_row, attendeesCount=77)

    pages = employee.pages("Classes/Classes", "timestamp", clubId=1)
    seen = next(pages)
    assert seen[0]["id"] == first_row["id"]
    sandbox.on_request = change_once
    rest = [row for page in pages for row in page]
    assert rest[-1]["id"] == first_row["id"]
    assert rest[-1]["attendeesCount"] == 77
    assert len(seen) + len(rest) == 216


def test_a_user_who_is_purged_while_pages_are_read_shifts_the_next_one(
    sandbox: Sandbox, employee: Client
) -> None:
    before = [row["id"] for page in employee.pages("Users/Users", "page") for row in page]
    first = employee.ids("Users/Users", page=1)
    sandbox.world.purge("users", first[0])
    second = employee.ids("Users/Users", page=2)
    assert first + second == before[:100] + before[101:]


def test_the_hook_sees_each_authorized_request_before_its_answer(
    sandbox: Sandbox, employee: Client
) -> None:
    seen: list[tuple[str, str | None, int]] = []
    sandbox.on_request = lambda record: seen.append((record.path, record.table, record.status))
    employee.get("Instructors/Instructors", clubId=1)
    assert seen == [("Instructors/Instructors", "club_instructors", 0)]
    record = sandbox.requests[-1]
    assert (record.method, record.status, record.mode) == ("GET", 200, "employee")
    assert record.params == {"clubId": "1"}
    assert record.authorized
    assert 0 <= record.seconds < 1
