"""The generations of the API: all that is special to one of them, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .fields import RowType
from .model import Endpoint

SignIn = Literal["password", "keys"]
"""How requests are authenticated: `password` by a token for a user name and password, `keys` by an
id and a secret in two headers."""

CREDENTIALS: Mapping[SignIn, tuple[str, str]] = {
    "password": ("username", "password"),
    "keys": ("client_id", "client_secret"),
}
"""The settings that each way to sign in needs."""


@dataclass(frozen=True)
class ZoneSource:
    """Where the time zones of clubs are found.

    Attributes:
        endpoint: The endpoint whose rows are clubs.
        fields: The fields that may hold a zone's name; the first that is not blank counts.
    """

    endpoint: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Envelope:
    """The fields of a response that holds rows.

    Attributes:
        rows: The field that holds the rows.
        next_link: The field that holds the address of the next page; None: pages have no links,
            and one that is not full may be the last.
        context: The field that says of which list the rows are (`.../$metadata#Members`), if any.
        others: Further fields that a response may have.
    """

    rows: str
    next_link: str | None = None
    context: str | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ApiVersion:
    """All that is special to one generation of the API, as data.

    Attributes:
        name: Its name (`v1`).
        endpoints: Its endpoints, by resource name.
        row_types: The types of their rows, by name.
        groups: What can be selected together, with what it costs.
        default_groups: The groups that are selected by default.
        page_size: The number of rows of a full page.
        envelope: The fields of a response that holds rows.
        sign_in: The ways in which requests may be authenticated, the usual one first.
        base_path: The path of all generations under `https://SUBDOMAIN.perfectgym.com`.
        own_path: The path of this one below that.
        cursor_parameters: The query parameters of a request for the rows after a row version, with
            `{after}` in place of the version.
        id_parameters: Those of a request for the rows after an id, with `{after}` in its place, and
            `{field}` in place of the field that holds the id.
        only_parameters: Those that reduce rows to one field, with `{field}` in its place.
        date_parameters: The query parameters of a request for a range of days, with `{first}` in
            place of its first day, and `{end}` of the day after its last.
        page_parameter: The query parameter that takes a page's number, from 1.
        skip_parameter: The one that takes how many rows of a list are left out.
        zones: Where the time zones of clubs are found; None: local times have no zone.
        references: Columns that hold the id of a row of another endpoint, besides those of the
            request: the endpoint by column, or by `table.column` where it is that table's only.
        expand_limit: So many elements a list of a link holds at most (`Endpoint.expanded`,
            `Endpoint.link`); one of that length may go on. None: there is no limit.
        sends_all_fields: Whether rows have every field, those without a value too.
    """

    name: str
    endpoints: Mapping[str, Endpoint]
    row_types: Mapping[str, RowType]
    groups: Mapping[str, str]
    default_groups: tuple[str, ...]
    page_size: int
    envelope: Envelope
    sign_in: tuple[SignIn, ...]
    base_path: str = ""
    own_path: str = ""
    cursor_parameters: Mapping[str, str] = field(default_factory=dict)
    id_parameters: Mapping[str, str] = field(default_factory=dict)
    only_parameters: Mapping[str, str] = field(default_factory=dict)
    date_parameters: Mapping[str, str] = field(default_factory=dict)
    page_parameter: str = "page"
    skip_parameter: str = "$skip"
    zones: ZoneSource | None = None
    references: Mapping[str, str] = field(default_factory=dict)
    expand_limit: int | None = None
    sends_all_fields: bool = False

    def __post_init__(self) -> None:
        if self.zones is not None and self.endpoints[self.zones.endpoint].parents:
            raise ValueError(
                f"{self.zones.endpoint} cannot give the time zones: it has parents, and it is read "
                "before everything else"
            )
