"""From names of the API's fields to names of columns."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlt.common.normalizers.naming.snake_case import NamingConvention

MOST_NAMES = 2_000
"""So many column names are remembered; the API may send any number of unknown fields."""


@lru_cache(MOST_NAMES)
def snake_case(name: str) -> str:
    """Return the column name of an API field, by dlt's naming convention (`x` for a blank name)."""
    naming = _naming()
    if snake_case.cache_info().currsize >= MOST_NAMES:
        # dlt itself remembers every name that it has ever normalized.
        for cached in ("_normalize_identifier", "shorten_identifier"):
            getattr(getattr(naming, cached, None), "cache_clear", lambda: None)()
    return naming.normalize_identifier(name) if name.strip() else "x"


@cache
def _naming() -> NamingConvention:
    # Imported late: what needs the names of resources only, such as completion in a shell, does
    # without dlt.
    from dlt.common.normalizers.naming.snake_case import NamingConvention

    return NamingConvention()
