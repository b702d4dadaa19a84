"""The installations of a franchise group: each with an address and an account of its own.

`[sources.perfectgym.installations.NAME]`, the secrets of the same section in `.dlt/secrets.toml`.
What a section leaves out is as in `[sources.perfectgym]`, except for the account: a password goes
to no other address than its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import fields
from typing import Any

import dlt

from ..errors import ConfigurationError, Problems, suggest
from .dlt_config import section
from .settings import Settings

_SECTION = "sources.perfectgym.installations"
_OWN = ("username", "password")
KEYS = (
    *(
        entry.name
        for entry in fields(Settings)
        if entry.name not in ("installation", "shared_dataset", "on_error", "api")
    ),
    "subdomain",
    "pii_key",
)
"""The keys that an installation's section may hold."""


def installations(
    chosen: Collection[str] = (), needs_account: bool = True
) -> dict[str, dict[str, Any]]:
    """The arguments of `perfectgym_source` for each installation, by name.

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
                    hint=f"An installation is a section [{_SECTION}.NAME] in .dlt/config.toml.",
                )
            found[name] = _arguments(name, configured[name], needs_account)
    problems.raise_all()
    return found


def dataset_of(dataset: str, installation: str) -> str:
    """The dataset of an installation that has one of its own.

    Raises:
        ConfigurationError: Nothing of the installation's name can stand in the dataset's.
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
    for key in configured:
        with problems.collected():
            if key not in KEYS:
                raise ConfigurationError(f"{where}.{key} is not a setting{suggest(key, KEYS)}")
    found: dict[str, Any] = {"installation": name}
    for key in KEYS:
        # One key at a time, so that environment variables count too.
        value: Any = dlt.config.get(f"{where}.{key}")
        if value not in (None, ""):
            found[key] = value
    for key in _OWN:
        with problems.collected():
            if needs_account and key not in found:
                raise ConfigurationError(
                    f"{where}.{key} is missing: put it into .dlt/secrets.toml under [{where}], or "
                    f"set {f'{where}.{key}'.upper().replace('.', '__')}"
                )
    with problems.collected():
        if "base_url" not in found and "subdomain" not in found:
            raise ConfigurationError(
                f"{where}.subdomain is missing (or base_url for a full address): put it into "
                f".dlt/config.toml under [{where}]"
            )
    problems.raise_all()
    # Neither may come from [sources.perfectgym] beside the other.
    found.setdefault("base_url", "")
    found.setdefault("subdomain", "")
    return found
