"""Builds all marts of a large chain: what dbt and the database take for it."""

from __future__ import annotations

import sys
from pathlib import Path

from mart_data import LAST_DAY, make_tables
from measure import run
from plan import Plan, fresh_folder
from report import Section

from perfectgym_source.destination.duckdb.limits import MEGABYTES_PER_THREAD
from perfectgym_source.marts.dbt_process import run_dbt

_THREADS = 2


def marts(plan: Plan) -> Section:
    """Builds over more contracts, visits and classes, with the memory that a load gives DuckDB."""
    large = (100_000, 1_000_000, 1_000_000)
    sizes = [(500, 5_000, 5_000)] if plan.quick else [(10_000, 100_000, 100_000), large]
    cells, raw = [], []
    for size in sizes:
        with fresh_folder() as folder:
            make_tables(folder / "gym.duckdb", *size)
            built = run([[sys.executable, __file__, str(folder)]], folder, {})
        cells.append(
            (
                *(f"{n:,}" for n in size),
                f"{built.wall:.1f}",
                f"{built.cpu:.1f}",
                f"{built.memory:.0f}",
            )
        )
        raw.append({"rows": size, "wall": built.wall, "cpu": built.cpu, "memory_mb": built.memory})
    heads = ("contracts", "visits", "classes", "wall s", "CPU s", "peak MB")
    return Section("Marts: all of them, built by dbt", heads, cells, raw=raw)


def _build(folder: Path) -> None:
    source = {"schema": "perfectgym", "api": "v1", "installation": "chain"}
    environment = {
        "PERFECTGYM_MARTS_DATABASE": str(folder / "gym.duckdb"),
        "PERFECTGYM_MARTS_DATASET": "perfectgym",
        "PERFECTGYM_MARTS_AS_OF": LAST_DAY,
        "PERFECTGYM_MARTS_DUCKDB_THREADS": str(_THREADS),
        "PERFECTGYM_MARTS_DUCKDB_MEMORY": f"{MEGABYTES_PER_THREAD * _THREADS}MB",
    }
    variables = {"pg_sources": [source]}
    results = run_dbt(["run", "--full-refresh"], variables, environment, folder, tests=False)
    failed = [result for result in results if result.status != "success"]
    if failed or not results:
        raise RuntimeError(f"Models were not built: {failed}")


if __name__ == "__main__":
    _build(Path(sys.argv[1]))
