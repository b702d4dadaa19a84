"""The configuration files to begin with: their templates, and how keys are added to them.

`.dlt/config.toml.example` and `.dlt/secrets.toml.example` are these templates.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from ..errors import ConfigurationError, Problems
from .setting import SOURCE_SECTION, is_blank
from .settings import SETTINGS
from .toml_files import read_toml

TEMPLATES = {
    "config.toml": """\
[runtime]
# Errors and warnings only; nothing is reported to anybody.
log_level = "WARNING"
dlthub_telemetry = false

[sources.perfectgym]
# The part of your address before .perfectgym.com, or base_url for any other address.
subdomain = ""
base_url = ""
# "employee" is an API user, "user" a club member.
mode = "employee"
# Personal data: "keep", "hash" (with pii_key in secrets.toml) or "drop"; more in docs/privacy.md.
# pii = "keep"

# Named pipelines, and several installations: docs/pipelines.md.
# [pipelines.core]
# schedule = "15 3 * * *"
# [sources.perfectgym.installations.north]
# subdomain = "north"
""",
    "secrets.toml": """\
# Keep this file to yourself (chmod 600), and out of version control.
[sources.perfectgym]
username = ""
password = ""
# For API v2.2 instead: the API client of PerfectGym's settings.
# client_id = ""
# client_secret = ""
# Only for pii = "hash": at least 16 characters, such as `openssl rand -hex 32` prints.
# pii_key = ""
""",
}
"""The text of each file before anything is set."""

_IGNORED = b"secrets.toml\n.gitignore\n"


def first_folder() -> Path:
    """Return the folder in which dlt looks for the files."""
    return Path(os.environ.get("DLT_PROJECT_DIR") or ".") / ".dlt"


def stored(folder: Path) -> dict[str, Any]:
    """Return the settings of the source that the files in a folder hold, without blank ones.

    Secrets in another file than theirs are not read.

    Raises:
        ConfigurationError: A file cannot be read, is no TOML, or names several installations.
    """
    found: dict[str, Any] = {}
    for name in TEMPLATES:
        file = folder / name
        section = _section(read_toml(file)) if file.exists() else {}
        if section.get("installations"):
            raise ConfigurationError(
                f"{file} names several installations, and `perfectgym init` writes the address and "
                "login of one",
                hint=f"Write those of each under [{SOURCE_SECTION}.installations.NAME]; "
                "`perfectgym list installations` prints them.",
            )
        for key, value in section.items():
            is_read = key not in SETTINGS or not SETTINGS[key].is_secret or name == "secrets.toml"
            if is_read and not is_blank(value):
                found[key] = value
    return found


def refuse_other(folder: Path, settings: Mapping[str, Any]) -> None:
    """Refuse settings that the files hold with another value.

    Args:
        folder: The folder of the files.
        settings: Checked values by name.

    Raises:
        ConfigurationError: There are some; each is named with its file, and without values.
    """
    problems = Problems()
    before = stored(folder)
    for name, value in settings.items():
        other = {"subdomain": "base_url", "base_url": "subdomain"}.get(name, name)
        for key in {name, other}:
            with problems.collected():
                if key in before and (key != name or SETTINGS[key].check(before[key]) != value):
                    raise ConfigurationError(
                        f"{SOURCE_SECTION}.{key} is set in {SETTINGS[key].file} already, and to "
                        "something else: change it there"
                    )
    problems.raise_all()


def add_settings(folder: Path, settings: Mapping[str, Any]) -> list[Path]:
    """Write settings that the files do not hold yet; make the folder and the files where missing.

    Nobody but the owner can read a new file, and what a file of secrets becomes, from its first
    byte on.

    Args:
        folder: The folder.
        settings: Values by name; those that are there already are left as they are.

    Returns:
        The files that were written.

    Raises:
        ConfigurationError: A file cannot be read, or is no TOML.
        OSError: A file cannot be written.
    """
    before = stored(folder)
    missing = {name: value for name, value in settings.items() if name not in before}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigurationError(f"{folder} is no folder", hint="Move it away.") from None
    files: dict[Path, tuple[bytes, int]] = {}
    for name, template in TEMPLATES.items():
        # Through a link, so that the file that it points to is replaced.
        file = (folder / name).resolve()
        document = read_toml(file) if file.exists() else tomlkit.parse(template)
        own = {key: missing[key] for key in missing if Path(SETTINGS[key].file).name == name}
        if own or not file.exists():
            _section(document).update(own)
            is_private = name == "secrets.toml" or not file.exists()
            mode = 0o600 if is_private else file.stat().st_mode & 0o777
            files[folder / name] = _encoded(tomlkit.dumps(document)), mode
    if files and not (folder / ".gitignore").exists():
        _write(folder / ".gitignore", _IGNORED, 0o600)
    for file, (content, mode) in files.items():
        _write(file.resolve(), content, mode)
    return list(files)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError("A value holds bytes that are no UTF-8 text") from None


def _section(document: tomlkit.TOMLDocument) -> Any:
    """Return the section of the source, which is made if it is missing.

    Raises:
        ConfigurationError: Something else has its name.
    """
    section: Any = document
    for name in SOURCE_SECTION.split("."):
        if name not in section:
            section[name] = tomlkit.table(is_super_table=name == "sources")
        section = section[name]
        if not isinstance(section, dict):
            raise ConfigurationError(f"{SOURCE_SECTION} must be a section of keys")
    return section


def _write(file: Path, content: bytes, mode: int) -> None:
    """Write a whole file or nothing; nobody but the owner can read it before it has its mode."""
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as writer:
            writer.write(content)
        new.chmod(mode)
        os.replace(new, file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
