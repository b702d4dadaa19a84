"""Files hold the same rows as the DuckDB file from which they are written."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from support.changes import CHANGED, change
from support.places import Place
from support.tables import assert_equal, in_delta, in_duckdb, in_iceberg, in_parquet

from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.config.pipeline_settings import TABLE_FORMATS
from perfectgym_source.destination import files as files_module
from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.errors import ConfigurationError, DestinationError
from perfectgym_source.pipeline.status import status
from perfectgym_source.sandbox import Sandbox
from perfectgym_source.verify.repair import repair
from perfectgym_source.verify.verification import verify

COERCIONS = {"parquet": in_parquet, "delta": in_delta, "iceberg": in_iceberg}
RESOURCES = (
    "clubs", "classes", "club_details", "contracts", "products", "lead_sources", "users",
)  # fmt: skip


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bucket"
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(folder))
    return folder


@pytest.fixture
def files(local: Place, bucket: Path) -> Place:
    """Parquet files."""
    return local.at("filesystem")


def last_success(place: Place) -> datetime:
    """When the classes were loaded, as `status` says."""
    [classes] = status(place.options(), [ENDPOINTS["classes"]], "127.0.0.1", 1).tables
    assert classes.last_success is not None
    return classes.last_success


def contents(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("table_format", TABLE_FORMATS)
def test_files_hold_the_same_rows(
    local: Place, sandbox: Sandbox, bucket: Path, table_format: str
) -> None:
    files, read = local.at("filesystem", table_format), COERCIONS[table_format]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning)
        files.load(*RESOURCES)
    before = in_duckdb(local.database)
    assert_equal(read(bucket), before)
    assert len(before["classes"]) == len(sandbox.world.truth("classes"))

    change(sandbox.world)
    files.load(*RESOURCES)
    after = in_duckdb(local.database)
    assert all(after[table] != before[table] for table in CHANGED)
    assert_equal(read(bucket), after)


def test_files_are_written_when_they_do_not_hold_what_the_database_holds(
    files: Place, local: Place, sandbox: Sandbox, bucket: Path, tmp_path: Path
) -> None:
    files.load("clubs", "classes")
    first = contents(bucket)
    files.load("clubs", "classes")
    assert contents(bucket) == first, "nothing had changed"

    sandbox.world.change("classes", sandbox.world.classes[0], attendeesCount=17)
    local.load("clubs", "classes")
    assert contents(bucket) == first, "a run into the DuckDB file alone"
    files.load("clubs", "classes")
    assert_equal(in_parquet(bucket), in_duckdb(local.database))

    bucket.rename(tmp_path / "moved")
    files.load("clubs", "classes")
    assert_equal(in_parquet(bucket), in_duckdb(local.database))


def test_files_are_written_though_the_clock_was_ahead_in_the_run_before(
    files: Place, local: Place, sandbox: Sandbox, bucket: Path
) -> None:
    files.load("clubs")
    with duckdb.connect(str(loading_file(local.database))) as connection:
        for table, name in (("_dlt_loads", "load_id"), ("_dlt_pipeline_state", "_dlt_load_id")):
            connection.execute(f"UPDATE perfectgym.{table} SET {name} = '2' || {name}[2:]")
    files.load("clubs")
    sandbox.world.change("clubs", sandbox.world.clubs[0], name="Harbor")
    files.load("clubs")
    assert_equal(in_parquet(bucket), in_duckdb(local.database))


def test_files_are_written_again_after_a_repair_that_only_removed_rows(
    files: Place, local: Place, bucket: Path
) -> None:
    local.load("clubs", "classes")
    with duckdb.connect(str(loading_file(local.database))) as connection:
        connection.execute("INSERT INTO perfectgym.clubs (id) VALUES (-1)")
    files.load("clubs", "classes")
    extra = frozenset({("id", -1)})
    assert any(extra <= row for row in in_parquet(bucket)["clubs"])
    assert repair(local.options("clubs", "classes")).deleted == {"clubs": 1}
    files.load("clubs", "classes")
    assert_equal(in_parquet(bucket), in_duckdb(local.database))


def test_files_are_not_verified_but_the_database_that_they_are_written_from(
    files: Place, local: Place, sandbox: Sandbox
) -> None:
    files.load("clubs")
    sandbox.clear_records()
    for action in (verify, repair):
        with pytest.raises(ConfigurationError, match="use --destination duckdb"):
            action(files.options("clubs"))
    assert sandbox.requests == []
    assert verify(local.options("clubs")).outcome == "equal"


def test_files_that_could_not_be_written_are_written_by_the_next_run(
    files: Place, local: Place, sandbox: Sandbox, bucket: Path, tmp_path: Path
) -> None:
    files.load("clubs", "classes")
    end_of_first = last_success(files)
    sandbox.world.change("classes", sandbox.world.classes[0], attendeesCount=17)
    classes = bucket / "perfectgym" / "classes"
    classes.rename(tmp_path / "moved")
    classes.write_text("a file where the folder should be")
    with pytest.raises(DestinationError, match="The files could not be written") as caught:
        files.load("clubs", "classes")
    assert "bucket_url" in str(caught.value)
    assert "damaged" not in str(caught.value)
    assert last_success(files) < end_of_first < last_success(local)
    classes.unlink()
    files.load("clubs", "classes")
    assert last_success(files) == last_success(local)
    assert_equal(in_parquet(bucket), in_duckdb(local.database))


def test_one_dataset_has_files_of_one_format(files: Place, sandbox: Sandbox, bucket: Path) -> None:
    files.load("clubs")
    sandbox.clear_records()
    with pytest.raises(ConfigurationError, match="are parquet, and delta would be mixed"):
        files.at("filesystem", "delta").load("clubs")
    assert sandbox.requests == []


def test_what_is_missing_for_files_is_found_out_before_the_first_request(
    local: Place, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match="bucket_url"):
        local.at("filesystem").load()
    with pytest.raises(ConfigurationError, match="no table format 'csv': use one of parquet"):
        local.at("filesystem", "csv").load()
    monkeypatch.setattr(files_module, "find_spec", lambda package: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'dlt\[deltalake\]'"):
        local.at("filesystem", "delta").load()
    assert sandbox.requests == []
