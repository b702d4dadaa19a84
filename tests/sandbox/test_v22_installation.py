"""API v2.2: languages, and installations that differ from the facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.odata_client import SETS, ODataClient, by_key

from perfectgym_source.sandbox import Installation, Sandbox


@pytest.fixture
def client() -> Iterator[ODataClient]:
    """A client of an installation that the test may change."""
    with Sandbox(size="tiny", seed=1, api="v2.2") as sandbox:
        yield ODataClient(sandbox)
        assert sandbox.errors == []


def truth(client: ODataClient, name: str, *expand: str) -> list[dict[str, Any]]:
    return client.sandbox.world.sets.truth(name, *expand)


def test_texts_follow_the_language_that_is_accepted(client: ODataClient) -> None:
    url = f"{client.root}/Clubs?$filter=id eq 1"
    names = {
        language: client.session.get(url, headers={"Accept-Language": language}).json()["value"][0]
        for language in ("*", "en", "de-DE,de;q=0.9", "fr")
    }
    own = truth(client, "Clubs")[0]
    german = next(
        row["name"]
        for row in truth(client, "ClubTranslations")
        if row["clubId"] == 1 and row["language"] == "DE"
    )
    assert {key: row["name"] for key, row in names.items()} == {
        "*": own["name"],
        "en": own["name"],
        "de-DE,de;q=0.9": german,
        "fr": own["name"],
    }
    assert client.sandbox.world.sets.truth("Clubs", language="DE")[0]["name"] == german


def test_an_installation_may_lack_and_add(client: ODataClient) -> None:
    sets = client.sandbox.world.sets
    sets.installation = Installation(
        lacks=("MemberNotes", "Members.secondName", "Clubs.version"),
        adds=("Members.favoriteColor", "Lockers"),
    )
    assert client.get("MemberNotes").status_code == 404
    assert client.get("Members", select="secondName").status_code == 400
    assert client.get("Clubs", filter="version gt 0").status_code == 400
    member = client.page("Members", expand="contracts($expand=member)")["value"][0]
    for row in (member, member["contracts"][0]["member"]):
        assert "secondName" not in row
        assert row["favoriteColor"] == "favoriteColor 5001"
    assert "version" not in client.rows("Clubs")[0]
    assert len(client.all_after("Lockers", "version")) == 3
    sets.change("Lockers", 2, name="Steel")
    assert client.rows("Lockers") == sets.truth("Lockers")
    sets.installation = Installation()
    assert client.rows("Clubs") == sets.truth("Clubs")
    assert "secondName" in client.rows("Members", top=1)[0]


def test_what_the_facts_leave_open_may_come_inline(client: ODataClient) -> None:
    expanded = client.page("Clubs(1)", expand="country")["country"]
    assert expanded["name"]
    client.sandbox.world.sets.installation = Installation(inline=True)
    assert client.page("Clubs(1)")["country"] == expanded
    assert isinstance(client.rows("MemberAgreements")[0]["attachments"], list)
    assert client.get("Clubs(1)", expand="country").status_code == 400
    for name in SETS:
        needed = SETS[name]["expand_needed"]
        rows = client.all(name, **({"expand": ",".join(needed)} if needed else {}))
        assert list(by_key(name, rows).values()) == truth(client, name, *needed)


def test_the_context_comes_where_payloads_are_odd(client: ODataClient) -> None:
    assert client.page("Clubs")["@odata.context"].endswith("/$metadata#Clubs")
    with Sandbox(size="tiny", quirks=False, api="v2.2") as clean:
        assert list(ODataClient(clean).page("Clubs")) == ["value"]
