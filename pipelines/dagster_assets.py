"""Dagster: an asset for each resource, with a partition for each installation.

1. `pip install dagster dagster-webserver /path/to/this`.
2. `dagster dev -f pipelines/dagster_assets.py`, in the folder that holds `.dlt`: it is read as
   `run.py` reads it, installations included. Without installations, the partition is `all`.
3. Materialize assets there, one, some or all, and switch the schedule on.

A run is what `pipelines/run.py` does: the DuckDB file can be read meanwhile, and what could be read
is loaded. If something could not be read, the run fails, and its assets are not marked as
materialized. Runs into one DuckDB file wait for each other up to `wait` seconds; for more than a
few installations, limit the pool: `dagster instance concurrency set perfectgym 1`.
"""

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from perfectgym_source import perfectgym_source
from perfectgym_source.catalog import ENDPOINTS
from perfectgym_source.catalog.selection import ancestors
from perfectgym_source.catalog.v1 import V1
from perfectgym_source.config.pipelines import named_pipeline
from perfectgym_source.pipeline.jobs import jobs
from perfectgym_source.pipeline.runner import run

PIPELINE = "core"

runs = {job.installation or "all": job.options for job in jobs(named_pipeline(PIPELINE), {})}
installations = dg.StaticPartitionsDefinition(list(runs))
endpoints = {
    name: ENDPOINTS[name]
    for options in runs.values()
    for name in perfectgym_source(**options.source).resources
}


@dg.multi_asset(
    name="perfectgym",
    specs=[
        dg.AssetSpec(name, group_name=entry.group, description=entry.description, skippable=True)
        for name, entry in endpoints.items()
    ],
    partitions_def=installations,
    can_subset=True,
    pool="perfectgym",
)
def perfectgym(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Load the selected assets of one installation: what is new since the last run."""
    options = runs[context.partition_key]
    selected = sorted(key.to_user_string() for key in context.selected_asset_keys)
    source = {**options.source, "resources": selected, "groups": []}
    report = run(replace(options, source=source)).report
    failed = {failure.resource for failure in report.failures}
    for name in selected:
        entry = ENDPOINTS[name]
        needed = {name}.union(*(ancestors(V1, entry, mode) for mode in entry.modes))
        if failed.isdisjoint(needed):
            yield dg.MaterializeResult(name, metadata={"rows": report.rows[name]})
    if report.failures:
        raise dg.Failure("\n".join(map(str, report.failures)), allow_retries=False)


nightly_job = dg.define_asset_job("perfectgym_nightly", [perfectgym], partitions_def=installations)


@dg.schedule(job=nightly_job, cron_schedule="15 3 * * *")
def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """Every night, a run for each installation."""
    for name in installations.get_partition_keys():
        run_key = f"{name} {context.scheduled_execution_time.isoformat()}"
        yield dg.RunRequest(run_key=run_key, partition_key=name)


defs = dg.Definitions(assets=[perfectgym], jobs=[nightly_job], schedules=[nightly])
