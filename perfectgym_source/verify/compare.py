"""Compare the tables of the destination with the rows of the API, in the scratch database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import starmap
from typing import Any

import duckdb
import pyarrow as pa

from ..catalog import Endpoint, TableLayout
from ..catalog.model import INSTALLATION
from ..config.settings import Settings
from .next_run import ApiRow, NextRun
from .queries import (
    EXTRA,
    MISSING,
    STALE,
    ComparedTable,
    count_differences,
    count_stale_columns,
    pair_child,
    pair_root,
)
from .scan import SCRATCH_ERRORS, ApiScan, is_api_column, scratch_failure
from .table_diff import EXAMPLES, EndpointDiff, ExtraKeys, Key, TableDiff

CHUNK_ROWS = 10_000


class Comparison:
    """The scratch database, with the rows of the API and those of one endpoint's tables at a time.

    Args:
        scan: The rows of the API.
        settings: The source's settings.
    """

    def __init__(self, scan: ApiScan, settings: Settings) -> None:
        self._settings = settings
        self._db = duckdb.connect(str(scan.database))
        # Otherwise DuckDB has to keep rows in the order in which they came.
        self._db.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        for schema in ("stored", "paired", "compared"):
            self._db.execute(f"CREATE SCHEMA {schema}")
        self._tables: dict[str, ComparedTable] = {}

    def close(self) -> None:
        """Close the scratch database."""
        self._db.close()

    def layouts(self, endpoint: Endpoint) -> list[TableLayout]:
        """Return an endpoint's tables with the columns that the settings let them have."""
        return list(self._settings.pii.layout(endpoint).with_children())

    def columns(self, table: str) -> list[str]:
        """Return the columns of a table of the API that hold its values."""
        return [name for name in self._columns(table) if is_api_column(name)]

    def add_stored(self, table: str, rows: Iterable[pa.Table]) -> None:
        """Add the rows of a table of the destination.

        Args:
            table: The table.
            rows: Its rows, with some or all of the columns that `columns` returns.
        """
        self._execute(f'CREATE TABLE stored."{table}" AS FROM api."{table}" LIMIT 0')
        for chunk in rows:
            with self._registered("chunk", chunk):
                # Inserting casts to the types of the API's columns.
                self._execute(f'INSERT INTO stored."{table}" BY NAME FROM chunk')

    def compare(
        self, endpoint: Endpoint, compared: dict[str, list[str]], next_run: NextRun
    ) -> EndpointDiff:
        """Compare the tables of an endpoint, whose rows were added, and drop the rows.

        Args:
            endpoint: The endpoint.
            compared: By table, the columns that the destination has too.
            next_run: Which rows the next run loads by itself.

        Raises:
            SystemFailure: There is not enough disk space or memory.
        """
        tables = [
            self._compared_table(endpoint, layout, compared[layout.name])
            for layout in self.layouts(endpoint)
        ]
        root, *children = tables
        self._execute(pair_root(root, self._settings, self._out_of_reach(endpoint)))
        for child in children:
            self._execute(pair_child(child, self._settings))
        self._mark_pending(endpoint, tables, next_run)
        differs = f"{MISSING} OR {STALE} OR ({EXTRA} AND NOT is_unknown)"
        found = EndpointDiff(
            tables=[self._table_diff(table) for table in tables],
            extra_keys=self._extra_keys(tables),
            needs_reload=any(self._count(f'compared."{t.name}" WHERE {differs}') for t in tables),
        )
        for table in tables:
            self._execute(
                f'DROP VIEW compared."{table.name}"; DROP TABLE paired."{table.name}"; '
                f'DROP TABLE stored."{table.name}"'
            )
        return found

    def api_rows(self, endpoint: Endpoint) -> Iterator[ApiRow]:
        """Yield the rows with ids that the API returned for an endpoint."""
        root = self._settings.pii.layout(endpoint)
        table = self._compared_table(endpoint, root, [])
        query = (
            f"SELECT partition, variant, id, version FROM ({table.api_rows(self._settings)}) "
            "WHERE id IS NOT NULL"
        )
        for rows in self._chunks(query):
            yield from starmap(ApiRow, rows)

    def _compared_table(
        self, endpoint: Endpoint, layout: TableLayout, compared: list[str]
    ) -> ComparedTable:
        columns = self._columns(layout.name)
        names = [*(key.name for key in layout.keys), *layout.positions]
        key = tuple(names if layout.level else filter(columns.__contains__, endpoint.key))
        return ComparedTable(endpoint, layout, key, columns, compared)

    def _out_of_reach(self, endpoint: Endpoint) -> str:
        """Return SQL: whether the parent of a row is deleted, so that the API no longer returns
        the row, and it stays in the table."""
        conditions = ["false"]
        if endpoint.pairs_from:  # every run reads all of it again
            return conditions[0]
        for index, parent in enumerate(endpoint.parents, 1):
            if self._settings.mode in parent.implicit_for_modes:
                continue
            above = self._settings.api.endpoints[parent.table]
            listed = f'SELECT CAST("{above.id_column}" AS VARCHAR) FROM api."{above.table_name}"'
            stored = f"split_part(partition, '|', {index})"
            if flag := self._flag_of_kept(above):
                conditions.append(f"{stored} IN ({listed} WHERE {flag})")
            if self._has_deleted_parents(above):
                # The parent may be out of reach itself.
                conditions.append(f'{stored} NOT IN ({listed} WHERE "{above.id_column}" NOTNULL)')
        return " OR ".join(conditions)

    def _has_deleted_parents(self, endpoint: Endpoint) -> bool:
        for parent in endpoint.parents:
            if self._settings.mode in parent.implicit_for_modes:
                continue
            above = self._settings.api.endpoints[parent.table]
            flag = self._flag_of_kept(above)
            if flag and self._count(f'api."{above.table_name}" WHERE {flag}'):
                return True
            if self._has_deleted_parents(above):
                return True
        return False

    def _flag_of_kept(self, parent: Endpoint) -> str | None:
        """Return the column that flags deleted rows whose own rows stay; None if there is none.

        Where deleted rows are removed, only a club keeps its history.
        """
        zones = self._settings.api.zones
        is_club = zones is not None and zones.endpoint == parent.name
        is_kept = is_club or self._settings.deleted_rows == "flag"
        deleted = parent.deleted_column
        return f'"{deleted}"' if is_kept and deleted in self._columns(parent.table_name) else None

    def _mark_pending(
        self, endpoint: Endpoint, tables: list[ComparedTable], next_run: NextRun
    ) -> None:
        """Mark the rows that the next run loads: they are not wrong.

        Only rows that differ, or have child rows that do, are examined one by one. A row that the
        next run loads comes with its child rows.
        """
        differs = "(in_api <> in_table OR is_stale) AND NOT is_old"
        roots = " UNION ".join(
            f'SELECT root FROM paired."{t.name}" WHERE {differs}' for t in tables
        )
        query = (
            "SELECT partition, variant, id, version, is_listed, root "
            f'FROM paired."{endpoint.table_name}" WHERE root IN ({roots})'
        )
        self._execute("CREATE OR REPLACE TABLE pending (root BIGINT)")
        for rows in self._chunks(query):
            found = [root for *row, root in rows if next_run.brings(endpoint, ApiRow(*row))]
            with self._registered("chunk", pa.table({"root": pa.array(found, pa.int64())})):
                self._execute("INSERT INTO pending FROM chunk")
        for table in tables:
            self._execute(
                f'CREATE VIEW compared."{table.name}" AS '
                "SELECT *, root IS NOT NULL AND root IN (FROM pending) AS is_pending "
                f'FROM paired."{table.name}"'
            )

    def _table_diff(self, table: ComparedTable) -> TableDiff:
        [numbers] = self._execute(count_differences(table)).fetchall()
        in_api, in_table, missing, extra, stale, pending, unknown = (int(n or 0) for n in numbers)
        return TableDiff(
            table=table.name,
            in_api=in_api,
            in_table=in_table,
            missing=missing,
            extra=extra,
            stale=stale,
            pending=pending,
            stale_columns=self._stale_columns(table) if stale else {},
            examples=self._examples(table),
            unknown_to_api=unknown,
        )

    def _stale_columns(self, table: ComparedTable) -> dict[str, int]:
        [counts] = self._execute(count_stale_columns(table)).fetchall()
        found = [(name, count) for name, count in zip(table.compared, counts) if count]
        return dict(sorted(found, key=lambda column: -column[1]))

    def _examples(self, table: ComparedTable) -> dict[str, list[Key]]:
        """Return a few keys of each kind, without the columns that are personal data."""
        root = self._settings.pii.layout(table.endpoint)
        personal = {column.name for column in root.columns() if column.pii}
        own = table.key if not table.layout.level else table.endpoint.key
        indexes = [i for i, name in enumerate(own) if name not in personal]
        if table.layout.level:
            indexes += range(len(table.layout.keys), len(table.key))
        keys = ", ".join(f"k{i}" for i in indexes)
        examples = {}
        for kind, where in (("missing", MISSING), ("extra", EXTRA), ("stale", STALE)):
            query = (
                f'SELECT {keys} FROM compared."{table.name}" WHERE {where} '
                f"ORDER BY {keys} LIMIT {EXAMPLES}"
            )
            if keys and (found := self._execute(query).fetchall()):
                examples[kind] = found
        return examples

    def _extra_keys(self, tables: list[ComparedTable]) -> ExtraKeys | None:
        """Return the keys of the root table that the API does not return; None without any."""
        key = tables[0].key
        if not key:
            return None
        keys = ", ".join(tables[0].key_names)
        found = self._execute(
            " UNION ".join(
                f'SELECT {keys} FROM compared."{table.name}" WHERE {EXTRA} AND is_unknown'
                for table in tables
            )
        ).fetchall()
        if self._settings.shared_dataset:
            key = (INSTALLATION, *key)
            found = [(self._settings.installation, *values) for values in found]
        return ExtraKeys(key, found) if found else None

    def _columns(self, table: str) -> list[str]:
        rows = self._execute(
            "SELECT column_name FROM duckdb_columns() "
            "WHERE schema_name = 'api' AND table_name = ? ORDER BY column_index",
            [table],
        )
        return [name for (name,) in rows.fetchall()]

    def _execute(self, query: str, values: list[Any] | None = None) -> duckdb.DuckDBPyConnection:
        try:
            return self._db.execute(query, values)
        except SCRATCH_ERRORS as error:
            raise scratch_failure(error) from error

    @contextmanager
    def _registered(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Register an Arrow table in DuckDB under a name."""
        self._db.register(name, rows)
        try:
            yield
        finally:
            self._db.unregister(name)

    def _chunks(self, query: str) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a query, a few thousand at a time."""
        with self._db.cursor() as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(CHUNK_ROWS):
                yield rows

    def _count(self, rows: str) -> int:
        [(count,)] = self._execute(f"SELECT count(*) FROM {rows}").fetchall()
        return int(count)
