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

import pendulum
from airflow.sdk import DAG
from dlt.helpers.airflow_helper import PipelineTasksGroup

from perfectgym_source.pipeline import pipeline_runs

PIPELINE = "core"

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
with dag, PipelineTasksGroup("perfectgym"):
    for planned in pipeline_runs(PIPELINE):
        for name, part in planned.by_group().items():
            group = PipelineTasksGroup("_".join(filter(None, (planned.installation, name))))
            # The source is made when the task runs; a failure fails the task of its group.
            group.add_run(part.dlt_pipeline(), functools.partial(part.source, on_error="raise"))
