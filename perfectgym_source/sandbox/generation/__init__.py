"""Makes the rows of a world, all from its seed: the same seed gives the same bytes."""

from __future__ import annotations

import gc
from collections.abc import Mapping

from ..store import Table
from .belongings import make_belongings, make_measurements
from .builder import SIZES, Builder
from .clubs import make_clubs, make_dictionaries
from .contracts import make_contracts
from .hours import make_hours, make_visits
from .members import make_users
from .offer import (
    make_class_types,
    make_instructors,
    make_products,
)
from .sales import (
    make_discounts,
    make_memberships,
    make_plans,
)
from .timetable import Timetable


def generate(
    size: str, seed: int, quirks: bool, tables: Mapping[str, Table]
) -> tuple[int, int | None]:
    """Fill empty tables with the world of a size and a seed.

    Returns:
        The last `timestamp` given, and the id of the demo member (none in an empty world).

    Raises:
        ValueError: there is no such size.
    """
    if size not in SIZES:
        raise ValueError(f"no world of the size {size!r}: choose from {', '.join(SIZES)}")
    builder = Builder(SIZES[size], seed, quirks)
    collecting = gc.isenabled()
    gc.disable()
    try:
        make_clubs(builder)
        make_dictionaries(builder)
        make_class_types(builder)
        make_instructors(builder)
        make_products(builder)
        make_memberships(builder)
        make_plans(builder)
        make_discounts(builder)
        make_users(builder)
        make_contracts(builder)
        make_belongings(builder)
        make_measurements(builder)
        make_hours(builder)
        make_visits(builder)
        Timetable(builder, quirks).make()
        last = builder.finish(tables)
    finally:
        if collecting:
            gc.enable()
    return last, builder.member_id
