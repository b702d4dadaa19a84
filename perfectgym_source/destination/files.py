"""The tables as files, on a disk or in a bucket: Parquet, Delta or Iceberg.

Rows in files cannot be replaced by key as this source needs it: dlt would append the new state of a
row to the old one, and keep rows that are missing from a full list. So the rows are loaded into the
DuckDB file, and after a run that changed it, whole tables are written from it, replacing the older
ones.
"""

from __future__ import annotations

import contextlib
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations.sql_client import SqlClientBase

from ..config.dlt_config import PIPELINE_ARGUMENTS
from ..config.pipeline_settings import TABLE_FORMATS
from ..error_translation import error_chain, first_line
from ..errors import ConfigurationError, DestinationError
from .duckdb.duckdb_file import DuckDBFile
from .names import FILES_PIPELINE, SCHEMA

FILESYSTEM = "filesystem"
"""The name of dlt's destination for files."""
_PACKAGES = {"delta": "deltalake", "iceberg": "pyiceberg"}


class WrittenFiles(DuckDBFile):
    """Files that are written from a DuckDB file, which is loaded and published as ever."""

    def describe(self) -> str:
        """Return the name of dlt's destination: the DuckDB file is only on the way."""
        return self.options.destination

    def check_comparable(self) -> None:
        """Refuse: the rows are compared in the DuckDB file.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError(
            "verify and repair do not look into files: use --destination duckdb, to compare "
            f"{self.options.database}, from which the files are written.",
            hint="After a repair, the next run writes the files again.",
        )

    def files_end_at(self, client: SqlClientBase[Any], folder: Path) -> datetime | None:
        """Return when the newest load in the files began; None if nothing is missing there."""
        dataset, connection = self.options.dataset, client.native_connection
        schema, tables = _tables(connection, dataset)
        if not tables:
            return None
        with _pipeline(dataset, folder / "files") as pipeline:
            written = _written(pipeline)
        if _state(connection, schema, tables).items() <= written.items():
            return None
        return datetime.fromtimestamp(float(written.get("load") or 0), timezone.utc)

    @contextlib.contextmanager
    def _opened(self, publishes: bool) -> Iterator[Any]:
        self._check_files()
        with super()._opened(publishes) as dlt_destination:
            yield dlt_destination

    def _publish(self, connection: duckdb.DuckDBPyConnection) -> None:
        super()._publish(connection)
        try:
            self._write_files(connection)
        except Exception as error:
            if not isinstance(self.translate_error(error), DestinationError):
                raise
            raise DestinationError(
                f"The files could not be written: {first_line(error_chain(error)[-1])}",
                hint="Check bucket_url and its credentials. "
                f"{self.options.database.name} is complete: "
                "the next run writes the files.",
            ) from error

    def _check_files(self) -> None:
        """Make sure that files can be written, before anything is read.

        Raises:
            ConfigurationError: There is no such format, a package for it is missing, or there are
                files of another format.
            PipelineStepFailed: dlt's; the place of the files is not configured, or not to be
                reached.
        """
        table_format, dataset = self.options.table_format, self.options.dataset
        if table_format not in TABLE_FORMATS:
            raise ConfigurationError(
                f"There is no table format {table_format!r}: use one of {', '.join(TABLE_FORMATS)}."
            )
        package = _PACKAGES.get(table_format)
        if package and find_spec(package) is None:
            raise ConfigurationError(
                f"--table-format {table_format} needs the package {package!r}.",
                hint=f"pip install 'dlt[{package}]'",
            )
        with _pipeline(dataset, self._files_folder) as pipeline:
            written = _written(pipeline).get("table_format", table_format)
        if written != table_format:
            raise ConfigurationError(
                f"The files of the dataset {dataset!r} are {written}, and {table_format} would be "
                "mixed into them.",
                hint="Write them into another dataset, or move the old ones away.",
            )

    def _write_files(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write every table, unless the files hold this state of the DuckDB file already.

        Args:
            connection: Open on the DuckDB file.

        Raises:
            PipelineStepFailed: dlt's. The next run writes all tables again.
        """
        table_format, folder = self.options.table_format, self._files_folder
        schema, tables = _tables(connection, self.options.dataset)
        if not tables:
            return
        written = {"table_format": table_format, **_state(connection, schema, tables)}
        with _pipeline(self.options.dataset, folder) as pipeline, warnings.catch_warnings():
            if _written(pipeline) == written:
                return
            # PyIceberg says so of every table that was empty.
            warnings.filterwarnings("ignore", "Delete operation did not match any records")
            found = {name: connection.sql(f'FROM "{schema}"."{name}"') for name in tables}
            resources = [
                dlt.resource(
                    _rows(table, folder / f"{name}.parquet", written),
                    name=name,
                    columns=_local_times(table),
                )
                for name, table in found.items()
            ]
            open_format: Any = None if table_format == "parquet" else table_format
            pipeline.run(
                dlt.source(lambda: resources, name=FILES_PIPELINE)(),
                write_disposition="replace",
                table_format=open_format,
                loader_file_format="parquet",
            )

    @property
    def _files_folder(self) -> Path:
        return self.folder / "files"

    def _direct_destination(self) -> Any:
        raise ConfigurationError(
            f"The destination {self.options.destination!r} cannot be loaded by dlt alone: the "
            "files are written from a DuckDB file.",
            hint="Use run_pipeline, or pipelines/run.py.",
        )


def _tables(connection: duckdb.DuckDBPyConnection, dataset: str) -> tuple[str, list[str]]:
    """Return the dataset's schema in the DuckDB file, and the tables in it without dlt's own."""
    schema = Schema(FILES_PIPELINE).naming.normalize_table_identifier(dataset)
    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? "
        "AND NOT starts_with(table_name, '_dlt') ORDER BY table_name",
        [schema],
    ).fetchall()
    return schema, [name for (name,) in tables]


def _state(
    connection: duckdb.DuckDBPyConnection, schema: str, tables: Sequence[str]
) -> dict[str, Any]:
    """Return what tells one state of the DuckDB file from another.

    The run history does not count: every run loads it.
    """
    # A clock can be set back: then the number of loads tells.
    [[load, loads]] = connection.execute(
        f'SELECT max(load_id), count(*) FROM "{schema}"._dlt_loads WHERE schema_name = ?', [SCHEMA]
    ).fetchall()
    counted = [connection.sql(f'FROM "{schema}"."{name}"') for name in tables if name[0] != "_"]
    # A repair can remove rows without a load.
    return {"load": load, "loads": loads, "rows": sum(map(len, counted))}


def _rows(table: duckdb.DuckDBPyRelation, file: Path, written: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the rows of a table as a file for dlt.

    Args:
        table: The table.
        file: The file, for as long as dlt needs it.
        written: What the files hold when all of them are there: it is kept beside them.
    """
    # Only files need it.
    from pyarrow.parquet import ParquetFile

    dlt.current.source_state().update(written)
    table.write_parquet(str(file))
    described = ParquetFile(file)
    yield dlt.mark.with_file_import(
        str(file), "parquet", described.metadata.num_rows, described.schema_arrow.empty_table()
    )


def _local_times(table: duckdb.DuckDBPyRelation) -> dict[str, TColumnSchema]:
    """Hints of the columns without a time zone, which dlt would take for UTC."""
    return {
        name: {"name": name, "data_type": "timestamp", "timezone": False}
        for name, kind in zip(table.columns, table.types)
        if str(kind) == "TIMESTAMP"
    }


@contextlib.contextmanager
def _pipeline(dataset: str, folder: Path) -> Iterator[dlt.Pipeline]:
    """Open a pipeline that knows what the files hold; its folder is removed at the end.

    What it knows comes from beside the files each time, so that it cannot be about other ones.
    """
    shutil.rmtree(folder, ignore_errors=True)  # left by a run that was killed
    folder.mkdir(parents=True)
    try:
        pipeline = dlt.pipeline(
            FILES_PIPELINE,
            pipelines_dir=str(folder / "pipelines"),
            destination=FILESYSTEM,
            dataset_name=dataset,
            **PIPELINE_ARGUMENTS,
        )
        pipeline.sync_destination()
        yield pipeline
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _written(pipeline: dlt.Pipeline) -> dict[str, Any]:
    """Return what the files hold, or nothing.

    It is `table_format`, the last `load` of the DuckDB file and the numbers of its `loads` and
    `rows`.
    """
    sources: dict[str, dict[str, Any]] = pipeline.state.get("sources", {})
    return sources.get(FILES_PIPELINE, {})
