"""Changes between two runs, of every kind that a destination has to take in."""

from __future__ import annotations

from perfectgym_source.sandbox import World

CHANGED = (
    "classes",
    "clubs",
    "contracts",
    "contracts__discounts",
    "contracts__freezes",
    "lead_sources",
    "products",
    "users",
)
"""The tables whose rows the changes touch."""


def change(world: World) -> None:
    """Add, change and delete rows, cut and fill arrays, and take rows out of full pictures."""
    club = world.clubs[0]["id"]
    world.change("clubs", club, name="Club Ünder 'new' \\ name")
    world.add("classes", club_id=club)
    world.change("classes", world.classes[0], attendeesCount=17)
    world.delete("classes", world.classes[1])
    listed = [row for row in world.contracts if _are_lists(row["discounts"], row["freezes"])]
    first, second = listed[:2]
    longer = [{**first["discounts"][0], "name": f"Discount {number}"} for number in range(3)]
    world.change("contracts", first, discounts=longer, freezes=[])
    world.change("contracts", second, discounts=second["discounts"][1:], freezes=[])
    world.delete("contracts", next(row for row in world.contracts if row not in listed))
    world.change("users", world.users[0], firstName="Zoë")
    world.purge("products", world.rows("products", club_id=club)[0])
    world.add("products", club_id=club, name="A new product")
    world.purge("lead_sources", world.rows("lead_sources")[0])


def _are_lists(*arrays: object) -> bool:
    """Whether there is something to cut: the API also gives `""` or an object for an array."""
    return all(isinstance(array, list) and array for array in arrays)
