"""What the tables of API v2.2 must hold, read from the sandbox's sets by the facts.

It shares nothing with the connector's catalog and decoder but the names of its columns' exceptions.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timezone
from decimal import Context, Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from support.odata_client import BY_ID, SETS, TYPES, links_of

from perfectgym_source.sandbox.v22.sets import Sets

Row = dict[str, Any]
Tables = dict[str, list[Row]]

TECHNICAL = {"_dlt_id", "_dlt_load_id", "_removed", "_unreadable"}
PLACES, EXACT = Decimal(1).scaleb(-9), Context(prec=76)
KEPT_AS_TEXT = ("startDateUtc", "endDateUtc")
OTHER_COLUMNS = {
    "isRecurringCreditCardPaymentAllowed": "is_recurring_credit_card_allowed",
    "isRecurringDirectDebitPaymentAllowed": "is_recurring_direct_debit_allowed",
}


@cache
def snake(name: str) -> str:
    """The column of a property."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", OTHER_COLUMNS.get(name, name))
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


class Json(str):
    """A value of which the column holds the JSON text, in one spelling."""

    def __new__(cls, value: Any) -> Json:
        return super().__new__(cls, json.dumps(value, sort_keys=True, default=plain))


def plain(number: Decimal) -> str:
    """A number without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class SetTruth:
    """The truth about the tables of an installation.

    Args:
        sets: The sets.
        default: The zone of rows without a club.
    """

    def __init__(self, sets: Sets, default: str) -> None:
        self._sets = sets
        self._default = default
        self._zones = {club["id"]: club["timezoneId"] for club in sets.rows("Clubs")}

    def tables(self, name: str) -> Tables:
        """The rows of a set and of its child tables, by table."""
        fact = SETS[name]
        links = [link.partition("/")[0] for link in links_of(name)]
        table = snake(name)
        found: Tables = {table: []}
        for raw in self._sets.truth(name, *links_of(name), *filter(None, [BY_ID.get(name)])):
            row: Row = {}
            if name in BY_ID:
                other = raw.pop(BY_ID[name])
                row[f"{BY_ID[name]}__id"] = other and other["id"]
            children: dict[str, tuple[str, list[Row]]] = {}
            self._flatten(fact["type"], raw, "", row, children, links)
            zone = self._zone(name, row)
            found[table].append({**row, **self._instants(row, zone)})
            for field, (kind, elements) in children.items():
                below = found.setdefault(f"{table}__{field}", [])
                for position, element in enumerate(elements):
                    child: Row = {"_position": position, "(root)": row["id"]}
                    self._flatten(kind, element, "", child, {})
                    below.append({**child, **self._instants(child, zone)})
        return found

    def pairs(self, name: str, field: str, own: str, other: str) -> list[Row]:
        """The rows of a many-to-many link."""
        return [
            {own: raw["id"], other: element["id"]}
            for raw in self._sets.truth(name, field)
            for element in raw[field]
        ]

    def _zone(self, name: str, row: Row) -> str | None:
        columns = ("home_club_id", "personal_training_booking_details__club_id", "club_id")
        club = row["id"] if name == "Clubs" else None
        club = next((row[column] for column in columns if row.get(column) is not None), club)
        return self._default if club is None else self._zones.get(club)

    def _flatten(
        self,
        kind: str,
        raw: Row | None,
        prefix: str,
        row: Row,
        children: dict[str, Any],
        links: Sequence[str] = (),
    ) -> None:
        for field, value in (raw or {}).items():
            fact = TYPES[kind].get(field, {"type": "string"})
            bare = fact["type"].removeprefix("array of ")
            if "inline" in fact and field not in links:
                row[prefix + snake(field)] = value if value is None else Json(value)
            elif bare not in TYPES:
                column = f"{field}_text" if field in KEPT_AS_TEXT else field
                row[prefix + snake(column)] = _cast(kind, field, bare, value)
            elif bare != fact["type"] and prefix:
                row[prefix + snake(field)] = value if value is None else Json(value)
            elif bare != fact["type"]:
                children[snake(field)] = (bare, value)
            else:
                self._flatten(bare, value, f"{prefix}{snake(field)}__", row, children)

    def _instants(self, row: Row, zone: str | None) -> Row:
        """The second column of each moment; the moments themselves lose their offsets."""
        found = {}
        for column, value in row.items():
            if isinstance(value, datetime):
                instant = None
                if value.tzinfo is not None:
                    instant = value.astimezone(timezone.utc)
                elif zone is not None:
                    instant = value.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
                found[column], found[f"{column}_utc"] = value.replace(tzinfo=None), instant
        return found


def _cast(kind: str, field: str, type_: str, value: Any) -> Any:
    if value is None or field in KEPT_AS_TEXT:
        return value
    if type_ == "double":
        return Decimal(value).quantize(PLACES, context=EXACT)
    if type_ == "datetime":
        if (kind, field) == ("Member", "birthdate"):
            return date.fromisoformat(value[:10])
        return moment(value)
    return value


def moment(text: str) -> datetime:
    """A moment of the API, to the microsecond: Python 3.10 reads fewer spellings."""
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00"))
    return datetime.fromisoformat(re.sub(r"\.(\d{1,5})(?!\d)", _six_digits, text))


def _six_digits(found: re.Match[str]) -> str:
    return f".{found[1]:0<6}"


def rows_of(database: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    """The rows of a table; of a child table, the id of the root row is `(root)`."""
    database.execute(f'SELECT * FROM perfectgym."{table}"')
    names = [column[0] for column in database.description or ()]
    return [dict(zip(names, values)) for values in database.fetchall()]


def differences(expected: Sequence[Row], actual: Sequence[Row], root: str = "") -> Iterator[str]:
    """Say which rows are missing, and which are too many.

    Args:
        expected: The rows that the table must hold.
        actual: Its rows.
        root: Of a child table, the column that holds the id of the root row.
    """
    texts = {key for row in expected for key, value in row.items() if isinstance(value, Json)}
    wanted = Counter(_canonical(row) for row in expected)
    got: Counter[str] = Counter()
    for row in actual:
        found = {"(root)" if key == root else key: value for key, value in row.items()}
        for key in texts:
            if found[key] is not None:
                found[key] = Json(json.loads(found[key], parse_float=Decimal))
        got[_canonical(found)] += 1
    for what, rows in (("missing", wanted - got), ("too many", got - wanted)):
        if rows:
            yield f"{rows.total()} {what}, such as {next(iter(rows))}"


def _canonical(row: Row) -> str:
    found = {}
    for column, value in sorted(row.items()):
        if value is None or column in TECHNICAL:
            continue
        if isinstance(value, Decimal):
            value = plain(value)
        elif isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(timezone.utc)
        found[column] = value
    return json.dumps(found, default=str, ensure_ascii=False)
