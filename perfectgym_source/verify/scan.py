"""Reads the rows of both sides into a comparison: the API's lists, and the destination's tables."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pendulum
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from ..api.client import Client
from ..catalog import ENDPOINTS, Endpoint
from ..catalog.model import INSTALLATION
from ..catalog.selection import ancestors
from ..config.settings import Settings
from ..extract.context import ExtractContext
from ..extract.extraction import Extraction
from ..extract.report import Report
from ..extract.state import SourceState, StoredState
from ..transform.decoder import Decoder
from .compare import Comparison

CHUNK_ROWS = 100_000
IDLE_SECONDS = 0.01


def make_extraction(
    settings: Settings,
    endpoints: Sequence[Endpoint],
    state_of: Callable[[str], StoredState],
    report: Report,
) -> Extraction:
    """Make a run over the API that loads nothing; to be closed.

    Args:
        settings: The source's settings.
        endpoints: What it reads.
        state_of: Returns the stored state of a resource, by name.
        report: Where it writes down what was done, and what could not be read.
    """

    def decoder(endpoint: Endpoint, context: ExtractContext) -> Decoder:
        return Decoder(
            endpoint,
            context.clocks,
            removes_deleted=settings.deleted_rows == "remove",
            privacy=settings.pii,
        )

    now = cast("datetime", pendulum.now("UTC"))
    context = ExtractContext.of(settings, Client(settings), now, report)
    return Extraction(context, endpoints, state_of, decoder)


def read_api(
    settings: Settings, compared: Sequence[Endpoint], comparison: Comparison, report: Report
) -> dict[str, dict[str, str]]:
    """Read lists from their beginnings, and those whose ids they take.

    Args:
        settings: The source's settings.
        compared: The endpoints.
        comparison: What takes the rows.
        report: Where to write down what was done, and what could not be read.

    Returns:
        By endpoint, the digests of the lists that every run reads.

    Raises:
        PerfectGymError: The reading had to stop: sign-in refused, too many failures, ...
    """
    above = {name for entry in compared for name in ancestors(settings.api, entry, settings.mode)}
    names = above | {entry.name for entry in compared}
    endpoints = [entry for entry in ENDPOINTS.values() if entry.name in names]
    for endpoint in endpoints:
        comparison.open(endpoint)
    states = SourceState()
    run = make_extraction(
        replace(settings, start_date=None, end_date=None), endpoints, states.resource, report
    )
    try:
        run.start()
        under_way = {entry.name: run.batches(entry.name) for entry in endpoints}
        while under_way:
            is_idle = True
            for name, batches in list(under_way.items()):
                try:
                    batch = next(batches)
                except StopIteration:
                    del under_way[name]
                    if not (ENDPOINTS[name].is_keyset or ENDPOINTS[name].is_full_list):
                        run.finish(name)
                    continue
                if batch is not None:
                    is_idle = False
                    for table, rows in batch.tables.items():
                        comparison.add(ENDPOINTS[name], table, rows, is_held=False)
            if is_idle:
                time.sleep(IDLE_SECONDS)
    finally:
        run.context.record_requests()
        run.close()
    return {name: states.resource(name).digests for name in names}


def read_tables(
    endpoint: Endpoint,
    settings: Settings,
    client: SqlClientBase[Any],
    comparison: Comparison,
) -> None:
    """Read the keys that the destination's tables hold; a table that is missing holds none.

    Args:
        endpoint: The endpoint of the tables.
        settings: The source's settings.
        client: The destination's client.
        comparison: What takes the rows.
    """
    for table in comparison.layout(endpoint).with_children():
        names = comparison.columns(endpoint, table)
        columns = ", ".join(client.escape_column_name(name) for name in names)
        query = f"SELECT {columns} FROM {client.make_qualified_table_name(table.name)}"
        given = []
        if settings.shared_dataset:
            query += f" WHERE {client.escape_column_name(INSTALLATION)} = %s"
            given.append(settings.installation)
        try:
            # DuckDB 2 warns of the way in which dlt asks for Arrow.
            with warnings.catch_warnings(), client.execute_query(query, *given) as cursor:
                warnings.filterwarnings("ignore", "Arrow output on a DB-API result")
                for rows in cursor.iter_arrow(CHUNK_ROWS):
                    comparison.add(endpoint, table.name, rows.rename_columns(names), is_held=True)
        except DatabaseUndefinedRelation:
            continue
