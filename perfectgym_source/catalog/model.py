"""What the catalog is made of: fields, row types, parameters and endpoints, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from typing import Literal

Kind = Literal["long", "int", "decimal", "double", "bool", "string", "date", "datetime", "json"]
"""The scalar kinds of the API's documentation; `json` is for values whose shape it does not give,
`double` occurs only in fields that the catalog does not know."""

Mode = Literal["employee", "user"]

Pii = Literal[
    "name",
    "contact",
    "birth",
    "identity",
    "address",
    "photo",
    "financial",
    "health",
    "content",
    "secret",
]
"""What makes a column personal: whose name it is, how to reach them, a number that identifies them,
a picture, bank data, body measurements, a message's text, or a link or text that gives access."""

SCALAR_KINDS: frozenset[str] = frozenset(
    ("long", "int", "decimal", "bool", "string", "date", "datetime", "json")
)


@dataclass(frozen=True)
class Field:
    """One field of a row type.

    Attributes:
        name: The name in the API's JSON (`startDate`).
        type: A scalar kind, the name of a row type (an embedded object), or
            `array of TYPE` (a child table). `+` joins row types: `Contract + ContractDetails`.
        description: What the value is, in one sentence.
        pii: What kind of personal data it holds, if any.
        aliases: Other spellings of the same field, met in the vendor's sample payloads.
        column: The column's name where it is not the field's name in snake case.
    """

    name: str
    type: str
    description: str
    pii: Pii | None = None
    aliases: tuple[str, ...] = ()
    column: str | None = None

    @property
    def is_array(self) -> bool:
        """Whether it is an array of a documented type."""
        return self.type.startswith("array of ")

    @property
    def is_scalar(self) -> bool:
        """Whether it is a single value."""
        return self.type in SCALAR_KINDS

    @property
    def element_type(self) -> str:
        """The row type of an embedded object or of an array's elements."""
        return self.type[len("array of ") :] if self.is_array else self.type


@dataclass(frozen=True)
class RowType:
    """A type of the API's documentation.

    Attributes:
        description: What one such row is.
        fields: Its fields, in the documentation's order.
        bare: The field that a bare value stands for, where the API gives `4.5` instead of
            `{"rating": 4.5}`, or a number as an array's element.
    """

    description: str
    fields: tuple[Field, ...]
    bare: str | None = None


Paging = Literal["timestamp", "page", "none"]
"""`timestamp`: keyset by row version; `page`: page numbers; `none`: one response."""


class Write(Enum):
    """How the rows of an endpoint reach their table."""

    MERGE = "merge"
    """Merged on the primary key: a row that comes back replaces the old one."""
    REPLACE = "replace"
    """A full picture of the parent that was read: what is gone from the answer goes from the
    table, within that parent only."""
    APPEND = "append"
    """Appended, with the time at which the picture was taken."""


@dataclass(frozen=True)
class Parent:
    """A request parameter that takes the id of a row of another endpoint.

    Attributes:
        table: The endpoint whose rows are the parents.
        parameter: The query parameter (`clubId`).
        column: The column that holds the parent's id in the child's table.
        implicit_for_modes: Modes in which the parameter is left out because the API takes the
            signed-in
            member.
    """

    table: str
    parameter: str
    column: str
    implicit_for_modes: tuple[Mode, ...] = ()


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One read endpoint of the API, as a dlt resource will be made from it.

    Attributes:
        name: The resource's name.
        path: The path under the base URL.
        row_type: Row types of the elements, joined by `+`.
        modes: The account modes that may call it.
        paging: How its pages follow each other.
        key: The columns of the primary key, in one installation. Empty: not documented.
        group: The group in which it is selected.
        description: What one row is, and what to know before using the table.
        parents: The parameters that take a parent's id; a request is made for each combination.
        write: How rows reach the
            table.
        request_variants: Sets of fixed parameters; the list is read once with each, because a
            filter's
            default hides
            rows.
        has_date_range: Whether the request takes `startDate` and
            `endDate`.
        always_refresh: Whether every parent is read in each run (few parents), or only those that
            are
            new or changed since the last one, with a full sweep from time to time.
        pairs_from: For two parents, the endpoint whose rows say which of them belong together: its
            own parent is the first one, the id of its rows the second. By default each of the one
            is combined with each of the other.
        own_user_parameter: In user mode, the parameter that takes the signed-in member's id.
        table: The table's name, where it is not the resource's.
        key_prefix: What one row is called in the key columns of its child tables (`contract_id`).
        time_zone: The column that holds the id of the club whose zone the local times are in;
            None where a row belongs to no club.
        backfill_date_field: The field by which `start_date` leaves old rows out of a first load.
        in_groups: Whether it can be selected by group; the others by name only.
        is_shared: Whether its tables hold several installations: see `in_shared_dataset`.
    """

    name: str
    path: str
    row_type: str
    modes: tuple[Mode, ...]
    paging: Paging
    key: tuple[str, ...]
    group: str
    description: str
    parents: tuple[Parent, ...] = ()
    write: Write = Write.MERGE
    request_variants: tuple[Mapping[str, str], ...] = ({},)
    has_date_range: bool = False
    always_refresh: bool = True
    pairs_from: str | None = None
    own_user_parameter: str | None = None
    table: str | None = None
    key_prefix: str | None = None
    time_zone: str | None = None
    backfill_date_field: str | None = None
    in_groups: bool = True
    is_shared: bool = False

    @property
    def table_name(self) -> str:
        """The table that its rows go to."""
        return self.table or self.name

    @property
    def is_full_list(self) -> bool:
        """Whether rows that are merged by key come from a list that is read as a whole, so that a
        row which is missing in it is gone."""
        return self.paging == "page" and not self.parents and self.write is Write.MERGE

    @property
    def is_keyset(self) -> bool:
        """Whether its list is read by row version, from a cursor."""
        return self.paging == "timestamp"


@dataclass(frozen=True, eq=False)
class ApiVersion:
    """What is special to one generation of the API, as data.

    Attributes:
        name: Its name (`v1`).
        endpoints: Its endpoints, by resource name.
        row_types: The types of their rows, by name.
        groups: What can be selected together, with what it costs.
        default_groups: The groups that are selected by default.
        page_size: The number of rows of a full page.
    """

    name: str
    endpoints: Mapping[str, Endpoint]
    row_types: Mapping[str, RowType]
    groups: Mapping[str, str]
    default_groups: tuple[str, ...]
    page_size: int


INSTALLATION = "installation"
"""The column that tells installations apart in a dataset that holds several of them."""


@cache
def in_shared_dataset(endpoint: Endpoint) -> Endpoint:
    """An endpoint as it is in a dataset of several installations.

    Ids are unique only inside one, so that its name is part of every key.
    """
    return replace(endpoint, key=(INSTALLATION, *endpoint.key), is_shared=True)
