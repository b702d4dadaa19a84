"""What the API holds and what the tables hold, side by side in an in-memory DuckDB.

Of each row only the key, the row version and a few flags are kept, and they stay in Arrow and
DuckDB: a million rows take some 40 MB, and a few hundred while they are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import starmap
from typing import Any

import duckdb
import pyarrow as pa

from ..catalog import ENDPOINTS, Endpoint, TableLayout, Write
from ..catalog.model import INSTALLATION
from ..catalog.naming import snake_case
from ..catalog.tables import REMOVED, UNREADABLE
from ..config.settings import Settings
from ..transform.decoder import Decoder
from ..transform.time_zones import ClubClocks
from .next_run import ApiRow, NextRun
from .table_diff import ExtraKeys, Finding

EXAMPLES = 5
CHUNK_ROWS = 10_000


class Comparison:
    """Takes the rows of both sides, and compares them by key.

    Args:
        settings: The source's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layouts: dict[str, TableLayout] = {}
        self._db = duckdb.connect()
        # Without it, DuckDB has to keep rows in the order in which they came.
        self._db.execute("SET preserve_insertion_order = false")

    def layout(self, endpoint: Endpoint) -> TableLayout:
        """The endpoint's tables with the columns that the settings let them have."""
        if endpoint.name not in self._layouts:
            self._layouts[endpoint.name] = self._settings.pii.layout(endpoint)
        return self._layouts[endpoint.name]

    def open(self, endpoint: Endpoint) -> None:
        """Make room for the rows of an endpoint."""
        decoder = Decoder(endpoint, ClubClocks(), privacy=self._settings.pii)
        for name, empty in decoder.empty().items():
            with self._registered("batch", empty):
                columns = self._selected(endpoint, self._table(endpoint, name))
                self._db.execute(
                    f'CREATE TABLE "rows__{name}" AS SELECT {columns}, true AS is_held FROM batch'
                )

    def add(self, endpoint: Endpoint, table: str, rows: pa.Table, *, is_held: bool) -> None:
        """Take rows: from the destination's table if `is_held`, else from the API.

        Args:
            endpoint: Their endpoint.
            table: The name of its root table, or of one of its child tables.
            rows: They, with at least the columns that `columns` names.
            is_held: Whether they come from the table.
        """
        columns = self._selected(endpoint, self._table(endpoint, table))
        # A row that only clears the list of a parent is no row of the API.
        is_flag = endpoint.is_full_list and table == endpoint.table_name  # of a deleted row
        clears = REMOVED in rows.column_names and not is_flag
        where = f'WHERE "{REMOVED}" IS NOT TRUE' if clears else ""
        with self._registered("batch", rows):
            self._db.execute(
                f'INSERT INTO "rows__{table}" SELECT {columns}, {is_held} FROM batch {where}'
            )

    def columns(self, endpoint: Endpoint, table: TableLayout) -> list[str]:
        """The columns that a comparison takes from a table."""
        if table.level:
            return [key.name for key in table.keys] + list(table.positions)
        there = {column.name for column in table.columns()}
        wanted = [*self._key(endpoint), *(parent.column for parent in endpoint.parents)]
        wanted += [name for name in ("id", "timestamp", "is_deleted") if name in there]
        wanted += [name for name in _told_by(endpoint) if name in there]
        if endpoint.backfill_date_field:
            wanted.append(snake_case(endpoint.backfill_date_field))
        # Every table has one column at least that can be counted.
        return list(dict.fromkeys(wanted)) or [UNREADABLE]

    def findings(self, endpoint: Endpoint, next_run: NextRun) -> list[Finding]:
        """Compare the tables of an endpoint, once all rows of both sides are there.

        Args:
            endpoint: The endpoint.
            next_run: What the next run brings by itself.
        """
        root, *children = self.layout(endpoint).with_children()
        self._compare_root(endpoint, root)
        for child in children:
            self._compare_child(endpoint, child)
        self._mark_new(endpoint, next_run)
        return [self._finding(endpoint, table) for table in (root, *children)]

    def listed(self, endpoint: Endpoint) -> Iterator[ApiRow]:
        """Yield the rows with ids that the API gives for an endpoint."""
        query = (
            "SELECT partition, variant, id, coalesce(version, 0) "
            f'FROM "rows__{endpoint.table_name}" WHERE NOT is_held AND id IS NOT NULL'
        )
        for rows in self._chunks(query):
            yield from starmap(ApiRow, rows)

    def removable(self, endpoint: Endpoint) -> ExtraKeys | None:
        """The extra rows that the API does not give, if there are any."""
        key = self._key(endpoint)
        if not key:
            return None
        keys = _names(len(key))
        parts = " UNION ".join(
            f'SELECT {keys} FROM "compared__{table.name}" WHERE {_EXTRA} AND is_unknown'
            for table in self.layout(endpoint).with_children()
        )
        found = self._db.execute(parts).fetchall()
        if self._settings.shared_dataset:
            key = (INSTALLATION, *key)
            found = [(self._settings.installation, *values) for values in found]
        return ExtraKeys(key, found) if found else None

    def is_reload_needed(self, endpoint: Endpoint) -> bool:
        """Whether there are differences that loading the endpoint again removes."""
        return any(
            self._count(f'"compared__{table.name}" WHERE {_MISSING} OR {_STALE} '
                        f"OR ({_EXTRA} AND NOT is_unknown)")
            for table in self.layout(endpoint).with_children()
        )  # fmt: skip

    def close(self) -> None:
        """Give back the memory."""
        self._db.close()

    def _key(self, endpoint: Endpoint) -> tuple[str, ...]:
        """The key, without columns that are left out because they are personal data."""
        there = {column.name for column in self.layout(endpoint).columns()}
        return tuple(name for name in endpoint.key if name in there)

    def _table(self, endpoint: Endpoint, name: str) -> TableLayout:
        return next(t for t in self.layout(endpoint).with_children() if t.name == name)

    def _selected(self, endpoint: Endpoint, table: TableLayout) -> str:
        """What is kept of a row, as SQL over its columns."""
        if table.level:
            names = self.columns(endpoint, table)
            return ", ".join(f'"{name}" AS k{place}' for place, name in enumerate(names))
        there = {column.name for column in table.columns()}
        # Lists without a documented key are compared by the number of their rows.
        keys = [f'"{name}" AS k{i}' for i, name in enumerate(self._key(endpoint))] or ["0 AS k0"]
        parents = ", ".join(f'CAST("{parent.column}" AS VARCHAR)' for parent in endpoint.parents)
        is_gone = self._settings.deleted_rows == "remove"
        return ", ".join(
            (
                *keys,
                f"concat_ws('|', {parents}) AS partition" if parents else "'' AS partition",
                f"{_column('id', there)} AS id",
                f"{_column('timestamp', there)} AS version",
                f"{_variant(endpoint, there)} AS variant",
                f"{'is_deleted IS TRUE' if 'is_deleted' in there else 'false'} AS is_flagged",
                f"{'is_flagged' if is_gone else 'false'} AS is_gone",
                f"{_is_old(endpoint, self._settings.start_date)} AS is_old",
            )
        )

    def _compare_root(self, endpoint: Endpoint, table: TableLayout) -> None:
        keys = _names(max(1, len(self._key(endpoint))))
        in_api = "count(*) FILTER (NOT is_held)"
        versions = "false"
        if endpoint.write is Write.MERGE:
            # While a list is read, a row can come in two versions: the later one counts.
            in_api = (
                "coalesce(CAST(arg_max(NOT is_gone, coalesce(version, 0)) FILTER (NOT is_held) "
                "AS BIGINT), 0)"
            )
            versions = "in_api > 0 AND in_table > 0 AND version IS DISTINCT FROM held_version"
        out_of_reach = self._is_out_of_reach(endpoint)
        self._db.execute(f"""
            CREATE TABLE "keyed__{table.name}" AS
            WITH keyed AS (
                SELECT {keys}, {in_api} AS in_api, count(*) FILTER (is_held) AS in_table,
                    max(version) FILTER (NOT is_held) AS version,
                    max(version) FILTER (is_held) AS held_version,
                    coalesce(any_value(partition) FILTER (NOT is_held), any_value(partition)) AS
                    partition,
                    any_value(variant) FILTER (NOT is_held) AS variant,
                    any_value(id) AS id,
                    bool_or(NOT is_held) AS is_listed,
                    coalesce(bool_or(is_old) FILTER (NOT is_held), false) AS is_old
                FROM "rows__{table.name}" GROUP BY {keys}
            )
            SELECT * REPLACE (is_old OR (NOT is_listed AND ({out_of_reach})) AS is_old),
                row_number() OVER () AS root, {versions} AS is_stale,
                {"in_api = 0" if self._key(endpoint) else "false"} AS is_unknown
            FROM keyed
        """)

    def _is_out_of_reach(self, endpoint: Endpoint) -> str:
        """SQL: whether a row of `keyed` hangs on a parent that was deleted, so that it is no wonder
        that the API does not give it any more."""
        ways = ["false"]
        if endpoint.pairs_from:  # every run reads all of it again
            return ways[0]
        for place, parent in enumerate(endpoint.parents, 1):
            if self._settings.mode in parent.implicit_for_modes:
                continue
            listed = f'FROM "rows__{ENDPOINTS[parent.table].table_name}" WHERE NOT is_held'
            held = f"split_part(partition, '|', {place})"
            ways.append(f"{held} IN (SELECT CAST(id AS VARCHAR) {listed} AND is_flagged)")
            if self._has_deleted_parents(ENDPOINTS[parent.table]):
                # Perhaps its parent is out of reach itself.
                ways.append(
                    f"{held} NOT IN (SELECT CAST(id AS VARCHAR) {listed} AND id IS NOT NULL)"
                )
        return " OR ".join(ways)

    def _has_deleted_parents(self, endpoint: Endpoint) -> bool:
        return any(
            self._count(f'"rows__{above.table_name}" WHERE NOT is_held AND is_flagged')
            or self._has_deleted_parents(above)
            for parent in endpoint.parents
            if self._settings.mode not in parent.implicit_for_modes
            for above in (ENDPOINTS[parent.table],)
        )

    def _compare_child(self, endpoint: Endpoint, table: TableLayout) -> None:
        keys = _names(len(table.keys) + len(table.positions))
        same = " AND ".join(
            f"keyed.k{i} IS NOT DISTINCT FROM root.k{i}" for i in range(len(table.keys))
        )
        self._db.execute(f"""
            CREATE TABLE "keyed__{table.name}" AS
            WITH keyed AS (
                SELECT {keys}, count(*) FILTER (NOT is_held) AS in_api,
                    count(*) FILTER (is_held) AS in_table
                FROM "rows__{table.name}" GROUP BY {keys}
            )
            SELECT keyed.*, root.root, false AS is_stale, coalesce(root.is_old, false) AS is_old,
                coalesce(root.is_unknown, true) AS is_unknown
            FROM keyed LEFT JOIN "keyed__{endpoint.table_name}" root ON {same}
        """)

    def _mark_new(self, endpoint: Endpoint, next_run: NextRun) -> None:
        """Tell the rows that the next run brings from those that are wrong.

        Only rows that differ, or have child rows that do, are looked at one by one. A row that the
        next run brings brings its child rows too.
        """
        tables = [table.name for table in self.layout(endpoint).with_children()]
        differs = "(in_api <> in_table OR is_stale) AND NOT is_old"
        differing = " UNION ".join(
            f'SELECT root FROM "keyed__{name}" WHERE {differs}' for name in tables
        )
        new = f'"new__{endpoint.table_name}"'
        self._db.execute(f"CREATE TABLE {new} (root BIGINT)")
        query = (
            "SELECT partition, variant, id, coalesce(version, 0), is_listed, root "
            f'FROM "keyed__{endpoint.table_name}" WHERE root IN ({differing})'
        )
        for rows in self._chunks(query):
            roots = [root for *row, root in rows if next_run.brings(endpoint, ApiRow(*row))]
            with self._registered("found", pa.table({"root": pa.array(roots, pa.int64())})):
                self._db.execute(f"INSERT INTO {new} FROM found")
        for name in tables:
            self._db.execute(f"""
                CREATE VIEW "compared__{name}" AS
                SELECT *, root IS NOT NULL AND root IN (FROM {new}) AS is_new FROM "keyed__{name}"
            """)

    def _finding(self, endpoint: Endpoint, table: TableLayout) -> Finding:
        name = f'"compared__{table.name}"'
        [counts] = self._db.execute(f"""
            SELECT
                sum(in_api) FILTER (NOT is_old OR in_table > 0),
                sum(in_table),
                sum(in_api - in_table) FILTER ({_MISSING}),
                sum(in_table - in_api) FILTER ({_EXTRA}),
                count(*) FILTER ({_STALE}),
                count(*) FILTER (is_new AND NOT is_old AND (in_api <> in_table OR is_stale)),
                sum(in_table - in_api) FILTER ({_EXTRA} AND is_unknown)
            FROM {name}
        """).fetchall()
        in_api, in_table, missing, extra, stale, newer, removable = (int(n or 0) for n in counts)
        shown = self._shown(endpoint, table)
        examples = {}
        for kind, where in (("missing", _MISSING), ("extra", _EXTRA), ("stale", _STALE)):
            keys = ", ".join(f"k{place}" for place in shown)
            if keys and (found := self._db.execute(
                f"SELECT {keys} FROM {name} WHERE {where} ORDER BY {keys} LIMIT {EXAMPLES}"
            ).fetchall()):  # fmt: skip
                examples[kind] = found
        return Finding(
            table.name, in_api, in_table, missing, extra, stale, newer, examples, removable
        )

    def _shown(self, endpoint: Endpoint, table: TableLayout) -> list[int]:
        """The places of the key's columns that are not personal data."""
        root = self.layout(endpoint)
        personal = {column.name for column in root.columns() if column.pii}
        places = [i for i, name in enumerate(self._key(endpoint)) if name not in personal]
        if table.level:
            places += range(len(table.keys), len(table.keys) + len(table.positions))
        return places

    @contextmanager
    def _registered(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Show an Arrow table to DuckDB under a name."""
        self._db.register(name, rows)
        try:
            yield
        finally:
            self._db.unregister(name)

    def _chunks(self, query: str) -> Iterator[list[tuple[Any, ...]]]:
        """The rows that a query gives, a few thousand at a time."""
        with self._db.cursor() as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(CHUNK_ROWS):
                yield rows

    def _count(self, rows: str) -> int:
        [(count,)] = self._db.execute(f"SELECT count(*) FROM {rows}").fetchall()
        return int(count)


_COUNTS = "NOT is_new AND NOT is_old"
_MISSING = f"(in_api > in_table AND {_COUNTS})"
_EXTRA = f"(in_table > in_api AND {_COUNTS})"
_STALE = f"(is_stale AND {_COUNTS})"


def _names(keys: int) -> str:
    return ", ".join(f"k{place}" for place in range(keys))


def _column(name: str, there: Sequence[str] | set[str]) -> str:
    return f'"{name}"' if name in there else "CAST(NULL AS BIGINT)"


def _told_by(endpoint: Endpoint) -> list[str]:
    """The columns that tell by which of its request variants a row comes."""
    several = (
        endpoint.request_variants
        if endpoint.is_keyset and len(endpoint.request_variants) > 1
        else ()
    )
    return list(dict.fromkeys(snake_case(name) for variant in several for name in variant))


def _variant(endpoint: Endpoint, there: set[str]) -> str:
    """SQL: the index of the request variant by which a row comes; NULL if it does not tell."""
    told_by = _told_by(endpoint)
    if not told_by:
        return "0"
    if not there.issuperset(told_by):
        return "CAST(NULL AS INTEGER)"
    cases = []
    for number, variant in enumerate(endpoint.request_variants):
        same = (f"CAST(\"{snake_case(name)}\" AS VARCHAR) = '{v}'" for name, v in variant.items())
        cases.append(f"WHEN {' AND '.join(same)} THEN {number}")
    return f"CASE {' '.join(cases)} END"


def _is_old(endpoint: Endpoint, start: date | None) -> str:
    """SQL: whether a first load leaves a row out because of its date."""
    if start is None or endpoint.backfill_date_field is None:
        return "false"
    return f"coalesce(\"{snake_case(endpoint.backfill_date_field)}\" < DATE '{start}', false)"
