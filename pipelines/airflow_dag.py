"""Airflow: a task for each installation and group, by dlt's own `PipelineTasksGroup`.

1. `pip install apache-airflow apache-airflow-providers-standard /path/to/this`, in Airflow's place.
2. Copy this file into the folder of DAGs, and `.dlt/config.toml` and `.dlt/secrets.toml` into
   `.dlt` beside it: they are read as `run.py` reads them, installations included. The path of the
   DuckDB file counts from that folder: better `[pipelines.core] database = "/srv/gym.duckdb"`.
3. `airflow dags test perfectgym`, then `airflow dags unpause perfectgym`.

A list that cannot be read fails the task of its group, which loads nothing then; Airflow tries it
again. Into another destination than DuckDB, tasks of different installations may run at the same
time: raise `max_active_tasks`. A DuckDB file is written in place, and nobody can read it meanwhile:
to go on reading while it is loaded, have Airflow call `pipelines/run.py` in a BashOperator.
"""

from __future__ import annotations

import functools
from datetime import timedelta
from pathlib import Path
from typing import Any

import dlt
import pendulum
from airflow.sdk import DAG
from dlt.extract import DltSource
from dlt.helpers.airflow_helper import PipelineTasksGroup

from perfectgym_source import perfectgym_source
from perfectgym_source.config.pipelines import named_pipeline
from perfectgym_source.destination.names import PIPELINE
from perfectgym_source.destination.servers import merging_destination
from perfectgym_source.pipeline.jobs import PipelineRun, jobs

NAME = "core"


def selections() -> dict[str, dict[str, Any]]:
    """What each task loads, by its name: a group, or the resources named besides the groups."""
    pipeline = named_pipeline(NAME)
    found = {name: {"groups": [name], "resources": []} for name in pipeline.groups}
    if pipeline.resources:
        found["resources"] = {"groups": [], "resources": list(pipeline.resources)}
    return found


def make_source(job: PipelineRun, selection: dict[str, Any]) -> DltSource:
    """The source of one task; made when the task runs."""
    return perfectgym_source(**{**job.options.source, "on_error": "raise", **selection})


def make_pipeline(job: PipelineRun) -> dlt.Pipeline:
    """dlt's pipeline into the dataset of one installation."""
    options = job.options
    if options.destination == "duckdb":
        database = Path(dlt.current.run_context().run_dir) / options.database
        destination = dlt.destinations.duckdb(str(database))
    else:
        destination = merging_destination(options.destination)
    return dlt.pipeline(PIPELINE, destination=destination, dataset_name=options.dataset)


dag = DAG(
    "perfectgym",
    schedule="15 3 * * *",
    start_date=pendulum.datetime(2024, 1, 1),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
)
# The group around the others is made first, because it points dlt to the `.dlt` beside the DAGs.
with dag, PipelineTasksGroup(PIPELINE):
    for job in jobs(named_pipeline(NAME), {}):
        for name, selection in selections().items():
            group = PipelineTasksGroup("_".join(filter(None, (job.installation, name))))
            group.add_run(make_pipeline(job), functools.partial(make_source, job, selection))
