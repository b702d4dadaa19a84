"""Pages of elements as bytes: the part of a list that a request asks for, kept compressed."""

from __future__ import annotations

from typing import Any

from .endpoints import PAGE_SIZE, Endpoint
from .replies import Reply
from .store import views
from .store.rows import rows_after
from .world import World

_KEPT = 256


class Pages:
    """Makes the answers of endpoints; compressed ones are kept until the world changes.

    Args:
        world: whose rows are served.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._compressed: dict[tuple[str, tuple[tuple[str, Any], ...]], bytes] = {}
        self._version = -1
        self._asked: dict[tuple[str, frozenset[tuple[str, Any]]], dict[str, Any]] = {}

    def turn(self, endpoint: Endpoint, values: dict[str, Any], back: bool) -> dict[str, Any]:
        """Remember which page of a list is asked for, or go back to the one asked before it."""
        if endpoint.paging == "none":
            return values
        place = frozenset(item for item in values.items() if item[0] not in ("timestamp", "page"))
        key = (endpoint.table, place)
        if back:
            return self._asked.get(key, values)
        self._asked[key] = values
        return values

    def reply(self, endpoint: Endpoint, values: dict[str, Any], zipped: bool) -> Reply:
        """The answer to a request.

        Args:
            endpoint: what is asked.
            values: its parameters, checked and converted.
            zipped: whether the client takes gzip.
        """
        key = (endpoint.table, tuple(values.items()))
        with self._world.lock:
            version = self._world.version
            if self._version != version:
                self._compressed.clear()
                self._version = version
            kept = self._compressed.get(key) if zipped else None
            body = b"" if kept else self._body(endpoint, values)
        if kept:
            return Reply(200, kept, compressed=True)
        reply = Reply(200, body)
        if zipped and reply.compress().compressed:
            with self._world.lock:
                if version == self._version and len(self._compressed) < _KEPT:
                    self._compressed[key] = reply.body
        return reply

    def _body(self, endpoint: Endpoint, values: dict[str, Any]) -> bytes:
        tables = self._world.tables
        rows = views.select(tables, endpoint, values)
        first = 0
        if endpoint.paging == "timestamp":
            first = rows_after(rows, values.get("timestamp", 0))
        if endpoint.paging == "page" or "page" in values:
            first += (values.get("page", 1) - 1) * PAGE_SIZE
        if endpoint.paging != "none":
            rows = rows[first : first + PAGE_SIZE]
        elements = b",".join([views.element(tables, endpoint, row, values) for row in rows])
        if endpoint.bare and self._world.quirks and rows:
            return b'{"elements":' + elements + b"}"
        return b'{"elements":[' + elements + b"]}"
