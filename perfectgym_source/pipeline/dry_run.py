"""`--dry-run`: what a first run would load, from one page of everything; it leaves no trace.

The lists whose ids other endpoints take are read too, as long as they are short: they tell how many
requests a first run takes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pendulum

from ..api.client import Client
from ..api.paging.pages import Page
from ..catalog import Endpoint
from ..catalog.selection import ancestors
from ..config.settings import Settings
from ..errors import ApiError
from ..extract.context import club_zone
from ..extract.progress import NOTHING, SOMETHING, Estimate, possible_pace
from ..resources import Reading
from ..transform.decoder import Decoder, arrow_schema
from ..transform.time_zones import ClubClocks
from .first_run import FirstRun
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
        requests: The requests of a first run; None where they are not known: it is requested for
            each row of a list that is too long to be read for that.
    """

    resource: str
    rows: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, int] = field(default_factory=dict)
    has_more: bool = False
    unreadable: Mapping[str, int] = field(default_factory=dict)
    unknown_fields: Sequence[str] = ()
    problem: str = ""
    error: ApiError | None = None
    requests: Estimate | None = None


@dataclass(frozen=True)
class DryRun:
    """What a first run would load.

    Attributes:
        previews: The first page of each endpoint.
        requests: The requests of a first run, for lists too that are read for their ids only.
        requests_per_second: Those that the settings and the responses so far allow; None if
            nothing is known.
    """

    previews: Sequence[Preview]
    requests: Estimate
    requests_per_second: float | None


def preview(reading: Reading, selected: Sequence[Endpoint]) -> DryRun:
    """Ask each endpoint for its first page, decode it, and estimate the requests of a first run.

    Raises:
        SignInError: The login does not work.
    """
    settings = reading.settings
    with Client(settings) as client:
        probe = Probe(settings, client)
        previews = list(_previews(reading, selected, probe))
        estimates = _estimates(settings, selected, probe, previews)
        return DryRun(
            [replace(entry, requests=estimates[entry.resource]) for entry in previews],
            sum((SOMETHING if each is None else each for each in estimates.values()), NOTHING),
            possible_pace(client.congestion, client.statistics),
        )


def _estimates(
    settings: Settings,
    selected: Sequence[Endpoint],
    probe: Probe,
    previews: Sequence[Preview],
) -> dict[str, Estimate | None]:
    """Return the requests of a first run by endpoint; None where they are not known."""
    api = settings.api
    failed = {entry.resource for entry in previews if entry.error}
    above = (ancestors(api, entry, settings.mode) for entry in selected)
    names = {entry.name for entry in selected}.union(*above)
    first_run = FirstRun(settings, probe, names - failed)
    found: dict[str, Estimate | None] = dict.fromkeys(names)
    for name in names - failed:
        with contextlib.suppress(ApiError):
            found[name] = first_run.requests(api.endpoints[name])
    return found


def _previews(reading: Reading, selected: Sequence[Endpoint], probe: Probe) -> Iterator[Preview]:
    clocks = ClubClocks(reading.settings.time_zone)
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
