"""From a row type to the tables and columns that hold it.

Rules, the same for every endpoint:

- a scalar field is a column, named in snake case (`startDate` -> `start_date`);
- an embedded object becomes columns with its name before them (`class_type__name`);
- an array of a known type in the row itself, or in an element of such an array, becomes a child
  table (`contracts__discounts`);
- an array inside an embedded object, and a type inside itself, is kept as JSON text: such objects
  are references to rows that have a table of their own;
- a `datetime` has a second column `..._utc`, the instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from .fields import Field, Kind, Pii, RowType, fields_of
from .model import INSTALLATION, Endpoint, Write
from .naming import snake_case

UNREADABLE = "_unreadable"
REMOVED = "_removed"
TAKEN_AT = "taken_at"
LOAD_ID = "_dlt_load_id"
"""dlt's name; dlt itself fills it in its own tables only."""


@dataclass(frozen=True)
class Column:
    """A column that holds a scalar field."""

    name: str
    kind: Kind
    description: str
    pii: Pii | None = None

    @property
    def utc_name(self) -> str:
        """Return the column that holds the instant of a `datetime`."""
        return f"{self.name}_utc"


@dataclass(frozen=True)
class ScalarField:
    """A scalar of an object: the names under which it may come, and its column.

    Attributes:
        row_type: The row type of what is kept as JSON, if it is known.
        protect: Makes of a raw value what may be loaded of it, where it is personal.
    """

    names: tuple[str, ...]
    column: Column
    row_type: str | None = None
    protect: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class ObjectField:
    """An embedded object of an object."""

    names: tuple[str, ...]
    layout: ObjectLayout


@dataclass(frozen=True)
class ArrayField:
    """An array of an object, with the child table that takes its elements."""

    names: tuple[str, ...]
    table: TableLayout


@dataclass(frozen=True)
class ObjectLayout:
    """How one JSON object is spread over columns.

    Attributes:
        prefix: What stands before the names of its columns (`class_type__`, or nothing).
        known: Every field name that the catalog knows here; others are unknown fields.
        scalar_field: The field that a scalar in place of the object stands for.
    """

    prefix: str
    scalars: tuple[ScalarField, ...]
    objects: tuple[ObjectField, ...]
    arrays: tuple[ArrayField, ...]
    known: frozenset[str]
    scalar_field: str | None = None

    def scalar_names(self) -> list[str]:
        """Return the names under which its scalars may be sent."""
        return [name for field in self.scalars for name in field.names]

    def nested_names(self) -> list[str]:
        """Return the names under which its objects and arrays may be sent."""
        names = (*(o.names for o in self.objects), *(a.names for a in self.arrays))
        return [name for spellings in names for name in spellings]

    def columns(self) -> Iterator[Column]:
        """Yield its columns and those of the objects embedded in it."""
        for scalar in self.scalars:
            yield scalar.column
        for embedded in self.objects:
            yield from embedded.layout.columns()


@dataclass(frozen=True)
class TableLayout:
    """One table: its own columns, and the child tables of its arrays."""

    name: str
    description: str
    layout: ObjectLayout
    keys: tuple[Column, ...]
    """Columns that come from the request (root table) or from the root row (child tables)."""
    scope: tuple[str, ...] = ()
    """Child tables: the key columns by which its rows are replaced together."""
    level: int = 0
    """0 for the root table, 1 for its child tables, and so on."""

    @property
    def positions(self) -> tuple[str, ...]:
        """Return the columns that say where in its arrays a child row stood, outermost first."""
        return tuple("_parent" * above + "_position" for above in reversed(range(self.level)))

    def columns(self) -> Iterator[Column]:
        """Yield all columns that hold values of the API, keys first."""
        own = {column.name for column in self.layout.columns()}
        yield from (key for key in self.keys if key.name not in own)
        yield from self.layout.columns()

    def children(self) -> tuple[TableLayout, ...]:
        """Return the child tables right below it."""
        return tuple(array.table for array in self.layout.arrays)

    def with_children(self) -> Iterator[TableLayout]:
        """Yield this table, then its child tables at every depth, parents first."""
        yield self
        for child in self.children():
            yield from child.with_children()


@cache
def table_layout(endpoint: Endpoint) -> TableLayout:
    """Return the table of an endpoint with its child tables."""
    installation = Column(INSTALLATION, "string", "The installation that the row comes from.")
    parents = (
        Column(parent.column, "long", f"The {parent.table} row that the request asked for.")
        for parent in endpoint.parents
    )
    keys = (*([installation] if endpoint.is_shared else []), *parents)
    layouts = _Layouts(endpoint.row_types, _child_keys(endpoint, keys))
    layout = layouts.of_object(endpoint.row_type, endpoint.table_name)
    return TableLayout(endpoint.table_name, endpoint.description, layout, keys)


_RootKeys = tuple[tuple[Column, bool], ...]
"""The columns of a root row's key, and whether older rows of child tables are replaced by it."""


def _child_keys(endpoint: Endpoint, keys: tuple[Column, ...]) -> _RootKeys:
    """Return the root row's key as columns of its child tables: `id` of a contract is
    `contract_id`."""
    kinds = {column.name: column for column in keys}
    fields = {field.column or snake_case(field.name): field for field in endpoint.fields.values()}
    found = []
    for name in endpoint.key:
        kind: Kind = kinds[name].kind if name in kinds else "long"
        if name not in kinds and name in fields and fields[name].is_scalar:
            kind = fields[name].type  # type: ignore[assignment]
        is_id = name == endpoint.id_column
        shown = f"{endpoint.key_prefix}_id" if is_id and endpoint.key_prefix else name
        column = Column(shown, kind, f"{name} of the row in {endpoint.table_name}.")
        found.append((column, endpoint.write is not Write.REPLACE or name in kinds))
    return tuple(found)


@dataclass(frozen=True)
class _Layouts:
    """Makes the layouts of one endpoint.

    Attributes:
        row_types: The API's row types, by name.
        root_keys: The columns of the root row's key.
    """

    row_types: Mapping[str, RowType]
    root_keys: _RootKeys

    def of_object(
        self, row_type: str, table: str, prefix: str = "", inside: tuple[str, ...] = ()
    ) -> ObjectLayout:
        """Return the columns of a row type; in embedded objects, which have a prefix, arrays stay
        JSON.

        Args:
            row_type: The row type.
            table: The name of the table.
            prefix: What stands before the names of the columns.
            inside: The row types that it is embedded in.
        """
        parts = row_type.split(" + ")
        inside = (*inside, *parts)
        scalars: list[ScalarField] = []
        objects: list[ObjectField] = []
        arrays: list[ArrayField] = []
        known: set[str] = set()
        for field in fields_of(self.row_types, row_type):
            names = (field.name, *field.aliases)
            known.update(names)
            name = prefix + (field.column or snake_case(field.name))
            repeats = not set(field.element_type.split(" + ")).isdisjoint(inside)
            if field.is_scalar:
                kind: Kind = field.type  # type: ignore[assignment]
                scalars.append(ScalarField(names, Column(name, kind, field.description, field.pii)))
            elif repeats or (field.is_array and prefix):
                column = Column(name, "json", f"{field.description} As JSON.", field.pii)
                scalars.append(ScalarField(names, column, field.element_type))
            elif field.is_array:
                child = self._of_child(field, f"{table}__{name}", inside)
                arrays.append(ArrayField(names, child))
            else:
                embedded = self.of_object(field.element_type, table, f"{name}__", inside)
                objects.append(ObjectField(names, embedded))
        scalar_field = next(filter(None, (self.row_types[p].scalar_field for p in parts)), None)
        return ObjectLayout(
            prefix, tuple(scalars), tuple(objects), tuple(arrays), frozenset(known), scalar_field
        )

    def _of_child(self, field: Field, name: str, inside: tuple[str, ...]) -> TableLayout:
        layout = self.of_object(field.element_type, name, inside=inside)
        own = {column.name for column in layout.columns()}
        keys = tuple(
            replace(key, name=f"root_{key.name}" if key.name in own else key.name)
            for key, _ in self.root_keys
        )
        scope = tuple(key.name for key, (_, counts) in zip(keys, self.root_keys) if counts)
        return TableLayout(name, field.description, layout, keys, scope, name.count("__"))
