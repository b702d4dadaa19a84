"""After the API is quiet, one run leaves every table equal to the API, whatever happened before.

Hypothesis drives machines that edit the sandbox before and during runs, break its answers, kill
runs, and load all or some resources, from the beginning or not, on this machine or a new one. Each
run that nothing disturbed must leave its tables equal to the sandbox's truth; after a quiet run,
the next one must load nothing.

In the environment:

INVARIANT_SEED: another search; it is printed (`-s`, and with a failure).
INVARIANT_EXAMPLES, INVARIANT_STEPS: how many worlds, and runs in each of them.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test
from support.edits import Editor
from support.loading import keep, small_world
from support.machine import Divergence, Machine, Machine22

from perfectgym_source.extract.reading import changes
from perfectgym_source.sandbox import Installation, World

SEED = os.environ.get("INVARIANT_SEED", "1")
EXAMPLES = int(os.environ.get("INVARIANT_EXAMPLES", "3"))
STEPS = int(os.environ.get("INVARIANT_STEPS", "5"))
SECONDS_FOR_AN_EXAMPLE = 180


class VersionedLists(Machine):
    """Lists by row version, of the company and of clubs; late commits and a club that appears."""

    resources = ("clubs", "classes", "contracts")
    actions: ClassVar = {
        "clubs": ("add", "change", "delete", "change_late", "bring_back", "bring_back"),
        "classes": ("add", "change", "delete", "add_late", "change_late", "commit"),
        "contracts": ("add", "change", "delete", "add_late", "change_late", "commit"),
    }

    def make_world(self) -> World:
        world = World("tiny")
        for table in ("user_classes", "class_available_seats"):
            keep(world, table, ())
        classes = [world.rows("classes", club_id=club["id"]) for club in world.clubs]
        keep(world, "classes", [row.key for rows in classes for row in rows[-110:]])
        keep(world, "contracts", [row.key for row in world.contracts[-105:]])
        return world

    def make_editor(self, world: World) -> Editor:
        """Two clubs may appear later, with classes of old row versions."""
        return Editor(world, [("clubs", world.purge("clubs", club)) for club in (3, 4)])


class WholeLists(Machine):
    """Lists that are read as a whole: page numbers that shift, and full pictures of each club."""

    resources = ("users", "countries", "products", "lead_sources")
    actions: ClassVar = {
        "users": (
            "add", "change", "delete", "purge", "bring_back", "add_late", "change_late", "commit",
        ),
        "countries": ("add", "change", "purge", "bring_back", "shrink"),
        "products": ("add", "change", "purge", "bring_back", "shrink"),
        "lead_sources": ("add", "change", "purge", "bring_back", "shrink"),
    }  # fmt: skip

    def make_world(self) -> World:
        world = World("tiny")
        keep(world, "users", [world.member_id, *(row.key for row in world.users[-104:])])
        keep(world, "countries", [row.key for row in world.rows("countries")[-104:]])
        return world


class ListsOfParents(Machine):
    """Lists of users, classes, countries and messages, which are read when these change."""

    resources = (
        "documents", "membership_cards", "user_products", "message_details",
        "class_available_seats", "cities",
    )  # fmt: skip
    actions: ClassVar = {
        "users": ("add", "change", "delete", "purge"),
        "classes": ("add", "change", "change_late", "commit"),
        "documents": ("add", "change", "delete", "add_late", "change_late"),
        "messages": ("add", "change", "delete", "add_late", "change_late"),
        "membership_cards": ("add", "change", "delete", "purge", "shrink"),
        "user_products": ("add", "change", "purge", "shrink"),
        "class_available_seats": ("add", "purge", "shrink"),
        "cities": ("add", "change", "purge", "shrink"),
    }

    def make_world(self) -> World:
        world = small_world(users=5)
        keep(world, "user_classes", ())
        seats = [row.params["classId"] for row in world.rows("class_available_seats")]
        keep(world, "classes", list(dict.fromkeys(seats))[:4])
        keep(world, "countries", [row.key for row in world.rows("countries")[:3]])
        return world


class EntitySets(Machine22):
    """Sets of API v2.2: by version, by id, without an id, and links, on short pages."""

    resources = (
        "companies", "member_balances", "cancel_reasons", "member_custom_attributes",
        "member_agreement_translations", "members_to_tags", "payment_plans_to_tags",
    )  # fmt: skip
    stale = ("member_balances", "member_custom_attributes", "members_to_tags")
    installation = Installation(page_size=11, unstable_ties=True, next_links="skiptoken")
    actions: ClassVar = {
        "Companies": (
            "add", "change", "delete", "add_late", "change_late", "commit", "tie", "bring_back",
        ),
        "MemberBalances": ("change", "purge", "change_late", "commit", "bring_back"),
        "CancelReasons": ("add", "change", "purge", "bring_back"),
        "MemberCustomAttributes": ("add", "change", "purge", "bring_back"),
        "MemberAgreementTranslations": ("change", "purge", "bring_back"),
        "Members": ("relate", "delete"),
        "PaymentPlans": ("relate", "delete", "add"),
    }  # fmt: skip

    def make_world(self) -> World:
        """With few members and balances, and no row that has most of the links."""
        world = World("tiny")
        sets = world.sets
        for name in ("Members", "MemberBalances", "MemberCustomAttributes"):
            for row in sets.rows(name)[24:]:
                sets.purge(name, row)
        for name, tags in (("Members", "MemberTags"), ("PaymentPlans", "PaymentPlanTags")):
            keys = [row.key for row in sets.rows(tags)]
            for place, row in enumerate(sets.rows(name)):
                sets.relate(name, row, "tags", keys[place % 3 : place % 5])
        return world


class OneCursorForAllClubs(VersionedLists):
    """A connector with a mistake: the clubs share a cursor."""

    actions: ClassVar = {"clubs": ("bring_back",)}

    def __init__(self) -> None:
        super().__init__()
        self.patches.setattr(changes, "partition_key", lambda partition, variant=0: "all")


class NoOverlap(VersionedLists):
    """A connector with a mistake: what was committed late is not asked for."""

    actions: ClassVar = {"classes": ("add_late", "change_late", "commit")}
    options: ClassVar = {"timestamp_overlap": 0}


def search(machine: type[Machine], of: str, examples: int, steps: int, **more: object) -> None:
    """Run a machine, and say how far it came."""
    machine.steps, machine.divergences = Counter(), []
    seed(f"{of} {machine.__name__}")(machine)
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                **more,
            ),
        )
    finally:
        made = ", ".join(f"{number} {name}" for name, number in sorted(machine.steps.items()))
        print(f"\n{machine.__name__}, INVARIANT_SEED={of}: {made}")


@pytest.mark.timeout(SECONDS_FOR_AN_EXAMPLE * EXAMPLES)
@pytest.mark.parametrize("machine", [VersionedLists, WholeLists, ListsOfParents, EntitySets])
def test_after_the_api_is_quiet_one_run_makes_the_tables_equal_to_it(machine):
    search(machine, SEED, EXAMPLES, STEPS)
    assert machine.steps["quiet runs"] >= EXAMPLES


@pytest.mark.timeout(SECONDS_FOR_AN_EXAMPLE * 15)
@pytest.mark.parametrize("machine", [OneCursorForAllClubs, NoOverlap])
def test_a_connector_with_a_mistake_is_found_out(machine):
    with pytest.raises((Divergence, Flaky)):
        search(machine, "1", examples=15, steps=4, phases=[Phase.generate])
    assert machine.divergences
