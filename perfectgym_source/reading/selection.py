"""Which endpoints a run reads, by name, by group and by account mode."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from ..catalogue import DEFAULT_GROUPS, ENDPOINTS, GROUPS, Endpoint, Mode
from ..errors import ConfigurationError


def selected_endpoints(
    mode: Mode, resources: Sequence[str] | None = None, groups: Sequence[str] | None = None
) -> list[Endpoint]:
    """The endpoints to read, in the catalogue's order.

    Args:
        mode: The account mode; endpoints of the other mode are left out of groups.
        resources: Names of resources. With names and no groups, only these.
        groups: Names of groups; without either, the default groups.

    Raises:
        ConfigurationError: A name is unknown, or the mode may not call what was asked for by name.
    """
    names = list(resources or ())
    for name in names:
        if name not in ENDPOINTS:
            raise ConfigurationError(
                f"There is no resource {name!r}{_nearest(name, ENDPOINTS)}.",
                hint="--list prints the resources.",
            )
        if mode not in ENDPOINTS[name].modes:
            raise ConfigurationError(
                f"The resource {name!r} cannot be read in {mode} mode: the API offers it to "
                f"{' and '.join(ENDPOINTS[name].modes)} accounts only.",
                hint="Leave it out, or set sources.perfectgym.mode in .dlt/config.toml.",
            )
    for group in groups or ():
        if group not in GROUPS:
            raise ConfigurationError(
                f"There is no group {group!r}{_nearest(group, GROUPS)}.",
                hint="--list prints the groups.",
            )
    chosen = set(groups or (() if names else DEFAULT_GROUPS))
    return [
        entry
        for entry in ENDPOINTS.values()
        if entry.name in names
        or (entry.group in chosen and entry.selectable and mode in entry.modes)
    ]


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
