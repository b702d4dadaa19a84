"""Endpoints: what can be read of the API, and how; frozen data, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache, cached_property
from typing import Literal

from .fields import Field, RowType, fields_of
from .naming import snake_case

Mode = Literal["employee", "user"]

Identity = str | tuple[str, ...] | None
"""The field that identifies a row, or the fields that do so together."""

Paginator = Literal["keyset", "id", "page", "single", "link"]
"""How the pages of an endpoint follow each other: `keyset` by row version; `id` by the rows' ids;
`page` by number; `single` has one page; `link` by the address that each page gives of the next."""

DateRange = Literal["settings", "schedule"]
"""Which days a request asks for: those of `start_date` and `end_date`, or the coming
`schedule_days`."""


class Write(Enum):
    """How the rows of an endpoint are loaded into their table."""

    MERGE = "merge"
    """Merged by primary key: a row that is received again replaces the older one."""
    REPLACE = "replace"
    """The full list of a partition replaces the rows of that partition."""
    APPEND = "append"
    """A snapshot: appended, with the time at which it was taken."""


@dataclass(frozen=True)
class Parent:
    """A request parameter that takes the id of a row of another endpoint.

    Attributes:
        table: The endpoint whose rows are the parents.
        parameter: The query parameter (`clubId`).
        column: The column that holds the parent's id in the child's table.
        implicit_for_modes: Modes in which the parameter is left out, because the API takes the
            signed-in member.
    """

    table: str
    parameter: str
    column: str
    implicit_for_modes: tuple[Mode, ...] = ()


@dataclass(frozen=True)
class Link:
    """A many-to-many link: a list in the rows of one set, whose elements are rows of another one.

    An endpoint with a link has a row for each element: the id of the row that holds the list, and
    that of the element.

    Attributes:
        field: The field that holds the list (`tags`).
        own: The field that takes the id of the row (`memberId`).
        other: The field that takes the id of the element (`tagId`).
    """

    field: str
    own: str
    other: str


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One read endpoint of the API; it becomes one dlt resource.

    Attributes:
        name: The resource's name.
        path: The path under the base URL.
        row_type: Row types of the rows, joined by `+`.
        modes: The account modes that may call it.
        paginator: How its pages follow each other.
        key: The columns of the primary key, in one installation. Empty: not documented.
        group: The group in which it is selected.
        description: What one row is, and what to know before using the table.
        row_types: The API's row types, by name.
        id_field: The API's name of the field that holds a row's id; None where there is none.
        version_field: The field that grows with every change of a row; None where there is none.
        deleted_field: The field that marks a deleted row; None where there is none.
        parents: The parameters that take a parent's id; a request is made for each combination.
        write: How rows are loaded into the table.
        request_variants: Sets of fixed parameters; the endpoint is read once with each, because
            the default of a filter hides rows.
        date_range: Which days its requests ask for; None: they name no days.
        always_refresh: Whether every parent is read in each run (few parents), or only those that
            are new or changed since the last one, with a full sweep from time to time.
        pairs_from: For two parents, the endpoint whose rows say which of them belong together: its
            own parent is the first one, the id of its rows the second. By default each of the one
            is combined with each of the other.
        own_parent: An endpoint with a stand-in, and the parameter that takes the id of the
            stand-in's row, in the modes in which there is one.
        stand_ins: By mode, the endpoint that is read instead of this one: in user mode the
            member's own details stand in for the list of users.
        table: The table's name, where it is not the resource's.
        key_prefix: What one row is called in the key columns of its child tables (`contract_id`).
        time_zone: The column that holds the id of the club whose zone the local times are in;
            None where a row belongs to no club.
        backfill_date_field: The field by which `start_date` leaves old rows out of a first load.
        in_groups: Whether it can be selected by group; the others by name only.
        is_shared: Whether its tables hold several installations: see `in_shared_dataset`.
        expanded: The links whose rows come within each row, because the request variant asks for
            them, with the options of that request. A list among them, or in their rows, may be cut
            off: see `ApiVersion.expand_limit`.
        fallback: The fixed parameters that are used where the API refuses the request variant;
            None where it is not refused.
        link: The list whose elements are its rows; None where the rows are those of the response.
        sweep_hours: After how many hours a list that does not tell of every change or deletion is
            read as a whole again, 0 for each run; None where that is not needed. A full list that
            replaces rows is not read at all in between.
        is_volatile: Whether most of its rows may be gone the next day, such as free seats: of
            other full lists, that is taken for the loss of a permission.
    """

    name: str
    path: str
    row_type: str
    modes: tuple[Mode, ...]
    paginator: Paginator
    key: tuple[str, ...]
    group: str
    description: str
    row_types: Mapping[str, RowType] = field(repr=False)
    id_field: str | None = None
    version_field: str | None = None
    deleted_field: str | None = None
    parents: tuple[Parent, ...] = ()
    write: Write = Write.MERGE
    request_variants: tuple[Mapping[str, str], ...] = ({},)
    date_range: DateRange | None = None
    always_refresh: bool = True
    pairs_from: str | None = None
    own_parent: Parent | None = None
    stand_ins: Mapping[Mode, str] = field(default_factory=dict)
    table: str | None = None
    key_prefix: str | None = None
    time_zone: str | None = None
    backfill_date_field: str | None = None
    in_groups: bool = True
    is_shared: bool = False
    expanded: Mapping[str, str] = field(default_factory=dict)
    fallback: Mapping[str, str] | None = None
    link: Link | None = None
    sweep_hours: int | None = None
    is_volatile: bool = False

    @property
    def table_name(self) -> str:
        """Return the name of the table that its rows are loaded into."""
        return self.table or self.name

    @property
    def is_keyset(self) -> bool:
        """Return whether it is read from a cursor: by row version, or by id for new rows."""
        return self.paginator == "keyset" or self._is_by_id

    @property
    def cursor_field(self) -> str | None:
        """Return the field that its cursor goes by; None where there is none."""
        return self.id_field if self._is_by_id else self.version_field

    @cached_property
    def identity(self) -> Identity:
        """Return the field or the fields that identify a row; None where there are none."""
        if self.id_field is not None or not self.is_keyset:
            return self.id_field
        names = {self._column(name): name for name in self.fields}
        return tuple(names[column] for column in self.key if column in names) or None

    @property
    def is_full_list(self) -> bool:
        """Return whether each run receives all rows and merges them by key, so that a row which is
        missing has been deleted."""
        return self.paginator == "page" and not self.parents and self.write is Write.MERGE

    @property
    def is_detail(self) -> bool:
        """Return whether its response is one row, merged by the id that was requested."""
        return self.paginator == "single" and self.write is Write.MERGE

    @property
    def has_sweeps(self) -> bool:
        """Return whether its cursor does not find every change, so that all rows are read again
        from time to time."""
        has_versions = self.version_field is not None
        return self.is_keyset and (self.sweep_hours is not None or not has_versions)

    @property
    def is_periodic(self) -> bool:
        """Return whether it is read at intervals only, always as a whole."""
        return self.write is Write.REPLACE and bool(self.sweep_hours)

    @property
    def removes_missing(self) -> bool:
        """Return whether rows that are missing when all of them are read leave the table."""
        return self.is_full_list or (self.sweep_hours is not None and self.write is Write.MERGE)

    @property
    def marks_removed(self) -> bool:
        """Return whether its own table is loaded with rows that only delete older ones."""
        return self.write is Write.REPLACE or self.removes_missing

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Return the fields of its rows by name."""
        return {field.name: field for field in fields_of(self.row_types, self.row_type)}

    @property
    def id_column(self) -> str | None:
        """Return the column of the id; None where there is none."""
        return self._column(self.id_field)

    @property
    def cursor_column(self) -> str | None:
        """Return the column that its cursor goes by; None where there is none."""
        return self._column(self.cursor_field)

    @property
    def version_column(self) -> str | None:
        """Return the column of the row version; None where there is none."""
        return self._column(self.version_field)

    @property
    def deleted_column(self) -> str | None:
        """Return the column of the mark of deletion; None where there is none."""
        return self._column(self.deleted_field)

    @property
    def _is_by_id(self) -> bool:
        return self.paginator == "id" and self.write is Write.MERGE

    def _column(self, name: str | None) -> str | None:
        if name is None:
            return None
        return (name in self.fields and self.fields[name].column) or snake_case(name)


INSTALLATION = "installation"
"""The column that tells installations apart in a dataset that holds several of them."""


@cache
def in_shared_dataset(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint as it is in a dataset of several installations.

    Ids are unique only inside one, so that its name is part of every key.
    """
    return replace(endpoint, key=(INSTALLATION, *endpoint.key), is_shared=True)
