"""Changes that are not committed yet: rows that become visible after later ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .rows import Row

if TYPE_CHECKING:
    from ..v22.sets import Sets
    from ..world import World


class Pending:
    """A change whose transaction is still open: its `timestamp` is taken, nobody sees it yet.

    Attributes:
        timestamp: the row version that the row will have.
        row: the row that `commit` makes visible or changes.
    """

    def __init__(
        self, world: World | Sets, table: str, row: Row, fields: Mapping[str, Any] | None
    ) -> None:
        self._world = world
        self._table = table
        self._fields = fields
        self._open = True
        self.row = row
        self.timestamp = world.next_timestamp()

    def commit(self) -> Row:
        """Make the change visible, under its earlier `timestamp`.

        Raises:
            ValueError: it was committed before.
        """
        with self._world.lock:
            if not self._open:
                raise ValueError("this change was committed before")
            self._open = False
            if self._fields is None:
                return self._world.insert(self._table, self.row, self.timestamp)
            return self._world.assign(self._table, self.row, self._fields, self.timestamp)
