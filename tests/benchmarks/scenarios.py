"""The scenarios that the connector runs alone: waiting, second runs, and growth."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from contenders import check, ours, query
from data import CHANGED, Shape
from measure import Measure, Range, run
from plan import Plan, expect_rows, fresh_folder, load_again, requests_of
from report import Section
from serving import Serving

CONNECTIONS = 16
"""The connector's default concurrency."""

_LATENCY = 0.05
_DETAIL_LATENCY = 0.02
_CHANGES = 1_000


def latency(plan: Plan) -> Section:
    """How close extraction comes to the longest chain of pages that depend on each other."""
    shape = Shape(plan.rows)
    # The sign-in and the one page of clubs come before the pages of any club.
    chain = (2 + shape.longest_chain()) * _LATENCY
    walls, spans = [], []
    with Serving(shape, _LATENCY, plan.zipped) as server:
        for _ in _rounds(plan, "latency"):
            with fresh_folder() as folder:
                server.statistics()
                walls.append(ours().load(folder, server.base_url).wall)
                served = server.statistics().values()
                spans.append(max(e["last"] for e in served) - min(e["first"] for e in served))
                check(folder, plan.rows)
    return _against(
        f"Latency: {plan.rows:,} classes of 8 unequal clubs, {_LATENCY * 1000:.0f} ms for each "
        "request",
        f"the longest chain: {chain / _LATENCY:.0f} requests, one after another",
        chain,
        {"first request to last answer": spans, "whole process": walls},
    )


def fan_out(plan: Plan) -> Section:
    """How well the connections are used by one request for each of many parents."""
    [users] = plan.sizes(quick=(500,), usual=(10_000,))
    least = users * _DETAIL_LATENCY / CONNECTIONS
    contender = ours("--resources", "user_details")
    walls, spans = [], []
    with Serving(Shape(clubs=1, users=users), _DETAIL_LATENCY, plan.zipped) as server:
        for _ in _rounds(plan, "fan-out"):
            with fresh_folder() as folder:
                server.statistics()
                walls.append(contender.load(folder, server.base_url).wall)
                details = server.statistics()["Users/User"]
                spans.append(details["last"] - details["first"])
                _expect_ids(folder, "user_details", users)
    return _against(
        f"Fan-out: {users:,} details of members, {_DETAIL_LATENCY * 1000:.0f} ms for each request",
        f"the least with {CONNECTIONS} connections",
        least,
        {"first detail to last": spans, "whole process, with the list of members": walls},
    )


def idle(plan: Plan) -> Section:
    """What a run costs that finds nothing new."""
    contender = ours()
    idles, imports = [], []
    with Serving(Shape(plan.rows), zipped=plan.zipped) as server, fresh_folder() as folder:
        expect_rows(contender.load(folder, server.base_url), "classes", plan.rows)
        for _ in _rounds(plan, "idle"):
            idles.append(load_again(contender, folder, server.base_url, "classes"))
            imports.append(run([[sys.executable, "-c", "import dlt"]], folder, {}))
        check(folder, plan.rows)
    differences = [later.wall - least.wall for later, least in zip(idles, imports)]
    return Section(
        title=f"Idle: a second run with nothing new, over {plan.rows:,} classes of 8 clubs",
        heads=("", "wall s", "CPU s"),
        rows=[
            ("second run", _walls(idles).text(2), _cpus(idles).text(2)),
            ('`python -c "import dlt"`', _walls(imports).text(2), _cpus(imports).text(2)),
            ("difference", Range(tuple(differences)).text(2), ""),
        ],
        notes=(f"{requests_of(idles[0])} requests and one sign-in.",),
        raw={"idle": [m.wall for m in idles], "import_dlt": [m.wall for m in imports]},
    )


def small_change(plan: Plan) -> Section:
    """What a run costs that finds a few changed rows."""
    contender = ours()
    changes: list[Measure] = []
    with Serving(Shape(plan.rows), zipped=plan.zipped) as server, fresh_folder() as folder:
        first = contender.load(folder, server.base_url)
        expect_rows(first, "classes", plan.rows)
        for turn in _rounds(plan, "small change"):
            server.change_classes(_CHANGES)
            changes.append(contender.load(folder, server.base_url))
            expect_rows(changes[-1], "classes", _CHANGES)
            if turn == 0:
                sql = "SELECT count(*) FROM rows.perfectgym.classes WHERE attendees_count = "
                assert query(folder, f"{sql}{CHANGED}") == [(_CHANGES,)]
        check(folder, plan.rows)
    return Section(
        title=f"Small change: {_CHANGES:,} changed among {plan.rows:,} classes",
        heads=("", "wall s", "CPU s"),
        rows=[
            ("first run", f"{first.wall:.2f}", f"{first.cpu:.2f}"),
            ("run with the changes", _walls(changes).text(2), _cpus(changes).text(2)),
        ],
        notes=(f"{requests_of(changes[0])} requests and one sign-in.",),
        raw={"first": first.wall, "changes": [m.wall for m in changes]},
    )


def scale(plan: Plan) -> Section:
    """How speed and memory go with the number of rows."""
    sizes = plan.sizes((2_000, 10_000), (10_000, 100_000), 1_000_000)
    return _first_runs(plan, "Scale: first runs of more rows", "classes", sizes, Shape)


def visits(plan: Plan) -> Section:
    """The same for visits, which are in one list and of which each has moments of its own."""
    sizes = plan.sizes((2_000, 10_000), (100_000,), 700_000)
    title = "Visits: first runs of more rows"
    return _first_runs(plan, title, "club_visits", sizes, lambda rows: Shape(visits=rows))


def _first_runs(
    plan: Plan, title: str, resource: str, sizes: list[int], shape_of: Callable[[int], Shape]
) -> Section:
    """First runs of each size."""
    contender = ours("--resources", resource)
    cells, raw = [], {}
    for rows in sizes:
        runs = []
        with Serving(shape_of(rows), zipped=plan.zipped) as server:
            for _ in _rounds(plan, f"{resource}, {rows:,} rows"):
                with fresh_folder() as folder:
                    runs.append(contender.load(folder, server.base_url))
                    _expect_ids(folder, resource, rows)
        memory = Range(tuple(m.memory for m in runs))
        speed = f"{rows / _walls(runs).median:,.0f}"
        cells.append((f"{rows:,}", _walls(runs).text(), speed, _cpus(runs).text(), memory.text(0)))
        raw[rows] = [{"wall": m.wall, "cpu": m.cpu, "memory_mb": m.memory} for m in runs]
    heads = ("rows", "wall s", "rows/s", "CPU s", "peak MB")
    return Section(title, heads, cells, raw=raw)


def clubs(plan: Plan) -> Section:
    """How runs go with the number of clubs, over the same number of rows."""
    return _growth(
        plan,
        f"Clubs: {plan.rows:,} classes in more clubs",
        "clubs",
        plan.sizes((10, 50), (10, 100, 1_000)),
        "classes",
        lambda count: (Shape(plan.rows, count, equal=True), plan.rows),
    )


def parents(plan: Plan) -> Section:
    """How runs and state go with the number of parents that have a cursor of their own."""
    return _growth(
        plan,
        "Parents: members whose messages are followed, each with a cursor",
        "members",
        plan.sizes((100, 500), (1_000, 10_000), 100_000),
        "messages",
        lambda count: (Shape(clubs=1, users=count), count),
    )


def _growth(
    plan: Plan,
    title: str,
    unit: str,
    sizes: list[int],
    resource: str,
    shape_of: Callable[[int], tuple[Shape, int]],
) -> Section:
    """A first run and idle ones for each size."""
    contender = ours("--resources", resource)
    cells, raw = [], {}
    for size in sizes:
        shape, rows = shape_of(size)
        with Serving(shape, zipped=plan.zipped) as server, fresh_folder() as folder:
            first = contender.load(folder, server.base_url)
            expect_rows(first, resource, rows)
            idles = [
                load_again(contender, folder, server.base_url, resource)
                for _ in _rounds(plan, f"{unit}, {size:,}")
            ]
            _expect_ids(folder, resource, rows)
            state = _state_size(folder)
        cells.append(
            (
                f"{size:,}",
                f"{first.wall:.1f}",
                _walls(idles).text(),
                f"{requests_of(idles[0]):,}",
                f"{max(m.memory for m in (first, *idles)):,.0f}",
                f"{state / 1000:,.1f}",
            )
        )
        raw[size] = {"first": first.wall, "idle": [m.wall for m in idles], "state_bytes": state}
    heads = (unit, "first run s", "idle run s", "idle requests", "peak MB", "state kB")
    return Section(title, heads, cells, raw=raw)


def _against(title: str, name: str, least: float, spans: dict[str, list[float]]) -> Section:
    """A section that compares times with the least that is possible."""
    rows = [(name, f"{least:.2f}", "1.00")]
    for what, seconds in spans.items():
        span = Range(tuple(seconds))
        rows.append((what, span.text(2), f"{span.median / least:.2f}"))
    return Section(title, ("", "s", "ratio"), rows, raw={"least": least, **spans})


def _rounds(plan: Plan, what: str) -> range:
    print(f"{what}: {plan.rounds} round(s)", file=sys.stderr)
    return range(plan.rounds)


def _expect_ids(folder: Path, table: str, rows: int) -> None:
    sql = f"SELECT count(*), count(DISTINCT id) FROM rows.perfectgym.{table}"
    found = query(folder, sql)
    if found != [(rows, rows)]:
        raise ValueError(f"{table}: rows, ids are {found}, and should be {rows}.")


def _state_size(folder: Path) -> int:
    """Bytes of the state that the last run left in the database."""
    sql = "SELECT length(state) FROM rows.perfectgym._dlt_pipeline_state ORDER BY version DESC"
    size = query(folder, f"{sql} LIMIT 1")[0][0]
    assert isinstance(size, int)
    return size


def _walls(measures: list[Measure]) -> Range:
    return Range(tuple(measure.wall for measure in measures))


def _cpus(measures: list[Measure]) -> Range:
    return Range(tuple(measure.cpu for measure in measures))
