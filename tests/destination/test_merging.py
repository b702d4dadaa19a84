"""Rows are merged into a DuckDB file from the files of a load package, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pytest
from dlt.common.storages.load_package import PackageStorage
from dlt.destinations.sql_jobs import SqlMergeFollowupJob
from dlt.pipeline.exceptions import PipelineStepFailed

from perfectgym_source.destination import Options, destination_for
from perfectgym_source.destination.duckdb import limits
from perfectgym_source.destination.duckdb.merging import MergingDuckDB

MERGE: Any = {"disposition": "merge", "strategy": "delete-insert"}
VISITS: Any = {
    "name": "visits",
    "primary_key": ["club", "id"],
    "columns": {
        "version": {"dedup_sort": "desc", "data_type": "bigint"},
        "removed": {"hard_delete": True, "data_type": "bool", "nullable": True},
        "note": {"data_type": "text", "nullable": True},
    },
    "write_disposition": MERGE,
}
TAGS: Any = {"name": "tags", "merge_key": "visit", "write_disposition": MERGE}
Rows = list[dict[str, Any]]


@dataclass
class Database:
    """A DuckDB file, and the pipeline that merges rows into it."""

    folder: Path
    working: Path

    def pipeline(self) -> dlt.Pipeline:
        return dlt.pipeline(
            "gym",
            pipelines_dir=str(self.working),
            destination=MergingDuckDB(str(self.folder / "gym_loading.duckdb")),
            dataset_name="perfectgym",
        )

    def merge(self, *items: Rows, **hints: Any) -> None:
        """Load each of some lists of rows as an item of its own."""

        def tables() -> Iterable[pa.Table]:
            yield from map(pa.Table.from_pylist, items)

        self.pipeline().run(dlt.resource(tables, **(hints or VISITS)))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / "gym_loading.duckdb"), read_only=True) as connection:
            return connection.sql(sql).fetchall()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path, tmp_path / "pipelines")


def visit(number: int, version: int, **more: Any) -> dict[str, Any]:
    return {"club": 1, "id": number, "version": version, **more}


def test_of_rows_with_the_same_key_the_newest_is_kept(database: Database) -> None:
    database.merge([visit(1, 5), visit(2, 7)], [visit(1, 9), visit(1, 8), visit(2, 6)])
    assert database.query("FROM perfectgym.visits SELECT id, version ORDER BY 1") == [
        (1, 9),
        (2, 7),
    ]
    database.merge([visit(2, 3), visit(3, 1)])
    assert database.query("FROM perfectgym.visits SELECT id, version ORDER BY 1") == [
        (1, 9),
        (2, 3),
        (3, 1),
    ]


def test_the_same_id_in_another_club_is_another_row(database: Database) -> None:
    database.merge([visit(1, 5), {**visit(1, 5), "club": 2}])
    assert database.query("FROM perfectgym.visits SELECT club ORDER BY 1") == [(1,), (2,)]


def test_rows_that_are_to_be_removed_go(database: Database) -> None:
    database.merge([visit(1, 5), visit(2, 5)])
    database.merge([visit(1, 6, removed=True)])
    assert database.query("FROM perfectgym.visits SELECT id") == [(2,)]


def test_columns_that_some_files_or_all_of_them_lack_are_null(database: Database) -> None:
    database.merge([visit(1, 1, note="first", removed=None)])
    database.merge([visit(2, 1)], [visit(3, 1, note="third")])
    database.merge([visit(1, 2)])
    found = database.query("FROM perfectgym.visits SELECT id, note, removed ORDER BY 1")
    assert found == [(1, None, None), (2, None, None), (3, "third", None)]


def test_rows_without_a_key_of_their_own_replace_those_of_their_parent(database: Database) -> None:
    database.merge([{"visit": 1, "tag": "a"}, {"visit": 1, "tag": "a"}, {"visit": 2}], **TAGS)
    database.merge([{"visit": 1, "tag": "b"}], **TAGS)
    found = database.query("FROM perfectgym.tags SELECT visit, tag ORDER BY 1")
    assert found == [(1, "b"), (2, None)]


def test_a_list_can_replace_all_rows(database: Database) -> None:
    everything = {"name": "tags", "write_disposition": {**MERGE, "destination_scope": "1 = 1"}}
    database.merge([{"tag": "a"}, {"tag": "a"}], **everything)
    database.merge([{"tag": "b"}], **everything)
    assert database.query("FROM perfectgym.tags SELECT tag") == [("b",)]


def test_an_empty_list_makes_its_table(database: Database) -> None:
    def empty() -> Iterable[pa.Table]:
        yield pa.table({"club": pa.array([], pa.int64()), "id": pa.array([], pa.int64())})

    database.pipeline().run(dlt.resource(empty, **VISITS))
    assert database.query("FROM perfectgym.visits SELECT count(*)") == [(0,)]


def test_many_rows_of_a_first_load_take_more_threads_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(limits, "ROW_GROUP", 2)
    threads = []
    generate = SqlMergeFollowupJob.generate_sql

    def recorded(tables: Any, client: Any, *others: Any, **more: Any) -> Any:
        threads.extend(client.execute_sql("SELECT current_setting('threads')"))
        return generate(tables, client, *others, **more)

    monkeypatch.setattr(SqlMergeFollowupJob, "generate_sql", recorded)
    options = Options("duckdb", tmp_path / "gym.duckdb", "perfectgym")
    with destination_for(options).open() as session, session.pipeline() as pipeline:
        for count in (15, 16, 15):
            rows = pa.Table.from_pylist([visit(number, 1) for number in range(count)])
            pipeline.run(dlt.resource([rows], **VISITS))
    assert threads == [(1,), (2,), (1,)]


def test_nothing_is_copied_into_a_staging_schema(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOAD__TRUNCATE_STAGING_DATASET", "true")  # as the program does
    database.merge([visit(1, 5)])
    schemas = "SELECT DISTINCT schema_name FROM duckdb_schemas() WHERE NOT internal"
    assert database.query(schemas) == [("perfectgym",)]


@pytest.mark.parametrize("hints", [VISITS, TAGS], ids=["keys", "no keys"])
def test_a_job_that_is_repeated_after_its_rows_were_committed_loads_none_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch, hints: Any
) -> None:
    """As where the disk was full when dlt recorded that it was done."""
    rows = [{**visit(number, 1), "visit": number} for number in range(3)]

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patches:
        patches.setattr(PackageStorage, "save_pending_transition", fail)
        patches.setattr(PackageStorage, "complete_job", fail)
        with pytest.raises((PipelineStepFailed, OSError)):
            database.merge(rows, **hints)
    database.pipeline().load()
    assert database.query(f"FROM perfectgym.{hints['name']} SELECT count(*)") == [(3,)]


def test_a_job_that_fails_half_way_leaves_no_row_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.merge([visit(1, 1)])
    generate = SqlMergeFollowupJob.generate_sql

    def broken(*arguments: Any) -> list[str]:
        [delete, _] = generate(*arguments)
        assert delete.startswith("DELETE")
        return [delete, "SELECT error('broken')"]

    with monkeypatch.context() as patches:
        patches.setattr(SqlMergeFollowupJob, "generate_sql", broken)
        with pytest.raises(PipelineStepFailed):
            database.merge([visit(1, 2)])
    assert database.query("FROM perfectgym.visits SELECT version") == [(1,)]
    database.pipeline().load()
    assert database.query("FROM perfectgym.visits SELECT version") == [(2,)]


def test_folders_may_have_letters_that_mean_something_in_patterns_and_in_sql(
    tmp_path: Path,
) -> None:
    database = Database(tmp_path, tmp_path / "it's [ab]*?;")
    database.merge([visit(1, 1)])
    assert database.query("FROM perfectgym.visits SELECT id") == [(1,)]
