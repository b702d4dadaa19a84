"""What the tables must hold, read from the sandbox's rows without the connector's decoder.

It goes by the types that the columns have in DuckDB and knows the odd spellings of the API.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from support.loading import TECHNICAL, Target

from perfectgym_source.catalog import ENDPOINTS, Endpoint, table_layout

ZONES = {
    "Central European Standard Time": "Europe/Warsaw",
    "GMT Standard Time": "Europe/London",
    "India Standard Time": "Asia/Kolkata",
    "US Mountain Standard Time": "America/Phoenix",
}
OTHER_SPELLINGS = {
    "timezone": "timeZone",
    "signUpDate": "signDate",
    "paymentType": "feeType",
    "amount": "fee",
}
BLANKS = (None, "", "null")
FACTS_NAMES = {"classes_window": "classes (window)"}
Rows = dict[str, list[dict[str, Any]]]


@cache
def snake(name: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


class Truth:
    """The truth about the tables of one endpoint."""

    def __init__(self, target: Target, endpoint: Endpoint, verbatim: bool, default: str | None):
        self.endpoint = endpoint
        self.verbatim = verbatim
        self.default = default
        self.types = target.types()
        self.tables: Rows = {table.name: [] for table in table_layout(endpoint).with_children()}
        world = target.sandbox.world
        self.zones = {
            club["id"]: ZONES[club.get("timeZone") or club["timezone"]] for club in world.clubs
        }
        for raw in world.truth(FACTS_NAMES.get(endpoint.name, endpoint.name), target.mode):
            self.add(raw)

    def add(self, raw: dict[str, Any]) -> None:
        name = self.endpoint.table_name
        given = {snake(param): value for param, value in raw["_params"].items()}
        row = {column: v for column, v in given.items() if column in self.types[name]}
        club = raw["id"] if name in ("clubs", "club_details") else raw["_params"].get("clubId")
        if club is None:
            club = raw["club"]["id"] if isinstance(raw.get("club"), dict) else raw.get("homeClubId")
        zone = self.default if club in BLANKS else self.zones[int(club)]
        children: dict[str, list[Any]] = {}
        self.flatten(name, raw, "", row, children)
        if name in ("friends", "friend_statuses"):
            row["friend_user_id"], row["user_id"] = raw["userId"], raw["_params"]["userId"]
        self.finish(name, row, zone)
        keys = [row.get(column) for column in self.endpoint.key]
        self.add_children(children, keys, (), zone)

    def add_children(
        self, children: dict[str, list[Any]], keys: list[Any], above: tuple[int, ...], zone: Any
    ) -> None:
        layouts = {table.name: table for table in table_layout(self.endpoint).with_children()}
        for name, elements in children.items():
            for position, element in enumerate(elements):
                row = dict(zip((key.name for key in layouts[name].keys), keys))
                places = (*above, position)
                for level, place in enumerate(reversed(places)):
                    row["_parent" * level + "_position"] = place
                below: dict[str, list[Any]] = {}
                self.flatten(name, element, "", row, below)
                self.finish(name, row, zone)
                self.add_children(below, keys, places, zone)

    def flatten(
        self, table: str, raw: Any, prefix: str, row: dict[str, Any], children: dict[str, list[Any]]
    ) -> None:
        columns = self.types[table]
        for field, value in raw.items():
            if field == "_params":
                continue
            name = prefix + snake(field)
            child = f"{table}__{name}"
            if name not in columns and field in OTHER_SPELLINGS:
                name = prefix + snake(OTHER_SPELLINGS[field])
            if child in self.types and not prefix:
                if isinstance(value, dict):
                    assert not self.verbatim
                    value = [value]
                children[child] = [] if value in BLANKS else value
            elif name in columns:
                row[name] = self.cast(value, columns[name])
            elif isinstance(value, dict):
                self.flatten(table, value, f"{name}__", row, children)
            elif f"{name}__rating" in columns and value not in BLANKS:
                assert not self.verbatim
                row[f"{name}__rating"] = self.cast(value, columns[f"{name}__rating"])
            elif value not in BLANKS and value != []:
                raise AssertionError(f"{table} has no column for {name}")

    def cast(self, value: Any, kind: str) -> Any:
        if kind == "VARCHAR":
            if value is None or isinstance(value, str):
                return value
            return value if isinstance(value, (dict, list)) else json.dumps(value)
        if value in BLANKS:
            assert value is None or not self.verbatim
            return None
        if kind == "BIGINT":
            assert not self.verbatim or type(value) is int, value
            return int(Decimal(value))
        if kind.startswith("DECIMAL"):
            assert not self.verbatim or type(value) in (int, float), value
            return Decimal(str(value))
        if kind == "BOOLEAN":
            assert not self.verbatim or type(value) is bool, value
            return {"true": True, "false": False}[str(value).lower()]
        if kind == "DATE":
            return date.fromisoformat(value[:10])
        assert kind == "TIMESTAMP", kind
        return datetime.fromisoformat(value)

    def finish(self, table: str, row: dict[str, Any], zone: str | None) -> None:
        for column, kind in self.types[table].items():
            local = row.get(column)
            if kind == "TIMESTAMP" and local is not None and f"{column}_utc" in self.types[table]:
                instant = None
                if zone is not None:
                    instant = local.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
                row[f"{column}_utc"] = instant
        self.tables[table].append(row)


def canonical(row: dict[str, Any], columns: list[str], json_columns: set[str]) -> str:
    found = {}
    for column in columns:
        value = row.get(column)
        if value is None:
            continue
        if column in json_columns:
            value = value if isinstance(value, (dict, list)) else json.loads(value)
            value = json.dumps(value, sort_keys=True)
        elif isinstance(value, Decimal):
            value = str(value.normalize())
        elif isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(timezone.utc)
        found[column] = value
    return repr(found)


def check(
    target: Target,
    name: str,
    *,
    verbatim: bool = False,
    default: str | None = None,
) -> dict[str, int]:
    """Compare every table of an endpoint with the truth; gives the rows by table."""
    truth = Truth(target, ENDPOINTS[name], verbatim, default)
    for table, expected in truth.tables.items():
        actual = target.rows(table)
        assert all(row.get("_unreadable") is None for row in actual), table
        assert all(row.get("_removed") is None for row in actual), table
        columns = sorted(truth.types[table].keys() - TECHNICAL)
        json_columns = {
            column
            for row in expected
            for column, value in row.items()
            if isinstance(value, (dict, list))
        }
        strange = {column for row in expected for column in row}.difference(columns)
        assert not strange, (table, strange)
        wanted = Counter(canonical(row, columns, json_columns) for row in expected)
        got = Counter(canonical(row, columns, json_columns) for row in actual)
        missing, extra = sorted(wanted - got), sorted(got - wanted)
        assert not (missing or extra), (
            f"{table}: {len(missing)} missing, {len(extra)} too many\n"
            f"missing: {missing[:1]}\nextra:   {extra[:1]}"
        )
    return {table: len(rows) for table, rows in truth.tables.items()}
