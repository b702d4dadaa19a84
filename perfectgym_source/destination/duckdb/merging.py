"""dlt's DuckDB destination, which merges the Parquet files of a load package as they are.

dlt itself copies the files into staging tables first, and merges from these: as much work again,
and a second copy of the rows in the file until it is written anew. The statements are dlt's own, in
one transaction, so that a job can be repeated at any moment.
"""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import FollowupJobRequest, LoadJob, RunnableLoadJob
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema.typing import TTableSchema
from dlt.common.schema.utils import get_columns_names_with_prop, get_dedup_sort_tuple
from dlt.common.storages.load_package import LoadJobInfo
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.impl.duckdb.factory import duckdb
from dlt.destinations.job_client_impl import SqlLoadJob
from dlt.destinations.job_impl import (
    FinalizedLoadJobWithFollowupJobs,
    ReferenceFollowupJobRequest,
)
from dlt.destinations.sql_jobs import SqlMergeFollowupJob

from .database_objects import quoted
from .limits import threads_of_first_load
from .replacement import sql_text

_TEMPORARY = "temp"
"""DuckDB's catalog for temporary objects: no dataset can have its name."""


class MergingDuckDB(duckdb):
    """dlt's destination `duckdb`, for all but how rows are merged."""

    @property
    def destination_type(self) -> str:
        """dlt's own: its tools read the state, and open the file by it."""
        return "dlt.destinations.duckdb"

    @property
    def client_class(self) -> type[DuckDbClient]:
        """The client that merges from files."""
        return _MergingClient

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        formats = [*(capabilities.supported_loader_file_formats or ()), "reference"]
        capabilities.supported_loader_file_formats = formats
        capabilities.loader_file_format_selector = _parquet_to_merge
        return capabilities


def _parquet_to_merge(
    preferred: Any, supported: Sequence[Any], /, *, table_schema: TTableSchema
) -> tuple[Any, Sequence[Any]]:
    """Return the file formats for a table: only Parquet can be merged."""
    is_merged = table_schema.get("write_disposition") == "merge"
    return ("parquet", ["parquet"]) if is_merged else (preferred, supported)


class _MergingClient(DuckDbClient):
    """Waits until all files of a table are there, and merges them in one job, as dlt's
    destination `filesystem` does for Delta tables."""

    def should_load_data_to_staging_dataset(self, table_name: str) -> bool:
        """Return False: there are no staging tables."""
        return False

    def initialize_storage(self, truncate_tables: Iterable[str] | None = None) -> None:
        """Make the dataset, or empty tables; no staging dataset is made to empty nothing in it."""
        if truncate_tables is None or truncate_tables:
            super().initialize_storage(truncate_tables)  # type: ignore[arg-type]

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        """Return the job for a file: to merge files, to await that, or dlt's own."""
        if ReferenceFollowupJobRequest.is_reference_job(file_path):
            return MergeJob(file_path)
        if table["write_disposition"] == "merge" and not SqlLoadJob.is_sql_job(file_path):
            return FinalizedLoadJobWithFollowupJobs(file_path)
        found = super().create_load_job(table, file_path, load_id, restore)
        return _CopyJob(file_path) if isinstance(found, DuckDbCopyJob) else found

    def create_table_chain_completed_followup_jobs(
        self,
        table_chain: Sequence[PreparedTableSchema],
        completed_table_chain_jobs: Sequence[LoadJobInfo] | None = None,
    ) -> list[FollowupJobRequest]:
        """Return the job that merges the files of a table, once all of them are there."""
        [table] = table_chain  # a child table is one of its own
        if table["write_disposition"] != "merge":
            return super().create_table_chain_completed_followup_jobs(
                table_chain, completed_table_chain_jobs
            )
        paths = [job.file_path for job in completed_table_chain_jobs or ()]
        return [ReferenceFollowupJobRequest(Path(paths[0]).name, paths)]


class _CopyJob(DuckDbCopyJob):
    """Appends a Parquet file to a table, wherever it is: dlt's statement takes `name=value` in a
    path for a column, and a quote for its end."""

    def run(self) -> None:
        """Append the rows of the file."""
        client = self._job_client.sql_client
        table = client.make_qualified_table_name(self.load_table_name)
        client.execute_sql(f"INSERT INTO {table} BY NAME {_rows_of([self._file_path])}")


class MergeJob(RunnableLoadJob):
    """Merges Parquet files into a table."""

    def run(self) -> None:
        """Merge the files: in one transaction, and with the same result if it is repeated."""
        client: Any = self._job_client.sql_client  # type: ignore[attr-defined]
        client.staging_dataset_name = _TEMPORARY
        files = ReferenceFollowupJobRequest.resolve_references(self._file_path)
        rows = _rows_of(files)
        in_files = {name for name, *_ in client.execute_sql(f"DESCRIBE {rows}")}
        columns = self._load_table["columns"]
        table: Any = {
            **self._load_table,
            # The files lack columns in which no row has a value.
            "columns": {name: hints for name, hints in columns.items() if name in in_files},
            "x-stage-data-deduplicated": True,
        }
        count, newest = _newest(client, table, rows)
        client.execute_sql(f"CREATE OR REPLACE TEMP VIEW {quoted(table['name'])} AS {newest}")
        with _threads_for(client, count), client.begin_transaction():
            for statement in SqlMergeFollowupJob.generate_sql([table], client):
                client.execute_sql(statement)
        client.execute_sql(f"DROP VIEW {quoted(_TEMPORARY, table['name'])}")


def _rows_of(files: Iterable[str]) -> str:
    """Return the query for the rows of Parquet files; their path is no part of the rows."""
    paths = ", ".join(sql_text(Path(glob.escape(file))) for file in files)
    options = "union_by_name = true, hive_partitioning = false"
    return f"SELECT * FROM read_parquet([{paths}], {options})"


@contextlib.contextmanager
def _threads_for(client: Any, rows: int) -> Iterator[None]:
    """Let a first load, which takes one thread, take as many as so many rows are worth."""
    threads = threads_of_first_load(rows)
    if threads == 1 or client.execute_sql("SELECT current_setting('threads')") != [(1,)]:
        yield
        return
    client.execute_sql(f"SET threads = {threads}")
    yield
    # After a failure no table follows, and another error could only hide the first one.
    client.execute_sql("SET threads = 1")


def _newest(client: Any, table: Any, rows: str) -> tuple[int, str]:
    """Return how many rows there are, and the query for the newest of those with the same key.

    That takes a window over whole rows, which is left out if the keys are distinct.

    Args:
        client: A client of the dataset.
        table: The table.
        rows: The query for all rows.
    """
    keys = ", ".join(map(quoted, get_columns_names_with_prop(table, "primary_key")))
    distinct = f"count(DISTINCT ({keys}))" if keys else "count(*)"
    [[count, of_keys]] = client.execute_sql(f"SELECT count(*), {distinct} FROM ({rows})")
    if count == of_keys:
        return count, rows
    sort = get_dedup_sort_tuple(table)
    order = f"ORDER BY {quoted(sort[0])} {sort[1]}" if sort else ""
    return count, f"{rows} QUALIFY row_number() OVER (PARTITION BY {keys} {order}) = 1"
