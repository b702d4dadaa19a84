"""`--dry-run`: what a first run would load, from one page of everything; it leaves no trace."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pendulum

from ..api.client import Client
from ..api.pages import Page
from ..catalog import Endpoint
from ..errors import ApiError
from ..extract.context import club_zone
from ..resources import Reading
from ..transform.decoder import Decoder, arrow_schema
from ..transform.time_zones import ClubClocks
from .probe import Probe


@dataclass(frozen=True)
class Preview:
    """What the first page of one endpoint would become.

    Attributes:
        resource: Its name.
        rows: Rows by table.
        columns: Columns by table.
        has_more: Whether there is another page.
        unreadable: Values that no column could take, by `table.column`.
        unknown_fields: Fields that the catalog does not know, as `table.column`.
        problem: Why there is no page: an error, or no parent to ask for.
        error: The error.
    """

    resource: str
    rows: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, int] = field(default_factory=dict)
    has_more: bool = False
    unreadable: Mapping[str, int] = field(default_factory=dict)
    unknown_fields: Sequence[str] = ()
    problem: str = ""
    error: ApiError | None = None


def preview(reading: Reading, selected: Sequence[Endpoint]) -> Iterator[Preview]:
    """Ask each endpoint for its first page and decode it.

    Raises:
        SignInError: The login does not work.
    """
    clocks = ClubClocks(reading.settings.time_zone)
    with Client(reading.settings) as client:
        probe = Probe(reading.settings, client)
        with contextlib.suppress(ApiError):  # shown below, if it is one of those selected
            api = reading.settings.api
            for row in (api.zones and probe.first_page(api.endpoints[api.zones.endpoint])) or ():
                if found := club_zone(api, row):
                    clocks.set_club(*found)
        for endpoint in selected:
            try:
                elements = probe.first_page(endpoint)
            except ApiError as error:
                yield Preview(endpoint.name, problem=str(error), error=error)
                continue
            if elements is None:
                yield Preview(endpoint.name, problem="the list it depends on is empty")
            else:
                yield _preview(reading, endpoint, clocks, elements)


def _preview(
    reading: Reading, endpoint: Endpoint, clocks: ClubClocks, elements: Sequence[Any]
) -> Preview:
    decoder = Decoder(
        reading.entry(endpoint),
        clocks,
        taken_at=pendulum.now("UTC"),
        privacy=reading.settings.pii,
        installation=reading.settings.installation,
    )
    batch = decoder.decode([Page(elements)], [{}] * len(elements))
    tables = {t.name: arrow_schema(decoder.endpoint, t) for t in decoder.layout.with_children()}
    return Preview(
        endpoint.name,
        rows={name: batch.rows[name] for name in tables},
        columns={name: len(schema) for name, schema in tables.items()},
        has_more=len(elements) >= reading.settings.api.page_size,
        unreadable=dict(sorted(batch.unreadable.items())),
        unknown_fields=sorted(batch.unknown_fields),
    )
