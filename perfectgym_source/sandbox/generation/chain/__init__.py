"""A chain of clubs with the rhythm of real ones: what its members do, month after month.

The other worlds are made by chance and stand still in time; this one may end on any day.
"""

from __future__ import annotations

from ..builder import Builder
from ..members import make_user
from .agreements import make_agreements
from .classes import make_classes
from .lives import Lives
from .people import People, midnight
from .trade import make_trade
from .training import make_training
from .visits import make_visits


def make_people(builder: Builder) -> People:
    """Add `users` in the order in which they joined, and choose the demo member."""
    random = builder.random("lives")
    until = People.last_day(builder)
    people = People(builder, Lives(random, until, builder.size.months).make())
    clubs = builder.rows("clubs")
    for index, life in enumerate(people.lives):
        joined = midnight(life.terms[0].signed) + random.randrange(9 * 60, 19 * 60)
        last = life.terms[-1].last()
        is_active = last is None or last >= until
        club = clubs[life.club]
        people.users.append(make_user(builder, random, index, joined, club, is_active))
    builder.member_id = people.users[7]["id"]
    return people


def make_chain(builder: Builder, people: People) -> None:
    """Add what the members of a chain do: contracts and fees, classes, visits, purchases."""
    make_agreements(builder, people)
    attended = make_classes(builder, people)
    entered = make_visits(builder, people, attended)
    make_trade(builder, people, entered)
    make_training(builder, people)


__all__ = ["make_chain", "make_people"]
