"""API v2.2: edits of sets, late commits, ties, restored backups, and faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests
from support.odata_client import SETS, ODataClient, by_key

from perfectgym_source.sandbox import Fault, Installation, RecordedRequest, Sandbox

COMPANIES = "v2.2/odata/Companies"


@pytest.fixture
def client() -> Iterator[ODataClient]:
    """A client of an installation with small pages that the test may change."""
    pages = Installation(page_size=10)
    with Sandbox(size="tiny", seed=1, api="v2.2", installation=pages) as sandbox:
        yield ODataClient(sandbox)
        assert sandbox.errors == []


def after(client: ODataClient, name: str, version: int) -> list[int]:
    return client.ids(name, filter=f"version gt {version}", orderby="version")


def test_an_edit_raises_the_version_above_all_others_of_both_generations(
    client: ODataClient,
) -> None:
    world = client.sandbox.world
    start = world.timestamp
    world.change("clubs", 1)
    row = world.sets.change("Transactions", world.sets.rows("Transactions")[3], source="Api")
    world.change("clubs", 2)
    assert start < world.find("clubs", 1)["timestamp"] < row["version"]
    assert row["version"] < world.find("clubs", 2)["timestamp"]
    assert after(client, "Transactions", start) == [row["id"]]
    assert after(client, "Clubs", start) == [1, 2]
    assert client.rows("Transactions", filter=f"id eq {row['id']}")[0]["source"] == "Api"


def test_a_new_row_is_filled_in_and_refers_to_rows_that_are_there(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    row = sets.add("Transactions", memberId=5001, productQuantity=Decimal("1.50"))
    text = client.get("Transactions", filter=f"id eq {row['id']}").text
    assert '"productQuantity":1.50' in text
    assert json.loads(text, parse_float=Decimal)["value"] == [dict(row)]
    with pytest.raises(ValueError, match="already holds"):
        sets.add("Transactions", id=row["id"])
    with pytest.raises(ValueError, match="not an entity set"):
        sets.add("Nothing")


def test_every_set_takes_every_edit(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    for name, facts in SETS.items():
        first, second, *_ = [*sets.rows(name), *sets.rows(name)]
        sets.change(name, first)
        sets.delete(name, second)
        if facts["has_is_deleted"]:
            assert sets.find(name, second)["isDeleted"] is True
        else:
            with pytest.raises(KeyError):
                sets.find(name, second)
        if facts["key"] == ["id"]:
            sets.add(name)
        needed = facts["expand_needed"]
        rows = client.all(name, **({"expand": ",".join(needed)} if needed else {}))
        assert list(by_key(name, rows).values()) == sets.truth(name, *needed)


def test_a_late_commit_shows_below_what_was_read(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    late = sets.add_late("Companies", name="Late")
    other = sets.change_late("Companies", sets.rows("Companies")[0], name="Later")
    seen = sets.change("Companies", sets.rows("Companies")[1])
    assert after(client, "Companies", seen["version"] - 1) == [seen["id"]]
    rows = (late.commit(), other.commit())
    assert [row["name"] for row in rows] == ["Late", "Later"]
    assert all(row["version"] < seen["version"] for row in rows)
    assert after(client, "Companies", seen["version"]) == []


def test_a_row_that_changes_while_a_set_is_read_moves_to_its_end(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    first = client.ids("Companies", orderby="version", top=1)[0]

    def change_once(_: RecordedRequest) -> None:
        client.sandbox.on_request = None
        sets.change("Companies", first, name="Moved")

    page = client.page("Companies", orderby="version")
    client.sandbox.on_request = change_once
    last = page["value"][-1]["version"]
    rest = client.all("Companies", filter=f"version gt {last}", orderby="version")
    assert (rest[-1]["id"], rest[-1]["name"]) == (first, "Moved")
    assert {row["id"] for row in (*page["value"], *rest)} == {
        row["id"] for row in sets.rows("Companies")
    }


def test_rows_may_share_a_version_across_a_page(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    version = sets.next_timestamp()
    for row in sets.rows("Companies")[:25]:
        sets.assign("Companies", row, {}, version)
    ids = [row["id"] for row in client.all("Companies", orderby="version")]
    assert len(ids) == len(set(ids)) == 30
    assert len(after(client, "Companies", version - 1)) == 10
    assert after(client, "Companies", version) == []


def test_ties_may_come_in_another_order_each_time(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    sets.installation = Installation(page_size=10, unstable_ties=True)
    version = sets.next_timestamp()
    for row in sets.rows("Companies")[:25]:
        sets.assign("Companies", row, {}, version)
    by_version = [
        [row["id"] for row in client.all("Companies", orderby="version")] for _ in range(3)
    ]
    assert any(len(set(ids)) < 30 for ids in by_version)
    everything = sorted(row["id"] for row in sets.rows("Companies"))
    assert sorted(row["id"] for row in client.all("Companies", orderby="version,id")) == everything
    assert sorted(row["id"] for row in client.all("Companies")) == everything


def test_a_restored_backup_brings_rows_versions_and_the_counter_back(
    client: ODataClient,
) -> None:
    sets = client.sandbox.world.sets
    before, counter = sets.truth("Companies"), client.sandbox.world.timestamp
    backup = sets.backup()
    sets.change("Companies", sets.rows("Companies")[0], name="Lost")
    sets.purge("Companies", sets.rows("Companies")[1])
    sets.add("Companies")
    sets.restore(backup)
    assert by_key("Companies", client.all("Companies")) == by_key("Companies", before)
    assert client.sandbox.world.timestamp == counter
    sets.change("Companies", sets.rows("Companies")[0], name="Again")
    assert client.rows("Companies")[0]["name"] == "Again"


def test_a_changed_relation_raises_no_version(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    start = client.sandbox.world.timestamp
    tags = [row["id"] for row in sets.rows("MemberTags")[:3]]
    sets.relate("Members", 5003, "tags", tags)
    [row] = client.rows("Members", filter="id eq 5003", expand="tags($select=id)")
    assert [tag["id"] for tag in row["tags"]] == tags
    assert 5003 in [each["id"] for each in sets.truth("MemberTags", "members")[2]["members"]]
    sets.relate("Members", 5003, "tags", [])
    assert not any(
        each["id"] == 5003 for tag in sets.truth("MemberTags", "members") for each in tag["members"]
    )
    assert after(client, "Members", start) == []
    with pytest.raises(ValueError, match="not a many-to-many relation"):
        sets.relate("Members", 5003, "contracts", [])


def test_a_row_without_a_set_is_edited_by_its_type(client: ODataClient) -> None:
    client.sandbox.world.sets.change("MemberAddress", 5003, city="Łódź")
    [row] = client.rows("Members", filter="id eq 5003", expand="address")
    assert row["address"]["city"] == "Łódź"


def test_a_new_property_appears_over_time(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    sets.change("Companies", sets.rows("Companies")[0], loyaltyTier={"name": "Gold"})
    assert client.rows("Companies")[0]["loyaltyTier"] == {"name": "Gold"}


def test_an_error_envelope_comes_with_499(client: ODataClient) -> None:
    client.sandbox.faults.add(Fault(COMPANIES, "envelope"))
    answer = client.get("Companies")
    assert answer.status_code == 499
    assert answer.json()["errors"][0].keys() == {"code", "property", "message"}


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_status_comes_with_an_odata_body(client: ODataClient, status: int) -> None:
    client.sandbox.faults.add(Fault(COMPANIES, "status", status, params={"$top": 1}))
    assert client.get("Companies").status_code == 200
    answer = client.get("Companies", top=1)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_a_next_link_may_lead_to_another_origin(client: ODataClient) -> None:
    elsewhere = "http://127.0.0.2:9"
    client.sandbox.faults.add(Fault(COMPANIES, "foreign_link", location=elsewhere))
    link = client.page("Companies", orderby="version")["@odata.nextLink"]
    assert link.startswith(f"{elsewhere}/Api/v2.2/odata/Companies?")


def test_a_next_link_may_lead_in_circles(client: ODataClient) -> None:
    client.sandbox.faults.add(Fault(COMPANIES, "loop", skip=1))
    second = client.page("Companies")["@odata.nextLink"]
    page = client.session.get(second).json()
    assert page["@odata.nextLink"] == second
    assert client.session.get(second).json()["@odata.nextLink"] != second


def test_a_next_link_may_be_missing(client: ODataClient) -> None:
    client.sandbox.faults.add(Fault(COMPANIES, "no_link"))
    assert "@odata.nextLink" not in client.page("Companies")
    assert "@odata.nextLink" in client.page("Companies")


def test_a_page_may_come_again(client: ODataClient) -> None:
    client.sandbox.faults.add(Fault(COMPANIES, "repeat_page", skip=1))
    first = client.page("Companies", orderby="version")
    again = client.session.get(first["@odata.nextLink"]).json()
    assert [row["id"] for row in again["value"]] == [row["id"] for row in first["value"]]


@pytest.mark.parametrize("kind", ["garbage", "truncate", "drop"])
def test_answers_break(client: ODataClient, kind: str) -> None:
    client.sandbox.faults.add(Fault(COMPANIES, kind))
    with pytest.raises((json.JSONDecodeError, requests.RequestException)):
        client.page("Companies")
    assert len(client.rows("Companies")) == 10
