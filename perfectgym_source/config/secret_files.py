"""Warnings about files of secrets that every user of the machine can read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomlkit
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from .pipeline_settings import AlertSettings
from .setting import settings_of
from .settings import SECRETS

logger = logging.getLogger(__name__)

_SECRETS = {
    *(name for name in SECRETS if name != "username"),
    *(name for name, entry in settings_of(AlertSettings).items() if entry.is_secret),
    # Of dlt's destinations.
    "access_token",
    "api_key",
    "client_secret",
    "private_key",
}


def warn_of_readable_secrets() -> None:
    """Log a warning for each file of secrets that every user of the machine can read."""
    for provider in Container()[PluggableRunContext].providers.providers:
        for location in getattr(provider, "present_locations", []):
            file = Path(location).absolute()
            try:
                is_readable = file.stat().st_mode & 0o007
                if is_readable and (file.name.endswith("secrets.toml") or _has_secrets(file)):
                    logger.warning(
                        "%s holds secrets, and every user of this machine can read it: "
                        "chmod 600 %s",
                        file,
                        file,
                    )
            except (OSError, ValueError):
                continue  # reading the configuration reports it


def _has_secrets(file: Path) -> bool:
    text = file.read_text(encoding="utf-8-sig")
    return any(
        key in _SECRETS and isinstance(value, str) and value
        for key, value in _entries(tomlkit.parse(text).unwrap())
    )


def _entries(section: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _entries(value)
        else:
            yield key, value
