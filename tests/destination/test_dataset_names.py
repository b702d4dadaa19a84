"""Names of datasets that cannot work are refused; all others are not."""

from __future__ import annotations

import os
from pathlib import Path

import dlt
import pytest

from perfectgym_source.config.installations import dataset_of
from perfectgym_source.destination import Options, destination_for
from perfectgym_source.destination.duckdb.loading_file import loading_file
from perfectgym_source.destination.names import check_dataset
from perfectgym_source.destination.servers import merging_destination
from perfectgym_source.errors import ConfigurationError


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        ("", "needs a name"),
        (" ", "needs a name"),
        ("a b;c", "dlt would call it 'a_b_c'"),
        ("PerfectGym", "dlt would call it 'perfect_gym'"),
        ("perfectgym_", "dlt would call it 'perfectgymx'"),
        ("1gym", "dlt would call it '_1gym'"),
        ("a__b", "dlt would call it 'a_b'"),
        ("perfectgym_staging", "when it loads the dataset 'perfectgym'"),
        ("information_schema", "the database uses it"),
        ("pg_catalog", "the database uses it"),
        ("temp", "the database uses it"),
        ("system", "the database uses it"),
        ("a" * 256, "255 bytes at most"),
    ],
)
def test_a_name_that_cannot_work_is_refused(dataset: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        check_dataset(dataset)


@pytest.mark.parametrize(
    "dataset", ["perfectgym", "main", "public", "gym", "staging", "a1_b2", "pg_gym"]
)
def test_any_other_name_is_taken(dataset: str) -> None:
    check_dataset(dataset)


def test_a_name_from_an_installation_blames_the_installation() -> None:
    with pytest.raises(ConfigurationError, match=r"of the installation 'Staging'.*Rename the inst"):
        check_dataset(dataset_of("perfectgym", "Staging"), "Staging")
    for dataset in ("pg_gym", "Gym"):
        with pytest.raises(ConfigurationError, match="Choose another one with --dataset"):
            check_dataset(dataset_of(dataset, "North"), "North", destination="postgres")
    for name in ("", "ö", "_"):
        with pytest.raises(ConfigurationError, match=f"The installation '{name}' needs a letter"):
            dataset_of("perfectgym", name)


def test_only_postgresql_and_its_kin_keep_names_that_begin_with_pg() -> None:
    check_dataset("pg_gym", destination="filesystem")
    for destination in ("postgres", "redshift"):
        with pytest.raises(ConfigurationError, match=f"{destination} keeps names that begin"):
            check_dataset("pg_gym", destination=destination)


def test_a_name_that_is_too_long_for_the_destination_is_refused() -> None:
    merging_destination("postgres", "x" * 55)
    with pytest.raises(ConfigurationError, match="takes 55 characters"):
        merging_destination("postgres", "x" * 56)


@pytest.mark.parametrize("destination", ["duckdb", "filesystem"])
@pytest.mark.parametrize(
    ("file", "dataset"),
    [
        ("gym.duckdb", "gym"),
        ("Gym.DuckDB", "gym"),
        ("gym", "gym"),
        ("gym.of.mine.duckdb", "gym"),
        ("gym.duckdb", "gym_loading"),
    ],
)
def test_a_duckdb_file_and_its_dataset_cannot_have_the_same_name(
    tmp_path: Path, file: str, dataset: str, destination: str
) -> None:
    (tmp_path / file).touch()
    options = Options(destination, tmp_path / file, dataset)
    with pytest.raises(ConfigurationError, match=rf"refuse {dataset}.classes as amb.*mv .*/{file}"):
        destination_for(options).check_names()


def test_a_link_to_a_file_that_is_named_like_the_dataset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link.duckdb").symlink_to(tmp_path / "gym.duckdb")
    with pytest.raises(ConfigurationError, match=r"file gym\.duckdb and the dataset 'gym'"):
        destination_for(Options("duckdb", tmp_path / "link.duckdb", "gym")).check_names()


def test_a_file_that_is_named_otherwise_is_taken(tmp_path: Path) -> None:
    for file, dataset in [("gym.duckdb", "gyms"), ("perfectgym.duckdb", "gym"), ("a.gym", "gym")]:
        destination_for(Options("duckdb", tmp_path / file, dataset)).check_names()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is a folder"),
        ("missing/gym.duckdb", "There is no folder"),
        ("who?.duckdb", "question mark"),
        ("a\\b.duckdb", "backslash"),
        (":memory:", "has to name a file"),
        ("md:gym", "has to name a file"),
        ("gym_loading.duckdb", "into which a pipeline loads"),
        ("x" * 245, "too long"),
    ],
)
def test_a_path_that_cannot_work_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        loading_file(tmp_path / name)


def test_the_token_of_an_address_is_not_printed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loading_file(tmp_path / "md:gym?motherduck_token=unprinted")
    assert "unprinted" not in str(caught.value) + str(caught.value.hint)


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.duckdb")
    with pytest.raises(ConfigurationError, match="is a pipe or a device"):
        loading_file(tmp_path / "pipe.duckdb")


def test_a_device_is_not_replaced() -> None:
    with pytest.raises(ConfigurationError, match="is a pipe or a device"):
        loading_file(Path(os.devnull))


def test_the_longest_name_of_a_destination_that_was_used_before_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://u:unused@localhost/d")
    used = dlt.pipeline("before", str(tmp_path), destination="postgres")
    with used.managed_state():
        check_dataset("a" * 100)
