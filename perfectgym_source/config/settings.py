"""The settings of the source: written once, checked here, and handed down as one typed object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from ..catalog import API_VERSIONS, V1, ApiVersion, Mode
from ..catalog.api_version import CREDENTIALS, SignIn
from ..catalog.pii import OPEN, Privacy
from ..catalog.pii_rules import make_privacy
from ..errors import ConfigurationError, Problems, suggest
from . import validators as check
from .setting import (
    SOURCE_SECTION,
    Setting,
    checked,
    is_blank,
    refuse_unknown,
    settings_of,
    variable,
)
from .validators import Choice, Number

DeletedRows = Literal["flag", "remove"]
OnError = Literal["raise", "continue"]
SchemaContract = Literal["evolve", "freeze", "discard_value", "discard_row"]

_SHORTEST_KEY = 16


def api_version(value: Any) -> ApiVersion:
    """Return the generation of the API with a name."""
    if isinstance(value, ApiVersion):
        return value
    name = str(value).strip().lower()
    for version in API_VERSIONS:
        if name in (version.name, version.name.removeprefix("v")):
            return version
    names = [version.name for version in API_VERSIONS]
    choices = " or ".join(map(repr, names))
    raise ValueError(f"must be {choices}, not {value!r}{suggest(name, names)}")


@dataclass(frozen=True)
class Settings:
    """The table of the source's settings, with their values.

    Attributes:
        pii: The rules for personal data, made from the settings `pii` and `pii_key`.

    Each of the others is described where it is declared.
    """

    base_url: Annotated[
        str,
        Setting(
            "the full base address, such as `https://club.perfectgym.com/Api`; `http://` only for "
            "this machine",
            check.base_url,
        ),
    ]
    username: Annotated[
        str,
        Setting(
            "the API user's name, or a member's e-mail; it belongs into `.dlt/secrets.toml`",
            check.text,
            is_secret=True,
        ),
    ] = field(default="", repr=False)
    password: Annotated[
        str,
        Setting("the password; it belongs into `.dlt/secrets.toml`", check.text, is_secret=True),
    ] = field(default="", repr=False)
    client_id: Annotated[
        str,
        Setting(
            "the id of an API client, in place of a user name (PerfectGym: Settings, API Clients); "
            "it belongs into `.dlt/secrets.toml`",
            check.text,
            is_secret=True,
        ),
    ] = field(default="", repr=False)
    client_secret: Annotated[
        str,
        Setting("its secret; it belongs into `.dlt/secrets.toml`", check.text, is_secret=True),
    ] = field(default="", repr=False)
    api: Annotated[
        ApiVersion,
        Setting(
            "the generation of the API: `v1`, or `v2.2` for installations that came later",
            api_version,
            "by the credentials: `v1` for a user name and password, `v2.2` for an API client",
        ),
    ] = V1
    installation: Annotated[
        str,
        Setting(
            "its name; unless `shared_dataset` is set, a dataset takes one only, and another one "
            "is refused",
            check.text,
            "the host of `base_url`",
        ),
    ] = ""
    shared_dataset: Annotated[
        bool,
        Setting(
            "whether the dataset takes several installations: a column `installation` is part of "
            "every key then",
            check.flag,
        ),
    ] = False
    mode: Annotated[
        Mode,
        Setting(
            "`employee` (an API user) or `user` (a club member's own e-mail and password)",
            Choice(get_args(Mode)),
        ),
    ] = "employee"
    start_date: Annotated[
        date | None,
        Setting(
            "a first load leaves out classes and visits before this day; moved to an earlier day, "
            "the next run loads what is now inside; with `end_date`, the period of "
            "`classes_window`",
            check.day,
            "all",
        ),
    ] = None
    end_date: Annotated[
        date | None, Setting("the day after the period of `classes_window`", check.day)
    ] = None
    language: Annotated[
        str | None,
        Setting(
            "the language of translated texts, such as `en` or `pl-PL`",
            check.language,
            "the company's",
        ),
    ] = None
    time_zone: Annotated[
        str | None,
        Setting(
            "zone of rows that belong to no club, as a Windows or IANA name",
            check.zone,
            "the clubs', if they share one",
        ),
    ] = None
    deleted_rows: Annotated[
        DeletedRows,
        Setting(
            "`flag` keeps rows with `is_deleted`, `remove` deletes them",
            Choice(get_args(DeletedRows)),
        ),
    ] = "flag"
    on_error: Annotated[
        OnError,
        Setting(
            "`raise` ends the load at the first endpoint that cannot be read, `continue` loads the "
            "others; the command uses `continue`",
            Choice(get_args(OnError)),
        ),
    ] = "raise"
    schema_contract: Annotated[
        SchemaContract,
        Setting(
            "fields that the catalog does not know: `evolve` (new columns), `freeze` (error), "
            "`discard_value`, `discard_row`",
            Choice(get_args(SchemaContract)),
        ),
    ] = "evolve"
    pii: Annotated[
        Privacy,
        Setting(
            "personal data: `keep`, `hash` or `drop`, for all, by kind or by column: see "
            "[Personal data](privacy.md)",
            lambda value: value,  # checked together with `pii_key`
            "`keep`",
        ),
    ] = OPEN
    timestamp_overlap: Annotated[
        int,
        Setting(
            "span of row versions below a cursor that is requested again, for rows that were "
            "committed late",
            Number(0, 1e9, is_whole=True),
        ),
    ] = 1000
    sweep_days: Annotated[
        int,
        Setting(
            "days after which a list for each user, contract, class, ... is read for all of them "
            "again; 0: never",
            Number(0, 3650, is_whole=True),
        ),
    ] = 7
    sweep_hours: Annotated[
        int | None,
        Setting(
            "API v2.2: hours after which a large set that does not tell of all changes or "
            "deletions is read as a whole again; 0: in each run",
            Number(0, 87_600, is_whole=True),
            "by set: 6, 24 or 168",
        ),
    ] = None
    schedule_days: Annotated[
        int, Setting("days ahead for instructors' calendars", Number(1, 3650, is_whole=True))
    ] = 30
    concurrency: Annotated[
        int,
        Setting(
            "requests at a time, at most: the connector finds out how many the API responds to "
            "without becoming slower",
            Number(1, 64, is_whole=True),
        ),
    ] = 16
    requests_per_second: Annotated[
        float,
        Setting(
            "requests a second, at most, if there is an agreed limit; 0: none", Number(0, 1000)
        ),
    ] = 0.0
    attempts: Annotated[
        int,
        Setting(
            "tries for each request, and tokens at most for one that is refused with 401",
            Number(1, 20, is_whole=True),
        ),
    ] = 5
    connect_timeout: Annotated[
        float, Setting("seconds to wait for a connection", Number(0.1, 600))
    ] = 10.0
    read_timeout: Annotated[float, Setting("seconds to wait for data", Number(0.1, 3600))] = 60.0
    retry_wait: Annotated[
        float,
        Setting(
            "seconds before the second try, at most; it doubles, with jitter; `Retry-After` counts",
            Number(0, 600),
        ),
    ] = 1.0
    max_retry_wait: Annotated[
        float,
        Setting(
            "longest wait of all, in seconds, also where the server asks for more", Number(0, 3600)
        ),
    ] = 60.0

    @property
    def form(self) -> list[str | None]:
        """Return the settings that say which form all rows have in the tables."""
        discards = self.schema_contract if self.schema_contract.startswith("discard") else None
        return [self.deleted_rows, self.language, self.time_zone, discards]

    @property
    def sign_in(self) -> SignIn:
        """Return the way to sign in that there are credentials for."""
        complete = (
            way for way in self.api.sign_in if all(getattr(self, key) for key in CREDENTIALS[way])
        )
        return next(complete, self.api.sign_in[0])


_SUBDOMAIN = Setting("instead of `base_url`: the part before `.perfectgym.com`", check.subdomain)
_PII_KEY = Setting(
    f"the key of the hashes, at least {_SHORTEST_KEY} characters; it belongs into "
    "`.dlt/secrets.toml`",
    check.text,
    is_secret=True,
)


def _source_settings() -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for name, entry in settings_of(Settings).items():
        found[name] = entry
        # Two that become part of the one before.
        if name == "base_url":
            found["subdomain"] = _SUBDOMAIN
        elif name == "pii":
            found["pii_key"] = _PII_KEY
    return found


SETTINGS: Mapping[str, Setting] = _source_settings()
"""The settings of the source by name: all that `make_settings` takes."""

NO_ACCOUNT: Mapping[str, str] = {"username": "nobody", "password": "none"}
"""In place of the credentials where nothing is requested."""

NAMES = tuple(SETTINGS)
SECRETS = tuple(name for name, entry in SETTINGS.items() if entry.is_secret)
"""Those that belong into `.dlt/secrets.toml`."""

_OF_ALL = ("installation", "shared_dataset", "on_error")
OF_ONE_PIPELINE = tuple(
    name for name in settings_of(Settings) if name not in (*_OF_ALL, *SECRETS, "base_url")
)
"""Those that a named pipeline may set for itself."""
OF_ONE_INSTALLATION = tuple(name for name in SETTINGS if name not in _OF_ALL)
"""Those that the section of an installation may hold."""


def make_settings(**raw: Any) -> Settings:
    """Check raw values, and make settings of them.

    Args:
        raw: The settings of `SETTINGS` as the configuration gives them: text, numbers, dates; None
            or blank where nothing is set.

    Raises:
        ConfigurationError: A value is missing or wrong; one sentence with its full key. Of several
            wrong values, all are named.

    Example:
        >>> make_settings(subdomain="demo", username="api", password="...").base_url
        'https://demo.perfectgym.com/Api'
    """
    problems = Problems()
    with problems.collected():
        refuse_unknown(raw, NAMES, SOURCE_SECTION)
    given = {name: value for name, value in raw.items() if not is_blank(value)}
    values = checked(given, SETTINGS, _error, problems)
    with problems.collected():
        if "api" not in given:
            values["api"] = _api_by_credentials(given)
    api: ApiVersion = values.get("api", V1)
    _check_credentials(api, given, values.get("mode"), problems)
    start, end = values.get("start_date"), values.get("end_date")
    with problems.collected():
        if start and end and end <= start:
            raise _error("end_date", f"must be after start_date ({start}), and is {end}")
    subdomain = values.pop("subdomain", None)
    with problems.collected():
        _check_address(given)
        if subdomain:
            values["base_url"] = f"https://{subdomain}.perfectgym.com/{api.base_path}".rstrip("/")
    key = values.pop("pii_key", "")
    with problems.collected():
        if key or "pii_key" not in given:
            values["pii"] = _privacy(given.get("pii", "keep"), key, api)
    problems.raise_all()
    values["base_url"] = _address_of(api, values["base_url"])
    values.setdefault("installation", urlsplit(values["base_url"]).hostname)
    return Settings(**values)


def _api_by_credentials(given: Mapping[str, Any]) -> ApiVersion:
    """Return the generation whose usual credentials are given; the first one if there are none."""
    set_ways = {way: keys for way, keys in CREDENTIALS.items() if any(key in given for key in keys)}
    if _is_without_account(given):
        del set_ways["password"]
    if len(set_ways) > 1:
        raise _error(
            "api",
            "is missing, and there are credentials for more than one generation of the API "
            f"({', '.join(key for keys in set_ways.values() for key in keys if key in given)}): "
            f'put api = "v1" or "v2.2" into {SETTINGS["api"].file} under [{SOURCE_SECTION}]',
        )
    return next((api for api in API_VERSIONS if api.sign_in[0] in set_ways), V1)


def _check_credentials(
    api: ApiVersion, given: Mapping[str, Any], mode: Mode | None, problems: Problems
) -> None:
    """Check that there are all credentials of one way to sign in."""
    way = max(api.sign_in, key=lambda way: sum(key in given for key in CREDENTIALS[way]))
    for name in CREDENTIALS[way]:
        with problems.collected():
            if name not in given and not _is_without_account(given):
                raise _error(name, f"is missing: {_place(name)}")
    with problems.collected():
        if mode == "user" and way == "keys":
            raise _error("mode", "must be 'employee': an API client is no member of a club")


def _is_without_account(given: Mapping[str, Any]) -> bool:
    return NO_ACCOUNT.items() <= given.items()


def _address_of(api: ApiVersion, base_url: str) -> str:
    """Return the address of a generation of the API, from that of all or of another one."""
    for other in API_VERSIONS:
        first, _, rest = other.own_path.partition("/")
        if first:
            base_url = re.sub(
                rf"/{re.escape(first)}(/{re.escape(rest)})?$", "", base_url, flags=re.IGNORECASE
            )
    return f"{base_url}/{api.own_path}".rstrip("/")


def _privacy(rules: Any, key: str, api: ApiVersion) -> Privacy:
    try:
        privacy = make_privacy(rules, key, api)
    except ValueError as error:
        raise _error("pii", str(error)) from None
    if privacy.hashes and not key:
        raise _error("pii_key", f"is missing, and pii hashes: {_place('pii_key')}")
    if privacy.hashes and len(key) < _SHORTEST_KEY:
        raise _error("pii_key", f"must have at least {_SHORTEST_KEY} characters")
    return privacy


def _check_address(given: Mapping[str, Any]) -> None:
    if "base_url" in given and "subdomain" in given:
        raise _error("base_url", f"and {SOURCE_SECTION}.subdomain are both set: keep one of them")
    if "base_url" not in given and "subdomain" not in given:
        raise _error(
            "subdomain", f"is missing: {_place('subdomain')} (or base_url for a full address)"
        )


def _place(name: str) -> str:
    """Return where to write a setting, as the end of a sentence."""
    file, key = SETTINGS[name].file, variable(*SOURCE_SECTION.split("."), name)
    return f"put it into {file} under [{SOURCE_SECTION}], or set {key}"


def _error(name: str, problem: str) -> ConfigurationError:
    """Return one sentence that begins with the full key and says where it is set."""
    sentence = f"{SOURCE_SECTION}.{name} {problem}"
    file = SETTINGS[name].file
    if file not in problem:
        key = variable(*SOURCE_SECTION.split("."), name)
        sentence += f"; it is set in {file} under [{SOURCE_SECTION}], or by {key}"
    return ConfigurationError(sentence)
