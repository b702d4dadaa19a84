"""Failures for people: each kind of failure once, with what it concerns and a count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..catalog import ENDPOINTS
from ..errors import PerfectGymError, RequestRefused
from ..extract.report import Failure
from ..text import capped, counted, listed, unique

_SHARE = 0.8
_LEAST = 3
"""So many refusals say that the account is of the other mode."""


def failure_lines(failures: Iterable[Failure]) -> list[str]:
    """Return a line for each kind of failure; of many kinds the first ones.

    Args:
        failures: The failures, of which many may differ in the request only.
    """
    kinds: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        kinds.setdefault((failure.error.message, failure.error.hint), []).append(failure)
    return capped([_line(found) for found in kinds.values()])


def wrong_mode(
    mode: str, asked: Iterable[str], errors: Mapping[str, PerfectGymError]
) -> str | None:
    """Return a sentence if the account seems to be of the other mode.

    It does if nearly everything is refused with 403, or everything that only accounts of this mode
    may read.

    Args:
        mode: The account mode, `employee` or `user`.
        asked: The resources that were requested.
        errors: An error by resource, of those that could not be read.
    """
    names = [name for name in asked if name in ENDPOINTS]
    refused = {
        name
        for name, error in errors.items()
        if isinstance(error, RequestRefused) and error.status == 403
    }
    own = {name for name in names if ENDPOINTS[name].modes == (mode,)}
    if len(refused) < _LEAST or (
        len(refused) < _SHARE * len(names) and not (len(own) >= _LEAST and own <= refused)
    ):
        return None
    whose, other = _OTHER[mode]
    return (
        f"{counted(len(refused), 'resource')} of {len(names)} are refused with status 403. Is this "
        f'{whose} login? Then set sources.perfectgym.mode = "{other}" in .dlt/config.toml.'
    )


_OTHER = {"employee": ("a club member's", "user"), "user": ("an API user's", "employee")}


def _line(found: Sequence[Failure]) -> str:
    first, *more = found
    if not more:
        return str(first)
    resources = unique(failure.resource for failure in found)
    parts = f" ({counted(len(found), 'part')})" if len(found) > len(resources) else ""
    # Without the request, which is another one for each.
    alike = PerfectGymError(first.error.message, hint=first.error.hint)
    return f"{listed(resources)}{parts}: {alike}"
