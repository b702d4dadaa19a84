"""Time zones by the names that the API gives them.

The API names a club's zone as Windows does ("Central European Standard Time"). The mapping to IANA
names is CLDR's `windowsZones` table as `tzlocal` carries it; IANA names are taken as they are.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import win_tz


def zone_of(name: str | None) -> ZoneInfo | None:
    """Return the zone of a Windows or IANA name; None if there is no such zone."""
    if not name:
        return None
    try:
        return ZoneInfo(win_tz.get(name, name))
    except (KeyError, ValueError, OSError):
        return None


def zone_names() -> list[str]:
    """Return every name that `zone_of` knows."""
    return [*win_tz, *available_timezones()]
