"""The parents of an endpoint: the endpoints whose ids its requests take."""

from __future__ import annotations

from collections.abc import Iterable

from ..catalog import Endpoint


def needs_all_parents(endpoint: Endpoint) -> bool:
    """Return whether an endpoint needs every parent in each run, not only new and changed ones."""
    return endpoint.always_refresh or len(endpoint.parents) > 1


def is_versioned(endpoint: Endpoint) -> bool:
    """Return whether the row version tells that a row is unchanged: in keyset lists, and in full
    lists, whose rows have a version too."""
    return endpoint.is_keyset or endpoint.is_full_list


def parent_endpoints(endpoint: Endpoint) -> Iterable[str]:
    """Return the names of the endpoints whose ids an endpoint's requests take."""
    if endpoint.pairs_from:
        return (endpoint.pairs_from,)
    return (parent.table for parent in endpoint.parents)
