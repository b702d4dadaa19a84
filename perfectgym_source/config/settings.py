"""The settings of the source: read once, checked here, and handed down as one typed object."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal, Optional
from urllib.parse import urlsplit

from ..catalog import V1, ApiVersion
from ..catalog.pii import OPEN, Privacy
from ..catalog.pii_rules import make_privacy
from ..catalog.zones import zone_names, zone_of
from ..errors import ConfigurationError, Problems, suggest

Mode = Literal["employee", "user"]
DeletedRows = Literal["flag", "remove"]
OnError = Literal["raise", "continue"]
SchemaContract = Literal["evolve", "freeze", "discard_value", "discard_row"]

_SECTION = "sources.perfectgym"
_ACCOUNT = ("username", "password")
SECRETS = (*_ACCOUNT, "pii_key")
"""The settings that belong into a file for secrets."""
_SHORTEST_KEY = 16
_PLACEHOLDERS = ("", "please set me up!", "<configure me>")


@dataclass(frozen=True)
class Settings:
    """What the connector has to know. The defaults stand here and nowhere else.

    Attributes:
        base_url: The address of the API, without a slash at its end:
            `https://SUBDOMAIN.perfectgym.com/Api`.
        username: Of the API user, or a member's e-mail. Not shown in `repr`.
        password: His password. Not shown in `repr`.
        installation: The installation's name. Default: the host of `base_url`. A dataset takes the
            rows of one installation only, because ids are unique inside one.
        shared_dataset: Whether the dataset takes several installations; a column `installation` is
            part of every key then. Default: no.
        mode: `employee` (an API user, the default) or `user` (a member's own account).
        start_date: A first load leaves out classes and visits before this day. Default: all. With
            `end_date`, the first day of `classes_window`.
        end_date: The day after the period of `classes_window`; nothing else uses it.
        time_zone: The zone of rows that belong to no club, as a Windows or IANA name. Default:
            the zone of the clubs, if they share one.
        deleted_rows: `flag` keeps deleted rows and marks them (default), `remove` deletes them.
        on_error: `raise` ends the load at the first list that cannot be read (default), `continue`
            loads the others; the next run catches up.
        pii: What becomes of personal data, made from `keep` (default), `hash` or `drop`, for all of
            it, or by kind or by column. The setting `pii_key` is the secret key of the hashes.
        schema_contract: What becomes of fields that the catalog does not know: new columns
            (`evolve`, default), an error (`freeze`), left out (`discard_value`, `discard_row`).
        timestamp_overlap: How far before the last `timestamp` a run starts, for rows that become
            visible late. Default 1000.
        sweep_days: Days between two full reads; 0 for none. Default 7.
        schedule_days: Days of timetable to read ahead. Default 30.
        attempts: How often a request is tried in all. Default 5.
        connect_timeout: Seconds to wait for a connection. Default 10.
        read_timeout: Seconds to wait for data. Default 60.
        concurrency: How many requests run at the same time, at most. Default 8.
        requests_per_second: The pace of all requests together; 0 for no limit. Default 20.
        retry_wait: Longest wait before the second attempt, in seconds; it doubles. Default 1.
        max_retry_wait: Longest wait of all, in seconds, also where the server asks for more.
            Default 60.
        api: The generation of the API.
    """

    base_url: str
    username: str = field(repr=False)
    password: str = field(repr=False)
    installation: str = ""
    shared_dataset: bool = False
    mode: Mode = "employee"
    start_date: Optional[date] = None
    end_date: Optional[date] = None
    time_zone: Optional[str] = None
    deleted_rows: DeletedRows = "flag"
    on_error: OnError = "raise"
    schema_contract: SchemaContract = "evolve"
    pii: Privacy = OPEN
    timestamp_overlap: int = 1000
    sweep_days: int = 7
    schedule_days: int = 30
    attempts: int = 5
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    concurrency: int = 8
    requests_per_second: float = 20.0
    retry_wait: float = 1.0
    max_retry_wait: float = 60.0
    api: ApiVersion = V1


def make_settings(**raw: Any) -> Settings:
    """Check what the configuration holds, and make settings of it.

    Args:
        raw: The attributes of `Settings` as they come: text, numbers, dates; None or blank where
            nothing is set. `subdomain` may stand in place of `base_url`.

    Raises:
        ConfigurationError: A value is missing or wrong; one sentence with its full key. Of several
            wrong values, all are named.

    Example:
        >>> make_settings(subdomain="demo", username="api", password="...").base_url
        'https://demo.perfectgym.com/Api'
    """
    problems = Problems()
    for name in raw:
        with problems.collected():
            if name not in NAMES:
                raise _error(name, f"is not a setting{suggest(name, NAMES)}")
    given = {name: value for name, value in raw.items() if not _is_blank(value)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        with problems.collected():
            if name in _CHECKS:
                values[name] = _CHECKS[name](name, value)
    for name in _ACCOUNT:
        with problems.collected():
            if name not in given:
                raise _error(name, f"is missing: {_place(name)}")
    start, end = values.get("start_date"), values.get("end_date")
    with problems.collected():
        if start and end and end <= start:
            raise _error("end_date", f"must be after start_date ({start}), and is {end}")
    with problems.collected():
        values["base_url"] = _address(given)
        values.setdefault("installation", urlsplit(values["base_url"]).hostname)
    with problems.collected():
        values["pii"] = _privacy(given)
    problems.raise_all()
    return Settings(**values)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip() in _PLACEHOLDERS)


def _privacy(given: dict[str, Any]) -> Privacy:
    key = _text("pii_key", given.get("pii_key", ""))
    try:
        privacy = make_privacy(given.get("pii", "keep"), key)
    except ValueError as error:
        raise _error("pii", str(error)) from None
    if privacy.hashes and not key:
        raise _error("pii_key", f"is missing, and pii hashes: {_place('pii_key')}")
    if privacy.hashes and len(key) < _SHORTEST_KEY:
        raise _error("pii_key", f"must have at least {_SHORTEST_KEY} characters")
    return privacy


def _address(given: dict[str, Any]) -> str:
    if "base_url" in given and "subdomain" in given:
        raise _error("base_url", f"and {_SECTION}.subdomain are both set: keep one of them")
    if "base_url" in given:
        return _base_url(given["base_url"])
    if "subdomain" in given:
        return f"https://{_subdomain(given['subdomain'])}.perfectgym.com/Api"
    raise _error("subdomain", f"is missing: {_place('subdomain')} (or base_url for a full address)")


def _subdomain(value: Any) -> str:
    label = str(value).strip().lower()
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label):
        raise _error(
            "subdomain",
            "must be the first part of SUBDOMAIN.perfectgym.com alone, of letters, digits and "
            f"hyphens; for a full address set {_SECTION}.base_url instead",
        )
    return label


def _base_url(value: Any) -> str:
    text = str(value).strip()
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if host is None or url.scheme not in ("http", "https") or re.search(r"[\s\x00-\x1f]", text):
        raise _error("base_url", "must be a full address like https://demo.perfectgym.com/Api")
    if "@" in url.netloc:
        raise _error("base_url", "must not hold a user name or password: set them by themselves")
    if "?" in text or "#" in text:
        raise _error("base_url", "must end with the path: without a query (?) and fragment (#)")
    if url.scheme == "http" and not _is_loopback(host):
        raise _error("base_url", "must begin with https:// except on this machine")
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _error(name, f"must be text in quotes: {_place(name)}")
    return value


def _choice(*right: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        text = str(value).strip().lower()
        if text not in right:
            choices = " or ".join(repr(word) for word in right)
            raise _error(name, f"must be {choices}, not {value!r}{suggest(text, right)}")
        return text

    return check


def _day(name: str, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value).strip()):
            return date.fromisoformat(str(value).strip())
    except ValueError:
        pass
    raise _error(name, f"must be a date like 2024-12-31, not {value!r}")


def _zone(name: str, value: Any) -> str:
    text = str(value).strip()
    if zone_of(text) is None:
        raise _error(
            name,
            "must be a Windows or IANA zone like 'Central European Standard Time' or "
            f"'Europe/Warsaw', not {value!r}{suggest(text, zone_names())}",
        )
    return text


def _number(least: float, most: float, *, whole: bool) -> Callable[[str, Any], float]:
    def check(name: str, value: Any) -> float:
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not least <= number <= most or (whole and number != int(number)):
            kind = "a whole number" if whole else "a number"
            raise _error(name, f"must be {kind} from {least:g} to {most:g}, not {value!r}")
        return int(number) if whole else number

    return check


def _yes_or_no(name: str, value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in ("true", "false"):
        raise _error(name, f"must be true or false, not {value!r}")
    return text == "true"


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "username": _text,
    "password": _text,
    "installation": _text,
    "shared_dataset": _yes_or_no,
    "mode": _choice("employee", "user"),
    "start_date": _day,
    "end_date": _day,
    "time_zone": _zone,
    "deleted_rows": _choice("flag", "remove"),
    "on_error": _choice("raise", "continue"),
    "schema_contract": _choice("evolve", "freeze", "discard_value", "discard_row"),
    "timestamp_overlap": _number(0, 1e9, whole=True),
    "sweep_days": _number(0, 3650, whole=True),
    "schedule_days": _number(1, 3650, whole=True),
    "attempts": _number(1, 20, whole=True),
    "connect_timeout": _number(0.1, 600, whole=False),
    "read_timeout": _number(0.1, 3600, whole=False),
    "concurrency": _number(1, 64, whole=True),
    "requests_per_second": _number(0, 1000, whole=False),
    "retry_wait": _number(0, 600, whole=False),
    "max_retry_wait": _number(0, 3600, whole=False),
}

NAMES = (*(f.name for f in fields(Settings) if f.name != "api"), "subdomain", "pii_key")
"""All names that `make_settings` takes."""


def _place(name: str) -> str:
    """Where to write a setting, as the end of a sentence."""
    return f"put it into {_file(name)} under [{_SECTION}], or set {_variable(name)}"


def _file(name: str) -> str:
    return ".dlt/secrets.toml" if name in SECRETS else ".dlt/config.toml"


def _variable(name: str) -> str:
    return f"{_SECTION}.{name}".upper().replace(".", "__")


def _error(name: str, problem: str) -> ConfigurationError:
    """One sentence that begins with the full key and says where it is set."""
    sentence = f"{_SECTION}.{name} {problem}"
    if _file(name) not in problem:
        sentence += f"; it is set in {_file(name)} under [{_SECTION}], or by {_variable(name)}"
    return ConfigurationError(sentence)
