"""dlt's configuration files: how they are read, and who else can read their secrets.

dlt itself is imported where it is needed: it takes a second, and `perfectgym init` does without.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import KeyAlreadyPresent, ParseError, TOMLKitError

from ..errors import ConfigurationError
from .pipeline_settings import AlertSettings
from .setting import settings_of
from .settings import SECRETS

logger = logging.getLogger(__name__)

_SECRETS = {
    *(name for name in SECRETS if name not in ("username", "client_id")),
    *(name for name, entry in settings_of(AlertSettings).items() if entry.is_secret),
    # Of dlt's destinations.
    "access_token",
    "api_key",
    "private_key",
}
_SAVE = "Save it with the encoding UTF-8."


def read_toml_files_forgivingly() -> None:
    """Make dlt read its configuration files by `read_toml`.

    dlt has no setting for it. The installed run context makes the providers, so the method that
    reads a file is replaced in the class from which all of them inherit it.
    """
    from dlt.common.configuration.providers.toml import SettingsTomlProvider

    setattr(SettingsTomlProvider, "_read_toml_file", staticmethod(_read))  # noqa: B010


def read_toml(file: Path) -> tomlkit.TOMLDocument:
    """Read a TOML file.

    Raises:
        ConfigurationError: It cannot be read, or is no TOML. The message quotes nothing of the
            file: it may hold secrets.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise ConfigurationError(f"{file} is not saved as UTF-8 but as UTF-16", hint=_SAVE)
    try:
        # Notepad and PowerShell put a byte order mark in front.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        raise ConfigurationError(
            f"{file} is not saved as UTF-8: line {before.count(chr(10)) + 1}, column "
            f"{len(before.rpartition(chr(10))[2]) + 1}",
            hint=_SAVE,
        ) from None
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        if _is_set_above(error):
            raise ConfigurationError(
                f"{file} is not valid TOML: line {_line_of(text)} sets a key, or begins a section, "
                "that is set above",
                hint="Keep one of them.",
            ) from None
        if isinstance(error, ParseError):
            raise ConfigurationError(
                f"{file} is not valid TOML: line {error.line}, column {error.col + 1}",
                hint='Put texts in quotes, those with a \\ or " in single ones, and names of '
                "sections in square brackets.",
            ) from None
        raise ConfigurationError(f"{file} is not valid TOML ({type(error).__name__})") from None


def warn_of_readable_secrets() -> None:
    """Log a warning for each file of secrets that every user of the machine can read."""
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

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
            except (OSError, ConfigurationError):
                continue  # reading the configuration reports it


def _is_set_above(error: TOMLKitError) -> bool:
    """Return whether a key or a section is set twice; tomlkit has no error class for sections."""
    words = ("already exists", "Redefinition")
    return isinstance(error, KeyAlreadyPresent) or any(word in str(error) for word in words)


def _line_of(text: str) -> int:
    """Return the number of the first line that sets a key or begins a section again."""
    lines = text.splitlines(keepends=True)
    for number in range(1, len(lines)):
        try:
            tomlkit.parse("".join(lines[:number]))
        except TOMLKitError as error:
            if _is_set_above(error):
                return number
    return len(lines)


def _read(path: str) -> tomlkit.TOMLDocument | None:
    file = Path(path)
    return read_toml(file) if file.is_file() else None


def _has_secrets(file: Path) -> bool:
    return any(
        key in _SECRETS and isinstance(value, str) and value
        for key, value in _entries(read_toml(file).unwrap())
    )


def _entries(section: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _entries(value)
        else:
            yield key, value
