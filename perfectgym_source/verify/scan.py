"""Extract the API into a scratch DuckDB file, and read the tables of the destination.

The extraction goes through the same resources as a load, without their state: it reads everything
from the beginning. Rows are appended as they come; no row of the destination is touched.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.extract import DltSource

from ..catalog import Endpoint
from ..catalog.hints import columns
from ..catalog.model import INSTALLATION
from ..catalog.selection import ancestors
from ..catalog.tables import REMOVED, TAKEN_AT
from ..config.dlt_config import PIPELINE_ARGUMENTS, keep_capabilities
from ..config.settings import Settings
from ..destination import Options, Session
from ..destination.duckdb.merging import MergingDuckDB
from ..destination.names import SCHEMA, SCRATCH
from ..error_translation import error_chain
from ..errors import PerfectGymError, SystemFailure
from ..extract.partitions import Partition
from ..extract.report import Report
from ..extract.state.source_state import SourceState, section
from ..pipeline.runner import rare_collection
from ..source import perfectgym_source, report_of

CHUNK_ROWS = 100_000
DATASET = "api"
"""The schema of the scratch database that holds the rows of the API."""
SCRATCH_ERRORS = (
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
    duckdb.FatalException,
)
"""What DuckDB raises where the disk or the memory is full."""


@dataclass(frozen=True)
class ApiScan:
    """The rows of the API, extracted from the beginning.

    Attributes:
        database: The DuckDB file; its schema `api` has the rows.
        report: What was read, and what could not be read.
        digests: By resource, the digests of the lists that every run reads.
        counts: By resource, how many rows lists that replace rows have, by partition.
    """

    database: Path
    report: Report
    digests: Mapping[str, Mapping[str, str]]
    counts: Mapping[str, Mapping[Partition, int]]


@contextmanager
def scratch_folder(session: Session) -> Iterator[Path]:
    """Make a private folder for one comparison, beside dlt's working files; delete it at the end.

    Args:
        session: The destination under its lock.
    """
    folder = session.destination.folder / SCRATCH
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def scan_api(
    options: Options,
    settings: Settings,
    compared: Sequence[Endpoint],
    stored: Schema | None,
    folder: Path,
) -> ApiScan:
    """Extract endpoints from their beginnings, and those whose ids they take.

    Args:
        options: The options of the run; its source arguments count.
        settings: The settings that they come to.
        compared: The endpoints.
        stored: The schema of the dataset: unknown fields get the types that they have there.
        folder: Where the scratch database is made.

    Raises:
        PerfectGymError: The extraction had to stop: sign-in refused, too many failures, ...
        SystemFailure: There is not enough disk space or memory.
    """
    names = {entry.name for entry in compared}
    names = names.union(*(ancestors(settings.api, entry, settings.mode) for entry in compared))
    source = _source(options, names)
    # The comparison itself finds the last version of each row.
    for resource in source.resources.values():
        resource.apply_hints(write_disposition="append")
    if stored is not None:
        _declare_unknown_fields(source, settings, stored)
    database = folder / "scratch.duckdb"
    try:
        state = _extract(source, database, options.progress)
    except Exception as error:
        links = error_chain(error)
        found = next((link for link in links if isinstance(link, SCRATCH_ERRORS)), None)
        if found is None or any(isinstance(link, PerfectGymError) for link in links):
            raise
        raise scratch_failure(found) from error
    states = {name: state.resource(name, section(settings)) for name in names}
    digests = {name: stored.digests for name, stored in states.items()}
    counts = {name: stored.counts for name, stored in states.items()}
    return ApiScan(database, report_of(source), digests, counts)


def stored_schema(client: SqlJobClientBase) -> Schema | None:
    """Return the schema that dlt stored in the dataset; None if there is none."""
    try:
        found = client.get_stored_schema(SCHEMA)
    except DestinationUndefinedEntity:
        return None
    return Schema.from_stored_schema(json.loads(found.schema)) if found else None


def scan_table(
    client: SqlJobClientBase, table: str, wanted: Sequence[str], settings: Settings
) -> tuple[list[str], Iterator[pa.Table]]:
    """Read a table of the destination; a table that does not exist has no rows.

    Args:
        client: The destination's client.
        table: The table.
        wanted: The columns to read.
        settings: Of a dataset of several installations, only the rows of one are read.

    Returns:
        Those of the columns that the table has, and its rows, some at a time.
    """
    [(_, columns_there)] = client.get_storage_tables([table])
    existing = {name.lower() for name in columns_there}
    names = [name for name in wanted if name in existing]
    return names, _rows(client, table, names, settings) if names else iter(())


def is_api_column(name: str) -> bool:
    """Return whether a column holds values of the API, and not what loading needs."""
    return not name.startswith("_dlt_") and name not in (REMOVED, TAKEN_AT)


def scratch_failure(error: BaseException) -> SystemFailure:
    """Return the error of a full disk or memory, from that of the scratch database."""
    return SystemFailure(
        f"The scratch database of the comparison failed ({type(error).__name__}).",
        hint="It needs about as much disk space as the compared tables, in dlt's data folder "
        "(DLT_DATA_DIR). Free some space, or compare fewer resources at once (--resources).",
    )


def _extract(source: DltSource, database: Path, progress: Any) -> SourceState:
    """Load a source into the scratch database, and return the state that it leaves."""
    pipeline = dlt.pipeline(
        SCHEMA,
        pipelines_dir=str(database.parent),
        destination=keep_capabilities(MergingDuckDB(DuckDbCredentials(str(database)))),
        dataset_name=DATASET,
        progress=progress,
        **PIPELINE_ARGUMENTS,
    )
    # Each of dlt's connections would open the file anew otherwise.
    with duckdb.connect(str(database)), rare_collection():
        pipeline.extract(source)
        pipeline.normalize()
        pipeline.load()
    return SourceState.of_pipeline(pipeline.state)


def _source(options: Options, names: set[str]) -> DltSource:
    arguments = {
        **options.source,
        "resources": sorted(names),
        "groups": None,
        "full_refresh": None,
        "limit": None,
        # The tables may have rows that are older than the start date of today.
        "start_date": date.min,
        # A column that the dataset does not take is left out of the comparison later.
        "schema_contract": "evolve",
    }
    source: DltSource = perfectgym_source(**arguments)
    return source


def _declare_unknown_fields(source: DltSource, settings: Settings, stored: Schema) -> None:
    """Give unknown fields the types that their columns have in the dataset."""
    for name in source.resources:
        for layout in settings.pii.layout(settings.api.endpoints[name]).with_children():
            known = {*columns(layout), *layout.positions}
            stored_columns = stored.tables.get(layout.name, {}).get("columns", {})
            unknown: list[TColumnSchema] = [
                {"name": name, "data_type": column["data_type"], "nullable": True}
                for name, column in stored_columns.items()
                if name not in known and name[:1] != "_" and "data_type" in column
            ]
            if unknown:
                source.schema.update_table(new_table(layout.name, columns=unknown))


def _rows(
    client: SqlJobClientBase, table: str, names: Sequence[str], settings: Settings
) -> Iterator[pa.Table]:
    sql = client.sql_client
    selected = ", ".join(sql.escape_column_name(name) for name in names)
    query = f"SELECT {selected} FROM {sql.make_qualified_table_name(table)}"
    values = []
    if settings.shared_dataset:
        query += f" WHERE {sql.escape_column_name(INSTALLATION)} = %s"
        values.append(settings.installation)
    # DuckDB 2 warns of the way in which dlt asks for Arrow.
    with warnings.catch_warnings(), sql.execute_query(query, *values) as cursor:
        warnings.filterwarnings("ignore", "Arrow output on a DB-API result")
        for rows in cursor.iter_arrow(CHUNK_ROWS):
            yield rows.rename_columns(names)
