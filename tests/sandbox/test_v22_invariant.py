"""Whatever is edited, pages and truth agree, and a reader by version misses nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.edits import Edit
from support.odata_client import SETS, ODataClient, by_key
from support.set_edits import ACTIONS, SetEditor

from perfectgym_source.sandbox import Installation, Sandbox

EDITED = ("Members", "MemberCards", "Companies", "CancelReasons", "ContractFreezes", "MemberTags")
EDITS = st.builds(
    Edit,
    st.sampled_from(ACTIONS),
    st.sampled_from(EDITED),
    st.integers(0, 40),
    st.integers(0, 2),
)


@pytest.fixture(scope="module")
def client() -> Iterator[ODataClient]:
    """A client of an installation with small pages, edited on and on."""
    pages = Installation(page_size=9)
    with Sandbox(size="tiny", seed=1, api="v2.2", installation=pages) as sandbox:
        yield ODataClient(sandbox)
        assert sandbox.errors == []


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.lists(EDITS, max_size=12), second=st.lists(EDITS, max_size=12))
def test_pages_and_truth_agree_after_any_edits(
    client: ODataClient, first: list[Edit], second: list[Edit]
) -> None:
    sets = client.sandbox.world.sets
    editor = SetEditor(sets)
    start = client.sandbox.world.timestamp
    editor.apply(first)
    editor.apply(second)
    editor.commit_all()
    for name in EDITED:
        links = SETS[name].get("expand_relations", ())[:1]
        expand = {"expand": f"{links[0]}($select=id)"} if links else {}
        rows = by_key(name, client.all(name, **expand))
        truth = sets.truth(name, *links)
        assert len(rows) == len(truth)
        for row in truth:
            shown = dict(rows[row["id"],])
            for link in links:
                shown[link] = [each["id"] for each in shown[link]]
                row[link] = [each["id"] for each in row[link]][:100]
            assert shown == row
        if SETS[name]["has_version"]:
            later = by_key(name, client.all_after(name, "version", start + 1))
            assert set(later) == {(row["id"],) for row in truth if row["version"] > start}
