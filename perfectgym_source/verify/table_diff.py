"""What a comparison of the tables with the API finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAY_BE_EMPTIED = 20
"""A table with more rows than that does not lose more than half of them to a repair."""
Key = tuple[Any, ...]
"""The values of a row's key columns."""


@dataclass(frozen=True)
class ExtraKeys:
    """Rows of a root table that the API does not give.

    Attributes:
        columns: The columns of the key.
        keys: Their values.
    """

    columns: tuple[str, ...]
    keys: list[Key]


@dataclass(frozen=True)
class Finding:
    """How one table differs from the API.

    Attributes:
        table: The table.
        in_api: Rows in the API.
        in_table: Rows in the table.
        missing: Rows of the API that the table lacks.
        extra: Rows of the table that the API does not give, or that stand there more than once.
        stale: Rows in both, with different row versions.
        newer: Rows of any of these kinds that the next run asks for by itself, because they
            changed since the last one: no difference.
        examples: A few keys of the missing, extra and stale rows, without personal data.
        removable: How many of the extra rows have a key that the API does not give.
    """

    table: str
    in_api: int
    in_table: int
    missing: int
    extra: int
    stale: int
    newer: int
    examples: Mapping[str, list[Key]] = field(default_factory=dict)
    removable: int = 0

    @property
    def is_equal(self) -> bool:
        """Whether the table is right."""
        return not (self.missing or self.extra or self.stale)

    @property
    def exceeds_delete_threshold(self) -> bool:
        """Whether so much would be removed that it is rather the API that gives too little."""
        return self.in_table > MAY_BE_EMPTIED and self.removable > self.in_table // 2
