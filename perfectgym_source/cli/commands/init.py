"""`perfectgym init`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import click

from ...catalog import Mode
from ...config.first_files import add_settings, first_folder, refuse_other, stored
from ...config.settings import SETTINGS, make_settings
from ...errors import ConfigurationError
from .. import options
from ..command import Choice, Command
from ..result import Result, finish

_ADDRESS = ("subdomain", "base_url")
_CHECKED = (*_ADDRESS, "username", "password", "mode")
_OPTIONS = {
    "subdomain": "--subdomain or --base-url",
    "username": "--username",
    "password": "--password-stdin",
}
"""The options that set what has to be set."""


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
    ],
)
@_option("--subdomain", metavar="NAME", help="Your address before .perfectgym.com.")
@_option("--base-url", metavar="URL", help="A full address, such as https://club.example/Api.")
@_option("--username", metavar="NAME", help="The API user, or a member's e-mail.")
@_option(
    "--mode",
    type=Choice(get_args(Mode), case_sensitive=False),
    metavar="MODE",
    help="employee (an API user) or user (a member).",
)
@options.option(
    "Settings", "--password-stdin", is_flag=True, help="Read the password from standard input."
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
    if password_stdin:
        settings["password"] = _password()
    refuse_other(folder, settings)
    before = stored(folder)
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
    names = [name for name in _OPTIONS if name not in settings]
    if "base_url" in settings and "subdomain" in names:
        names.remove("subdomain")
    is_terminal = may_ask and sys.stdin is not None and sys.stdin.isatty()
    if names and not is_terminal:
        raise ConfigurationError(
            f"{', '.join(_OPTIONS[name] for name in names)} must be given, because standard input "
            "is no terminal at which to ask."
        )
    found: dict[str, Any] = {}
    if "subdomain" in names:
        address = _ask("Address (NAME of NAME.perfectgym.com, or a full URL)", _address)
        found["base_url" if "://" in address else "subdomain"] = address
    if "username" in names:
        found["username"] = _ask("User name", lambda text: _check("username", text))
    if "password" in names:
        found["password"] = _ask("Password (hidden)", lambda text: text, hide_input=True)
    if is_terminal and names and "mode" not in settings:
        asked = _ask("Mode, employee or user", lambda text: _check("mode", text), "employee")
        found["mode"] = asked
    return found


def _ask(
    question: str, check: Callable[[str], str], default: str | None = None, **more: Any
) -> str:
    def checked(text: str) -> str:
        try:
            return check(text)
        except ValueError as error:
            raise click.UsageError(f"It {error}.") from None

    # Standard output may be read as JSON.
    answer: str = click.prompt(question, default=default, value_proc=checked, err=True, **more)
    return answer


def _address(text: str) -> str:
    if "://" in text:
        return str(_check("base_url", text))
    return str(_check("subdomain", text.strip().lower().removesuffix(".perfectgym.com")))


def _check(name: str, value: str) -> Any:
    if not value.strip():
        raise ValueError("must not be empty")
    return SETTINGS[name].check(value)


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
