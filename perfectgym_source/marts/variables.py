"""The variables of the dbt project: which there are, and which of them somebody sets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import yaml

from ..destination.marts_schemas import PROJECT
from ..errors import ConfigurationError, Problems, suggest

SOURCES, AS_OF = "pg_sources", "pg_as_of"


@cache
def defaults() -> Mapping[str, Any]:
    """Return the variables of the project with their defaults."""
    text = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)["vars"]
    return found


def checked_variables(given: Mapping[str, Any], section: str) -> dict[str, Any]:
    """Return the variables that somebody sets, as JSON has them.

    Args:
        given: Their values by name.
        section: The section that sets them, for errors.

    Raises:
        ConfigurationError: A name is unknown, or a value has another type than its default.
    """
    known = {name: value for name, value in defaults().items() if name != SOURCES}
    problems = Problems()
    found = {}
    for name, value in given.items():
        with problems.collected():
            if name not in known:
                raise ConfigurationError(
                    f"{section}.{name} is not a variable of the marts{suggest(name, known)}"
                )
            found[name] = _checked(f"{section}.{name}", value, known[name])
    problems.raise_all()
    return found


def _checked(name: str, value: Any, default: Any) -> Any:
    if isinstance(value, date):
        value = value.isoformat()
    kinds: dict[type, tuple[type | tuple[type, ...], str]] = {
        bool: (bool, "true or false"),
        int: ((int, float), "a number"),
        float: ((int, float), "a number"),
        list: (list, "a list"),
        dict: (dict, "a table"),
    }
    kind, words = kinds.get(type(default), (str, "text in quotes, or a date"))
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ConfigurationError(f"{name} must be {words}, not {value!r}")
    return value
