"""An installation whose rows change, and the comparison of the published tables with it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import duckdb
from support.program import Program

from perfectgym_source.sandbox import World

RESOURCES = ("--resources", "clubs,classes,contracts,products")
Tables = dict[str, list[tuple[Any, ...]]]

_COLUMNS = {
    "clubs": "id, timestamp, name, is_deleted",
    "classes": "id, timestamp, attendees_count, is_deleted",
    "contracts": "id, timestamp, status, is_deleted",
    "contracts__discounts": "contract_id, _position, id, name",
    "products": "club_id, id, name",
}


def truth(world: World) -> Tables:
    """What the tables must hold now."""
    contracts = world.truth("contracts")
    return _sorted(
        {
            "clubs": _fields(world.truth("clubs"), "id", "timestamp", "name", "isDeleted"),
            "classes": _fields(
                world.truth("classes"), "id", "timestamp", "attendeesCount", "isDeleted"
            ),
            "contracts": _fields(contracts, "id", "timestamp", "status", "isDeleted"),
            "contracts__discounts": [
                (contract["id"], position, discount["id"], discount["name"])
                for contract in contracts
                for position, discount in enumerate(contract["discounts"])
            ],
            "products": [
                (row["_params"]["clubId"], row["id"], row["name"])
                for row in world.truth("products")
            ],
        }
    )


def published(program: Program) -> Tables:
    """What the tables hold in the published file."""
    with duckdb.connect(str(program.database), read_only=True) as connection:
        return _sorted(
            {
                table: connection.sql(f"SELECT {columns} FROM perfectgym.{table}").fetchall()
                for table, columns in _COLUMNS.items()
            }
        )


def change(world: World, random: random.Random) -> None:
    """Add, change and delete rows of every table."""
    clubs = [club["id"] for club in world.clubs]
    discounts = [row["discounts"] for row in world.contracts if row["discounts"]]
    number = random.randrange(10**9)
    for club in random.sample(clubs, 2):
        world.add("classes", club_id=club)
        world.add("products", club_id=club, name=f"Product {number}")
        world.change("clubs", club, name=f"Club {number}")
    for row in random.sample(world.rows("classes"), 3):
        world.change("classes", row, attendeesCount=random.randrange(100))
    world.delete("classes", random.choice(world.rows("classes")))
    for row in random.sample(world.rows("contracts"), 2):
        given = [
            {**discount, "name": f"Discount {number}"}
            for discount in random.choice(discounts) * random.randrange(3)
        ]
        world.change("contracts", row, status=f"Status {number}", discounts=given)
    world.add("contracts")
    world.delete("contracts", random.choice(world.rows("contracts")))
    world.purge("products", random.choice(world.rows("products")))


def _fields(rows: Iterable[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def _sorted(tables: Tables) -> Tables:
    return {table: sorted(rows, key=repr) for table, rows in tables.items()}
