"""Edits of the sets of v2.2 as plain data, so that Hypothesis can draw, print and shrink them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from support.edits import LATEST, Edit
from support.odata_client import SETS, TYPES

from perfectgym_source.sandbox.store.pending import Pending
from perfectgym_source.sandbox.store.rows import Row
from perfectgym_source.sandbox.v22.sets import Sets

ACTIONS = (
    "add",
    "add_late",
    "change",
    "change_late",
    "delete",
    "purge",
    "bring_back",
    "commit",
    "tie",
    "relate",
)
"""What an `Edit` of a set may do; its `table` is the name of the set."""


class SetEditor:
    """Makes edits, as far as they are possible at the moment.

    A row whose late change is still open is left alone, as a database would lock it.

    Args:
        sets: What is edited.

    Attributes:
        stale: Resources whose tables may differ from the API until the next sweep.
    """

    def __init__(self, sets: Sets) -> None:
        self.sets = sets
        self.stale: set[str] = set()
        self._pending: list[Pending] = []
        self._gone: list[tuple[str, Row]] = []

    def apply(self, edits: Iterable[Edit]) -> None:
        """Make edits, all of them visible at once."""
        with self.sets.lock:
            for edit in edits:
                getattr(self, edit.action)(edit)
                self._commit(self.sets.world.timestamp - LATEST)

    def commit_all(self) -> None:
        """Commit every late change."""
        with self.sets.lock:
            self._commit(self.sets.world.timestamp)

    def add(self, edit: Edit) -> None:
        """Add a row."""
        if SETS[edit.table]["key"] == ["id"]:
            self.sets.add(edit.table, **self._fields(edit))

    def add_late(self, edit: Edit) -> None:
        """Add a row that becomes visible after another one with a higher version."""
        if SETS[edit.table]["key"] == ["id"]:
            self._pending.append(self.sets.add_late(edit.table, **self._fields(edit)))
            self.change(edit)

    def change(self, edit: Edit) -> None:
        """Change a row."""
        if (row := self._row(edit)) is not None:
            self.sets.change(edit.table, row, **self._fields(edit))

    def change_late(self, edit: Edit) -> None:
        """Change a row so that it shows after another one with a higher version."""
        if (row := self._row(edit)) is not None:
            self._pending.append(self.sets.change_late(edit.table, row, **self._fields(edit)))
            self.change(edit)

    def delete(self, edit: Edit) -> None:
        """Delete a row in the way of the API: flagged where the set can, else it vanishes."""
        if (row := self._row(edit)) is not None:
            self.sets.delete(edit.table, row)
            if not SETS[edit.table]["has_is_deleted"]:
                self._gone.append((edit.table, row))

    def purge(self, edit: Edit) -> None:
        """Make a row vanish."""
        if (row := self._row(edit)) is not None:
            self.sets.purge(edit.table, row)
            self._gone.append((edit.table, row))

    def bring_back(self, edit: Edit) -> None:
        """Make a row that vanished appear again, under a new version or the one that it had."""
        for entry in [entry for entry in self._gone if entry[0] == edit.table][:1]:
            self._gone.remove(entry)
            known = entry[1].get("version", 0)
            self.sets.insert(*entry, known if edit.value % 2 else self.sets.next_timestamp())

    def commit(self, edit: Edit) -> None:
        """Commit every late change."""
        self._commit(self.sets.world.timestamp)

    def tie(self, edit: Edit) -> None:
        """Change some rows under one version, as one statement does."""
        version = self.sets.next_timestamp()
        for row in self._rows(edit.table)[edit.place % 5 : edit.place % 5 + 2 + edit.value]:
            self.sets.assign(edit.table, row, self._fields(edit), version)

    def relate(self, edit: Edit) -> None:
        """Change who is behind a many-to-many link; no version changes."""
        row = self._row(edit)
        for link in SETS[edit.table].get("expand_relations", ()) if row is not None else ():
            other = TYPES[SETS[edit.table]["type"]][link]["type"].removeprefix("array of ")
            keys = [each.key for each in self.sets.rows(other)]
            self.sets.relate(edit.table, row, link, keys[edit.value : edit.place % len(keys) + 1])

    def _commit(self, newest: int) -> None:
        for late in [late for late in self._pending if late.timestamp <= newest]:
            self._pending.remove(late)
            late.commit()

    def _rows(self, name: str) -> list[Row]:
        locked = {id(change.row) for change in self._pending}
        return [row for row in self.sets.rows(name) if id(row) not in locked]

    def _row(self, edit: Edit) -> Row | None:
        rows = self._rows(edit.table)
        return rows[edit.place % len(rows)] if rows else None

    def _fields(self, edit: Edit) -> dict[str, Any]:
        """A text property with one of few values; keys, enums and links stay."""
        for name, fact in TYPES[SETS[edit.table]["type"]].items():
            is_text = fact["type"] == "string" and "enum" not in fact
            if is_text and name not in SETS[edit.table]["key"]:
                return {name: f"value {edit.value}"}
        return {}
