"""Differences between the tables and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 5
"""The number of keys that are shown of each kind of difference in a table."""
MAY_BE_EMPTIED = 20
"""A repair does not delete more than half of a table that has more rows than this."""
Key = tuple[Any, ...]
"""The values of a row's key columns."""


@dataclass(frozen=True)
class ExtraKeys:
    """Keys of a root table that the API does not return.

    Attributes:
        columns: The columns of the key.
        keys: Their values.
    """

    columns: tuple[str, ...]
    keys: list[Key]


@dataclass(frozen=True)
class TableDiff:
    """The differences between one table and the API.

    Attributes:
        table: The table.
        in_api: Rows in the API.
        in_table: Rows in the table.
        missing: Rows of the API that the table lacks.
        extra: Rows of the table that the API does not return, or that the table has twice.
        stale: Rows in both, with different values; rows that share a key count as one.
        pending: Rows of any of these kinds that the next run changes by itself: no difference.
        stale_columns: The number of stale rows in which a column differs, by column, the most
            frequent first; of rows that share a key, the columns are not told.
        examples: A few keys of the missing, extra and stale rows, without personal data.
        unknown_to_api: How many of the extra rows have a key that the API does not return.
    """

    table: str
    in_api: int
    in_table: int
    missing: int
    extra: int
    stale: int
    pending: int
    stale_columns: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, list[Key]] = field(default_factory=dict)
    unknown_to_api: int = 0

    @property
    def is_equal(self) -> bool:
        """Return whether the table is right."""
        return not (self.missing or self.extra or self.stale)

    @property
    def exceeds_delete_threshold(self) -> bool:
        """Return whether a repair would delete so many rows that the API rather returns too few."""
        return self.in_table > MAY_BE_EMPTIED and self.unknown_to_api > self.in_table // 2


@dataclass(frozen=True)
class EndpointDiff:
    """The differences between all tables of one endpoint and the API.

    Attributes:
        tables: Those of each table, the root table first.
        extra_keys: The extra rows that the API does not return; None if there are none.
        needs_reload: Whether there are differences that loading the endpoint again removes.
    """

    tables: list[TableDiff]
    extra_keys: ExtraKeys | None
    needs_reload: bool

    @property
    def exceeds_delete_threshold(self) -> bool:
        """Return whether a repair would delete most of a table."""
        return any(table.exceeds_delete_threshold for table in self.tables)
