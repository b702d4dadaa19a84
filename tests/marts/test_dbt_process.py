"""dbt as a process: what counts as its results."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

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
