"""`perfectgym init`."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args

import click

from ...catalog import Mode
from ...catalog.api_version import CREDENTIALS, SignIn
from ...config.first_files import add_settings, first_folder, refuse_other, stored
from ...config.settings import SETTINGS, make_settings
from ...errors import ConfigurationError
from .. import options
from ..command import Choice, Command
from ..result import Result, finish

_ADDRESS = ("subdomain", "base_url")
_CHECKED = (*_ADDRESS, *itertools.chain(*CREDENTIALS.values()), "mode")
_OPTIONS = {
    "subdomain": "--subdomain or --base-url",
    "username": "--username (or --client-id)",
    "password": "--password-stdin",
    "client_id": "--client-id",
    "client_secret": "--password-stdin",
}
"""The options that set what has to be set."""
_QUESTIONS = {
    "username": ("User name", False),
    "password": ("Password (hidden)", True),
    "client_id": ("Client id", False),
    "client_secret": ("Client secret (hidden)", True),
}
"""The question for each credential, and whether what is typed is hidden."""

_OF_PERFECTGYM = r"(?:https?://)?([^/.:@]+)\.perfectgym\.com(?:/(?!.+/api/?$).*)?"
"""An address below which the API stands at /Api, also that of the client portal."""


def _checked(_: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    """Check an option as the setting of its name is checked."""
    if value is None:
        return None
    try:
        return _check(str(parameter.name), value)
    except ValueError as error:
        raise click.BadParameter(f"it {error}.") from None


def _option(*names: str, **attributes: Any) -> Callable[[Any], Any]:
    return options.option("Settings", *names, callback=_checked, **attributes)


@click.command(
    "init",
    cls=Command,
    needs_dlt=False,
    examples=[
        ("", "asks for everything"),
        ("--subdomain club --username api", "asks for the password"),
        ("--password-stdin <file", "does not ask for the password"),
        ("--subdomain club --client-id ID", "for API v2.2: asks for the client secret"),
    ],
)
@_option("--subdomain", metavar="NAME", help="Your address before .perfectgym.com.")
@_option("--base-url", metavar="URL", help="A full address, such as https://club.example/Api.")
@_option("--username", metavar="NAME", help="The API user, or a member's e-mail.")
@_option("--client-id", metavar="ID", help="The API client of API v2.2, in place of a user name.")
@_option(
    "--mode",
    type=Choice(get_args(Mode), case_sensitive=False),
    metavar="MODE",
    help="employee (an API user) or user (a member).",
)
@options.option(
    "Settings",
    "--password-stdin",
    is_flag=True,
    help="Read the password, or the client secret, from standard input.",
)
@options.as_json
def command(password_stdin: bool, as_json: bool, **given: Any) -> int:
    """Write .dlt/config.toml and .dlt/secrets.toml.

    What is not given is asked for. Values that the files hold already are kept: another value is
    refused, and nothing is written then.
    """
    folder = first_folder()
    settings = {name: value for name, value in given.items() if value is not None}
    if len(settings.keys() & set(_ADDRESS)) > 1:
        raise ConfigurationError("--subdomain and --base-url cannot be given together.")
    before = stored(folder)
    has_keys = "client_id" in settings or ("client_id" in before and "username" not in settings)
    if password_stdin:
        settings["client_secret" if has_keys else "password"] = _password()
    refuse_other(folder, settings)
    settings.update(_missing({**before, **settings}, not password_stdin))
    found = {**before, **settings}
    # Others may be set elsewhere, such as in the environment.
    make_settings(**{key: found[key] for key in _CHECKED if key in found})
    written = add_settings(folder, settings)
    data = {"outcome": "ok", "written": written}
    return finish(Result(_text(folder, written), data), as_json)


def _missing(settings: Mapping[str, Any], may_ask: bool) -> dict[str, Any]:
    """Return what is missing, as the user enters it.

    Args:
        settings: What is set.
        may_ask: Whether standard input is not used for something else.

    Raises:
        ConfigurationError: There is no terminal to ask at.
    """
    is_terminal = may_ask and sys.stdin is not None and sys.stdin.isatty()
    found: dict[str, Any] = {}
    has_address = not settings.keys().isdisjoint(_ADDRESS)
    if is_terminal and not has_address:
        address = _ask("Address (NAME of NAME.perfectgym.com, or a full URL)", typed_address)
        found["base_url" if "://" in address else "subdomain"] = address
    way: SignIn = "keys" if "client_id" in settings else "password"
    if is_terminal and not {"client_id", "username"} & settings.keys():
        question = "API, v1 (a user name) or v2.2 (an API client)"
        way = _ask(question, partial(_check, "api"), "v1").sign_in[0]
    names = [name for name in CREDENTIALS[way] if name not in settings]
    missing = [*([] if has_address else ["subdomain"]), *names]
    if missing and not is_terminal:
        raise ConfigurationError(
            f"{', '.join(_OPTIONS[name] for name in missing)} must be given, because standard "
            "input is no terminal at which to ask."
        )
    for name in names:
        question, is_hidden = _QUESTIONS[name]
        check = partial(_kept if is_hidden else _check, name)
        found[name] = _ask(question, check, hide_input=is_hidden)
    if is_terminal and missing and way == "password" and "mode" not in settings:
        asked = _ask("Mode, employee or user", lambda text: _check("mode", text), "employee")
        found["mode"] = asked
    return found


def _ask(
    question: str, check: Callable[[str], Any], default: str | None = None, **more: Any
) -> Any:
    def checked(text: str) -> Any:
        try:
            return check(text)
        except ValueError as error:
            raise click.UsageError(f"It {error}.") from None

    # Standard output may be read as JSON.
    return click.prompt(question, default=default, value_proc=checked, err=True, **more)


def typed_address(text: str) -> str:
    """Return the subdomain or the full address; of what a browser shows, the subdomain."""
    label = re.fullmatch(_OF_PERFECTGYM, text.strip(), re.IGNORECASE)
    if label is None and "://" in text:
        return str(_check("base_url", text))
    return str(_check("subdomain", label[1] if label else text))


def _kept(_: str, value: str) -> str:
    return value


def _check(name: str, value: str) -> Any:
    if not value.strip():
        raise ValueError("must not be empty")
    return SETTINGS[name].check(value.strip() if name in ("username", "client_id") else value)


def _password() -> str:
    """Return the first line of standard input.

    Raises:
        ConfigurationError: It is empty, or no text.
    """
    try:
        text = sys.stdin.readline() if sys.stdin else ""
    except UnicodeDecodeError:
        raise ConfigurationError("--password-stdin: the password is no UTF-8 text.") from None
    password = text.rstrip("\r\n")
    if not password:
        raise ConfigurationError("--password-stdin: there is no password on standard input.")
    return password


def _text(folder: Path, written: list[Path]) -> str:
    from ..next_steps import after_init

    files = " and ".join(map(str, written))
    done = f"Written: {files}." if written else f"{folder} has all that is needed already."
    return done + after_init()
