"""Requests for the pages of an endpoint: their parameters, and how they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from ...api.paging.expansion import completed, linked_rows
from ...api.paging.lists import (
    Fetch,
    FullList,
    make_paginator,
    one_pass,
    pages,
    read_full_list,
)
from ...api.paging.pages import Page, RowParser, row_id
from ...api.paging.paginators import PageRequest
from ...api.paging.stable_reading import StableReading
from ...catalog import ApiVersion, Endpoint, table_layout
from ...config.settings import Settings
from ...errors import PagingError
from ..context import ExtractContext

BAD_REQUEST = 400
"""The status of a request for fields or links that an installation does not have."""


def request_parameters(
    endpoint: Endpoint,
    partition: Sequence[int],
    variant: Mapping[str, str],
    settings: Settings,
    today: date,
    own_id: int | None = None,
) -> dict[str, str]:
    """Return the query parameters of a request for one partition, without those of its paging.

    Args:
        endpoint: The endpoint.
        partition: The parents' ids, in the order of the endpoint's parents.
        variant: One of the endpoint's request variants.
        settings: The mode and the dates.
        today: The first day of schedules.
        own_id: In user mode, the id of the signed-in member, where it is known.
    """
    parameters = dict(variant)
    for parent, identity in zip(endpoint.parents, partition):
        if settings.mode not in parent.implicit_for_modes:
            parameters[parent.parameter] = str(identity)
    if endpoint.own_parent and own_id is not None:
        parameters[endpoint.own_parent.parameter] = str(own_id)
    if endpoint.date_range:
        first, end = settings.start_date, settings.end_date
        if endpoint.date_range == "schedule" or first is None or end is None:
            first, end = today, today + timedelta(days=settings.schedule_days)
        for name, value in settings.api.date_parameters.items():
            parameters[name] = value.format(first=first, end=end)
    return parameters


class PageRequester:
    """Requests the pages of one endpoint.

    Args:
        context: The context.
        endpoint: The endpoint.
    """

    def __init__(self, context: ExtractContext, endpoint: Endpoint) -> None:
        self._context = context
        self._settings = context.settings
        self._endpoint = endpoint
        # Other lists are small, or are compared with what was loaded last.
        is_long = endpoint.is_keyset or endpoint.is_full_list
        has_parser = is_long and endpoint.version_field is not None
        self._parser = _row_parser(self._settings.api, endpoint) if has_parser else None

    def pages_after(
        self, start: int, params: Mapping[str, str], is_capped: bool = True
    ) -> Iterator[Page]:
        """Yield the pages of the rows after a value of the cursor's field.

        Args:
            start: The value.
            params: See `request_parameters`.
            is_capped: See `KeysetPaginator`.
        """
        api, base_url = self._settings.api, self._settings.base_url
        paginator = make_paginator(api, self._endpoint, base_url, start, is_capped)
        return pages(self._fetch(params), paginator)

    def all_versions(self) -> Iterator[tuple[int, int]]:
        """Yield the row version and the id of each row.

        Raises:
            PagingError: A row has no id.
        """
        api, endpoint = self._settings.api, self._endpoint
        fields = ",".join(filter(None, (endpoint.id_field, endpoint.version_field)))
        params = {name: text.format(field=fields) for name, text in api.only_parameters.items()}
        # A row that changes meanwhile moves to the end: that must be read too.
        for page in self.pages_after(0, params, is_capped=False):
            for version, identity in zip(
                page.versions(endpoint.version_field), page.ids(endpoint.id_field)
            ):
                if identity is None:
                    raise PagingError(f"A row has no {endpoint.id_field}.")
                yield version, identity

    def stable_reading(self, params: Mapping[str, str], expected: Set[Any]) -> StableReading:
        """Return what reads all rows page by page, of a list that may shift meanwhile.

        Args:
            params: See `request_parameters`.
            expected: See `StableReading`.
        """
        settings, endpoint = self._settings, self._endpoint
        connections = settings.concurrency if self._context.limit is None else 1
        fetch = self._fetch(params)
        one = partial(one_pass, settings.api, endpoint, settings.base_url, fetch, connections)
        return StableReading(one, settings.api.page_size, self._identities, expected)

    def full_list(self, params: Mapping[str, str]) -> FullList:
        """Return all rows; `params` as `request_parameters`."""
        found = read_full_list(
            self._settings.api,
            self._endpoint,
            self._settings.base_url,
            self._fetch(params),
            self._settings.concurrency,
            self.identity,
            self._context.limit,
        )
        if self._endpoint.link is None:
            return found
        return replace(found, rows=linked_rows(self._endpoint, found.rows))

    def _fetch(self, params: Mapping[str, str]) -> Fetch:
        def fetch(request: PageRequest) -> Page:
            page = self._get(joined_parameters(params, request.params), request.url)
            return completed(self._settings.api, self._endpoint, page, self._get)

        return fetch

    def _get(self, params: Mapping[str, str], url: str | None = None) -> Page:
        page = self._context.client.get(
            self._endpoint.path, params, self._endpoint.name, self._parser, url
        )
        self._context.failures.responded()
        return page

    def identity(self, row: Any) -> Any:
        """Return a key of a row: its id, or all of a row that has none."""
        identity = row_id(row, self._endpoint.identity)
        return repr(row) if identity is None else identity

    def _identities(self, page: Page) -> Sequence[Any]:
        """Return the keys of a page's rows: see `identity`."""
        ids = page.ids(self._endpoint.identity)
        return ids if None not in ids else list(map(self.identity, page.elements))


def joined_parameters(params: Mapping[str, str], paging: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a request for a page; of two filters, both have to be met."""
    both = {name: f"{params[name]} and {text}" for name, text in paging.items() if name in params}
    return {**params, **paging, **both}


def _row_parser(api: ApiVersion, endpoint: Endpoint) -> RowParser:
    layout = table_layout(endpoint).layout
    return RowParser(layout.scalar_names(), layout.nested_names(), api.envelope)
