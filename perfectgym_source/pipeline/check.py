"""`--check`: sign in, ask each selected endpoint once, say what works, load nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pendulum

from ..catalogue import ENDPOINTS, Endpoint
from ..client import Client
from ..errors import ApiError
from ..reading.parameters import request_parameters
from ..settings import Settings
from ..values import to_int


@dataclass(frozen=True)
class Finding:
    """What one endpoint answered.

    Attributes:
        resource: Its name.
        works: True, False, or None where it could not be asked because its parents' list is empty.
        text: In words.
    """

    resource: str
    works: bool | None
    text: str


def check(settings: Settings, selected: list[Endpoint]) -> Iterator[Finding]:
    """Ask each endpoint for its first page.

    Raises:
        SignInError: The login does not work.
    """
    with Client(settings) as client:
        probe = Probe(settings, client)
        for endpoint in selected:
            try:
                elements = probe.first_page(endpoint)
            except ApiError as error:
                yield Finding(endpoint.name, False, str(error))
                continue
            if elements is None:
                yield Finding(endpoint.name, None, "not asked: the list it depends on is empty")
            else:
                yield Finding(endpoint.name, True, f"{len(elements)} on the first page")


class Probe:
    """The first page of each endpoint; each is asked once, and so are those it depends on."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._pages: dict[str, list[Any] | None] = {}

    def first_page(self, endpoint: Endpoint) -> list[Any] | None:
        """Its elements; None if there is no parent to ask for. Each endpoint is asked once."""
        if endpoint.name not in self._pages:
            self._pages[endpoint.name] = self._ask(endpoint)
        return self._pages[endpoint.name]

    def _ask(self, endpoint: Endpoint) -> list[Any] | None:
        unit = []
        above = ENDPOINTS[endpoint.pairs_from] if endpoint.pairs_from else None
        for parent in endpoint.parents:
            if self._settings.mode in parent.implied_in:
                unit.append(0)
                continue
            # The first club's instructors are requested for the same club.
            is_last = above is not None and parent is endpoint.parents[-1]
            identity = self._an_id(above if is_last and above else ENDPOINTS[parent.table])
            if identity is None:
                return None
            unit.append(identity)
        params = request_parameters(
            endpoint,
            unit,
            endpoint.variants[0],
            self._settings,
            pendulum.now("UTC").date(),
            self._own_id(endpoint),
        )
        paging = {"timestamp": {"timestamp": "0"}, "page": {"page": "1"}, "none": {}}
        return self._client.get(endpoint.path, {**params, **paging[endpoint.paging]}, endpoint.name)

    def _own_id(self, endpoint: Endpoint) -> int | None:
        if self._settings.mode != "user" or endpoint.own_user_parameter is None:
            return None
        return self._an_id(ENDPOINTS["user_details"])

    def _an_id(self, endpoint: Endpoint) -> int | None:
        for row in self.first_page(endpoint) or ():
            try:
                identity = to_int(row.get("id")) if isinstance(row, dict) else None
            except ValueError:
                continue
            if identity is not None:
                return identity
        return None
