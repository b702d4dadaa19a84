"""API v2.2: query options, next links, doubled rows, expanded lists, translations, and errors."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.odata_client import ODataClient

from perfectgym_source.sandbox import Installation, Sandbox


@pytest.fixture(scope="module")
def reader() -> Iterator[ODataClient]:
    """A client of an installation that nobody changes."""
    with Sandbox(size="tiny", seed=1, api="v2.2") as sandbox:
        yield ODataClient(sandbox)
        assert sandbox.errors == []


@pytest.fixture
def client() -> Iterator[ODataClient]:
    """A client of an installation that the test may change."""
    with Sandbox(size="tiny", seed=1, api="v2.2") as sandbox:
        yield ODataClient(sandbox)
        assert sandbox.errors == []


def truth(client: ODataClient, name: str, *expand: str) -> list[dict[str, Any]]:
    return client.sandbox.world.sets.truth(name, *expand)


@pytest.mark.parametrize(
    ("name", "expression", "holds"),
    [
        ("Members", "id gt 5003", lambda row: row["id"] > 5003),
        ("Members", "id ge 5003 and id le 5010", lambda row: 5003 <= row["id"] <= 5010),
        ("Members", "ID lt 5003", lambda row: row["id"] < 5003),
        ("Members", "not (id ne 5003)", lambda row: row["id"] == 5003),
        ("Members", "id in (5001, 5003,5)", lambda row: row["id"] in (5001, 5003)),
        ("Members", "id eq 5001 or id eq 900001", lambda row: row["id"] in (5001, 900001)),
        ("Members", "isActive eq false", lambda row: not row["isActive"]),
        ("Members", "isActive", lambda row: row["isActive"]),
        ("Members", "personalId eq null", lambda row: row["personalId"] is None),
        ("Members", "memberType ne 'Member'", lambda row: row["memberType"] != "Member"),
        ("Members", "firstName in ('Rahul','O''Hara')", lambda row: row["firstName"] == "Rahul"),
        (
            "Members",
            "contains(tolower(firstName),'ra')",
            lambda r: "ra" in str(r["firstName"]).lower(),
        ),
        ("Contracts", "club/id eq 1", lambda row: row["clubId"] == 1),
        ("Contracts", "member/homeClub/isHidden eq true", None),
        ("Classes", "attendeesLimit gt 0", lambda row: (row["attendeesLimit"] or 0) > 0),
        (
            "Transactions",
            "amount/gross ge 100.5",
            lambda r: r["amount"]["gross"] >= Decimal("100.5"),
        ),
    ],
)
def test_a_filter_finds_what_it_says(
    reader: ODataClient, name: str, expression: str, holds: Any
) -> None:
    rows = reader.all(name, filter=expression)
    if holds is None:
        hidden = {club["id"] for club in truth(reader, "Clubs") if club["isHidden"]}
        homes = {row["id"]: row["homeClubId"] for row in truth(reader, "Members")}
        holds = lambda row: homes[row["memberId"]] in hidden  # noqa: E731
    wanted = [row for row in truth(reader, name) if holds(row)]
    assert rows == wanted
    assert 0 < len(wanted) < len(truth(reader, name))


def test_a_filter_may_ask_whether_a_list_has_rows(reader: ODataClient) -> None:
    members = truth(reader, "Members", "levels")
    assert reader.ids("Members", filter="levels/any()") == [
        row["id"] for row in members if row["levels"]
    ]
    level = members[0]["levels"][0]["id"]
    assert reader.ids("Members", filter=f"levels/any(l: l/id eq {level})") == [
        row["id"] for row in members if level in [each["id"] for each in row["levels"]]
    ]


def test_a_date_in_a_filter_has_an_offset(reader: ODataClient) -> None:
    answer = reader.get("Classes", filter="startDate gt 2026-05-01T00:00:00")
    assert answer.status_code == 400
    utc = reader.ids("Classes", filter="startDate gt 2026-05-01T00:00:00Z", orderby="startDate")
    assert utc == reader.ids(
        "Classes", filter="startDate gt 2026-05-01T02:00:00+02:00", orderby="startDate"
    )
    starts = {row["id"]: row["startDate"] for row in truth(reader, "Classes")}
    assert utc
    assert sorted(utc, key=lambda key: (starts[key], key)) == utc


@pytest.mark.parametrize(
    ("path", "options", "part"),
    [
        ("Members", {"filter": "version gt"}, "breaks off"),
        ("Members", {"filter": "nothing eq 1"}, "nothing"),
        ("Members", {"filter": "id eq 'a'"}, "incompatible types"),
        ("Members", {"filter": "id"}, "Boolean"),
        ("Members", {"filter": "id eq 1 id"}, "Syntax error"),
        ("Members", {"filter": "createdDate gt 2024-01-01T00:00:00Z"}, "createdDate"),
        ("Members", {"filter": "homeClub/nothing eq 1"}, "nothing"),
        ("Members", {"filter": " or ".join(["id eq 1"] * 101)}, "node count"),
        ("Members", {"orderby": "isActive"}, "isActive"),
        ("MemberBalances", {"orderby": "memberId"}, "memberId"),
        ("Members", {"orderby": "id sideways"}, "orderby"),
        ("Members", {"select": "nothing"}, "nothing"),
        ("Members", {"expand": "nothing"}, "nothing"),
        ("Members", {"expand": "firstName"}, "navigation"),
        ("Members", {"expand": "contracts($top=x)"}, "$top"),
        ("Members", {"expand": "contracts($nothing=x)"}, "$nothing"),
        ("Members", {"expand": "homeClub($expand=clubZones)"}, "clubZones"),
        ("Contracts", {"expand": "member($expand=homeClub($expand=region))"}, "deeper"),
        ("Members", {"top": "-1"}, "$top"),
        ("Members", {"top": "²"}, "$top"),
        ("Classes", {"filter": "startDate gt 2024-13-01T00:00:00Z"}, "2024-13-01"),
        ("Members", {"skip": "x"}, "$skip"),
        ("Members", {"count": "yes"}, "$count"),
        ("Members", {"apply": "groupby((sex))"}, "$apply"),
        ("Members", {"skiptoken": "x"}, "$skiptoken"),
        ("ReferralCampaigns", {"top": "1"}, "$top"),
        ("ReferralCampaigns", {"skip": "1"}, "$skip"),
        ("Clubs", {"filter": "city/name eq 1"}, "incompatible"),
    ],
)
def test_what_the_api_does_not_know_is_400(
    reader: ODataClient, path: str, options: dict[str, str], part: str
) -> None:
    answer = reader.get(path, **options)
    assert answer.status_code == 400
    assert part in answer.json()["error"]["message"]


def test_a_page_has_500_rows_and_a_link_to_the_rest(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    for _ in range(520):
        sets.add("Companies")
    page = client.page("Companies", filter="version gt 0", orderby="version")
    assert len(page["value"]) == 500
    link = urlsplit(page["@odata.nextLink"])
    assert f"{link.scheme}://{link.netloc}/Api" == client.sandbox.base_url
    assert link.path == "/Api/v2.2/odata/Companies"
    assert parse_qs(link.query) == {
        "$filter": ["version gt 0"],
        "$orderby": ["version"],
        "$skip": ["500"],
    }
    assert "%24skip=500" in page["@odata.nextLink"]
    assert len(client.all("Companies")) == len(sets.rows("Companies"))


@pytest.mark.parametrize(
    ("top", "sizes"), [(3, [3]), (500, [500]), (510, [500, 10]), (999, [500, 50])]
)
def test_a_top_above_the_page_size_needs_a_second_page(
    client: ODataClient, top: int, sizes: list[int]
) -> None:
    for _ in range(520):
        client.sandbox.world.sets.add("Companies")
    assert [len(page) for page in client.pages("Companies", top=top)] == sizes


def test_an_offset_shifts_while_rows_move(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    sets.installation = Installation(page_size=10)
    before = [row["id"] for row in client.all("Companies")]
    pages = client.pages("Companies")
    first = [row["id"] for row in next(pages)]
    sets.purge("Companies", first[0])
    assert first + [row["id"] for page in pages for row in page] == before[:10] + before[11:]


def test_a_skiptoken_goes_on_after_the_last_row(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    sets.installation = Installation(page_size=10, next_links="skiptoken")
    before = [row["id"] for row in client.all("Companies", orderby="version")]
    pages = client.pages("Companies", orderby="version")
    first = [row["id"] for row in next(pages)]
    sets.purge("Companies", first[0])
    assert first + [row["id"] for page in pages for row in page] == before


@pytest.mark.parametrize("order", ["id desc", "createdTime,id", "version,id", "startDate desc"])
def test_a_skiptoken_knows_every_order(client: ODataClient, order: str) -> None:
    whole = client.rows("FacilityBookings", orderby=order)
    client.sandbox.world.sets.installation = Installation(page_size=7, next_links="skiptoken")
    assert client.all("FacilityBookings", orderby=order) == whole
    assert len(whole) == 30


def test_a_campaign_has_no_offset_and_pages_all_the_same(client: ODataClient) -> None:
    client.sandbox.world.sets.installation = Installation(page_size=10)
    page = client.page("ReferralCampaigns")
    assert "skiptoken" in page["@odata.nextLink"]
    assert len(client.all("ReferralCampaigns")) == 30


@pytest.mark.parametrize("name", ["MemberCards", "Crm2Leads"])
def test_some_rows_come_twice_and_count_twice(reader: ODataClient, name: str) -> None:
    ids = [row["id"] for row in reader.all(name)]
    page = reader.page(name, count="true", top=1)
    assert page["@odata.count"] == len(ids) > len(set(ids)) == len(truth(reader, name))


def test_a_count_counts_what_the_filter_finds_on_all_pages(reader: ODataClient) -> None:
    page = reader.page("Contracts", count="true", filter="club/id eq 1", top=2, skip=1)
    assert page["@odata.count"] == len(reader.all("Contracts", filter="club/id eq 1"))
    assert len(page["value"]) == 2
    assert "@odata.count" not in reader.page("Contracts")


def test_orders_go_both_ways_and_by_several_properties(reader: ODataClient) -> None:
    rows = truth(reader, "Members")
    by_name = sorted(rows, key=lambda row: row["id"], reverse=True)
    by_name.sort(key=lambda row: row["firstName"] or "")
    assert reader.rows("Members", orderby="firstName,id desc") == by_name
    assert reader.ids("Members", orderby="version desc", top=1) == [
        max(rows, key=lambda row: row["version"])["id"]
    ]


def test_select_leaves_the_rest_out(reader: ODataClient) -> None:
    assert reader.rows("Clubs", select="SYMBOL,id", top=1) == [
        {"symbol": truth(reader, "Clubs")[0]["symbol"], "id": 1}
    ]


def test_an_expanded_list_stops_at_100_without_a_link(reader: ODataClient) -> None:
    tag, full = next(
        (row["id"], row["members"])
        for row in truth(reader, "MemberTags", "members")
        if len(row["members"]) > 100
    )
    row = reader.page(f"MemberTags({tag})", expand="members")
    assert row["members"] == full[:100]
    assert not any("nextLink" in key for key in row)
    rest = reader.page(f"MemberTags({tag})", expand="members($skip=100;$orderby=id)")
    assert rest["members"] == full[100:200]
    found = reader.all("Members", filter=f"tags/any(t: t/id eq {tag})")
    assert found == full


def test_expanded_rows_take_options_of_their_own(reader: ODataClient) -> None:
    [row] = reader.rows(
        "Members",
        filter="id eq 5001",
        select="id",
        expand="contracts($filter=isActive eq true;$orderby=id desc;$top=1;$select=id;"
        "$expand=club($select=id)),homeClub($select=name)",
    )
    contracts = [
        each for each in truth(reader, "Contracts") if each["memberId"] == 5001 and each["isActive"]
    ]
    last = contracts[-1]
    assert row["contracts"] == [{"id": last["id"], "club": {"id": last["clubId"]}}]
    assert list(row) == ["id", "contracts", "homeClub"]
    assert list(row["homeClub"]) == ["name"]


def test_relations_are_the_same_from_both_sides(reader: ODataClient) -> None:
    pairs = [
        ("Members", "tags", "MemberTags", "members"),
        ("Clubs", "availablePaymentPlans", "PaymentPlans", "availableInClubs"),
        ("Members", "familyParents", "Members", "familyChildren"),
        ("Semesters", "nextSemesters", "Semesters", "previousSemesters"),
        ("FreezeTypes", "relatedFreezeTypes", "FreezeTypes", "relatedFreezeTypes"),
    ]
    for left, forth, right, back in pairs:
        there = {(row["id"], o["id"]) for row in truth(reader, left, forth) for o in row[forth]}
        here = {(o["id"], row["id"]) for row in truth(reader, right, back) for o in row[back]}
        assert there == here
        assert there


def test_a_booking_of_personal_training_is_empty_unless_its_details_are_expanded(
    reader: ODataClient,
) -> None:
    assert set(map(str, reader.rows("PersonalTrainingBookings"))) == {"{}"}
    rows = reader.rows("PersonalTrainingBookings", expand="personalTrainingBookingDetails")
    assert rows == truth(reader, "PersonalTrainingBookings", "personalTrainingBookingDetails")
    assert {"name", "startDateOffset"} <= rows[0]["personalTrainingBookingDetails"].keys()
