"""Causes that many failures have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..catalog import Endpoint
from ..errors import PerfectGymError, RequestRefused
from ..text import counted

_SHARE = 0.8
_LEAST = 3
"""So many refusals say that the account is of the other mode."""


def wrong_mode(
    mode: str, requested: Collection[Endpoint], errors: Mapping[str, PerfectGymError]
) -> str | None:
    """Return a sentence if the account seems to be of the other mode.

    It does if nearly everything is refused with 403, or everything that only accounts of this mode
    may read.

    Args:
        mode: The account mode, `employee` or `user`.
        requested: The endpoints that were requested.
        errors: An error by resource, of those that could not be read.
    """
    refused = {
        name
        for name, error in errors.items()
        if isinstance(error, RequestRefused) and error.status == 403
    }
    own = {endpoint.name for endpoint in requested if endpoint.modes == (mode,)}
    if len(refused) < _LEAST or (
        len(refused) < _SHARE * len(requested) and not (len(own) >= _LEAST and own <= refused)
    ):
        return None
    whose, other = _OTHER[mode]
    return (
        f"{counted(len(refused), 'resource')} of {len(requested)} are refused with status 403. Is "
        f'this {whose} login? Then set sources.perfectgym.mode = "{other}" in .dlt/config.toml.'
    )


_OTHER = {"employee": ("a club member's", "user"), "user": ("an API user's", "employee")}
