"""Makes the rows of a world, all from its seed: the same seed gives the same bytes."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from datetime import date

from ..store.rows import Table
from . import chain
from .belongings import make_belongings, make_measurements
from .builder import NOW, SIZES, Beyond, Builder, end_of
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

LAST_DAY = date(2026, 6, 30)
"""The last day of a chain for which no other is given."""


def generate(
    size: str, seed: int, quirks: bool, tables: Mapping[str, Table], until: date | None = None
) -> tuple[int, int | None, list[Beyond]]:
    """Fill empty tables with the world of a size and a seed.

    Returns:
        The last `timestamp` given, the id of the demo member (none in an empty world), and rows
        that only v2.2 shows.

    Raises:
        ValueError: there is no such size, or its world does not end on a day of choice.
    """
    if size not in SIZES:
        raise ValueError(f"no world of the size {size!r}: choose from {', '.join(SIZES)}")
    if until is not None and not SIZES[size].months:
        raise ValueError(f"the world of the size {size!r} does not end on a day of choice")
    months = SIZES[size].months
    now = NOW if not months else end_of(until or LAST_DAY)
    builder = Builder(SIZES[size], seed, quirks, now)
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
        if months:
            people = chain.make_people(builder)
            chain.make_chain(builder, people)
            make_belongings(builder)
            make_measurements(builder)
        else:
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
    return last, builder.member_id, builder.beyond
