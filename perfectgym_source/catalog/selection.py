"""Names and groups of endpoints, and the graph of their parents."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..errors import ConfigurationError, Problems, suggest
from .api_version import ApiVersion
from .model import Endpoint, Mode


def selected_endpoints(
    api: ApiVersion,
    mode: Mode,
    resources: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    others: Sequence[ApiVersion] = (),
) -> list[Endpoint]:
    """Return the endpoints to read, in the catalog's order.

    Args:
        api: The generation of the API.
        mode: The account mode; endpoints of the other mode are left out of groups.
        resources: Names of resources. With names and no groups, only these.
        groups: Names of groups; without either, the default groups.
        others: The other generations. Names may be given for several generations at once: those
            of the others are left out where there are names that only this one has.

    Raises:
        ConfigurationError: A name is unknown, the mode may not call an endpoint that was named, or
            any of the groups that were.
    """
    is_named = bool(resources or groups)
    names, groups = _of_generation(api, resources or (), groups or (), others)
    problems = Problems()
    for name in names:
        with problems.collected():
            _check_known("resource", name, api, others)
            _check_mode(api, name, mode)
    for name in groups:
        with problems.collected():
            _check_known("group", name, api, others)
    problems.raise_all()
    chosen = set(groups if is_named else api.default_groups)
    found = [
        entry
        for entry in api.endpoints.values()
        if entry.name in names
        or (entry.group in chosen and entry.in_groups and mode in entry.modes)
    ]
    if not found:
        raise ConfigurationError(
            f"In {mode} mode, the API has nothing of the group {', '.join(sorted(chosen))}",
            hint="`perfectgym list` prints what there is, and for which mode.",
        )
    return found


def _of_generation(
    api: ApiVersion, resources: Sequence[str], groups: Sequence[str], others: Sequence[ApiVersion]
) -> tuple[list[str], list[str]]:
    """Return names without those of other generations, if they are given for several at once."""
    kinds: list[tuple[Sequence[str], Collection[str], set[str]]] = [
        (resources, api.endpoints, {name for other in others for name in other.endpoints}),
        (groups, api.groups, {name for other in others for name in other.groups}),
    ]
    is_for_several = any(
        name in own and name not in foreign for names, own, foreign in kinds for name in names
    )
    known, known_groups = (
        [name for name in names if name in own or not (is_for_several and name in foreign)]
        for names, own, foreign in kinds
    )
    return known, known_groups


def _check_known(kind: str, name: str, api: ApiVersion, others: Sequence[ApiVersion]) -> None:
    """Refuse the name of a resource or a group that the generation does not have."""
    found = [v for v in (api, *others) if name in (v.groups if kind == "group" else v.endpoints)]
    if not found:
        raise _unknown(kind, name, api.groups if kind == "group" else api.endpoints)
    if found[0] is not api:
        raise ConfigurationError(
            f"The {kind} {name!r} is one of API {found[0].name}, and API {api.name} is read",
            hint="`perfectgym list` prints what there is; sources.perfectgym.api sets the API.",
        )


def known_resources(versions: Sequence[ApiVersion], names: Sequence[str]) -> set[str]:
    """Return names of resources of any of some generations as a set.

    Raises:
        ConfigurationError: One of them is unknown.
    """
    problems = Problems()
    known = {name for api in versions for name in api.endpoints}
    for name in names:
        with problems.collected():
            if name not in known:
                raise _unknown("resource", name, known)
    problems.raise_all()
    return set(names)


def read_for(api: ApiVersion, name: str, mode: Mode) -> Endpoint:
    """Return the endpoint that is read for the rows of `name`: itself, or its stand-in."""
    endpoint = api.endpoints[name]
    return api.endpoints[endpoint.stand_ins.get(mode, name)]


def parents(api: ApiVersion, endpoint: Endpoint, mode: Mode) -> list[str]:
    """Return the endpoints whose ids the requests for an endpoint take.

    Stand-ins take the place of endpoints that the mode may not call; one that stands in for its
    own parent has no parent.

    Example:
        >>> from perfectgym_source.catalog import V1
        >>> parents(V1, V1.endpoints["user_classes"], "user")
        ['user_details', 'clubs']
    """
    names = [endpoint.pairs_from] if endpoint.pairs_from else [p.table for p in endpoint.parents]
    found = [read_for(api, name, mode).name for name in names]
    return [name for name in found if name != endpoint.name]


def ancestors(api: ApiVersion, endpoint: Endpoint, mode: Mode) -> set[str]:
    """Return the parents of an endpoint, their parents, and so on."""
    found: set[str] = set()
    for name in parents(api, endpoint, mode):
        found |= {name} | ancestors(api, api.endpoints[name], mode)
    return found


def is_own_row(api: ApiVersion, endpoint: Endpoint, mode: Mode) -> bool:
    """Return whether an endpoint stands in for its only parent: it returns the row of the
    signed-in member and takes no parent's id."""
    return len(endpoint.parents) == 1 and not parents(api, endpoint, mode)


def own_parent(api: ApiVersion, endpoint: Endpoint, mode: Mode) -> str | None:
    """Return the stand-in whose row's id the requests for an endpoint take besides its parents';
    None where they take none."""
    if endpoint.own_parent is None:
        return None
    return api.endpoints[endpoint.own_parent.table].stand_ins.get(mode)


def _unknown(kind: str, name: str, known: Collection[str]) -> ConfigurationError:
    return ConfigurationError(
        f"There is no {kind} {name!r}{suggest(name, known)}",
        hint=f"`perfectgym list` prints the {kind}s.",
    )


def _check_mode(api: ApiVersion, name: str, mode: Mode) -> None:
    if mode not in api.endpoints[name].modes:
        raise ConfigurationError(
            f"The resource {name!r} cannot be read in {mode} mode: the API offers it to "
            f"{' and '.join(api.endpoints[name].modes)} accounts only",
            hint="Leave it out, or set sources.perfectgym.mode in .dlt/config.toml.",
        )
