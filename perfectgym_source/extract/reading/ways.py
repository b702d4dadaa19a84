"""The ways to read an endpoint, where an installation lacks what the catalog names."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from ...catalog import ApiVersion, Endpoint
from ...errors import RequestRefused
from ..context import ExtractContext
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


def begun(pages: Iterator[T]) -> Iterator[T]:
    """Return an iterator of which the first element has been requested."""
    first = list(itertools.islice(pages, 1))
    return itertools.chain(first, pages)


class WayFinder:
    """Finds the way in which an installation lets an endpoint be read.

    An installation may lack the row version, or a link, that the catalog names. A request for them
    is refused: then the endpoint is read by id, or without the link. The way that works is tried
    first in the next runs, and the usual one again once a day. One refusal may be an accident, so a
    way is left only if it is refused again after another one has worked.

    Args:
        context: The context.
        endpoint: The endpoint.
        router: Holds the state that remembers the way.
    """

    def __init__(self, context: ExtractContext, endpoint: Endpoint, router: RowRouter) -> None:
        self._context = context
        self._endpoint = endpoint
        self._router = router

    @property
    def lacks_links(self) -> bool:
        """Return whether the endpoint is read, or was read last, without some of its links."""
        table = self._router.table
        return self._endpoint.fallback is not None and table is not None and bool(table.way % 2)

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
        known, first = (0, 0) if table is None else (table.way, table.way_to_try)
        known, first = (min(index, len(found) - 1) for index in (known, first))
        order = sorted(range(len(found)), key=lambda index: index != first)
        index, result, refused = self._first(order, found, attempt)
        if refused is not None and len(found) > 1 and index not in (0, known):
            again = self._first([known], found, attempt)
            if again[0] is not None:
                index, result, _ = again
        if index is None or result is None:
            assert refused is not None
            raise refused
        is_known = table is not None and not table.found_way(index)
        if index and refused is not None and not is_known:
            why = difference(self._endpoint, found[index][0])
            self._context.failures.warn(f"{self._endpoint.name}: {why} ({refused})")
        return result

    @staticmethod
    def _first(
        order: Iterable[int],
        found: Sequence[tuple[Endpoint, Mapping[str, str]]],
        attempt: Callable[[Endpoint, Mapping[str, str]], T],
    ) -> tuple[int | None, T | None, RequestRefused | None]:
        """Return the first way that works, with its result, and the first refusal before it."""
        refused: RequestRefused | None = None
        for index in order:
            try:
                return index, attempt(*found[index]), refused
            except RequestRefused as error:
                if error.status != BAD_REQUEST:
                    raise
                refused = refused or error
        return None, None, refused
