"""The run history: what each run did, as tables in the dataset that it loads.

A dlt pipeline of its own writes it, so that the state and the pending packages of the main one are
never touched, and a run that failed is recorded too. What cannot be written stays in the working
folder, and the next run writes it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, cast, get_args, get_type_hints

import dlt
import pendulum
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from ..config.dlt_config import PIPELINE_ARGUMENTS
from ..destination import write_comments
from ..destination.names import (
    CHECKS,
    HISTORY_PIPELINE,
    HISTORY_TABLES,
    MARTS,
    RESOURCES,
    RUNS,
)
from ..errors import ConfigurationError
from ..marts.record import MartsRecord

logger = logging.getLogger(__name__)


_BEFORE = """
    SELECT outcome FROM {_runs} WHERE pipeline = %s AND installation = %s AND run_id <> %s
    ORDER BY started_at DESC LIMIT 1
"""

RunOutcome = Literal["ok", "partial", "failed"]


@dataclass(frozen=True)
class ResourceRecord:
    """Result of a run for one resource."""

    run_id: Annotated[str, "The run."]
    resource: Annotated[str, "The resource."]
    rows_new: Annotated[
        int | None,
        "Rows that its table did not have before. For full lists, by how much the table grew. "
        "None if the load failed.",
    ]
    rows_changed: Annotated[
        int | None,
        "Rows that replaced older ones, those that were flagged as deleted included.",
    ]
    rows_deleted: Annotated[int, "Rows that were flagged as deleted, or were removed."]
    rows_loaded: Annotated[int, "Rows that were read."]
    rows_total: Annotated[int | None, "Rows in the table afterwards; None if it got none."]
    requests: Annotated[int, "Requests."]
    retries: Annotated[
        int | None,
        "Those of them that were repeated. None in rows from before there was this column.",
    ]
    seconds: Annotated[
        float | None,
        "Time from its first request, when the endpoints that it depends on had been read, until "
        "its last row was handed to dlt; endpoints are read side by side. None if its last row "
        "was not handed on.",
    ]
    cursor_before: Annotated[
        int | None,
        "The highest row version that earlier runs had read, if it has versions.",
    ]
    cursor_after: Annotated[int | None, "The highest that has been read now."]
    outcome: Annotated[
        str,
        "`partial` where a part could not be read, `failed` where nothing could.",
    ]
    error: Annotated[str | None, "Why."]


@dataclass(frozen=True)
class CheckRecord:
    """Result of a check of one table after a load."""

    run_id: Annotated[str, "The run."]
    name: Annotated[str, "The check."]
    table_name: Annotated[str, "The table."]
    is_passed: Annotated[bool, "Whether all is well."]
    value: Annotated[
        float | None,
        "What was counted or measured; None if there was nothing to measure.",
    ]
    text: Annotated[str, "In words."]


@dataclass(frozen=True)
class RunRecord:
    """Result of a run."""

    run_id: Annotated[str, "Its name, which no other run has."]
    pipeline: Annotated[str, "The named pipeline."]
    installation: Annotated[str, "The installation that was read."]
    started_at: Annotated[datetime, "When it started."]
    finished_at: Annotated[datetime, "When it ended."]
    seconds: Annotated[float, "How long it took."]
    outcome: Annotated[
        str,
        "`partial` where something could not be read, `failed` where the run stopped, or its "
        "checks or marts failed it.",
    ]
    exit_code: Annotated[int, "The program's exit code."]
    version: Annotated[str, "The version of this package."]
    rows_loaded: Annotated[int, "Rows of all tables."]
    requests: Annotated[int, "Requests."]
    retries: Annotated[int, "Requests that were repeated."]
    token_requests: Annotated[int, "Sign-ins."]
    error: Annotated[str | None, "Why it failed."]


@dataclass(frozen=True)
class Entry:
    """Everything that the history records of a run."""

    run: RunRecord
    resources: Sequence[ResourceRecord]
    checks: Sequence[CheckRecord] = ()
    marts: MartsRecord | None = None


class History:
    """Writer of the run history.

    Args:
        folder: The working folder of the destination.
        destination: The destination, for `dlt.pipeline`.
        dataset: The dataset.
        cleaning: Deletes what is too old, after a run has been written.
    """

    def __init__(
        self,
        folder: Path,
        destination: Any,
        dataset: str,
        cleaning: Callable[[SqlClientBase[Any], RunRecord], None] | None = None,
    ) -> None:
        self._folder = folder
        self._destination = destination
        self._dataset = dataset
        self._cleaning = cleaning

    def keep(self, entry: Entry) -> bool:
        """Record a run, and those that could not be recorded before it.

        Whatever goes wrong is a warning: the rows of the run are in their tables all the same.

        Returns:
            Whether the run before it, of the same pipeline and installation, went well; True too
            if there was none, or nobody knows.
        """
        try:
            return self._write(entry)
        except Exception as error:  # any driver may raise here; the history is best effort
            # A destination that is not configured is the error of the run itself.
            is_told = entry.run.exit_code == ConfigurationError.exit_code
            logger.log(
                logging.INFO if is_told else logging.WARNING,
                "The run history could not be written (%s); the next run writes it.",
                type(error).__name__,
            )
            return True

    def keep_marts(self, record: MartsRecord) -> None:
        """Record a build of the marts that belongs to no run.

        Raises:
            Exception: It cannot be written.
        """
        self._load([_records(MARTS, MartsRecord, [record])])
        shutil.rmtree(self._folder / HISTORY_PIPELINE)

    def _write(self, entry: Entry) -> bool:
        run = entry.run
        with self._load(_resources(entry)).sql_client() as client:
            before = rows(client, _BEFORE, run.pipeline, run.installation, run.run_id)
            if self._cleaning:
                self._cleaning(client, run)
        shutil.rmtree(self._folder / HISTORY_PIPELINE)
        return not before or before[0][0] == "ok"

    def _load(self, resources: Sequence[Any]) -> dlt.Pipeline:
        """Load records, after those that are pending, and return the pipeline."""
        pipeline: dlt.Pipeline = dlt.pipeline(
            HISTORY_PIPELINE,
            pipelines_dir=str(self._folder),
            destination=self._destination,
            dataset_name=self._dataset,
            **PIPELINE_ARGUMENTS,
        )
        # There is no state; and the tables are what the records here say.
        pipeline.config.restore_from_destination = False
        source = dlt.source(lambda: resources, name=HISTORY_PIPELINE, max_table_nesting=0)
        pipeline.extract(source())
        pipeline.normalize()
        # dlt takes the tables of a stored schema for given; they may have been dropped.
        with pipeline.destination_client() as client:
            if client.is_storage_initialized():
                client.update_stored_schema(force=True)
        pipeline.load()
        write_comments(pipeline)
        return pipeline


def rows(client: SqlClientBase[Any], query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query over the history; none if there is no history yet.

    Args:
        client: A client of the dataset.
        query: The query, with the tables in braces: `SELECT ... FROM {_runs}`.
        values: For its placeholders (`%s`).
    """
    names = {name: client.make_qualified_table_name(name) for name in HISTORY_TABLES}
    try:
        with client.execute_query(query.format(**names), *values) as cursor:
            return list(cursor.fetchall())
    except DatabaseUndefinedRelation:
        return []


def newest_by_resource(columns: str, where: str) -> str:
    """Return a query, for `rows`, over the newest record of each resource.

    Args:
        columns: Some of `run_id`, `resource`, `rows_total`, `finished_at` and `error`.
        where: The records that count, of the tables `done` (resources) and `run`.
    """
    return f"""
        SELECT {columns} FROM (
            SELECT
                run.run_id, done.resource, done.rows_total, run.finished_at,
                coalesce(done.error, run.error) AS error,
                row_number() OVER (PARTITION BY done.resource ORDER BY run.finished_at DESC) AS nth
            FROM {{_run_resources}} AS done JOIN {{_runs}} AS run ON run.run_id = done.run_id
            WHERE {where}
        ) AS newest WHERE nth = 1
    """


def utc(moment: Any) -> datetime:
    """Return an instant, as the destination returns it, in UTC."""
    return cast("datetime", pendulum.instance(moment).in_timezone("UTC"))


_TYPES = {str: "text", int: "bigint", float: "double", bool: "bool", datetime: "timestamp"}


def _resources(entry: Entry) -> list[Any]:
    found = [
        _records(RUNS, RunRecord, [entry.run]),
        _records(RESOURCES, ResourceRecord, entry.resources),
        _records(CHECKS, CheckRecord, entry.checks),
    ]
    # There is no such table where no marts are built.
    return found + [_records(MARTS, MartsRecord, [entry.marts])] if entry.marts else found


def _records(name: str, kind: type[Any], found: Sequence[Any]) -> Any:
    def items() -> Iterator[dict[str, Any]]:
        yield from map(asdict, found)

    resource = dlt.resource(items, name=name, columns=_columns(kind), write_disposition="append")
    description = str(kind.__doc__)
    return resource.apply_hints(additional_table_hints={"description": description})


def _columns(kind: type[Any]) -> Any:
    columns = {}
    for name, annotated in get_type_hints(kind, include_extras=True).items():
        hint, description = get_args(annotated)
        types = [part for part in get_args(hint) or (hint,) if part is not NoneType]
        columns[name] = {
            "data_type": _TYPES[types[0]],
            "nullable": types != [hint],
            "description": description,
        }
    return columns
