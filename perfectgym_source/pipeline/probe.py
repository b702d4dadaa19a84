"""`check`: sign in, ask each selected endpoint once, say what works, load nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pendulum

from ..api.client import Client
from ..api.paging.lists import make_paginator
from ..api.paging.pages import Page, row_id
from ..api.paging.paginators import PageRequest
from ..catalog import ApiVersion, Endpoint, table_layout
from ..catalog.selection import own_parent
from ..config.settings import Settings
from ..errors import ApiError, RequestRefused
from ..extract.failures import wrong_mode
from ..extract.reading.page_requests import (
    BAD_REQUEST,
    joined_parameters,
    request_parameters,
)
from ..extract.reading.ways import difference, ways


@dataclass(frozen=True)
class Finding:
    """The result of the request to one endpoint.

    Attributes:
        resource: The resource.
        works: Whether it works; None if it was not requested, because there is no parent.
        text: The result in words.
        error: The error, if it does not work.
        unknown_fields: Fields on the page that the catalog does not know.
        missing_fields: Fields of the catalog that no row of the page has, where the API sends all.
    """

    resource: str
    works: bool | None
    text: str
    error: ApiError | None = None
    unknown_fields: tuple[str, ...] = ()
    missing_fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """The results of the requests to all endpoints.

    Attributes:
        mode: The account mode.
        findings: The result of each endpoint.
        clubs: The number of clubs on the first page; None if clubs were not requested.
        has_more_clubs: Whether there may be another page of clubs.
        hint: What to do if the failures have one cause in common.
        is_client: Whether an API client has signed in, by its keys.
    """

    mode: str
    findings: Sequence[Finding]
    clubs: int | None
    has_more_clubs: bool = False
    hint: str | None = None
    is_client: bool = False

    @property
    def works(self) -> bool:
        """Return whether no endpoint failed."""
        return not any(finding.works is False for finding in self.findings)


def check(settings: Settings, selected: list[Endpoint]) -> Checked:
    """Request the first page of each endpoint.

    Raises:
        SignInError: The login does not work.
    """
    findings = []
    with Client(settings) as client:
        probe = Probe(settings, client)
        for endpoint in selected:
            try:
                elements = probe.first_page(endpoint)
            except ApiError as error:
                findings.append(Finding(endpoint.name, False, str(error), error))
                continue
            if elements is None:
                text = "not asked: the list it depends on is empty"
                findings.append(Finding(endpoint.name, None, text))
            else:
                findings.append(_working(settings.api, endpoint, elements, probe))
        zones = settings.api.zones
        clubs = probe.pages.get(zones.endpoint) if zones else None
    works = {finding.resource: finding.works for finding in findings}
    is_client = settings.sign_in == "keys"
    hint = wrong_mode(
        settings.mode,
        [endpoint for endpoint in selected if works[endpoint.name] is not None],
        {finding.resource: finding.error for finding in findings if finding.error},
        is_client,
    )
    count = None if clubs is None else len(clubs)
    has_more = count is not None and count >= settings.api.page_size
    return Checked(settings.mode, findings, count, has_more, hint, is_client)


def _working(api: ApiVersion, endpoint: Endpoint, elements: Sequence[Any], probe: Probe) -> Finding:
    """Return the result of a page, with what differs from the catalog."""
    text = f"{len(elements):,} on the first page"
    found = {name for row in elements if isinstance(row, dict) for name in row}
    known = table_layout(endpoint).layout
    unknown = sorted(found - known.known)
    missing: list[str] = []
    if endpoint.link:
        unknown = []
    elif found and api.sends_all_fields:
        # Objects and lists may come where they are asked for only.
        fields = endpoint.fields.items()
        scalars = {name for name, field in fields if field.is_scalar and field.type != "json"}
        missing = sorted(scalars - found)
    if unknown:
        text += f"; not in the catalog: {', '.join(unknown)}"
    if missing:
        text += f"; missing: {', '.join(missing)}"
    if endpoint.name in probe.notes:
        text += f". {probe.notes[endpoint.name]}"
    return Finding(endpoint.name, True, text, None, tuple(unknown), tuple(missing))


class Probe:
    """Pages of endpoints and of those that they depend on; each is requested once.

    Attributes:
        pages: The first pages, by endpoint; None where there is no parent to request it for.
        notes: Why an endpoint was not read in the usual way, by name.
    """

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self.pages: dict[str, list[Any] | None] = {}
        self._responses: dict[tuple[str, str], Page] = {}
        self.notes: dict[str, str] = {}

    def first_page(self, endpoint: Endpoint) -> list[Any] | None:
        """Return the elements of an endpoint's first page; None if there is no parent."""
        if endpoint.name not in self.pages:
            self.pages[endpoint.name] = self._request(endpoint)
        return self.pages[endpoint.name]

    def _request(self, endpoint: Endpoint) -> list[Any] | None:
        partition = []
        api, mode = self._settings.api, self._settings.mode
        above = api.endpoints[endpoint.pairs_from] if endpoint.pairs_from else None
        for parent in endpoint.parents:
            if mode in parent.implicit_for_modes:
                partition.append(0)
                continue
            # The first club's instructors are requested for the same club.
            is_last = above is not None and parent is endpoint.parents[-1]
            identity = self._an_id(above if is_last and above else api.endpoints[parent.table])
            if identity is None:
                return None
            partition.append(identity)
        params = request_parameters(
            endpoint,
            partition,
            endpoint.request_variants[0],
            self._settings,
            pendulum.now("UTC").date(),
            self.own_id(endpoint),
        )
        refused: RequestRefused | None = None
        for read_as, parameters in ways(api, endpoint, params):
            request = PageRequest()
            make_paginator(api, read_as, self._settings.base_url).init_request(request)
            joined = joined_parameters(parameters, request.params)
            try:
                page = self.get(endpoint, joined)
            except RequestRefused as error:
                if error.status != BAD_REQUEST:
                    raise
                refused = refused or error
                continue
            if refused is not None:
                self.notes[endpoint.name] = difference(endpoint, read_as)
            return list(page.elements)
        assert refused is not None
        raise refused

    def get(self, endpoint: Endpoint, params: Mapping[str, str], url: str | None = None) -> Page:
        """Return a page; each is requested once.

        Args:
            endpoint: The endpoint.
            params: The query parameters.
            url: The whole address, where the API has given it.
        """
        key = (endpoint.path, url or urlencode(sorted(params.items())))
        if key not in self._responses:
            found = self._client.get(endpoint.path, params, endpoint.name, url=url)
            self._responses[key] = found
        return self._responses[key]

    def own_id(self, endpoint: Endpoint) -> int | None:
        """Return the signed-in member's id, if the endpoint takes it and it is known."""
        api = self._settings.api
        name = own_parent(api, endpoint, self._settings.mode)
        return None if name is None else self._an_id(api.endpoints[name])

    def _an_id(self, endpoint: Endpoint) -> int | None:
        for row in self.first_page(endpoint) or ():
            if (identity := row_id(row, endpoint.id_field)) is not None:
                return identity
        return None
