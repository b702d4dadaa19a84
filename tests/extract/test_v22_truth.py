"""Every set and link of API v2.2, field by field as the sandbox has it: first load and changes.

On short pages, and as documented but inline; the other tests of v2.2 read sets as documented.
"""

from __future__ import annotations

import dlt
import duckdb
import pytest
from support.edits import Edit
from support.odata_client import SETS
from support.set_edits import SetEditor
from support.set_truth import SetTruth, differences, rows_of
from support.v22 import SNAPSHOTS

from perfectgym_source.catalog import V22, table_layout
from perfectgym_source.config.dlt_config import keep_capabilities
from perfectgym_source.sandbox import Sandbox
from perfectgym_source.sandbox.v22.schema import Installation
from perfectgym_source.source import perfectgym_source, report_of

ZONE = "Asia/Kolkata"
EVERYTHING = [name for name in V22.endpoints if name != "members_in_club"]


class Loader:
    """Loads all sets of a sandbox into a DuckDB file."""

    def __init__(self, folder, sandbox):
        self.folder = folder
        self.file = folder / "sets.duckdb"
        self.sandbox = sandbox

    def run(self):
        source = perfectgym_source(
            base_url=self.sandbox.base_url,
            client_id=self.sandbox.client.client_id,
            client_secret=self.sandbox.client.client_secret,
            api="v2.2",
            resources=EVERYTHING,
            time_zone=ZONE,
            sweep_hours=0,
        )
        pipeline = dlt.pipeline(
            "sets",
            pipelines_dir=str(self.folder / "pipelines"),
            destination=keep_capabilities(dlt.destinations.duckdb(str(self.file))),
            dataset_name="perfectgym",
        )
        self.sandbox.clear_records()
        with duckdb.connect(str(self.file)):  # each of dlt's connections opens it anew otherwise
            pipeline.run(source)
        assert {request.method for request in self.sandbox.requests} == {"GET"}
        report = report_of(source)
        assert not report.failures
        unknown = report.unknown_fields
        assert not unknown or self.sandbox.world.quirks
        assert all(column.endswith("external_reference") for column in unknown)
        return {table for table, count in report.rows.items() if count}

    def broken(self, *names, zone=ZONE):
        """What differs from the sandbox, by table: of all endpoints, or of some."""
        truth = SetTruth(self.sandbox.world.sets, zone)
        with duckdb.connect(str(self.file)) as database:
            return [
                f"{table}: {text}"
                for name in names or EVERYTHING
                for table, found in compared(truth, database, V22.endpoints[name])
                for text in found
            ]


def compared(truth, database, endpoint):
    """How each table of an endpoint differs."""
    if endpoint.link is not None:
        expected = truth.pairs(endpoint.path, endpoint.link.field, *endpoint.key)
        yield endpoint.name, differences(expected, rows_of(database, endpoint.name))
        return
    expected = truth.tables(endpoint.path)
    for table in table_layout(endpoint).with_children():
        root = table.keys[0].name if table.level else ""
        rows = rows_of(database, table.name)
        yield table.name, differences(expected.get(table.name, []), rows, root)


SHORT_PAGES = Installation(page_size=20, unstable_ties=True, next_links="skiptoken")
INSTALLATIONS = {"short pages, odd data": SHORT_PAGES, "inline": Installation(inline=True)}


@pytest.fixture(scope="module", params=INSTALLATIONS)
def loader(request, tmp_path_factory):
    installation = INSTALLATIONS[request.param]
    options = {"quirks": installation is SHORT_PAGES, "installation": installation}
    with Sandbox(size="tiny", seed=1, api="v2.2", **options) as sandbox:
        loader = Loader(tmp_path_factory.mktemp("sets"), sandbox)
        loader.run()
        yield loader
        assert sandbox.errors == []


def test_a_first_load_holds_every_value_of_every_set_and_every_link(loader):
    assert loader.broken() == []
    of_no_club = ("invoices", "deferred_revenues")
    in_another_zone = loader.broken(*of_no_club, "contracts", zone="Europe/Warsaw")
    assert {text.split(":")[0] for text in in_another_zone} == set(of_no_club)


def edits(name):
    """Edits of a set that a run can notice."""
    fact = SETS[name]
    actions = ["add", "change", "tie", "delete", "change_late", "relate", "bring_back"]
    if not (fact["has_version"] and fact["has_is_deleted"]):
        actions.append("purge")
    return [Edit(action, name, 3 + 2 * place, place) for place, action in enumerate(actions)]


# What comes inline changes without a sign: no version of the row that holds it grows.
@pytest.mark.parametrize("loader", ["short pages, odd data"], indirect=True, scope="module")
def test_changes_deletions_and_links_arrive_with_the_next_run_and_none_comes_again(loader):
    assert loader.run() <= SNAPSHOTS
    editor = SetEditor(loader.sandbox.world.sets)
    editor.apply([edit for name in SETS for edit in edits(name)])
    editor.commit_all()
    assert loader.broken("members", "clubs") != []
    loader.run()
    assert loader.broken() == []
