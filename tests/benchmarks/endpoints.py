"""The scenario `endpoints`: first runs over long lists of each kind, compared value by value."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from contenders import ours, ours_v22, query
from data import Shape
from measure import Measure, Range
from plan import Plan, fresh_folder
from report import Section
from serving import Serving

SHAPES: dict[str, Callable[[int], Shape]] = {
    "classes": lambda rows: Shape(rows),
    "club_visits": lambda rows: Shape(visits=rows),
    "users": lambda rows: Shape(clubs=1, users=rows),
    "contracts": lambda rows: Shape(contracts=rows),
    "members": lambda rows: Shape(clubs=1, members=rows),
    "class_bookings": lambda rows: Shape(clubs=1, bookings=rows),
}
OF_V22 = ("members", "class_bookings")


def endpoints(plan: Plan) -> Section:
    """Load each list, several rounds; a value is a column of a row, child rows included."""
    few, *many = plan.sizes(quick=(1, 2_000), usual=(1, 100_000), full=1_000_000)
    cells, raw = [], {}
    for name, shape_of in SHAPES.items():
        start = Range(tuple(measure.cpu for measure, _ in _runs(plan, name, shape_of(few), few)))
        for rows in many:
            runs = _runs(plan, name, shape_of(rows), rows)
            values = runs[0][1]
            measures = [measure for measure, _ in runs]
            walls = Range(tuple(m.wall for m in measures))
            cpus = Range(tuple(m.cpu for m in measures))
            memory = Range(tuple(m.memory for m in measures))
            each = values / max(0.01, cpus.median - start.median)
            speed = f"{rows / walls.median:,.0f}"
            row = (walls.text(), speed, cpus.text(), f"{each:,.0f}", memory.text(0))
            cells.append((name, f"{rows:,}", f"{values:,}", *row))
            raw[f"{name}, {rows}"] = [
                {"wall": m.wall, "cpu": m.cpu, "memory_mb": m.memory} for m in measures
            ]
    return Section(
        title="Endpoints: first runs over long lists of each kind",
        heads=("", "rows", "values", "wall s", "rows/s", "CPU s", "values/CPU s", "peak MB"),
        rows=cells,
        notes=(
            "A value is a column of a row; the rows of child tables are counted among the values.",
            "values/CPU s: without the processor time of a run that loads a single row.",
        ),
        raw=raw,
    )


def _runs(plan: Plan, name: str, shape: Shape, rows: int) -> list[tuple[Measure, int]]:
    """First runs, each with the number of values that it loaded."""
    contender = (ours_v22 if name in OF_V22 else ours)("--resources", name)
    runs = []
    with Serving(shape, zipped=plan.zipped) as server:
        for turn in range(plan.rounds):
            print(f"{name}, {rows:,} rows, round {turn + 1}", file=sys.stderr)
            with fresh_folder() as folder:
                measure = contender.load(folder, server.base_url)
                sql = f"SELECT count(*), count(DISTINCT id) FROM rows.perfectgym.{name}"
                if (found := query(folder, sql)) != [(rows, rows)]:
                    raise ValueError(f"{name}: rows, ids are {found}, and should be {rows}.")
                runs.append((measure, _values(folder, name)))
    return runs


def _values(folder: Path, name: str) -> int:
    """Columns of the API times rows, of a table and its child tables."""
    sql = (
        "SELECT table_name, count(*) FROM information_schema.columns "
        f"WHERE table_schema = 'perfectgym' AND starts_with(table_name || '__', '{name}__') "
        "AND NOT starts_with(column_name, '_') GROUP BY 1"
    )
    found = 0
    for table, columns in query(folder, sql):
        [(rows,)] = query(folder, f"SELECT count(*) FROM rows.perfectgym.{table}")
        assert isinstance(rows, int) and isinstance(columns, int)
        found += rows * columns
    return found
