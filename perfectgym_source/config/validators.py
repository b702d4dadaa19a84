"""The checks of settings: each takes a raw value and returns the checked one.

Files give numbers, dates and texts, the environment gives texts. A ValueError says what is wrong;
its text goes on after the setting's name, and quotes no value that may be a secret.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import suggest


def text(value: Any) -> str:
    """Return a text as it is."""
    if not isinstance(value, str):
        raise ValueError("must be text in quotes")
    return value


def name(value: Any) -> str:
    """Return a text that is not blank."""
    if not text(value).strip():
        raise ValueError("must not be empty")
    return str(value)


def path(value: Any) -> Path:
    """Return a path, with `~` as the user's folder."""
    return Path(name(value)).expanduser()


@dataclass(frozen=True)
class Choice:
    """One of several words, without regard to case.

    Args:
        words: The words.
    """

    words: tuple[str, ...]

    def __call__(self, value: Any) -> str:
        """Return the word."""
        word = str(value).strip().lower()
        if word not in self.words:
            choices = " or ".join(map(repr, self.words))
            raise ValueError(f"must be {choices}, not {value!r}{suggest(word, self.words)}")
        return word


@dataclass(frozen=True)
class Number:
    """A number in a range, also as text.

    Args:
        least: The least number.
        most: The greatest one.
        is_whole: Whether it has to be a whole number.
    """

    least: float
    most: float = math.inf
    is_whole: bool = False

    def __call__(self, value: Any) -> float:
        """Return the number, as int if it has to be whole."""
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        is_right = self.least <= number <= self.most
        if not is_right or (self.is_whole and (math.isinf(number) or number != int(number))):
            kind = "a whole number" if self.is_whole else "a number"
            most = f" to {self.most:g}" if self.most < math.inf else ""
            raise ValueError(f"must be {kind} from {self.least:g}{most}, not {value!r}")
        return int(number) if self.is_whole else number


@dataclass(frozen=True)
class Names:
    """A list of names, or a text of names with commas or spaces between them.

    Args:
        known: The names that exist; None for any.
    """

    known: Collection[str] | None = None

    def __call__(self, value: Any) -> tuple[str, ...]:
        """Return the names."""
        names = value.replace(",", " ").split() if isinstance(value, str) else value
        if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) for n in names):
            raise ValueError(f"must be a list of names, not {value!r}")
        for one in names:
            if self.known is not None and one not in self.known:
                raise ValueError(f"names {one!r}, which does not exist{suggest(one, self.known)}")
        return tuple(names)


def flag(value: Any) -> bool:
    """Return true or false."""
    word = str(value).strip().lower()
    if word not in ("true", "false"):
        raise ValueError(f"must be true or false, not {value!r}")
    return word == "true"


def table(value: Any) -> dict[str, Any]:
    """Return a table of keys."""
    if not isinstance(value, dict):
        raise ValueError("must be a section of keys")
    return value


def day(value: Any) -> date:
    """Return a date, from a date, a time or a text like `2024-12-31`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value).strip()):
            return date.fromisoformat(str(value).strip())
    except ValueError:
        pass
    raise ValueError(f"must be a date like 2024-12-31, not {value!r}")


def zone(value: Any) -> str:
    """Return the name of a time zone, as Windows or IANA has it."""
    from ..catalog.zones import zone_names, zone_of  # seldom needed, and `--help` does without

    found = str(value).strip()
    if zone_of(found) is None:
        raise ValueError(
            "must be a Windows or IANA zone like 'Central European Standard Time' or "
            f"'Europe/Warsaw', not {value!r}{suggest(found, zone_names())}"
        )
    return found


def language(value: Any) -> str:
    """Return the name of a language, as HTTP has it."""
    found = str(value).strip()
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", found):
        raise ValueError(f"must be a language like 'en' or 'pl-PL', not {value!r}")
    return found


def subdomain(value: Any) -> str:
    """Return the label before `.perfectgym.com`."""
    label = str(value).strip().lower()
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label):
        raise ValueError(
            "must be the first part of SUBDOMAIN.perfectgym.com alone, of letters, digits and "
            "hyphens; for a full address set sources.perfectgym.base_url instead"
        )
    return label


def base_url(value: Any) -> str:
    """Return the address of the API, without a slash at its end."""
    address = str(value).strip()
    try:
        url = urlsplit(address)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if host is None or url.scheme not in ("http", "https") or re.search(r"[\s\x00-\x1f]", address):
        raise ValueError("must be a full address like https://demo.perfectgym.com/Api")
    if "@" in url.netloc:
        raise ValueError("must not hold a user name or password: they are settings of their own")
    if "?" in address or "#" in address:
        raise ValueError("must end with the path: without a query (?) and fragment (#)")
    if url.scheme == "http" and not _is_loopback(host):
        raise ValueError("must begin with https:// except on this machine")
    return address.rstrip("/")


def secret_url(value: Any) -> str:
    """Return an address that is a secret."""
    if not str(value).startswith(("https://", "http://")):
        raise ValueError("must be a full address that begins with https://")
    return str(value)


def storage_version(value: Any) -> str:
    """Return a storage version that the installed DuckDB can write."""
    import duckdb  # takes a moment, and is seldom needed

    try:
        # DuckDB alone knows them all.
        duckdb.connect(config={"storage_compatibility_version": text(value)}).close()
    except duckdb.Error:
        raise ValueError(
            f"must be 'latest' or a version that DuckDB {duckdb.__version__} can write, such as "
            f"'v1.0.0', not {value!r}"
        ) from None
    return str(value)


def takes_text(check: object) -> bool:
    """Return whether a check takes texts only, so that digits have to stay a text."""
    return isinstance(check, Choice) or check in (text, name, zone, base_url, subdomain, language)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
