"""`--check`: sign in, ask each selected endpoint once, say what works, load nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pendulum

from ..api.client import Client
from ..api.lists import make_paginator
from ..api.pages import row_id
from ..api.paginators import PageRequest
from ..catalog import Endpoint
from ..catalog.selection import own_parent
from ..config.settings import Settings
from ..errors import ApiError
from ..extract.failures import wrong_mode
from ..extract.page_requests import request_parameters


@dataclass(frozen=True)
class Finding:
    """The result of the request to one endpoint.

    Attributes:
        resource: The resource.
        works: Whether it works; None if it was not requested, because there is no parent.
        text: The result in words.
        error: The error, if it does not work.
    """

    resource: str
    works: bool | None
    text: str
    error: ApiError | None = None


@dataclass(frozen=True)
class Checked:
    """The results of the requests to all endpoints.

    Attributes:
        mode: The account mode.
        findings: The result of each endpoint.
        clubs: The number of clubs on the first page; None if clubs were not requested.
        has_more_clubs: Whether there may be another page of clubs.
        hint: What to do if the failures have one cause in common.
    """

    mode: str
    findings: Sequence[Finding]
    clubs: int | None
    has_more_clubs: bool = False
    hint: str | None = None

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
                text = f"{len(elements):,} on the first page"
                findings.append(Finding(endpoint.name, True, text))
        zones = settings.api.zones
        clubs = probe.pages.get(zones.endpoint) if zones else None
    works = {finding.resource: finding.works for finding in findings}
    hint = wrong_mode(
        settings.mode,
        [endpoint for endpoint in selected if works[endpoint.name] is not None],
        {finding.resource: finding.error for finding in findings if finding.error},
    )
    count = None if clubs is None else len(clubs)
    has_more = count is not None and count >= settings.api.page_size
    return Checked(settings.mode, findings, count, has_more, hint)


class Probe:
    """The first page of each endpoint; each is requested once, and so are those it depends on.

    Attributes:
        pages: The pages, by endpoint; None where there is no parent to request it for.
    """

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self.pages: dict[str, list[Any] | None] = {}

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
        request = PageRequest(params)
        make_paginator(api, endpoint, self._settings.base_url).init_request(request)
        return list(self._client.get(endpoint.path, request.params, endpoint.name).elements)

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
