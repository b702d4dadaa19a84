"""API v2.2 on PostgreSQL: the rows of the DuckDB file, after changes and deletions too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.edits import Edit
from support.odata_client import SETS
from support.places import Place
from support.set_edits import SetEditor
from support.tables import assert_equal, in_duckdb, in_postgres

from perfectgym_source.catalog import V22
from perfectgym_source.pipeline.runner import Options
from perfectgym_source.sandbox import Sandbox
from perfectgym_source.verify.repair import repair
from perfectgym_source.verify.verification import verify

NAMES = (
    "clubs", "members", "contracts", "companies", "personal_training_bookings", "products",
    "deferred_revenues", "transactions", "contract_discount_definitions", "cancel_reasons",
    "member_balances", "member_custom_attributes", "club_translations",
    "member_agreement_translations", "members_to_tags", "payment_plans_to_clubs",
)  # fmt: skip
"""Sets by version, by id and without an id, with child tables, and links."""


@dataclass(frozen=True)
class NewerPlace(Place):
    """A destination for rows of API v2.2."""

    def options(self, *resources: str, **source: Any) -> Options:
        client = self.sandbox.client
        keys = {"client_id": client.client_id, "client_secret": client.client_secret}
        given = {"username": None, "password": None, "sweep_hours": 0, **keys, **source}
        return super().options(*resources, **given)


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NewerPlace]:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    with Sandbox(size="tiny", seed=1, api="v2.2", quirks=False) as running:
        yield NewerPlace(tmp_path, running)


def edits() -> Iterator[Edit]:
    for name in sorted({V22.endpoints[each].path for each in NAMES} - {"Clubs"}):
        actions = ["add", "change", "delete", "relate"]
        if not (SETS[name]["has_version"] and SETS[name]["has_is_deleted"]):
            actions.append("purge")
        for place, action in enumerate(actions):
            yield Edit(action, name, 3 + 2 * place, place)


def test_postgres_holds_the_rows_of_v22_after_changes_and_deletions(
    newer: NewerPlace, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", postgres)
    server = newer.at("postgres")
    newer.load(*NAMES)
    server.load(*NAMES)
    before = in_duckdb(newer.database)
    assert all(before[table] for table in NAMES)
    assert_equal(in_postgres(postgres), before)
    assert verify(server.options(*NAMES)).outcome == "equal"

    SetEditor(newer.sandbox.world.sets).apply(edits())
    newer.load(*NAMES)
    server.load(*NAMES)
    after = in_duckdb(newer.database)
    assert [table for table in NAMES if after[table] == before[table]] == ["clubs"]
    assert_equal(in_postgres(postgres), after)
    done = repair(server.options(*NAMES))
    assert (done.outcome, done.after) == ("equal", None)
