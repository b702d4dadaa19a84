"""The ways to read an endpoint, where an installation lacks what the catalog names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from ..catalog import ApiVersion, Endpoint
from ..errors import RequestRefused
from .context import ExtractContext
from .page_requests import BAD_REQUEST
from .row_router import RowRouter

T = TypeVar("T")


def ways(
    api: ApiVersion, endpoint: Endpoint, params: Mapping[str, str]
) -> Iterator[tuple[Endpoint, Mapping[str, str]]]:
    """Yield the ways to read an endpoint, the usual one first: the endpoint, and the parameters.

    Args:
        api: The generation of the API.
        endpoint: The endpoint.
        params: The parameters of its requests.
    """
    endpoints = [endpoint]
    if endpoint.paginator == "keyset" and endpoint.id_field and api.id_parameters:
        endpoints.append(replace(endpoint, paginator="id", version_field=None))
    parameters = [params] if endpoint.fallback is None else [params, endpoint.fallback]
    yield from itertools.product(endpoints, parameters)


def difference(endpoint: Endpoint, read_as: Endpoint) -> str:
    """Return in words why an endpoint is not read in the usual way."""
    if read_as is not endpoint:
        return (
            f"The installation does not filter by {endpoint.version_field}; it is read by id, and "
            "as a whole once a day."
        )
    if endpoint.link is not None:
        return "The installation does not filter by links; rows without one are read too."
    return "The installation refuses a link of the catalog; it is left out."


class WayFinder:
    """Finds the way in which an installation lets an endpoint be read.

    An installation may lack the row version, or a link, that the catalog names. A request for them
    is refused: then the endpoint is read by id, or without the link. The way that works is tried
    first in the next runs, and the usual one again once a day.

    Args:
        context: The context.
        endpoint: The endpoint.
        router: Holds the state that remembers the way.
    """

    def __init__(self, context: ExtractContext, endpoint: Endpoint, router: RowRouter) -> None:
        self._context = context
        self._endpoint = endpoint
        self._router = router

    def read(
        self, params: Mapping[str, str], attempt: Callable[[Endpoint, Mapping[str, str]], T]
    ) -> T:
        """Return the result of the first attempt that is not refused.

        Args:
            params: See `request_parameters`.
            attempt: Reads the endpoint with these parameters.

        Raises:
            RequestRefused: The API refuses each way to read the endpoint.
        """
        table = self._router.table
        found = list(ways(self._context.settings.api, self._endpoint, params))
        first = 0 if table is None else min(table.way_to_try, len(found) - 1)
        refused: RequestRefused | None = None
        for index in sorted(range(len(found)), key=lambda index: index != first):
            try:
                result = attempt(*found[index])
            except RequestRefused as error:
                if error.status != BAD_REQUEST:
                    raise
                refused = refused or error
                continue
            is_known = table is not None and not table.found_way(index)
            if index and refused is not None and not is_known:
                why = difference(self._endpoint, found[index][0])
                self._context.failures.warn(f"{self._endpoint.name}: {why} ({refused})")
            return result
        assert refused is not None
        raise refused
