"""The query parameters of a request, without those of its paging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from ..catalog import Endpoint
from ..config.settings import Settings


def request_parameters(
    endpoint: Endpoint,
    partition: Sequence[int],
    variant: Mapping[str, str],
    settings: Settings,
    today: date,
    own_id: int | None = None,
) -> dict[str, str]:
    """The parameters of a request for one partition.

    Args:
        endpoint: The endpoint.
        partition: The parents' ids, in the order of the endpoint's parents.
        variant: One of the endpoint's sets of fixed parameters.
        settings: For the mode, and the period of `classes_window`.
        today: Where the period of calendars begins.
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
        parameters.update(startDate=f"{first}T00:00:00", endDate=f"{end}T00:00:00")
    return parameters
