"""The installations of a franchise group: each with an address and an account of its own.

`[sources.perfectgym.installations.NAME]`, the secrets of the same section in `.dlt/secrets.toml`.
What a section leaves out is as in `[sources.perfectgym]`, except for the account: a password is
sent to no address but its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from typing import Any

import dlt

from ..catalog.api_version import CREDENTIALS
from ..errors import ConfigurationError, Problems, suggest
from .dlt_config import section
from .setting import CONFIG_FILE, SECRETS_FILE, SOURCE_SECTION, refuse_unknown, variable
from .settings import OF_ONE_INSTALLATION

_SECTION = f"{SOURCE_SECTION}.installations"


def installations(
    chosen: Collection[str] = (), needs_account: bool = True
) -> dict[str, dict[str, Any]]:
    """Return the arguments of `perfectgym_source` for each installation, by name.

    Args:
        chosen: Names; by default all.
        needs_account: Whether an account is needed: something is requested.

    Returns:
        Nothing where the configuration names no installations: then there is one, without a name.

    Raises:
        ConfigurationError: A name or a key is unknown, or an account is missing.
    """
    configured = section(*_SECTION.split("."))
    problems = Problems()
    found = {}
    for name in chosen or configured:
        with problems.collected():
            if name not in configured:
                raise ConfigurationError(
                    f"There is no installation {name!r}{suggest(name, configured)}",
                    hint=f"An installation is a section [{_SECTION}.NAME] in {CONFIG_FILE}.",
                )
            found[name] = _arguments(name, configured[name], needs_account)
    problems.raise_all()
    return found


def dataset_of(dataset: str, installation: str) -> str:
    """Return the name of an installation's dataset, where each installation has one.

    Raises:
        ConfigurationError: No letter of the installation's name is allowed in a dataset's name.
    """
    name = re.sub(r"[^a-z0-9]+", "_", installation.lower()).strip("_")
    if not name:
        raise ConfigurationError(
            f"The installation {installation!r} needs a letter from a to z or a digit in its name, "
            "for the name of its dataset.",
            hint=f"Rename it in [{_SECTION}.NAME], or set shared_dataset = true.",
        )
    return f"{dataset}_{name}"


def _arguments(name: str, configured: Any, needs_account: bool) -> dict[str, Any]:
    where = f"{_SECTION}.{name}"
    if not isinstance(configured, dict):
        raise ConfigurationError(f"{where} must be a section of keys.")
    problems = Problems()
    with problems.collected():
        refuse_unknown(configured, OF_ONE_INSTALLATION, where)
    found: dict[str, Any] = {"installation": name}
    for key in OF_ONE_INSTALLATION:
        # One key at a time, so that environment variables count too.
        value: Any = dlt.config.get(f"{where}.{key}")
        if value not in (None, ""):
            found[key] = value
    ways = CREDENTIALS.values()
    of_account = max(ways, key=lambda keys: sum(key in found for key in keys))
    for key in of_account:
        with problems.collected():
            if needs_account and key not in found:
                raise ConfigurationError(
                    f"{where}.{key} is missing: put it into {SECRETS_FILE} under [{where}], or "
                    f"set {variable(*where.split('.'), key)}"
                )
    with problems.collected():
        if "base_url" not in found and "subdomain" not in found:
            raise ConfigurationError(
                f"{where}.subdomain is missing (or base_url for a full address): put it into "
                f"{CONFIG_FILE} under [{where}]"
            )
    problems.raise_all()
    # Neither is taken from [sources.perfectgym] beside the other, nor is another account.
    for key in ("base_url", "subdomain", *itertools.chain(*ways)):
        if needs_account or key not in of_account:
            found.setdefault(key, "")
    return found
