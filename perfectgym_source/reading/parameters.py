"""The query parameters of a request, without those of its paging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from ..catalogue import Endpoint
from ..settings import Settings


def request_parameters(
    endpoint: Endpoint,
    unit: Sequence[int],
    variant: Mapping[str, str],
    settings: Settings,
    today: date,
    own_id: int | None = None,
) -> dict[str, str]:
    """The parameters of a request for one unit.

    Args:
        endpoint: The endpoint.
        unit: The parents' ids, in the order of the endpoint's parents.
        variant: One of the endpoint's sets of fixed parameters.
        settings: For the mode, and the period of `classes_window`.
        today: Where the period of calendars begins.
        own_id: In user mode, the id of the signed-in member, where it is known.
    """
    parameters = dict(variant)
    for parent, identity in zip(endpoint.parents, unit):
        if settings.mode not in parent.implied_in:
            parameters[parent.parameter] = str(identity)
    if endpoint.own_user_parameter and own_id is not None:
        parameters[endpoint.own_user_parameter] = str(own_id)
    if endpoint.window:
        first, end = settings.start_date, settings.end_date
        if endpoint.group == "instructor" or first is None or end is None:
            first, end = today, today + timedelta(days=settings.schedule_days)
        parameters.update(startDate=f"{first}T00:00:00", endDate=f"{end}T00:00:00")
    return parameters
