"""How much of the machine DuckDB takes: threads and memory."""

from __future__ import annotations

import os

import duckdb

MOST_THREADS = 4
MEGABYTES_PER_THREAD = 125
"""DuckDB's limit: the memory that its documentation asks for."""
ROW_GROUP = 122_880
"""The rows that DuckDB stores together."""


def most_threads() -> int:
    """Return how many threads DuckDB may take of the machine."""
    return min(os.cpu_count() or 1, MOST_THREADS)


def threads_of_first_load(rows: int) -> int:
    """Return how many threads fill a new table.

    Each thread leaves a row group of its own that is not full. DuckDB writes neighbours anew to
    fill them, and leaves their place in the file, unless four full ones or more stand between.

    Args:
        rows: How many rows the table gets.
    """
    return max(1, min(rows // (4 * ROW_GROUP), most_threads()))


def limit(connection: duckdb.DuckDBPyConnection) -> None:
    """Limit what DuckDB takes of the machine.

    It would take most of the memory. With less it is hardly slower: it writes what does not fit to
    a folder beside the file, and the rows' order does not matter.
    """
    threads = most_threads()
    connection.execute(f"SET threads = {threads}")
    connection.execute(f"SET memory_limit = '{MEGABYTES_PER_THREAD * threads}MB'")
    connection.execute("SET preserve_insertion_order = false")
