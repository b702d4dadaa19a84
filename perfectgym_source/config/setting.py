"""A setting, described once: its check, its default, what it means, and where it is written.

The dataclasses whose fields carry a `Setting` (`Settings`, `NamedPipeline`, `Checks`,
`AlertSettings`) are the tables of settings. Names, checks, the tables in docs/ and the texts of
`--help` are made from them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, get_type_hints

from ..errors import ConfigurationError, Problems, suggest

Check = Callable[[Any], Any]
"""From a raw value to the checked one; the text of a ValueError goes on after the name."""

CONFIG_FILE, SECRETS_FILE = ".dlt/config.toml", ".dlt/secrets.toml"
SOURCE_SECTION = "sources.perfectgym"
_PLACEHOLDERS = ("", "please set me up!", "<configure me>")


@dataclass(frozen=True)
class Setting:
    """The description of a setting.

    Attributes:
        meaning: What it does, as Markdown for docs/; the first clause is the text of `--help`.
        check: Its check.
        default: How the documentation shows the default, where the value does not say it.
        help: The text of `--help`, where it is not `meaning`.
        is_secret: Whether it belongs into `.dlt/secrets.toml`.
    """

    meaning: str
    check: Check = str
    default: str | None = None
    help: str | None = None
    is_secret: bool = False

    @property
    def file(self) -> str:
        """Return the file that it belongs into."""
        return SECRETS_FILE if self.is_secret else CONFIG_FILE


@cache
def settings_of(table: type) -> Mapping[str, Setting]:
    """Return the settings of a dataclass by name, in the order of its fields."""
    found: dict[str, Setting] = {}
    for name, hint in get_type_hints(table, include_extras=True).items():
        found.update((name, part) for part in _parts(hint) if isinstance(part, Setting))
    return found


def default_of(table: type, name: str) -> Any:
    """Return the default of a dataclass's field; None if it has none."""
    for entry in fields(table):
        if entry.name == name and entry.default is not MISSING:
            return entry.default
    return None


def is_blank(value: Any) -> bool:
    """Return whether a value sets nothing: None, empty text, or a placeholder of dlt."""
    return value is None or (isinstance(value, str) and value.strip() in _PLACEHOLDERS)


def refuse_unknown(
    names: Collection[str], known: Collection[str], section: str, end: str = ""
) -> None:
    """Refuse names that are no settings.

    Args:
        names: The names.
        known: The names of all settings of the section.
        section: The section's name.
        end: The end of the sentence.

    Raises:
        ConfigurationError: There are some; all are named, each with the nearest right one.
    """
    problems = Problems()
    for name in names:
        with problems.collected():
            if name not in known:
                raise ConfigurationError(
                    f"{section}.{name} is not a setting{suggest(name, known)}{end}"
                )
    problems.raise_all()


def checked(
    values: Mapping[str, Any],
    table: Mapping[str, Setting],
    error: Callable[[str, str], ConfigurationError],
    problems: Problems,
) -> dict[str, Any]:
    """Check values.

    Args:
        values: Raw values by name; those that the table does not have are left out.
        table: The settings by name.
        error: Make an error of a name and of what is wrong with its value.
        problems: Collects what is wrong.

    Returns:
        The checked values of those that are right.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        with problems.collected():
            if name in table:
                try:
                    found[name] = table[name].check(value)
                except ValueError as wrong:
                    raise error(name, str(wrong)) from None
    return found


def section_error(
    section: str, table: Mapping[str, Setting]
) -> Callable[[str, str], ConfigurationError]:
    """Return what makes errors of a section: a full key, the problem, and the file to correct."""

    def error(name: str, problem: str) -> ConfigurationError:
        file = table[name].file if name in table else CONFIG_FILE
        return ConfigurationError(f"{section}.{name} {problem}; it is set in {file}.")

    return error


def variable(*path: str) -> str:
    """Return the environment variable of a key.

    >>> variable("sources", "perfectgym", "mode")
    'SOURCES__PERFECTGYM__MODE'
    """
    return "__".join(path).upper()


def _parts(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__metadata__", ())
