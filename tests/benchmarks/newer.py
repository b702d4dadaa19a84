"""The scenario `v22`: sets of API v2.2, beside dlt's `rest_api` source."""

from __future__ import annotations

import sys

from contenders import Contender, ours_v22, query, rest_api_v22
from data import Shape
from environments import own_environment
from measure import Measure, Range
from plan import Plan, fresh_folder
from report import Section
from serving import Serving

SETS = {"Members": "members", "ClassBookings": "class_bookings"}


def v22(plan: Plan) -> Section:
    """Load each set with each contender, several rounds in turn."""
    [rows] = plan.sizes(quick=(2_000,), usual=(100_000,))
    if plan.full:
        rows = 1_000_000
    cells, raw = [], {}
    with Serving(Shape(clubs=1, members=rows, bookings=rows), zipped=plan.zipped) as server:
        for name, table in SETS.items():
            runs: dict[str, list[Measure]] = {}
            for turn in range(plan.rounds):
                for contender in _contenders(plan, name, table):
                    print(f"v22, round {turn + 1}: {name}, {contender.name}", file=sys.stderr)
                    with fresh_folder() as folder:
                        measure = contender.load(folder, server.base_url)
                        runs.setdefault(contender.name, []).append(measure)
                        sql = f"SELECT count(*), count(DISTINCT id) FROM rows.perfectgym.{table}"
                        if (found := query(folder, sql)) != [(rows, rows)]:
                            raise ValueError(f"{table}: rows, ids are {found}, should be {rows}.")
            for contender_name, measures in runs.items():
                walls = Range(tuple(m.wall for m in measures))
                cpus = Range(tuple(m.cpu for m in measures))
                memory = Range(tuple(m.memory for m in measures))
                speed = f"{rows / walls.median:,.0f}"
                cells.append(
                    (name, contender_name, walls.text(), speed, cpus.text(), memory.text(0))
                )
                raw[f"{name}, {contender_name}"] = [
                    {"wall": m.wall, "cpu": m.cpu, "memory_mb": m.memory} for m in measures
                ]
    return Section(
        title=f"API v2.2: {rows:,} rows of a set into an empty DuckDB file, pages of 500",
        heads=("set", "", "wall s", "rows/s", "CPU s", "peak MB"),
        rows=cells,
        raw=raw,
    )


def _contenders(plan: Plan, name: str, table: str) -> list[Contender]:
    dlt = own_environment().versions["dlt"]
    known = {
        "connector": ours_v22("--resources", table),
        "rest-api": rest_api_v22(f"dlt {dlt} rest_api, defaults", name),
        "rest-api-tuned": rest_api_v22(f"dlt {dlt} rest_api, tuned", name, "--tuned"),
    }
    return [known[each] for each in plan.contenders if each in known]
