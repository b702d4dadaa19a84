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

import dagster as dg

from perfectgym_source.pipeline import pipeline_runs, run_pipeline

PIPELINE = "core"

runs = {planned.installation or "all": planned for planned in pipeline_runs(PIPELINE)}
installations = dg.StaticPartitionsDefinition(list(runs))
endpoints = {
    endpoint.name: endpoint for planned in runs.values() for endpoint in planned.endpoints()
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
    """Load what is new in the selected assets of one installation."""
    selected = sorted(key.to_user_string() for key in context.selected_asset_keys)
    summary = run_pipeline(runs[context.partition_key].selecting(selected))
    report = summary.report
    for name in selected:
        if name not in summary.incomplete:
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
