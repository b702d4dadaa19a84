"""An installation without a row still gives every table, with all columns and their types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.loading import EVERYTHING, Target
from support.truth import OTHER_SPELLINGS, snake

from perfectgym_source.catalog import ENDPOINTS, table_layout
from perfectgym_source.catalog.hints import columns
from perfectgym_source.catalog.v1.row_types import DATES_DOCUMENTED_AS_STRING
from perfectgym_source.sandbox import Fault, Sandbox

FACTS = json.loads((Path(__file__).parents[1] / "facts" / "v1_types.json").read_text())
DUCKDB = {
    "long": "BIGINT",
    "int": "BIGINT",
    "decimal": "DECIMAL(38,9)",
    "bool": "BOOLEAN",
    "string": "VARCHAR",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}
OF_DLT = {
    "bigint": "BIGINT",
    "decimal": "DECIMAL(38,9)",
    "bool": "BOOLEAN",
    "text": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def type_of(hint):
    kind = OF_DLT[hint["data_type"]]
    return f"{kind} WITH TIME ZONE" if hint.get("timezone") else kind


@pytest.mark.parametrize("mode", ["employee", "user"])
def test_every_table_is_there_with_all_its_columns_and_the_next_run_loads_nothing(tmp_path, mode):
    with Sandbox(size="empty") as sandbox:
        target = Target(tmp_path, sandbox, mode)
        run = target.load(groups=EVERYTHING)
        assert run.rows == {}
        types = target.types()
        for endpoint in ENDPOINTS.values():
            if mode not in endpoint.modes or not endpoint.in_groups:
                continue
            for table in table_layout(endpoint).with_children():
                wanted = {name: type_of(hint) for name, hint in columns(table).items()}
                wanted |= dict.fromkeys(table.positions, "BIGINT")
                got = types[table.name]
                assert wanted.items() <= got.items(), table.name
                beside = set(got) - set(wanted)
                assert beside <= {"_dlt_load_id", "_dlt_id", "_removed", "taken_at"}, table.name
                assert target.query(f"select count(*) from {table.name}") == [(0,)]
            for part in endpoint.row_type.split(" + "):
                for field, kind in FACTS.get(part, {}).items():
                    if kind in DUCKDB and field not in ("userId", *OTHER_SPELLINGS):
                        if (part, field) in DATES_DOCUMENTED_AS_STRING:
                            kind = "datetime"
                        assert types[endpoint.table_name].get(snake(field)) == DUCKDB[kind], (
                            endpoint.name, field,
                        )  # fmt: skip
                        if kind == "datetime" and snake(field) not in endpoint.key:
                            assert types[endpoint.table_name][f"{snake(field)}_utc"] == (
                                "TIMESTAMP WITH TIME ZONE"
                            )
        assert target.load(groups=EVERYTHING).packages == []


def test_rows_that_come_later_are_loaded_into_the_empty_tables(tmp_path):
    with Sandbox(size="empty") as sandbox:
        target = Target(tmp_path, sandbox)
        target.load("clubs", "classes")
        club = sandbox.world.add("clubs")
        sandbox.world.add("classes", club_id=club["id"])
        run = target.load("clubs", "classes")
        assert run.rows["clubs"] == run.rows["classes"] == 1
        assert target.values("classes", "club_id") == [club["id"]]


EMPTY = {"elements": []}


@pytest.mark.parametrize(
    ("resources", "of_all", "words"),
    [
        (("lead_sources", "countries"), True, "All 2 lists that were read are empty."),
        (("clubs", "lead_sources", "countries"), True, "All 3 lists"),
        (("clubs", "lead_sources"), False, "The list 'clubs' is empty."),
        (("lead_sources", "countries", "agreement_types"), False, None),
        (("lead_sources",), True, None),
        (("clubs",), True, None),
    ],
)
def test_an_account_that_may_see_nothing_is_suspected_once(tmp_path, resources, of_all, words):
    with Sandbox(size="tiny") as sandbox:
        paths = [ENDPOINTS[name].path for name in resources if of_all or name == resources[0]]
        for path in paths:
            sandbox.faults.add(Fault(path, "status", status=200, body=EMPTY, times=None))
        target = Target(tmp_path, sandbox)
        warnings = target.load(*resources).report.warnings
        assert [text.startswith(words or "-") for text in warnings] == [True] * (words is not None)
        assert target.load(*resources).report.warnings == []
        assert target.load("freeze_types", *resources).report.warnings == []


def test_an_account_that_is_refused_something_is_not_suspected_besides(tmp_path):
    with Sandbox(size="empty") as sandbox:
        sandbox.faults.add(Fault(ENDPOINTS["countries"].path, "status", status=403, times=None))
        target = Target(tmp_path, sandbox, on_error="continue")
        run = target.load("lead_sources", "countries", "clubs")
        assert (len(run.report.failures), run.report.warnings) == (1, [])
