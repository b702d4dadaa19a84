"""Edits of a sandbox's world as plain data, so that Hypothesis can draw, print and shrink them."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from perfectgym_source.sandbox import World
from perfectgym_source.sandbox.store.pending import Pending
from perfectgym_source.sandbox.store.rows import Row
from perfectgym_source.sandbox.store.tables import PARENT_TABLES, SPECS

FIELDS = {
    "clubs": "shortName",
    "classes": "colorRGB",
    "contracts": "status",
    "users": "firstName",
    "lead_sources": "description",
    "products": "category",
    "countries": "nativeName",
    "cities": "name",
    "documents": "type",
    "messages": "title",
    "membership_cards": "assigneReason",
    "user_products": "category",
}
"""The field that a change sets, by table."""
ARRAYS = {"contracts": ("discounts", "freezes"), "users": ("contracts",)}
"""Arrays with child tables of their own, which a change cuts or fills."""
LISTED_BY_CLUB = ("classes", "products")
"""Lists that are read for every parent in each run."""
LATEST = 500
"""Row versions after which a late change is committed: with those that are given while a run is
under way, this stays inside the default `timestamp_overlap`."""


@dataclass(frozen=True)
class Edit:
    """One edit.

    Attributes:
        action: The name of a method of `Editor`.
        table: The stored table.
        place: Which of its rows, counted round and round.
        value: What is written; the same few values come again and again.
    """

    action: str
    table: str
    place: int
    value: int


class Editor:
    """Makes edits, as far as they are possible at the moment.

    Args:
        world: What is edited.
        gone: Rows, with their tables, that can be brought back.

    A row whose late change is still open is left alone, as a database would lock it.

    Attributes:
        stale: Resources whose tables may differ from the API until the next sweep: they are read
            for new and changed parents only, and a row changed without its parent.
    """

    def __init__(self, world: World, gone: Iterable[tuple[str, Row]] = ()) -> None:
        self.world = world
        self.stale: set[str] = set()
        self._pending: dict[Pending, str] = {}
        self._gone = list(gone)

    def apply(self, edits: Iterable[Edit]) -> None:
        """Make edits, all of them visible at once."""
        with self.world.lock:
            for edit in edits:
                getattr(self, edit.action)(edit)
                self._commit(self.world.timestamp - LATEST)

    def commit_all(self) -> None:
        """Commit every late change."""
        with self.world.lock:
            self._commit(self.world.timestamp)

    def add(self, edit: Edit) -> None:
        """Add a row to the list of some parent."""
        if (values := self._values_of_new_row(edit)) is not None:
            self._follow(edit, self.world.add(edit.table, **values))

    def add_late(self, edit: Edit) -> None:
        """Add a row that becomes visible after rows with higher versions, a neighbour's too."""
        if (values := self._values_of_new_row(edit)) is not None:
            late = self.world.add_late(edit.table, **values)
            self._pending[late] = edit.table
            self._change_neighbour(edit, late.row)

    def change(self, edit: Edit) -> None:
        """Change a row, which moves it to the end of a list by row version."""
        if row := self._row(edit):
            self._follow(edit, self.world.change(edit.table, row, **self._fields(edit)))

    def change_late(self, edit: Edit) -> None:
        """Change a row so that it shows after a change of its neighbour with a higher version."""
        if row := self._row(edit):
            fields = self._fields(edit)
            self._pending[self.world.change_late(edit.table, row, **fields)] = edit.table
            self._change_neighbour(edit, row)

    def delete(self, edit: Edit) -> None:
        """Delete a row in the way of the API, which keeps it with a flag."""
        row = self._row(edit)
        if row is not None and "isDeleted" in row:
            self._follow(edit, self.world.delete(edit.table, row))

    def purge(self, edit: Edit) -> None:
        """Make a row vanish from its list."""
        if row := self._row(edit):
            self._follow(edit, self.world.purge(edit.table, row))
            self._gone.append((edit.table, row))
            if edit.table == "users":
                self._forget_belongings(row)

    def bring_back(self, edit: Edit) -> None:
        """Make a row that vanished appear again, in a whole list in the version that it had."""
        gone = [entry for entry in self._gone if entry[0] == edit.table]
        if gone:
            entry = gone[edit.place % len(gone)]
            self._gone.remove(entry)
            row = entry[1]
            is_new = SPECS[edit.table].keyset
            version = self.world.next_timestamp() if is_new else row.get("timestamp", 0)
            self.world.insert(edit.table, row, version)

    def commit(self, edit: Edit) -> None:
        """Commit every late change."""
        self._commit(self.world.timestamp)

    def shrink(self, edit: Edit) -> None:
        """Leave only some rows of a whole list."""
        if row := self._row(edit):
            rows = self.world.rows(edit.table, **row.params)
            left = rows[edit.value : len(rows) - edit.place % 3]
            self.world.replace_list(edit.table, row.params, left)
            self._follow(edit, row)

    def _commit(self, newest: int) -> None:
        for late in [late for late in self._pending if late.timestamp <= newest]:
            table = self._pending.pop(late)
            self._touch_parent(table, late.commit())

    def _rows(self, table: str) -> list[Row]:
        """The rows that can be edited: not locked, and all parents are there."""
        locked = {id(change.row) for change in self._pending}
        return [
            row
            for row in self.world.rows(table)
            if id(row) not in locked
            and all(v in self.world.tables[PARENT_TABLES[n]].rows for n, v in row.params.items())
        ]

    def _row(self, edit: Edit) -> Row | None:
        rows = self._rows(edit.table)
        return rows[edit.place % len(rows)] if rows else None

    def _fields(self, edit: Edit) -> dict[str, Any]:
        fields: dict[str, Any] = {FIELDS[edit.table]: f"value {edit.value}"}
        rows = self._rows(edit.table)
        for array in ARRAYS.get(edit.table, ()):
            donor = rows[(edit.place * 7 + edit.value) % len(rows)]
            fields[array] = copy.deepcopy(donor[array])
        return fields

    def _values_of_new_row(self, edit: Edit) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        for name in SPECS[edit.table].groupings[0]:
            parents = self._rows(PARENT_TABLES[name])
            if not parents:
                return None
            key = parents[edit.place % len(parents)].key
            values[name.replace("Id", "_id")] = key
        if edit.table == "membership_cards":
            values["cardNumber"] = f"8{self.world.timestamp}"
        return values

    def _change_neighbour(self, edit: Edit, row: Row) -> None:
        others = [other for other in self._rows(edit.table) if other.params == row.params]
        if others:
            self._follow(edit, self.world.change(edit.table, others[edit.place % len(others)]))

    def _follow(self, edit: Edit, row: Row) -> None:
        """Touch the parents of an edited row, but not always."""
        if edit.value:
            self._touch_parent(edit.table, row)
        else:
            self._note_stale(edit.table, row)

    def _touch_parent(self, table: str, row: Row) -> None:
        for name, key in row.params.items():
            parent = PARENT_TABLES[name]
            rows = {found.key: found for found in self._rows(parent)}
            if name != "clubId" and key in rows and SPECS[parent].versioned:
                self.world.change(parent, rows[key])
                return
        self._note_stale(table, row)

    def _note_stale(self, table: str, row: Row) -> None:
        if row.params and table not in LISTED_BY_CLUB:
            self.stale |= {table, *(("message_details",) if table == "messages" else ())}

    def _forget_belongings(self, user: Row) -> None:
        """With a user go the texts of messages, and what was about to happen to the rest."""
        for late in [late for late in self._pending if late.row.params.get("userId") == user.key]:
            del self._pending[late]
        for message in self.world.rows("messages"):
            if message.params["userId"] == user.key:
                self.world.purge("messages", message)
