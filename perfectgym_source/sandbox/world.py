"""A world: everything that the sandbox serves, made from a seed, and open to edits.

Edits behave as in an installation: each gives its row a new `timestamp` above every other one,
a deleted row stays with `isDeleted`, a purged one is gone, a late one becomes visible after
rows with a higher `timestamp`. All of it is thread-safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from random import Random
from threading import RLock
from typing import TYPE_CHECKING, Any

from .endpoints import EMPLOYEE
from .generation import generate
from .store import templates, views
from .store.pending import Pending
from .store.rows import Key, Row, Table
from .store.selections import attends
from .store.tables import SPECS

if TYPE_CHECKING:
    from .v22.sets import Sets


class World:
    """The rows of one PerfectGym installation.

    Args:
        size: `empty`, `tiny` (for tests), `small`, `medium`, or `chain`, with a real rhythm.
        seed: the same seed gives the same world, byte for byte.
        quirks: whether payloads have the odd spellings of real ones.
        until: the last day of a chain, by default 2026-06-30; the other worlds have a fixed one.

    Attributes:
        lock: re-entrant; hold it to make several edits visible at once.
        tables: the stored tables by name; edit through the methods.
        version: counts the edits.
        timestamp: the highest row version given so far.
        member_id: the user as whom the demo member signs in; None in an empty world.
        beyond: rows that only v2.2 shows, apart from those that it makes up.

    Raises:
        ValueError: there is no such size, or it has a last day of its own.

    Example:
        >>> world = World("tiny", seed=1)
        >>> world.change("classes", world.classes[0], attendeesCount=7)["attendeesCount"]
        7
    """

    def __init__(
        self, size: str = "tiny", seed: int = 1, quirks: bool = True, until: date | None = None
    ) -> None:
        self.size = size
        self.seed = seed
        self.quirks = quirks
        self.lock = RLock()
        self.version = 0
        self.tables: dict[str, Table] = {name: Table(spec) for name, spec in SPECS.items()}
        made = generate(size, seed, quirks, self.tables, until)
        self.timestamp, self.member_id, self.beyond = made
        self._gaps = Random(f"{seed}/edits")

    @cached_property
    def sets(self) -> Sets:
        """The entity sets of API v2.2, made when they are first asked for."""
        from perfectgym_source.sandbox.v22.sets import Sets

        return Sets(self)

    @property
    def clubs(self) -> list[Row]:
        """All clubs."""
        return self.rows("clubs")

    @property
    def users(self) -> list[Row]:
        """All users, as `rows("users")`."""
        return self.rows("users")

    @property
    def classes(self) -> list[Row]:
        """All classes of all clubs, as `rows("classes")`."""
        return self.rows("classes")

    @property
    def contracts(self) -> list[Row]:
        """All contracts, as `rows("contracts")`."""
        return self.rows("contracts")

    def rows(self, table: str, **parents: Any) -> list[Row]:
        """The live rows of a stored table, all of them or those of one parent.

        Args:
            table: its name; tables which only show others differently are not stored.
            parents: all parameters of one of its lists: `rows("classes", club_id=3)`.

        Raises:
            ValueError: no such stored table, or it is not listed by these parents.
        """
        with self.lock:
            stored = self._table(table)
            if not parents:
                return list(stored.rows.values())
            given = {templates.camel(name): value for name, value in parents.items()}
            for grouping in stored.spec.groupings:
                if set(grouping) == set(given):
                    return list(stored.select(grouping, tuple(given[name] for name in grouping)))
            raise ValueError(f"{table} is not listed by {', '.join(given)}")

    def find(self, table: str, key: Key | Row) -> Row:
        """One row by its key: the `id`, or a tuple in the order of the table's key.

        Raises:
            KeyError: there is no such row now.
            ValueError: no such stored table.
        """
        with self.lock:
            wanted = key.key if isinstance(key, Row) else key
            try:
                return self._table(table).rows[wanted]
            except KeyError:
                raise KeyError(f"{table} has no row with the key {wanted!r}") from None

    def truth(self, table: str, mode: str = EMPLOYEE) -> list[dict[str, Any]]:
        """What a complete read of a table must have found, had it been made at this moment.

        Args:
            table: any table name of the facts.
            mode: `employee`, or `user` for what the demo member may see.

        Returns:
            One dict a row, as the API gives it, with the parents of its request in `_params`;
            none for a table that the mode may not read. Seat numbers, which the API gives as
            bare numbers, are `{"seatNumber": n}`.

        Raises:
            ValueError: no such table.
        """
        with self.lock:
            return views.truth(self.tables, table, mode, self.member_id)

    def add(self, table: str, **values: Any) -> Row:
        """Add a row. What is not given is filled in, plausibly and without odd spellings.

        Args:
            table: the stored table.
            values: fields as the API spells them, and the parents of the row as `club_id=1`.

        Raises:
            ValueError: no such stored table, a parent is missing or unknown, the key is taken.
        """
        with self.lock:
            return self.insert(table, self._new(table, values), self.next_timestamp())

    def add_late(self, table: str, **values: Any) -> Pending:
        """Prepare a row as `add` does, with its `timestamp`, invisible until `commit()`."""
        with self.lock:
            return Pending(self, table, self._new(table, values), None)

    def change(self, table: str, key: Key | Row, **fields: Any) -> Row:
        """Change fields of a row, in its list and in its details; without fields, just touch it.

        The row gets a new `timestamp`; so do the bookings of a changed class, which show it.

        Raises:
            KeyError: there is no such row.
            ValueError: no such stored table.
        """
        with self.lock:
            return self.assign(table, self.find(table, key), fields, self.next_timestamp())

    def change_late(self, table: str, key: Key | Row, **fields: Any) -> Pending:
        """Prepare a change with its `timestamp`, invisible until `commit()`."""
        with self.lock:
            return Pending(self, table, self.find(table, key), fields)

    def delete(self, table: str, key: Key | Row) -> Row:
        """Delete a row as the API does: `isDeleted` and a new `timestamp`.

        A row of a table without `isDeleted` simply vanishes.
        """
        with self.lock:
            row = self.find(table, key)
            if "isDeleted" in row:
                return self.change(table, row, isDeleted=True)
            if "sets" in vars(self):
                self.sets.flag(table, row)
            return self.purge(table, row)

    def purge(self, table: str, key: Key | Row) -> Row:
        """Take a row away for good; lists that hang on it are empty from now on."""
        with self.lock:
            row = self.find(table, key)
            self._table(table).remove(row)
            self._edited(table, row, None)
            return row

    def replace_list(
        self, table: str, params: Mapping[str, Any], rows: Iterable[Mapping[str, Any] | int]
    ) -> list[Row]:
        """Make the list of one parent hold exactly these rows, and return its rows.

        Rows that are missing vanish for good; rows that are there keep what is not given; new
        ones are filled in. Attendees of a class are given by user id, seats by number.

        Args:
            table: a stored table, or `class_attendees`, which gives all bookings of the class.
            params: the parents, as the API names them: `{"userId": 5001}`.
            rows: the rows; numbers for attendees and seats.

        Raises:
            ValueError: no such table, or parents that it is not listed by.
        """
        with self.lock:
            if table == "class_attendees":
                return self._replace_attendees(params["classId"], rows)
            stored = self._table(table)
            given = [{"seatNumber": row} if isinstance(row, int) else row for row in rows]
            keys: list[Key | None] = []
            for fields in given:
                complete = all(part.startswith("@") or part in fields for part in stored.spec.key)
                keys.append(stored.spec.key_of(fields, params) if complete else None)
            for row in self.rows(table, **params):
                if row.key not in keys:
                    self.purge(table, row)
            for key, fields in zip(keys, given, strict=True):
                held = None if key is None else stored.rows.get(key)
                if held is None:
                    new = templates.new_row(self.tables, table, params, fields)
                    self.insert(table, new, self.next_timestamp())
                elif any(held.get(name) != value for name, value in fields.items()):
                    self.change(table, held, **fields)
            return self.rows(table, **params)

    def next_timestamp(self) -> int:
        """Take a new row version; those in between went to tables that the API does not show."""
        with self.lock:
            self.timestamp += self._gaps.randint(1, 25)
            return self.timestamp

    def insert(self, table: str, row: Row, timestamp: int) -> Row:
        """Make a prepared row visible under a `timestamp`; `add` and `commit` use it."""
        if "timestamp" in row:
            row["timestamp"] = timestamp
        row.order = timestamp
        row.forget_json()
        self._table(table).put(row)
        self._edited(table, row, timestamp)
        return row

    def assign(self, table: str, row: Row, fields: Mapping[str, Any], timestamp: int) -> Row:
        """Set fields of a row under a `timestamp`; `change` and `commit` use it."""
        stored = self._table(table)
        templates.assign(row, fields)
        if "timestamp" in row:
            row["timestamp"] = timestamp
        if stored.spec.keyset:
            stored.move(row, timestamp)
        row.forget_json()
        if table == "classes":
            for booking in list(self.tables["user_classes"].select(("classId",), (row.key,))):
                self.change("user_classes", booking)
        self._edited(table, row, timestamp)
        return row

    def _edited(self, table: str, row: Row, timestamp: int | None) -> None:
        """Count an edit, and show it in v2.2; without a `timestamp` the row is gone."""
        self.version += 1
        if "sets" in vars(self):
            self.sets.follow(table, row, timestamp)

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            known = ", ".join(self.tables)
            raise ValueError(f"{name!r} is not a stored table; stored are: {known}")
        return self.tables[name]

    def _new(self, table: str, values: Mapping[str, Any]) -> Row:
        self._table(table)
        params, fields = templates.split(table, values)
        return templates.new_row(self.tables, table, params, fields)

    def _replace_attendees(
        self, class_id: int, rows: Iterable[Mapping[str, Any] | int]
    ) -> list[Row]:
        wanted = [row if isinstance(row, int) else row["id"] for row in rows]
        held = {row.params["userId"]: row for row in self.rows("user_classes", class_id=class_id)}
        for user_id, row in held.items():
            if attends(row) and user_id not in wanted:
                self.change("user_classes", row, booked=False, isDeleted=True)
        for user_id in wanted:
            if user_id not in held:
                self.add("user_classes", user_id=user_id, class_id=class_id, booked=True)
            elif not attends(held[user_id]):
                self.change(
                    "user_classes", held[user_id], booked=True, standby=False, isDeleted=False
                )
        return self.rows("user_classes", class_id=class_id)
