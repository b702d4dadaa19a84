"""A world whose personal data cannot be mistaken for anything else, and the search for it."""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from support.loading import small_world

from perfectgym_source.catalog import ENDPOINTS, ROW_TYPES
from perfectgym_source.sandbox import World

DETAILS = {
    "users": "user_details",
    "clubs": "club_details",
    "messages": "message_details",
    "contracts": "contract_details",
    "memberships": "membership_details",
    "payment_plans": "payment_plan_details",
    "user_classes": "user_classes",
}
"""Stored tables whose rows show more elsewhere."""
PLAIN = {"datetime": "1911-03-07T00:00:00", "decimal": 98765.4321, "long": 7171717171717}
MARKS = ("Canary", "canary", "1911-03-07", "1911, 3, 7", "98765.4321", "7171717171717")
"""How they read in files: dates as text and as Python shows them."""
FORM = re.compile("|".join(map(re.escape, MARKS)))


def marked_world() -> World:
    """A small world in which every personal value is a canary: the same one for the same value."""
    world = small_world()
    given: dict[Any, str] = {}
    for table in world.tables:
        row_type = ENDPOINTS[DETAILS.get(table, table)].row_type
        for row in world.rows(table):
            mark(row, row_type, given)
            mark(row.detail, row_type, given)
            row.forget_json()
    return world


def mark(value: Any, row_type: str, given: dict[Any, str]) -> None:
    """Put canaries in the place of the personal values of a row, at every depth."""
    if isinstance(value, list):
        for element in value:
            mark(element, row_type, given)
    if not isinstance(value, dict):
        return
    for field in (field for part in row_type.split(" + ") for field in ROW_TYPES[part].fields):
        for name in (field.name, *field.aliases):
            if name not in value:
                continue
            if not field.is_scalar:
                mark(value[name], field.element_type, given)
            elif field.pii:
                text = given.setdefault(value[name], f" Canary-{len(given)}@Mail.example ")
                value[name] = PLAIN.get(field.type, text)


def traces(folder: Path) -> list[tuple[str, str]]:
    """The canaries in the files below a folder, however they are packed."""
    return [
        (str(path.relative_to(folder)), trace)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for text in texts_of(path)
        for trace in sorted(mark for mark in MARKS if mark in text)
    ]


def texts_of(path: Path) -> Iterator[str]:
    """What a file holds, as it is and unpacked."""
    content = path.read_bytes()
    yield content.decode("latin-1")
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
        yield content.decode("latin-1")
    if path.suffix == ".parquet":
        yield repr(pq.read_table(path).to_pylist())
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            for schema, table in connection.sql(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall():
                rows = connection.sql(f'select t::varchar from "{schema}"."{table}" t').fetchall()
                yield "\n".join(row for (row,) in rows)
                if table == "_dlt_pipeline_state":
                    states = connection.sql(f'select state from "{schema}"."{table}"').fetchall()
                    yield from (unpacked(state) for (state,) in states)
    yield unpacked(content)


def unpacked(value: Any) -> str:
    """The text in base64 of zlib, which is how dlt keeps its state."""
    try:
        return zlib.decompress(base64.b64decode(value, validate=True)).decode("latin-1")
    except (TypeError, ValueError, zlib.error):
        return ""
