"""How many requests a first run takes, as far as short lists tell."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pendulum

from ..api.paging.lists import make_paginator, pages
from ..api.paging.pages import Page, row_id
from ..api.paging.paginators import PageRequest, may_be_cut
from ..catalog import Endpoint
from ..catalog.selection import is_own_row, parents, read_for
from ..config.settings import Settings
from ..errors import ApiError
from ..extract.partitions import Partition
from ..extract.progress import NOTHING, Estimate, requests_each
from ..extract.reading.page_requests import joined_parameters, request_parameters
from .probe import Probe

MOST_REQUESTS = 10
"""So many requests at most count the rows of one endpoint."""


@dataclass
class Count:
    """The rows of an endpoint whose ids others take, as far as they were read.

    Attributes:
        ids: Their ids.
        pairs: The ids of their parents with each of them.
        requests: The requests that it took.
        is_complete: Whether these are all rows.
    """

    ids: dict[int, None] = field(default_factory=dict)
    pairs: dict[Partition, None] = field(default_factory=dict)
    requests: int = 0
    is_complete: bool = True


class FirstRun:
    """Estimates the requests of a first run.

    Args:
        settings: The source's settings.
        probe: Requests the pages.
        needed: The names of the endpoints that the run reads.
    """

    def __init__(self, settings: Settings, probe: Probe, needed: Collection[str]) -> None:
        self._settings = settings
        self._api = settings.api
        self._probe = probe
        self._counts: dict[str, Count] = {}
        endpoints = [self._api.endpoints[name] for name in needed]
        self._above = {
            name for entry in endpoints for name in parents(self._api, entry, settings.mode)
        }

    def requests(self, endpoint: Endpoint) -> Estimate | None:
        """Return the requests for an endpoint.

        Returns:
            None if it is requested for each row of a list that is too long to be read here.

        Raises:
            ApiError: The endpoint, or one whose ids it takes, could not be read.
        """
        columns = self._columns(endpoint)
        if columns is None:
            return None
        each, is_least = requests_each(endpoint)
        least = math.prod(map(len, columns)) * each
        if not least:
            return NOTHING
        if endpoint.name in self._above:
            count = self._count(endpoint)
            is_long = (
                endpoint.paginator == "page"
                and count.requests > least
                and len(count.ids) >= self._api.page_size
            )
            # Such a list is read again, until nothing new comes.
            requests = count.requests * 2 if is_long else count.requests
            return Estimate(max(least, requests), not count.is_complete)
        if least == 1 and is_least:
            rows, page_size = len(self._probe.first_page(endpoint) or ()), self._api.page_size
            least += may_be_cut(rows, page_size)
            is_least = rows >= page_size
        return Estimate(least, is_least)

    def _columns(self, endpoint: Endpoint) -> Sequence[Collection[Partition]] | None:
        """Return the ids whose combinations are the partitions of an endpoint; None if they are
        not known."""
        mode = self._settings.mode
        if is_own_row(self._api, endpoint, mode):
            return []
        if endpoint.pairs_from:
            above = self._count(self._api.endpoints[endpoint.pairs_from])
            return [above.pairs] if above.is_complete else None
        counts = [self._count(read_for(self._api, p.table, mode)) for p in endpoint.parents]
        if not all(count.is_complete for count in counts):
            return None
        return [[(identity,) for identity in count.ids] for count in counts]

    def _count(self, endpoint: Endpoint) -> Count:
        """Return the rows of an endpoint, as far as few requests tell."""
        if endpoint.name not in self._counts:
            try:
                self._counts[endpoint.name] = self._read(endpoint)
            except ApiError:
                self._counts[endpoint.name] = Count(is_complete=False)
        return self._counts[endpoint.name]

    def _read(self, endpoint: Endpoint) -> Count:
        count = Count()
        columns = self._columns(endpoint)
        variants = endpoint.request_variants
        if columns is None or math.prod(map(len, columns)) * len(variants) > MOST_REQUESTS:
            return Count(is_complete=False)
        for ids in itertools.product(*columns):
            partition = tuple(itertools.chain.from_iterable(ids))
            for variant in variants:
                self._read_list(count, endpoint, partition, variant)
        return count

    def _read_list(
        self, count: Count, endpoint: Endpoint, partition: Partition, variant: Mapping[str, str]
    ) -> None:
        """Read a partition with one request variant, as long as few requests were made."""
        settings = self._settings
        # The parent that the API knows itself has no id among the parameters.
        padded = partition or (0,) * len(endpoint.parents)
        params = request_parameters(
            endpoint,
            padded,
            variant,
            settings,
            pendulum.now("UTC").date(),
            self._probe.own_id(endpoint),
        )

        def fetch(request: PageRequest) -> Page:
            count.requests += 1
            return self._probe.get(endpoint, joined_parameters(params, request.params), request.url)

        for page in pages(fetch, make_paginator(self._api, endpoint, settings.base_url)):
            for row in page.elements:
                if (identity := row_id(row, endpoint.id_field)) is not None:
                    count.ids[identity] = None
                    count.pairs[partition + (identity,)] = None
            is_full = len(page) >= self._api.page_size
            if is_full and count.requests >= MOST_REQUESTS:
                count.is_complete = False
                return
