"""dbt as a process: what counts as its results."""

from __future__ import annotations

import sys
from pathlib import Path

import jinja2
import pytest
import yaml

from perfectgym_source.destination.marts_schemas import PROJECT
from perfectgym_source.marts import dbt_process
from perfectgym_source.marts.dbt_process import DbtFailed, run_dbt

DBT = """
import json, os, sys
target = sys.argv[sys.argv.index("--target-path") + 1]
os.makedirs(target)
node = {"unique_id": "model.perfectgym.dim_club", "status": "success", "message": "OK"}
with open(os.path.join(target, "run_results.json"), "w") as file:
    json.dump({"results": [node]}, file)
print("Could not convert string 'Secret'")
sys.exit(int(os.environ["CODE"]))
"""


def test_the_results_of_dbt_count_only_if_it_came_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted, it writes the results of the models that it has built so far."""
    monkeypatch.setattr(dbt_process, "_DBT", (sys.executable, "-c", DBT))
    [built] = run_dbt(["run"], {}, {"CODE": "0"}, tmp_path / "well")
    assert (built.name, built.status) == ("dim_club", "success")
    with pytest.raises(DbtFailed, match=r"^dbt was interrupted \(exit code 2\)$"):
        run_dbt(["run"], {}, {"CODE": "2"}, tmp_path / "interrupted")


def test_a_relative_folder_is_that_of_the_command_not_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with `DLT_DATA_DIR=dlt`: dbt takes relative folders for ones in the project."""
    monkeypatch.setattr(dbt_process, "_DBT", (sys.executable, "-c", DBT))
    monkeypatch.chdir(tmp_path)
    assert run_dbt(["run"], {}, {"CODE": "0"}, Path("here"))
    assert list(tmp_path.rglob("run_results.json")) == [
        tmp_path / "here" / "marts" / "tested" / "target" / "run_results.json"
    ]


SHOWS = """
import json, os, sys
target = sys.argv[sys.argv.index("--target-path") + 1]
os.makedirs(target)
node = {"unique_id": "model.perfectgym.dim_club", "status": "success", "message": target}
node["message"] += " " + json.dumps([name for name in os.environ if name.endswith("_UNTESTED")])
with open(os.path.join(target, "run_results.json"), "w") as file:
    json.dump({"results": [node]}, file)
"""


def test_a_build_without_tests_does_not_parse_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take longer to parse than the models; what dbt keeps of either has its own folder."""
    monkeypatch.setattr(dbt_process, "_DBT", (sys.executable, "-c", SHOWS))
    [without] = run_dbt(["run"], {}, {}, tmp_path, tests=False)
    assert without.message == f'{tmp_path}/marts/untested/target ["PERFECTGYM_MARTS_UNTESTED"]'
    [tested] = run_dbt(["build"], {}, {}, tmp_path)
    assert tested.message == f"{tmp_path}/marts/tested/target []"

    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))
    folders = [*project["model-paths"], *project["test-paths"]]

    def read(variables: dict[str, str]) -> list[str]:
        environment = jinja2.Environment()
        environment.globals["env_var"] = variables.get
        return [environment.from_string(folder).render() for folder in folders]

    assert read({"PERFECTGYM_MARTS_UNTESTED": "1"}) == ["models", "none", "none"]
    assert read({}) == ["models", "properties", "tests"]
    assert not list((PROJECT / "none").glob("*"))
    assert all((PROJECT / folder).is_dir() for folder in read({}))
