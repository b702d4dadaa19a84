"""Airflow and Dagster load two installations with the example files, and then what changed.

Their environments take minutes to make, so these tests ask for a folder to keep them in:
`ORCHESTRATORS=~/.cache/perfectgym .venv/bin/python -m pytest tests/orchestrators -rs`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.two_installations import NAMES, PIPELINES, assert_changed, assert_loaded, change

from perfectgym_source.catalog import ENDPOINTS, V1
from perfectgym_source.catalog.selection import selected_endpoints
from perfectgym_source.sandbox import Fault, Sandbox

SELECTED = [entry.name for entry in selected_endpoints(V1, "employee")]

# The first time, the packages are installed.
pytestmark = pytest.mark.timeout(1200)

MATERIALIZE = """
import datetime
import json
import dagster
import dagster_assets
found = {}
for name in dagster_assets.installations.get_partition_keys():
    run = dagster.materialize(
        [dagster_assets.perfectgym], partition_key=name, raise_on_error=False
    )
    done = [event.asset_key.to_user_string() for event in run.get_asset_materialization_events()]
    found[name] = [run.success, done]
night = dagster.build_schedule_context(
    scheduled_execution_time=datetime.datetime(2026, 1, 1, 3, 15, tzinfo=datetime.timezone.utc),
    repository_def=dagster_assets.defs.get_repository_def(),
)
tick = dagster_assets.defs.resolve_schedule_def("nightly").evaluate_tick(night)
print(json.dumps([found, [request.partition_key for request in tick.run_requests]]))
"""


def execute(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return result.stdout


def test_airflow_runs_a_task_for_each_installation_and_group(
    programs_of: Callable[..., Path],
    project: Path,
    sandboxes: dict[str, Sandbox],
    environment: dict[str, str],
) -> None:
    airflow = str(programs_of("airflow") / "airflow")
    home = project.parent / "airflow"
    environment.update(
        AIRFLOW_HOME=str(home),
        AIRFLOW__CORE__DAGS_FOLDER=str(project),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
    )
    shutil.copy(PIPELINES / "airflow_dag.py", project)
    execute([airflow, "db", "migrate"], home.parent, environment)
    test_run = [airflow, "dags", "test", "perfectgym"]
    execute(test_run, home.parent, environment)
    assert_loaded(project / "gym.duckdb", sandboxes)
    change(sandboxes)
    execute(test_run, home.parent, environment)
    assert_changed(project / "gym.duckdb", sandboxes)
    listed = execute([airflow, "tasks", "list", "perfectgym"], home.parent, environment)
    for name in NAMES:
        assert f"{name}_company" in listed
        assert f"{name}_club" in listed
    passwords = [sandbox.employee.password.encode() for sandbox in sandboxes.values()]
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert home / "airflow.db" in kept
    assert not [path for path in kept for word in passwords if word in path.read_bytes()]


def test_dagster_materializes_the_assets_of_each_installation(
    programs_of: Callable[..., Path],
    project: Path,
    sandboxes: dict[str, Sandbox],
    environment: dict[str, str],
) -> None:
    python = str(programs_of("dagster") / "python")
    environment.update(PYTHONPATH=str(PIPELINES), PYTHONDONTWRITEBYTECODE="1")

    def materialize() -> tuple[dict[str, tuple[bool, list[str]]], list[str]]:
        found, asked = json.loads(execute([python, "-c", MATERIALIZE], project, environment))
        return {name: (success, sorted(done)) for name, (success, done) in found.items()}, asked

    everything = (True, sorted(SELECTED))
    assert materialize() == (dict.fromkeys(NAMES, everything), list(NAMES))
    assert_loaded(project / "gym.duckdb", sandboxes)
    change(sandboxes)
    fault = Fault(ENDPOINTS["products"].path, "status", status=403, times=None)
    sandboxes["north"].faults.add(fault)
    found, _ = materialize()
    assert found == {
        "north": (False, sorted(set(SELECTED) - {"products"})),
        "south": everything,
    }
    assert_changed(project / "gym.duckdb", sandboxes)
