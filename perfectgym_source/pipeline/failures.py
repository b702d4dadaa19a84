"""Causes that many failures have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..catalog import ENDPOINTS
from ..errors import PerfectGymError, RequestRefused
from ..text import counted

_SHARE = 0.8
_LEAST = 3
"""So many refusals say that the account is of the other mode."""


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
