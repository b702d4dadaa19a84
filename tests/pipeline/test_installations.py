"""Several installations in one dataset: each row knows where it comes from."""

from __future__ import annotations

import pytest
from support.loading import EVERYTHING, Target, set_now, small_world
from support.truth import check

from perfectgym_source.catalog import ENDPOINTS, table_layout
from perfectgym_source.sandbox import Sandbox


class Half(Target):
    """One installation's part of a dataset that it shares, seen as if it were alone in it."""

    def __init__(self, folder, sandbox, name):
        super().__init__(folder, sandbox, installation=name, shared_dataset=True)
        self.name = name

    def rows(self, table):
        found = super().rows(table)
        return [
            {name: value for name, value in row.items() if name != "installation"}
            for row in found
            if row["installation"] == self.name
        ]

    def types(self):
        return {
            table: {name: kind for name, kind in columns.items() if name != "installation"}
            for table, columns in super().types().items()
        }


@pytest.fixture
def halves(tmp_path, monkeypatch):
    set_now(monkeypatch, "2024-01-01T00:00:00")
    # The same ids, other rows.
    worlds = [small_world(seed=1, users=3), small_world(seed=2, users=3)]
    with Sandbox(world=worlds[0]) as north, Sandbox(world=worlds[1]) as south:
        yield Half(tmp_path, north, "north"), Half(tmp_path, south, "south")


def names_of(target):
    return [
        name
        for name, entry in ENDPOINTS.items()
        if target.mode in entry.modes and entry.in_groups and name != "users_in_club"
    ]


def test_installations_share_every_table_and_do_not_touch_each_others_rows(halves):
    for half in halves:
        half.load(groups=EVERYTHING, schedule_days=3650)
    for half in halves:
        for name in names_of(half):
            check(half, name)
        half.close()
    north, south = halves
    world = north.sandbox.world
    contract = next(row for row in world.contracts if row["discounts"])
    world.change("contracts", contract, discounts=[])
    world.purge("users", world.users[0])
    club = world.clubs[0]["id"]
    world.replace_list("products", {"clubId": club}, [])
    for row in world.rows("lead_sources"):
        world.purge("lead_sources", row)
    north.load(groups=EVERYTHING, schedule_days=3650)
    for half in halves:
        for name in ("contracts", "users", "products", "lead_sources", "clubs", "club_details"):
            check(half, name)
        half.close()
    assert south.load(groups=EVERYTHING, schedule_days=3650).rows == {}


def test_every_key_begins_with_the_installation(halves):
    north, _ = halves
    north.load("clubs", "classes", "contracts", "products", "lead_sources")
    tables = north.pipeline().default_schema.tables
    for name in ("clubs", "classes", "contracts", "products", "lead_sources"):
        for table in table_layout(ENDPOINTS[name]).with_children():
            columns = tables[table.name]["columns"]
            keys = [
                column
                for column, hints in columns.items()
                if hints.get("primary_key") or hints.get("merge_key")
            ]
            assert "installation" in keys, table.name


def test_a_dataset_of_one_installation_is_not_shared_later(halves, tmp_path):
    north, _ = halves
    alone = Target(tmp_path / "alone", north.sandbox, installation="north")
    alone.folder.mkdir()
    alone.load("clubs")
    with pytest.raises(Exception, match="shared_dataset cannot change"):
        alone.load("clubs", shared_dataset=True)
