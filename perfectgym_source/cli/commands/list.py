"""`perfectgym list`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from ...catalog import API_VERSIONS, V1
from .. import options
from ..command import Choice, Command
from ..result import Result, finish

WHAT = ("resources", "pipelines", "installations", "exit-codes")


@click.command(
    "list",
    cls=Command,
    needs_dlt=False,
    examples=[
        ("", "the resources, with their groups, keys and cursors"),
        ("--api v2.2", "those of API v2.2"),
        ("pipelines", "the named pipelines"),
        ("installations --json", "the configured installations"),
    ],
)
@click.argument("what", required=False, default="resources", metavar="[WHAT]", type=Choice(WHAT))
@options.option(
    options.WHAT,
    "--api",
    type=options.APIS,
    metavar="API",
    default=V1.name,
    show_default=True,
    help="Resources: of which generation of the API, v1 or v2.2.",
)
@options.as_json
def command(what: str, api: str, as_json: bool) -> int:
    """List resources, pipelines, installations or exit codes.

    WHAT is resources (by default), pipelines, installations or exit-codes.
    """
    from ..rendering import listing

    versions = {version.name: version for version in API_VERSIONS}
    listings: dict[str, Callable[[], tuple[str, list[dict[str, Any]]]]] = {
        "resources": partial(listing.resources, versions[api]),
        "pipelines": listing.pipelines,
        "installations": listing.installations,
        "exit-codes": listing.exit_codes,
    }
    if what in ("pipelines", "installations"):
        from ...config.toml_files import read_toml_files_forgivingly
        from ...prerequisites import check_versions

        check_versions()
        read_toml_files_forgivingly()
    text, entries = listings[what]()
    return finish(Result(text, {"outcome": "ok", "what": what, "entries": entries}), as_json)
