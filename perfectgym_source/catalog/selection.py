"""Which endpoints a run reads, by name, by group and by account mode."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ConfigurationError, Problems, suggest
from . import DEFAULT_GROUPS, ENDPOINTS, GROUPS, Endpoint, Mode


def selected_endpoints(
    mode: Mode, resources: Sequence[str] | None = None, groups: Sequence[str] | None = None
) -> list[Endpoint]:
    """The endpoints to read, in the catalog's order.

    Args:
        mode: The account mode; endpoints of the other mode are left out of groups.
        resources: Names of resources. With names and no groups, only these.
        groups: Names of groups; without either, the default groups.

    Raises:
        ConfigurationError: A name is unknown, or the mode may not call what was asked for by name.
    """
    names = list(resources or ())
    problems = Problems()
    for name in names:
        with problems.collected():
            _check(name, mode)
    for group in groups or ():
        with problems.collected():
            if group not in GROUPS:
                raise ConfigurationError(
                    f"There is no group {group!r}{suggest(group, GROUPS)}",
                    hint="--list prints the groups.",
                )
    problems.raise_all()
    chosen = set(groups or (() if names else DEFAULT_GROUPS))
    return [
        entry
        for entry in ENDPOINTS.values()
        if entry.name in names
        or (entry.group in chosen and entry.in_groups and mode in entry.modes)
    ]


def known_resources(names: Sequence[str]) -> set[str]:
    """Return names of resources as a set.

    Raises:
        ConfigurationError: One of them is unknown.
    """
    problems = Problems()
    for name in names:
        with problems.collected():
            _check(name)
    problems.raise_all()
    return set(names)


def _check(name: str, mode: Mode | None = None) -> None:
    if name not in ENDPOINTS:
        raise ConfigurationError(
            f"There is no resource {name!r}{suggest(name, ENDPOINTS)}",
            hint="--list prints the resources.",
        )
    if mode is not None and mode not in ENDPOINTS[name].modes:
        raise ConfigurationError(
            f"The resource {name!r} cannot be read in {mode} mode: the API offers it to "
            f"{' and '.join(ENDPOINTS[name].modes)} accounts only",
            hint="Leave it out, or set sources.perfectgym.mode in .dlt/config.toml.",
        )
