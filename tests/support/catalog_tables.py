"""The tables of a generation of the API, each with the hints that dlt gets."""

from __future__ import annotations

from typing import Any

from perfectgym_source.catalog import ApiVersion, Endpoint, TableLayout, table_layout
from perfectgym_source.catalog.hints import child_hints, root_hints

Hints = dict[str, Any]


def tables_of(api: ApiVersion, endpoint: Endpoint) -> list[tuple[TableLayout, Hints]]:
    """Each table of an endpoint with its hints."""
    root, *children = table_layout(endpoint).with_children()
    found = [(root, root_hints(api, endpoint, "flag"))]
    return found + [(table, child_hints(api, endpoint, table)) for table in children]


def all_tables(api: ApiVersion) -> list[tuple[str, Endpoint, TableLayout, Hints]]:
    """The tables of all endpoints, each with a name for messages."""
    return [
        (f"{endpoint.name}:{table.name}", endpoint, table, hints)
        for endpoint in api.endpoints.values()
        for table, hints in tables_of(api, endpoint)
    ]
