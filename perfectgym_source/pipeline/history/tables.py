"""The run history: what each run did, as tables in the dataset that it loads.

It is written apart from the pipeline, so that the state and the pending packages of that one are
never touched, and a run that failed is recorded too. What cannot be written waits in the working
folder, and the next run writes it.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_type_hints

from dlt.common.data_types import TDataType
from dlt.common.json import json
from dlt.common.schema.typing import TColumnSchema, TTableSchema
from dlt.common.storages.load_package import create_load_id
from dlt.destinations.sql_client import SqlClientBase

from ...destination import Session
from ...destination.appending import Rows, append, prepare, schema_of, table
from ...destination.duckdb.replacement import replacing
from ...destination.names import CHECKS, HISTORY, HISTORY_TABLES, MARTS, RESOURCES, RUNS
from ...destination.queries import rows
from ...errors import ConfigurationError
from ...marts.record import MartsRecord

logger = logging.getLogger(__name__)


_BEFORE = """
    SELECT outcome FROM {_runs} WHERE pipeline = %s AND installation = %s AND run_id <> %s
    AND started_at <= %s ORDER BY started_at DESC LIMIT 1
"""

_IS_THERE = "SELECT 1 AS one FROM {_runs} WHERE run_id = %s"

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


def failed_checks(found: Sequence[CheckRecord]) -> list[str]:
    """Return the texts of the checks that failed."""
    return [check.text for check in found if not check.is_passed]


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
    requests_per_second: Annotated[
        float | None,
        "The pace, from the first request to the end of the last one. None in rows from before "
        "there was this column.",
    ]
    slowdowns: Annotated[
        int | None,
        "How many times fewer requests were sent at a time because responses had become slower. "
        "None as above.",
    ]
    refusals: Annotated[
        int | None,
        "How many times the pace was lowered because the API refused requests (429), had no time "
        "for them (503, 504), or did not respond in time. None as above.",
    ]
    seconds_paused: Annotated[
        float | None,
        "How long no request was sent because the API had refused one with 429. None as above.",
    ]
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
        session: The destination under its lock.
        cleaning: Deletes what is too old, after a run has been written.
    """

    def __init__(
        self,
        session: Session,
        cleaning: Callable[[SqlClientBase[Any], RunRecord], None] | None = None,
    ) -> None:
        self._session = session
        self._cleaning = cleaning

    def keep(self, entry: Entry) -> bool:
        """Record a run, and those that could not be recorded before it.

        Whatever goes wrong is a warning: the rows of the run are in their tables all the same.

        Returns:
            Whether the run before it, of the same pipeline and installation, went well; True too
            if there was none, or nobody knows.
        """
        run, found = entry.run, _rows_of(entry)
        try:
            with self._written(found) as client:
                begun = (run.run_id, run.started_at)
                before = rows(client, _BEFORE, run.pipeline, run.installation, *begun)
                if self._cleaning:
                    self._cleaning(client, run)
        except Exception as error:  # any driver may raise here; the history is best effort
            # A destination that is not configured is the error of the run itself.
            is_told = run.exit_code == ConfigurationError.exit_code
            logger.log(
                logging.INFO if is_told else logging.WARNING,
                "The run history could not be written (%s); the next run writes it.",
                type(error).__name__,
            )
            self._let_wait(found)
            return True
        return not before or before[0][0] == "ok"

    def keep_marts(self, record: MartsRecord) -> None:
        """Record a build of the marts that belongs to no run.

        Raises:
            Exception: It cannot be written.
        """
        with self._written({MARTS: [asdict(record)]}):
            pass

    @contextlib.contextmanager
    def _written(self, found: Rows) -> Iterator[SqlClientBase[Any]]:
        """Write rows, after those that wait, and yield a client of the dataset."""
        waiting = self._waiting()
        names = [
            name
            for name in HISTORY_TABLES
            if any(each.get(name) for each in (found, *waiting.values()))
        ]
        schema = schema_of(HISTORY, [_table(name) for name in names])
        with self._session.job_client(schema) as client:
            prepare(client)
            for file, rows_of_file in waiting.items():
                # A run that was killed may have written them.
                [run] = rows_of_file[RUNS]
                if not rows(client.sql_client, _IS_THERE, run["run_id"]):
                    append(client, rows_of_file)
                file.unlink()
            append(client, found)
            yield client.sql_client

    @property
    def _folder(self) -> Path:
        return self._session.destination.folder / "unrecorded"

    def _waiting(self) -> dict[Path, Rows]:
        """Return the rows that wait, the oldest first, by file."""
        former = self._session.destination.folder / HISTORY
        if former.exists():
            shutil.rmtree(former)
            logger.warning("The run history lacks runs that an earlier version could not record.")
        found = {}
        for file in sorted(self._folder.glob("*.json")):
            try:
                found[file] = json.typed_loadb(file.read_bytes())
            except ValueError:
                file.unlink()
                logger.warning("%s was damaged: the run in it is not recorded.", file)
        return found

    def _let_wait(self, found: Rows) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replacing(self._folder / f"{create_load_id()}.json") as file:
                file.write_bytes(json.typed_dumpb(found))
        except OSError as error:
            logger.warning("This run is not recorded: %s", error.strerror or error)


_KINDS: Mapping[str, type[Any]] = {
    RESOURCES: ResourceRecord,
    CHECKS: CheckRecord,
    MARTS: MartsRecord,
    RUNS: RunRecord,
}
"""By table. What is left of a failure to write or to delete a run is found again by the last."""
_TYPES: Mapping[type, TDataType] = {
    str: "text",
    int: "bigint",
    float: "double",
    bool: "bool",
    datetime: "timestamp",
}


def _rows_of(entry: Entry) -> Rows:
    """Return the rows of a run by table, without tables that get none."""
    marts = [entry.marts] if entry.marts else []
    records: dict[str, Sequence[Any]] = {
        RESOURCES: entry.resources,
        CHECKS: entry.checks,
        MARTS: marts,
        RUNS: [entry.run],
    }
    return {name: [asdict(each) for each in found] for name, found in records.items() if found}


def _table(name: str) -> TTableSchema:
    kind = _KINDS[name]
    return table(name, str(kind.__doc__), _columns(kind))


def _columns(kind: type[Any]) -> Iterator[TColumnSchema]:
    for name, annotated in get_type_hints(kind, include_extras=True).items():
        hint, description = get_args(annotated)
        types = [part for part in get_args(hint) or (hint,) if part is not NoneType]
        yield {
            "name": name,
            "data_type": _TYPES[types[0]],
            "nullable": types != [hint],
            "description": description,
        }
