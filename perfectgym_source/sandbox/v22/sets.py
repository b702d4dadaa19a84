"""The entity sets of a world: every row of v2.2, and the edits that tests make.

The same verbs as `World` has, on sets: each edit gives its row a `version` from the counter that
v1's timestamps come from. An edit of a table of v1 shows in its sets at once; an edit of a set
shows in v2.2 only.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..store.pending import Pending
from ..store.rows import Key, Row
from . import facts
from .generation import generate
from .relations import Relations
from .rendering import Rendering
from .schema import Installation, Schema
from .tables import RowTable
from .views import VIEWS, Shown

if TYPE_CHECKING:
    from ..world import World

Backup = tuple[int, dict[str, dict[Key, dict[str, Any]]]]


class Sets:
    """The sets of one installation; `World.sets` makes them.

    A set is named as in the path (`Members`); rows that have no set and come by `$expand` only
    are named by their type (`MemberAddress`).

    Attributes:
        world: whose rows and row versions these are.
        lock: that of the world.
        tables: the rows by type; edit through the methods.
        relations: the links between rows.

    Example:
        >>> from perfectgym_source.sandbox.world import World
        >>> sets = World("tiny", seed=1).sets
        >>> sets.change("Members", 5001, firstName="Zoë")["firstName"]
        'Zoë'
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.seed = world.seed
        self.lock = world.lock
        keys = {entity.type: entity.key for entity in facts.entity_sets().values()}
        self.tables = {
            name: RowTable(name, keys.get(name), "id" in properties)
            for name, properties in facts.types().items()
        }
        self.relations = Relations(self.tables)
        self._sources: dict[tuple[str, Key], list[tuple[str, Key]]] = {}
        self.installation = Installation()
        self._values = generate(self)

    @property
    def installation(self) -> Installation:
        """How the installation differs from the facts; set another one at any time."""
        return self._installation

    @installation.setter
    def installation(self, installation: Installation) -> None:
        with self.lock:
            self._installation = installation
            self.schema = Schema(installation)
            self.rendering = Rendering(self.schema, self.relations)
            for name in self.schema.added:
                if name not in self.tables:
                    self.tables[name] = table = RowTable(name, ("id",), True)
                    for number in range(1, 4):
                        fields = {"name": f"{name} {number}", "id": number, "isDeleted": False}
                        fields["version"] = self.world.next_timestamp()
                        table.put(Row(fields, number, {}))

    def rows(self, name: str) -> list[Row]:
        """The live rows of a set, in the order in which they came.

        Raises:
            ValueError: no such set.
        """
        with self.lock:
            return list(self._table(name).rows.values())

    def find(self, name: str, key: Key | Row) -> Row:
        """One row by its key: the `id`, or a tuple in the order of the set's key.

        Raises:
            KeyError: there is no such row now.
            ValueError: no such set.
        """
        with self.lock:
            wanted = key.key if isinstance(key, Row) else key
            try:
                return self._table(name).rows[wanted]
            except KeyError:
                raise KeyError(f"{name} has no row with the key {wanted!r}") from None

    def truth(self, name: str, *expand: str, language: str = "") -> list[dict[str, Any]]:
        """What a complete read of a set must have found, had it been made at this moment.

        Args:
            name: the set.
            expand: links, whose lists are complete here, however long.
            language: as in `Accept-Language`.

        Returns:
            One dict a row, by key, as the API gives it, each once; `Decimal` for numbers with a
            fraction.
        """
        with self.lock:
            table = self._table(name)
            rows = table.ordered()[1]
            return [self.rendering.whole(table.name, row, expand, language) for row in rows]

    def add(self, name: str, /, **fields: Any) -> Row:
        """Add a row. What is not given is filled in.

        Raises:
            ValueError: no such set, or the key is taken.
        """
        with self.lock:
            return self.insert(name, self._new(name, fields), self.next_timestamp())

    def add_late(self, name: str, /, **fields: Any) -> Pending:
        """Prepare a row as `add` does, with its `version`, invisible until `commit()`."""
        with self.lock:
            return Pending(self, name, self._new(name, fields), None)

    def change(self, name: str, key: Key | Row, /, **fields: Any) -> Row:
        """Change properties of a row, or add unknown ones; without any, just touch it.

        Raises:
            KeyError: there is no such row.
            ValueError: no such set.
        """
        with self.lock:
            return self.assign(name, self.find(name, key), fields, self.next_timestamp())

    def change_late(self, name: str, key: Key | Row, /, **fields: Any) -> Pending:
        """Prepare a change with its `version`, invisible until `commit()`."""
        with self.lock:
            return Pending(self, name, self.find(name, key), fields)

    def delete(self, name: str, key: Key | Row) -> Row:
        """Delete a row as the API does: `isDeleted` and a new `version`.

        A row of a set without `isDeleted` simply vanishes.
        """
        with self.lock:
            row = self.find(name, key)
            if "isDeleted" in row:
                return self.change(name, row, isDeleted=True)
            return self.purge(name, row)

    def purge(self, name: str, key: Key | Row) -> Row:
        """Take a row away for good."""
        with self.lock:
            row = self.find(name, key)
            self._table(name).remove(row)
            self.world.version += 1
            return row

    def relate(self, name: str, key: Key | Row, link: str, others: Iterable[Key]) -> None:
        """Make a many-to-many link of a row lead to exactly these rows; no `version` changes."""
        with self.lock:
            row = self.find(name, key)
            self.relations.relate(self._table(name).name, row.key, link, others)
            self.world.version += 1

    def backup(self) -> Backup:
        """All rows and the counter as they are, for `restore`."""
        with self.lock:
            rows = {
                name: {key: copy.deepcopy(dict(row)) for key, row in table.rows.items()}
                for name, table in self.tables.items()
            }
            return self.world.timestamp, rows

    def restore(self, backup: Backup) -> None:
        """Bring a backup back: rows, versions and the counter are those of then.

        The tables of v1 keep their rows.
        """
        with self.lock:
            self.world.timestamp, tables = backup
            for name, rows in tables.items():
                table = self.tables[name]
                table.rows = {key: Row(copy.deepcopy(of), key, {}) for key, of in rows.items()}
                table.forget()
            self.world.version += 1

    def next_timestamp(self) -> int:
        """Take a new row version."""
        return self.world.next_timestamp()

    def insert(self, name: str, row: Row, version: int) -> Row:
        """Make a prepared row visible under a `version`; `add` and `commit` use it."""
        if "version" in row:
            row["version"] = version
        row.forget_json()
        self._table(name).put(row)
        self.world.version += 1
        return row

    def assign(self, name: str, row: Row, fields: Mapping[str, Any], version: int) -> Row:
        """Set properties of a row under a `version`; `change` and `commit` use it."""
        row.update(fields)
        if "version" in row:
            row["version"] = version
        row.forget_json()
        self._table(name).forget()
        self.world.version += 1
        return row

    def remember(self, source: tuple[str, Key] | None, each: Shown) -> None:
        """Note which row of v1 a row shows, and relate it to others as v1 does."""
        key = self.tables[each.type].key_of(each.fields)
        if source is not None:
            self._sources.setdefault(source, []).append((each.type, key))
        for link, others in each.links.items():
            self.relations.relate(each.type, key, link, others)

    def follow(self, table: str, row: Row, version: int | None) -> None:
        """Show an edit of a row of v1; without a version the row is gone for good."""
        if table not in VIEWS:
            return
        old = self._sources.pop((table, row.key), [])
        parts = [] if version is None else list(VIEWS[table](self.world.tables, row))
        for place, each in enumerate(parts):
            if version is not None:
                self._show(each, each.version or version, version if place else 0)
            self.remember((table, row.key), each)
        for name, key in set(old) - set(self._sources.get((table, row.key), ())):
            held = self.tables[name].rows.get(key)
            if held is not None and version is not None and "isDeleted" in facts.types()[name]:
                self.assign(name, held, {"isDeleted": True}, version)
            elif held is not None:
                self.purge(name, held)

    def flag(self, table: str, row: Row) -> None:
        """Delete the rows that show a row of v1, in the way of v2.2."""
        for name, key in self._sources.pop((table, row.key), []):
            if key in self.tables[name].rows:
                self.delete(name, key)

    def _show(self, each: Shown, version: int, edited: int) -> None:
        """Bring a row up to date; a part of another row gets a new version if it differs."""
        table = self.tables[each.type]
        held = table.rows.get(table.key_of(each.fields))
        if held is None:
            self.insert(each.type, self._new(each.type, each.fields), max(version, edited))
        elif not edited:
            self.assign(each.type, held, each.fields, version)
        elif any(held.get(name) != value for name, value in each.fields.items()):
            known = held.get("version", 0)
            self.assign(each.type, held, each.fields, version if version > known else edited)

    def _table(self, name: str) -> RowTable:
        entity = facts.entity_sets().get(name)
        found = self.tables.get(entity.type if entity is not None else name)
        if found is None:
            raise ValueError(f"{name!r} is not an entity set, nor a type")
        return found

    def _new(self, name: str, fields: Mapping[str, Any]) -> Row:
        table = self._table(name)
        if table.name not in facts.types():
            key = table.next_id()
            return Row(
                {"name": name, "id": key, "isDeleted": False, "version": 0, **fields}, key, {}
            )
        number = table.next_id()
        known: dict[str, Any] = {"id": number, "isDeleted": False}
        given = {key: known[key] for key in known if key in facts.types()[table.name]}
        given.update(fields)
        filled = self._values.fields(table.name, number, given)
        return Row(filled, table.key_of(filled), {})
