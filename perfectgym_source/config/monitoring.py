"""The sections `[checks]` and `[alerts]` of dlt's configuration."""

from __future__ import annotations

from typing import Any

import dlt

from ..errors import Problems
from .pipeline_settings import AlertSettings, Checks
from .setting import checked, section_error, settings_of


def configured_checks() -> Checks:
    """Return the checks of dlt's configuration.

    Raises:
        ConfigurationError: A value is wrong; all such are named.
    """
    return Checks(**_read("checks", Checks))


def configured_alerts() -> AlertSettings:
    """Return where alerts are sent, from dlt's configuration.

    Raises:
        ConfigurationError: A value is wrong; all such are named, without a secret.
    """
    return AlertSettings(**_read("alerts", AlertSettings))


def _read(section: str, table: type) -> dict[str, Any]:
    """Return the checked values of a section, one key at a time: environment variables count."""
    settings = settings_of(table)
    values = {}
    for name, entry in settings.items():
        accessor = dlt.secrets if entry.is_secret else dlt.config
        value: str | None = accessor.get(f"{section}.{name}", str)
        if value or (value is not None and not entry.is_secret):
            values[name] = value
    problems = Problems()
    found = checked(values, settings, section_error(section, settings), problems)
    problems.raise_all()
    return found
