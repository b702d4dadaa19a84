"""An installation as the marts show it, beside the facts about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from support.figures.facts import Facts, Rules


def number(key: str | None) -> int | None:
    """The id in a key."""
    return None if key is None else int(key.rsplit("|", 1)[1])


@dataclass
class Installation:
    """An installation in the marts.

    Attributes:
        name: what the marts call it.
        facts: what happened there.
        query: runs a query over the marts.
        as_of: the day up to which the marts count.
        rules: the variables with which they were built.
    """

    name: str
    facts: Facts
    query: Callable[[str], list[Any]]
    as_of: date
    rules: Rules

    @property
    def terms(self) -> tuple[Facts, date, Rules]:
        """What every figure depends on."""
        return self.facts, self.as_of, self.rules

    def rows(self, columns: str, mart: str, where: str = "true", group: str = "") -> list[Any]:
        """Rows of a mart, those of this installation."""
        grouped = f"group by {group}" if group else ""
        own = f"installation = '{self.name}' and {where}"
        return self.query(f"select {columns} from {mart} where {own} {grouped}")

    def by(
        self, keys: Iterable[str], values: str, mart: str, where: str = "true"
    ) -> dict[Any, Any]:
        """A value, or a tuple of values, by a tuple of keys of which some end in `_key`."""
        names = list(keys)
        found = {}
        for row in self.rows(", ".join([*names, values]), mart, where):
            key = tuple(
                number(value) if name.endswith("_key") else value for name, value in zip(names, row)
            )
            assert key not in found, (mart, key)
            rest = row[len(names) :]
            found[key] = rest[0] if len(rest) == 1 else tuple(rest)
        return found
