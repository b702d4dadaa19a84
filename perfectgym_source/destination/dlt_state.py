"""dlt's state of a dataset: as the destination keeps it, and as dlt's own tools show it.

The tools (`dlt pipeline NAME info`, `trace`, `drop`, its dashboard) look in dlt's standard folder,
by the pipeline's name alone: the same name in another database is the same folder to them. So a run
works in a folder of its own, and leaves a copy there without rows. No run reads it, so that neither
a cursor nor a load package gets from one database into another.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination.client import JobClientBase, WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import LoadInfo
from dlt.common.schema.typing import C_DLT_LOAD_ID, PIPELINE_STATE_TABLE_NAME
from dlt.common.versioned_state import compress_state, json_decode_state, json_encode_state
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.pipeline.state_sync import load_pipeline_state_from_destination
from dlt.pipeline.trace import TRACE_FILE_NAME, PipelineTrace, save_trace

from ..config.dlt_folders import claim_of, shown_folder
from ..error_translation import error_chain
from ..errors import DestinationError, PerfectGymError
from .names import FORMER_PIPELINE

logger = logging.getLogger(__name__)

_DATABASE = "duckdb_database"
"""dlt's key in its local state for the path of the DuckDB file."""


def stored_state(client: JobClientBase, pipeline_name: str) -> Any:
    """Return dlt's state as the destination keeps it; None if there is none.

    Args:
        client: A client of the dataset.
        pipeline_name: The pipeline; up to version 0.1 it had another name.
    """
    if not isinstance(client, WithStateSync):
        return None
    for name in (pipeline_name, FORMER_PIPELINE):
        with contextlib.suppress(DestinationUndefinedEntity):
            if state := load_pipeline_state_from_destination(name, client):
                return state
    return None


def adopt_former_state(pipeline: dlt.Pipeline) -> None:
    """Give the state of version 0.1 the name of the pipeline: nothing is read again."""
    name = pipeline.pipeline_name
    if name == FORMER_PIPELINE:
        return
    with pipeline.destination_client() as client:
        if not isinstance(client, SqlJobClientBase) or not isinstance(client, WithStateSync):
            return
        try:
            state: Any = load_pipeline_state_from_destination(FORMER_PIPELINE, client)
        except DestinationUndefinedEntity:
            return
        if state is None:
            return
        state["pipeline_name"] = name
        sql = client.sql_client
        table = sql.make_qualified_table_name(PIPELINE_STATE_TABLE_NAME)
        of_name, blob, version = map(sql.escape_column_name, ("pipeline_name", "state", "version"))
        sql.execute_sql(
            f"UPDATE {table} SET {of_name} = %s, {blob} = %s "
            f"WHERE {of_name} = %s AND {version} = %s",
            name,
            compress_state(state),
            FORMER_PIPELINE,
            state["_state_version"],
        )
        sql.execute_sql(f"DELETE FROM {table} WHERE {of_name} = %s", FORMER_PIPELINE)


def load_packages(pipeline: dlt.Pipeline) -> LoadInfo | None:
    """Load the packages that are pending.

    dlt takes the state with the highest load id, which is a time, for the newest one. So states of
    a clock that was ahead are deleted: the next run would go on from one of them, and compare full
    lists with rows that the tables do not hold any more.
    """
    info: LoadInfo | None = pipeline.load()
    loads = {package.load_id for package in info.load_packages} if info else set()
    # Before the first state there is no such table.
    with pipeline.sql_client() as client, contextlib.suppress(DatabaseUndefinedRelation):
        table = client.make_qualified_table_name(PIPELINE_STATE_TABLE_NAME)
        load, version, name = map(
            client.escape_column_name, (C_DLT_LOAD_ID, "version", "pipeline_name")
        )
        query = f"SELECT {version}, {load} FROM {table} WHERE {name} = %s"
        with client.execute_query(query, pipeline.pipeline_name) as cursor:
            states = cursor.fetchall()
        newest = max((state for state in states if state[1] in loads), default=(0, ""))
        if any(state[0] < newest[0] and state[1] > newest[1] for state in states):
            client.execute_sql(
                f"DELETE FROM {table} WHERE {name} = %s AND {version} < %s AND {load} > %s",
                pipeline.pipeline_name,
                *newest,
            )
    return info


def show(pipeline: dlt.Pipeline, folder: Path, database: Path | None, problem: str | None) -> None:
    """Put a copy of the working files where dlt's tools look for them, without rows.

    Nothing depends on it: where it fails, that is a warning.

    Args:
        pipeline: The pipeline, after its run.
        folder: For the copy, until it is complete.
        database: The DuckDB file, if that is the destination.
        problem: Why the run failed, in words that hold no row and no secret.
    """
    target, claim = shown_folder(pipeline.pipeline_name), claim_of(pipeline.pipeline_name)
    trace = pipeline._last_trace  # of this run only; `last_trace` returns older ones too
    if trace is None:
        return
    try:
        # A folder without a trace was only restored from the destination, by `dlt pipeline sync`.
        if (target / TRACE_FILE_NAME).exists() and not claim.exists():
            logger.info("%s is another pipeline's; dlt's tools do not show this one.", target)
            return
        claim.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        claim.touch()
        copy, old = folder / "copy", folder / "old"
        for path in (copy, old):
            shutil.rmtree(path, ignore_errors=True)
        _copy(Path(pipeline.working_dir), copy)
        save_trace(str(copy), _without_details(trace, problem))
        if database is not None:
            _name_database(copy / dlt.Pipeline.STATE_FILE, database)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            os.rename(target, old)
        os.rename(copy, target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        logger.warning("dlt's tools do not show this run: %s", error.strerror or error)


def _copy(working: Path, copy: Path) -> None:
    """Copy what holds no rows: the state, the schemas, and what is known of completed packages."""
    copy.mkdir(mode=0o700)
    shutil.copy(working / dlt.Pipeline.STATE_FILE, copy)
    shutil.copytree(working / "schemas", copy / "schemas")
    for package in (working / "load" / "loaded").glob("*"):
        target = copy / "load" / "loaded" / package.name
        target.mkdir(parents=True)
        for file in filter(Path.is_file, package.iterdir()):  # jobs and errors are in folders
            shutil.copy(file, target)
    for name in ("load/new", "load/normalized", "load/loaded", "normalize/extracted"):
        (copy / name).mkdir(parents=True, exist_ok=True)


def _without_details(trace: PipelineTrace, problem: str | None) -> PipelineTrace:
    """Return a trace without the errors of failed jobs: a database names values in them."""
    no_details: dict[str, Any] = {
        "step_exception": problem or "failed",
        "exception_traces": [],
        "step_info": None,
    }
    steps = [step._replace(**no_details) if step.step_exception else step for step in trace.steps]
    return trace._replace(steps=steps)


def _name_database(state_file: Path, database: Path) -> None:
    """Write the DuckDB file into dlt's state, where no configuration names one."""
    state: Any = json_decode_state(state_file.read_text(encoding="utf-8"))
    state["_local"][_DATABASE] = str(database)
    state_file.write_text(json_encode_state(state), encoding="utf-8")


def without_values(error: BaseException, known: BaseException) -> str:
    """Return an error in words, but what a destination says: it names values of rows."""
    if isinstance(known, PerfectGymError) and not isinstance(known, DestinationError):
        return str(known)
    return type(error_chain(error)[-1]).__name__


def pending_packages(pipeline: dlt.Pipeline) -> int:
    """Return the number of load packages that were extracted and are not loaded completely."""
    return len(pipeline.list_extracted_load_packages()) + len(
        pipeline.list_normalized_load_packages()
    )
