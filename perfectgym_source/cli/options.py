"""The options that commands share; each command takes those that it uses."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from ..catalog import API_VERSIONS
from ..config import validators
from ..config.pipeline_settings import TABLE_FORMATS, help_of
from ..pipeline.logs import LEVELS
from . import completion
from .command import Choice, Option

F = TypeVar("F", bound=Callable[..., Any])

WHAT, WHERE, OUTPUT = "What", "Where to", "Output"


def combined(*decorators: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return several decorators as one, in the order of the help page."""

    def apply(function: F) -> F:
        for each in reversed(decorators):
            function = each(function)
        return function

    return apply


def option(section: str, *names: str, **attributes: Any) -> Callable[[F], F]:
    """Return an option that the help page shows in a section."""
    return click.option(*names, cls=Option, section=section, **attributes)


def split_names(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in texts with commas or spaces between them."""
    return tuple(name for text in value for name in _split(text))


def _split(text: str) -> list[str]:
    names = text.replace(",", " ").split()
    if not names:
        # An unset shell variable would load everything.
        raise click.BadParameter("it names nothing.")
    return names


def _names_or_none(_: click.Context, __: click.Parameter, value: str | None) -> list[str]:
    return [] if value is None else _split(value)


def _not_blank(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty.")
    return value


def file(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    """Return the path of a file; a folder is refused."""
    text = _not_blank(context, parameter, value)
    if text is not None and Path(text).is_dir():
        raise click.BadParameter(f"{text} is a folder: name a file in it.")
    return None if text is None else Path(text)


def page(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    """Return the path of an HTML file to write; a file of another kind, such as the database, is
    refused."""
    path = file(context, parameter, value)
    with contextlib.suppress(OSError):  # who writes it says why it cannot be opened
        if path is not None and path.is_file():
            with open(path, "rb") as found:
                if found.read(1) not in (b"", b"<"):
                    raise click.BadParameter(f"{path} is there, and is no HTML file.")
    return path


def _day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    try:
        return None if value is None else validators.day(value)
    except ValueError as error:
        raise click.BadParameter(f"it {error}.") from None


_PIPELINE: dict[str, Any] = {"callback": _not_blank, "shell_complete": completion.pipelines}

pipeline = click.argument("pipeline", required=False, metavar="[PIPELINE]", **_PIPELINE)
pipeline_option = option(
    WHAT, "--pipeline", metavar="NAME", help="A named pipeline.  [default: core]", **_PIPELINE
)
installation = option(
    WHAT,
    "--installation",
    "installations",
    multiple=True,
    callback=split_names,
    metavar="NAMES",
    shell_complete=completion.installations,
    help="Of several installations, these.  [default: all]",
)
selection = combined(
    option(
        WHAT,
        "--resources",
        multiple=True,
        callback=split_names,
        metavar="NAMES",
        shell_complete=completion.resources,
        help="These resources, comma-separated.",
    ),
    option(
        WHAT,
        "--group",
        "groups",
        multiple=True,
        callback=split_names,
        metavar="NAMES",
        shell_complete=completion.groups,
        help="These groups of resources.",
    ),
    installation,
)
full_refresh = option(
    WHAT,
    "--full-refresh",
    is_flag=False,
    flag_value="all",
    metavar="[NAMES]",
    callback=_names_or_none,
    shell_complete=completion.resources,
    help="Read all, or these, from the beginning.",
)
_DAY: dict[str, Any] = {"callback": _day, "metavar": "DATE"}
period = combined(
    option(WHAT, "--from", "start", help="Classes of API v1 from this day on (with --to).", **_DAY),
    option(WHAT, "--to", "end", help="Classes of API v1 before this day (with --from).", **_DAY),
)
DEMO_SIZE = "chain"
_SIZE: dict[str, Any] = {
    "type": Choice([DEMO_SIZE, "tiny", "small", "medium"]),
    "metavar": "SIZE",
    "help": "chain, the rhythm of real clubs; or tiny, small, medium, by chance.  "
    f"[default: as loaded, or {DEMO_SIZE}]",
}
_UNTIL = "The last day of a chain.  [default: as loaded, or yesterday]"
APIS = Choice([api.name for api in API_VERSIONS])
_DEMO_API: dict[str, Any] = {
    "type": APIS,
    "metavar": "API",
    "default": API_VERSIONS[0].name,
    "show_default": True,
    "help": f"The generation of the API: {' or '.join(api.name for api in API_VERSIONS)}.",
}
demo_size = option(WHAT, "--size", **_SIZE)
demo_api = option(WHAT, "--api", **_DEMO_API)
demo_until = option(WHAT, "--until", help=_UNTIL, **_DAY)
demo_flag = combined(
    option(WHAT, "--demo", is_flag=True, help="Of the built-in sandbox, in demo.duckdb."),
    option(WHAT, "--demo-api", **_DEMO_API),
)
demo = combined(
    demo_flag,
    option(WHAT, "--demo-size", **_SIZE),
    option(WHAT, "--demo-until", help=_UNTIL, **_DAY),
)


def demo_words(given: Mapping[str, Any]) -> str:
    """Return what a call says of the sandbox, that of its size last; empty if it does without."""
    words = ["--demo"] if given["demo"] else []
    if words and given["demo_api"] != API_VERSIONS[0].name:
        words.append(f"--demo-api {given['demo_api']}")
    if words and given["demo_size"] is not None:
        words.append(f"--demo-size {given['demo_size']}")
    return " ".join(words)


place = combined(
    option(
        WHERE,
        "--destination",
        callback=_not_blank,
        metavar="NAME",
        help=help_of("destination"),
    ),
    option(
        WHERE,
        "--database",
        type=click.Path(),
        callback=file,
        metavar="FILE",
        help=help_of("database"),
    ),
    option(WHERE, "--dataset", callback=_not_blank, metavar="NAME", help=help_of("dataset")),
)
table_format = option(
    WHERE,
    "--table-format",
    type=Choice(TABLE_FORMATS),
    metavar="FORMAT",
    help=help_of("table_format"),
)
marts = option(
    WHAT,
    "--marts/--no-marts",
    default=None,
    help="Build the marts, or not.  [default: as the pipeline says]",
)
wait = option(
    WHERE, "--wait", type=click.FloatRange(min=0), metavar="SECONDS", help=help_of("wait")
)

as_json = option(OUTPUT, "--json", "as_json", is_flag=True, help="Print one JSON object.")
logs = combined(
    as_json,
    option(
        OUTPUT,
        "--log-format",
        type=Choice(["text", "json"]),
        metavar="FORMAT",
        default="text",
        show_default=True,
        help="Of the log: text or json.",
    ),
    option(
        OUTPUT,
        "--log-level",
        type=Choice(LEVELS),
        metavar="LEVEL",
        default="warning",
        show_default=True,
        help="debug, info, warning, error.",
    ),
    option(OUTPUT, "--quiet", is_flag=True, help="Nothing on stderr but errors."),
)
progress = combined(
    option(
        OUTPUT,
        "--progress",
        type=Choice(["auto", "bars", "log", "off", "tqdm"]),
        metavar="KIND",
        default="auto",
        show_default=True,
        help="bars, log, off; auto: what fits.",
    ),
    option(
        OUTPUT,
        "--progress-seconds",
        type=click.FloatRange(min=0.1),
        metavar="SECONDS",
        default=30,
        show_default=True,
        help="Interval of log lines.",
    ),
)
