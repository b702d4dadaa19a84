"""Runs of a named pipeline from Python, by the public names only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import duckdb
import pytest
from dlt.common.runtime.collector import LogCollector
from support.clients import arguments_for
from support.loading import small_world

from perfectgym_source.destination import Options
from perfectgym_source.errors import ConfigurationError, SignInError
from perfectgym_source.pipeline import PipelineRun, pipeline_runs, run_pipeline
from perfectgym_source.pipeline.runs import run_all
from perfectgym_source.sandbox import Fault, Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(world=small_world()) as started:
        yield started


@pytest.fixture
def planned(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PipelineRun:
    """The only run of a pipeline that is configured by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    [found] = pipeline_runs("core", **arguments_for(sandbox))
    return found


def count(file: Path, table: str) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        return len(connection.table(f'"{file.stem}".perfectgym.{table}'))


def test_a_run_loads_publishes_and_returns_its_summary(
    planned: PipelineRun, sandbox: Sandbox, tmp_path: Path
) -> None:
    summary = run_pipeline(planned.selecting(["clubs"]))
    assert (summary.exit_code, summary.incomplete) == (0, [])
    assert summary.report.rows["clubs"] == len(sandbox.world.clubs)
    assert count(tmp_path / "gym.duckdb", "clubs") == len(sandbox.world.clubs)


def test_what_depends_on_a_failure_is_incomplete(planned: PipelineRun, sandbox: Sandbox) -> None:
    endpoints = {endpoint.name: endpoint for endpoint in planned.endpoints()}
    sandbox.faults.add(Fault(endpoints["countries"].path, "status", status=403, times=None))
    summary = run_pipeline(planned.selecting(["clubs", "countries", "cities"]))
    assert summary.incomplete == ["countries", "cities"]


def test_a_run_raises_our_errors(planned: PipelineRun) -> None:
    source = {**planned.options.source, "password": "wrong"}
    wrong = replace(planned, options=replace(planned.options, source=source))
    with pytest.raises(SignInError):
        run_pipeline(wrong.selecting(["clubs"]))
    with pytest.raises(ConfigurationError, match="There is no pipeline"):
        pipeline_runs("cores")
    with pytest.raises(ConfigurationError, match="It is a resource: perfectgym load --res"):
        pipeline_runs("clubs")


def test_a_run_is_split_by_group(planned: PipelineRun) -> None:
    parts = planned.selecting(["classes"], groups=["company", "club"]).by_group()
    assert list(parts) == ["company", "club", "resources"]
    assert [endpoint.name for endpoint in parts["resources"].endpoints()] == ["classes"]
    assert {endpoint.group for endpoint in parts["club"].endpoints()} == {"club"}


def test_dlt_alone_loads_a_run_in_place(
    planned: PipelineRun, sandbox: Sandbox, tmp_path: Path
) -> None:
    part = planned.selecting(["clubs"])
    part = replace(part, options=replace(part.options, database=tmp_path / "gym.duckdb"))
    part.dlt_pipeline().run(part.source(on_error="raise"))
    assert count(tmp_path / "gym.duckdb", "clubs") == len(sandbox.world.clubs)
    assert not list(tmp_path.glob("*_loading.duckdb"))


def test_a_bug_in_one_run_stops_no_other_and_is_raised_at_the_end(
    planned: PipelineRun, caplog: pytest.LogCaptureFixture
) -> None:
    runs = [replace(planned, installation=name) for name in ("north", "east", "west", "south")]
    seen = iter(runs)

    def work(_: Options) -> str:
        name = next(seen).installation
        if name == "north":
            raise ZeroDivisionError
        if name == "east":
            raise SignInError("refused")
        if name == "west":
            raise KeyError("a name")
        return name

    results = run_all(runs, work)
    done = [(each.run.installation, each.value) for each in islice(results, 2)]
    assert done == [("east", None), ("south", "south")]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert [record.message for record in caplog.records] == [
        "A bug in the run of north: ZeroDivisionError",
        "A bug in the run of west: KeyError",
    ]


def test_a_pipeline_for_dlt_alone_takes_its_progress_from_the_configuration(
    planned: PipelineRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROGRESS", "log")
    assert isinstance(planned.dlt_pipeline().collector, LogCollector)
