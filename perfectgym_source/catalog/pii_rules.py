"""From the setting `pii` to the rules for personal data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from ..errors import closest, suggest
from .api_version import ApiVersion
from .fields import Pii
from .model import Endpoint, Write
from .pii import Privacy, Rule, all_columns
from .tables import Column, TableLayout
from .v1 import V1

RULES: tuple[Rule, ...] = get_args(Rule)
KINDS: tuple[Pii, ...] = get_args(Pii)


def make_privacy(given: Any, key: str = "", api: ApiVersion = V1) -> Privacy:
    """Return the rules of a setting: a word for all, or a table of words.

    Args:
        given: `keep`, `hash` or `drop`; or such a word by kind of personal data, by
            `table.column`, for `unknown` and for `default`, as a mapping or as JSON. A column's
            rule goes before that of its kind, a kind's before the default.
        key: The key of the hashes.
        api: The generation of the API, whose columns can be named.

    Raises:
        ValueError: A word or a name is unknown, or loading goes by the column; the message goes on
            after the setting's name.
    """
    words = _words(given)
    default = words.pop("default", "keep")
    unknown = words.pop("unknown", default)
    by_kind = [(kind, words.pop(kind, default)) for kind in KINDS]
    kinds: dict[str, Rule] = {kind: rule for kind, rule in by_kind if rule != "keep"}
    columns: dict[str, Rule] = {}
    if words:
        known = {f"{entry[1].name}.{entry[2].name}": entry for entry in all_columns(api)}
        needed = {
            f"{table.name}.{name}"
            for endpoint, table, _ in known.values()
            for name in _needed(endpoint, table)
        }
        for name, rule in words.items():
            if name not in known:
                raise ValueError(
                    f"names {name!r}, which is no kind of personal data and no table.column"
                    f"{_suggested(name, known)}"
                )
            if name in needed and rule != "keep":
                raise ValueError(f"cannot {rule} {name!r}: loading goes by it")
            pii = known[name][2].pii
            if rule != (kinds.get(pii, "keep") if pii else "keep"):
                columns[name] = rule
    return Privacy(kinds, columns, unknown, key, api)


def _words(given: Any) -> dict[str, Rule]:
    """Return the rules by name, each one checked."""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = json.loads(given)
        except ValueError:
            raise ValueError("must be a word or a JSON object, and is no valid JSON") from None
    if not isinstance(given, Mapping):
        given = {"default": given}
    words: dict[str, Rule] = {}
    for name, value in given.items():
        # Without quotes, `users.email = "drop"` is a table in a table to TOML.
        inner = {f"{name}.{n}": v for n, v in value.items()} if isinstance(value, Mapping) else {}
        for full, word in (inner or {name: value}).items():
            text = str(word).strip().lower()
            rule = next((rule for rule in RULES if rule == text), None)
            if rule is None:
                where = "" if full == "default" else f" for {full!r}"
                raise ValueError(
                    f"must be 'keep' or 'hash' or 'drop'{where}, not {word!r}{suggest(text, RULES)}"
                )
            words[str(full)] = rule
    return words


def _suggested(name: str, known: Mapping[str, tuple[Endpoint, TableLayout, Column]]) -> str:
    """Return what a wrong name may stand for: a column without its table gets one."""
    found = closest(name, ("default", "unknown", *KINDS, *known))
    if found is None:
        columns = {full.partition(".")[2]: "" for full, entry in known.items() if entry[2].pii}
        column = closest(name, columns)
        tables = [full for full in known if full.partition(".")[2] == column and known[full][2].pii]
        found = min(tables, key=len, default=None)
    return f" (did you mean {found!r}?)" if found else ""


def _needed(endpoint: Endpoint, table: TableLayout) -> set[str | None]:
    """Return the columns that loading depends on: keys, row versions, marks of deletion, and the
    club in whose zone the local times are."""
    needed: set[str | None] = {key.name for key in table.keys}
    if table.level == 0:
        needed |= {endpoint.version_column, endpoint.deleted_column, endpoint.time_zone}
        if endpoint.write is Write.MERGE or table.children():
            needed |= set(endpoint.key)
    return needed
