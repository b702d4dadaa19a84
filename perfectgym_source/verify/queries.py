"""SQL that pairs the rows of the API with the rows of a table, by key.

The rows of the API stand in the schema `api` of the scratch database, those of the destination in
`stored`, in tables of the same columns. A row is reduced to its key, a hash of its values and a few
flags; the values themselves are only compared where the hashes differ.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from ..catalog import Endpoint, TableLayout, Write
from ..catalog.naming import snake_case
from ..catalog.tables import REMOVED
from ..config.settings import Settings

COUNTED = "NOT is_pending AND NOT is_old"
MISSING = f"(in_api > in_table AND {COUNTED})"
EXTRA = f"(in_table > in_api AND {COUNTED})"
STALE = f"(is_stale AND {COUNTED})"


@dataclass(frozen=True)
class ComparedTable:
    """One table of an endpoint, as both sides have it.

    Attributes:
        endpoint: The endpoint.
        layout: The table.
        key: The columns of its key, without those that the rules for personal data leave out. If
            there are none, the values are the key.
        columns: All columns of the rows of the API.
        compared: Those of them that the destination's table has too.
    """

    endpoint: Endpoint
    layout: TableLayout
    key: tuple[str, ...]
    columns: Collection[str]
    compared: Sequence[str]

    @property
    def name(self) -> str:
        """Return the table's name."""
        return self.layout.name

    @property
    def is_merged(self) -> bool:
        """Return whether a row replaces an earlier one with its key."""
        return self.layout.level == 0 and self.endpoint.write is Write.MERGE and bool(self.key)

    @property
    def key_names(self) -> list[str]:
        """Return the names of the key's columns in the queries."""
        return [f"k{index}" for index in range(len(self.key) or 1)]

    def api_rows(self, settings: Settings) -> str:
        """Return SQL for the rows of the API."""
        # A row that only clears the child rows of its parent is no row of the API; in the table
        # of a full list, the column flags deleted rows.
        is_flag = self.endpoint.removes_missing and self.layout.level == 0
        clears = REMOVED in self.columns and not is_flag
        where = f'WHERE "{REMOVED}" IS NOT TRUE' if clears else ""
        return f'SELECT {self._row(settings)} FROM api."{self.name}" {where}'

    def stored_rows(self, settings: Settings) -> str:
        """Return SQL for the rows of the destination's table."""
        return f'SELECT {self._row(settings)} FROM stored."{self.name}"'

    def _row(self, settings: Settings) -> str:
        compared = ", ".join(f'"{name}"' for name in self.compared) or "0"
        keys = [f'"{name}"' for name in self.key] or ["hash_of_values"]
        parts = [f"hash({compared}) AS hash_of_values", "rowid AS row"]
        parts += [f"{key} AS {name}" for key, name in zip(keys, self.key_names)]
        if not self.layout.level:
            parts += self._root_columns(settings)
        return ", ".join(parts)

    def _root_columns(self, settings: Settings) -> list[str]:
        endpoint = self.endpoint
        parents = ", ".join(f'CAST("{parent.column}" AS VARCHAR)' for parent in endpoint.parents)
        deleted = endpoint.deleted_column
        is_flagged = f'"{deleted}" IS TRUE' if deleted in self.columns else "false"
        return [
            f"concat_ws('|', {parents}) AS partition" if parents else "'' AS partition",
            f"{self._number(endpoint.id_column)} AS id",
            f"coalesce({self._number(endpoint.cursor_column)}, 0) AS version",
            f"{_variant(endpoint, self.columns)} AS variant",
            f"{is_flagged if settings.deleted_rows == 'remove' else 'false'} AS is_removed",
            f"{_is_old(endpoint, settings.start_date)} AS is_old",
        ]

    def _number(self, name: str | None) -> str:
        return f'"{name}"' if name in self.columns else "CAST(NULL AS BIGINT)"


def pair_root(table: ComparedTable, settings: Settings, out_of_reach: str) -> str:
    """Return SQL that makes `paired."TABLE"`, a row for each key of either side.

    Args:
        table: A root table.
        settings: The source's settings.
        out_of_reach: SQL: whether the API no longer returns a row because its parent is deleted.
    """
    count, hashed, row = "count(*)", "sum(hash_of_values)", "min(row)"
    is_stale = "in_api = in_table"
    if table.is_merged:
        # A row that changes while the API is read can come in two versions: the later one counts.
        count = "CAST(arg_max(NOT is_removed, version) AS BIGINT)"
        hashed, row = "arg_max(hash_of_values, version)", "arg_max(row, version)"
        is_stale = "in_api > 0 AND in_table > 0"
    keys = ", ".join(table.key_names)
    return f"""
        CREATE TABLE paired."{table.name}" AS
        WITH api AS (
            SELECT {keys}, {count} AS in_api, {hashed} AS hash_of_values, {row} AS row,
                any_value(partition) AS partition, any_value(variant) AS variant,
                any_value(id) AS id, max(version) AS version, bool_or(is_old) AS is_old
            FROM ({table.api_rows(settings)}) GROUP BY {keys}
        ), stored AS (
            SELECT {keys}, count(*) AS in_table, {hashed} AS hash_of_values, {row} AS row,
                any_value(partition) AS partition, any_value(id) AS id
            FROM ({table.stored_rows(settings)}) GROUP BY {keys}
        ), paired AS (
            SELECT {_joined_columns(table)},
                coalesce(api.partition, stored.partition) AS partition, api.variant,
                coalesce(api.id, stored.id) AS id, coalesce(api.version, 0) AS version,
                api.row IS NOT NULL AS is_listed, coalesce(api.is_old, false) AS is_dated_old
            FROM api FULL OUTER JOIN stored ON {_same_keys(table)}
        )
        SELECT *, row_number() OVER () AS root,
            is_dated_old OR (NOT is_listed AND ({out_of_reach})) AS is_old,
            {is_stale} AND has_other_values AS is_stale,
            {"in_api = 0" if table.key else "false"} AS is_unknown
        FROM paired
    """


def pair_child(table: ComparedTable, settings: Settings) -> str:
    """Return SQL that makes `paired."TABLE"` of a child table, once its root table is paired."""
    keys = ", ".join(table.key_names)
    values = f"{keys}, sum(hash_of_values) AS hash_of_values, min(row) AS row"
    roots = range(len(table.layout.keys))
    same_root = " AND ".join(f"paired.k{i} IS NOT DISTINCT FROM root.k{i}" for i in roots)
    return f"""
        CREATE TABLE paired."{table.name}" AS
        WITH api AS (
            SELECT {values}, count(*) AS in_api
            FROM ({table.api_rows(settings)}) GROUP BY {keys}
        ), stored AS (
            SELECT {values}, count(*) AS in_table
            FROM ({table.stored_rows(settings)}) GROUP BY {keys}
        ), paired AS (
            SELECT {_joined_columns(table)}
            FROM api FULL OUTER JOIN stored ON {_same_keys(table)}
        )
        SELECT paired.*, root.root, coalesce(root.is_old, false) AS is_old,
            paired.in_api = paired.in_table AND paired.has_other_values AS is_stale,
            coalesce(root.is_unknown, true) AS is_unknown
        FROM paired LEFT JOIN paired."{table.endpoint.table_name}" root ON {same_root}
    """


def count_differences(table: ComparedTable) -> str:
    """Return SQL for the counts of a `TableDiff`, from `in_api` on."""
    return f"""
        SELECT
            sum(in_api) FILTER (NOT is_old OR in_table > 0),
            sum(in_table),
            sum(in_api - in_table) FILTER ({MISSING}),
            sum(in_table - in_api) FILTER ({EXTRA}),
            count(*) FILTER ({STALE}),
            count(*) FILTER (is_pending AND NOT is_old AND (in_api <> in_table OR is_stale)),
            sum(in_table - in_api) FILTER ({EXTRA} AND is_unknown)
        FROM compared."{table.name}"
    """


def count_stale_columns(table: ComparedTable) -> str:
    """Return SQL for the number of stale rows in which each of the compared columns differs."""
    columns = ", ".join(
        f'count(*) FILTER (api."{name}" IS DISTINCT FROM stored."{name}")'
        for name in table.compared
    )
    return f"""
        SELECT {columns} FROM compared."{table.name}" pair
        JOIN api."{table.name}" api ON api.rowid = pair.api_row
        JOIN stored."{table.name}" stored ON stored.rowid = pair.stored_row
        WHERE {STALE} AND in_api = 1
    """


def _joined_columns(table: ComparedTable) -> str:
    keys = ", ".join(f"coalesce(api.{name}, stored.{name}) AS {name}" for name in table.key_names)
    return (
        f"{keys}, coalesce(in_api, 0) AS in_api, coalesce(in_table, 0) AS in_table, "
        "api.row AS api_row, stored.row AS stored_row, "
        "api.hash_of_values IS DISTINCT FROM stored.hash_of_values AS has_other_values"
    )


def _same_keys(table: ComparedTable) -> str:
    return " AND ".join(
        f"api.{name} IS NOT DISTINCT FROM stored.{name}" for name in table.key_names
    )


def _variant_columns(endpoint: Endpoint) -> list[str]:
    """Return the columns that tell a row's request variant."""
    variants = endpoint.request_variants
    several = variants if endpoint.is_keyset and len(variants) > 1 else ()
    return list(dict.fromkeys(snake_case(name) for variant in several for name in variant))


def _variant(endpoint: Endpoint, columns: Collection[str]) -> str:
    """Return SQL for the index of a row's request variant; NULL if unknown."""
    names = _variant_columns(endpoint)
    if not names:
        return "0"
    if not set(columns).issuperset(names):
        return "CAST(NULL AS INTEGER)"
    cases = []
    for index, variant in enumerate(endpoint.request_variants):
        same = (f"CAST(\"{snake_case(name)}\" AS VARCHAR) = '{v}'" for name, v in variant.items())
        cases.append(f"WHEN {' AND '.join(same)} THEN {index}")
    return f"CASE {' '.join(cases)} END"


def _is_old(endpoint: Endpoint, start: date | None) -> str:
    """Return SQL: whether a first load leaves a row out because of its date."""
    if start is None or endpoint.backfill_date_field is None:
        return "false"
    return f"coalesce(\"{snake_case(endpoint.backfill_date_field)}\" < DATE '{start}', false)"
