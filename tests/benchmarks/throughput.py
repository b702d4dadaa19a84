"""The scenario `throughput`: the connector beside other ways of loading the same rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from contenders import (
    DATABASE,
    Contender,
    check,
    floor,
    newest_storage,
    ours,
    rest_api,
    singer,
)
from data import Shape
from environments import make_environment, own_environment
from measure import Measure, Range
from plan import Plan, fresh_folder
from report import Section
from serving import Serving

CONTENDERS = ("connector", "rest-api", "rest-api-tuned", "singer", "floor")
ASKED_FOR = ("connector-latest",)
"""Takes part only where it is named."""


def throughput(plan: Plan) -> Section:
    """Load the same rows with each contender, several rounds in turn."""
    contenders, versions = _contenders(plan)
    runs: dict[str, list[Measure]] = {contender.name: [] for contender in contenders}
    sizes: dict[str, float] = {}
    with Serving(Shape(plan.rows), zipped=plan.zipped) as server:
        ceiling = server.ceiling("Classes/Classes?clubId=1&timestamp=0")
        for turn in range(plan.rounds):
            for contender in contenders:
                print(f"throughput, round {turn + 1}: {contender.name}", file=sys.stderr)
                with fresh_folder() as folder:
                    runs[contender.name].append(contender.load(folder, server.base_url))
                    check(folder, plan.rows)
                    sizes[contender.name] = (folder / DATABASE).stat().st_size / 1e6
    first = contenders[0].name
    reference = _walls(runs[first]).median, _cpus(runs[first]).median
    slowest = max(runs, key=lambda name: max(_walls(runs[name]).values))
    coding = "gzip" if plan.zipped else "uncompressed"
    return Section(
        title=f"Throughput: {plan.rows:,} classes of 8 clubs into an empty DuckDB file",
        heads=("", "wall s", "rows/s", "CPU s", "peak MB", "file MB", "wall ratio", "CPU ratio"),
        rows=[
            (
                name,
                _walls(measures).text(),
                f"{plan.rows / _walls(measures).median:,.0f}",
                _cpus(measures).text(),
                f"{Range(tuple(m.memory for m in measures)).median:,.0f}",
                f"{sizes[name]:,.0f}",
                f"{_walls(measures).median / reference[0]:.2f}",
                f"{_cpus(measures).median / reference[1]:.2f}",
            )
            for name, measures in runs.items()
        ],
        notes=(
            f"Median (least-greatest) of {plan.rounds} round(s), in turn; every file was checked "
            "to hold each id once.",
            f"Ratios are to: {first}.",
            f"Slowest run of all: {slowest}, {max(_walls(runs[slowest]).values):.1f} s.",
            f"Answers: pages of 100 rows, {coding}. The server alone gives {ceiling:,.0f} such "
            f"pages/s, {ceiling * 100:,.0f} rows/s.",
            "Peak memory is that of the largest process; of the Singer pipe, of both together.",
            *versions,
        ),
        raw={
            "ceiling_pages_per_second": ceiling,
            "runs": {
                name: [
                    {"wall": m.wall, "cpu": m.cpu, "memory_mb": m.memory, "rows": plan.rows}
                    for m in measures
                ]
                for name, measures in runs.items()
            },
        },
    )


def _contenders(plan: Plan) -> tuple[list[Contender], list[str]]:
    """Who takes part, and the versions of what runs in environments of its own."""
    dlt = own_environment().versions["dlt"]
    chosen: list[Contender] = []
    versions: list[str] = []
    for name in plan.contenders:
        if name == "connector":
            chosen.append(ours())
        elif name == "connector-latest":
            chosen.append(newest_storage())
        elif name == "rest-api":
            chosen.append(rest_api(f"dlt {dlt} rest_api, defaults"))
        elif name == "rest-api-tuned":
            chosen.append(rest_api(f"dlt {dlt} rest_api, tuned", "--tuned"))
        elif name == "singer":
            tap = make_environment(plan.cache, "singer-sdk")
            target = make_environment(plan.cache, "target-duckdb", "duckdb")
            chosen.append(singer(tap, target))
            found = [*tap.versions.items(), *target.versions.items()]
            versions.append(f"Singer: {', '.join(' '.join(pair) for pair in found)}.")
        else:
            chosen.append(floor())
    return chosen, versions


def _walls(measures: Sequence[Measure]) -> Range:
    return Range(tuple(measure.wall for measure in measures))


def _cpus(measures: Sequence[Measure]) -> Range:
    return Range(tuple(measure.cpu for measure in measures))
