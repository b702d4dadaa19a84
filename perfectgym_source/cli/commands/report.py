"""`perfectgym report`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import ConfigurationError
from .. import options
from ..command import Command
from ..result import Result, finish
from ..streams import say

if TYPE_CHECKING:
    from ...report.reading import PublishedMarts

_PACKAGES = ("altair", "marimo", "vl_convert")


@click.command(
    "report",
    cls=Command,
    examples=[
        ("", "in the browser, with filters"),
        ("--html report.html", "as one file, for mail or a web server"),
        ("--demo", "of the sandbox that perfectgym demo loaded"),
    ],
)
@options.pipeline
@options.demo_flag
@options.place
@options.option(
    options.OUTPUT,
    "--html",
    type=click.Path(),
    callback=options.page,
    metavar="FILE",
    help="Write one HTML file, and start no server.",
)
@options.option(
    options.OUTPUT,
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=0,
    help="Of the server.  [default: a free one]",
)
@options.option(
    options.OUTPUT, "--no-browser", is_flag=True, help="Print the address, and open no browser."
)
@options.logs
def command(html: Path | None, port: int, no_browser: bool, **given: Any) -> int:
    """Show members, revenue, visits and classes as charts.

    The charts are over the marts that perfectgym marts, or marts = true, builds. Only this machine
    can open the address, and no run waits for the report. Ctrl-C ends it.
    """
    if given["as_json"] and html is None:
        raise ConfigurationError("--json needs --html: the server has no result.")
    _check_packages()
    marts = _marts(given)
    if html is not None:
        return _write(marts, html, given["as_json"])
    from ...report.server import serve

    with marts.reading():
        pass  # what is missing is said here rather than in the browser
    try:
        serve(marts, port, not no_browser, lambda address: say(f"{address}\nCtrl-C ends it."))
    except KeyboardInterrupt:
        say("")  # the terminal has ^C at the beginning of the line
    sys.stdout.flush()
    # A normal exit would wait for threads that wait for browsers.
    os._exit(0)


def _write(marts: PublishedMarts, file: Path, as_json: bool) -> int:
    from ...report.page import write

    written = write(marts, file)
    by = written.filters
    months = {"first_month": by.start, "last_month": by.end} if by else {}
    data = {
        "outcome": "ok",
        "file": file,
        "first_month": None,
        "last_month": None,
        **months,
        "currencies": written.choices.currencies,
    }
    return finish(Result(f"Written: {file}", data), as_json)


def _marts(given: Mapping[str, Any]) -> PublishedMarts:
    """Return the marts of the pipeline that the call names."""
    from ...config.toml_files import read_toml_files_forgivingly
    from ...report.reading import PublishedMarts
    from ..planning import Needs, demo, pipeline_name, planned_runs

    read_toml_files_forgivingly()
    name = pipeline_name(given)
    click.get_current_context().obj.pipeline = name
    with demo(given, serves=False) as arguments:
        _, planned = planned_runs(name, given, arguments, Needs.NOTHING)
    return PublishedMarts([run.options for run in planned])


def _check_packages() -> None:
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"The report needs {' and '.join(missing)}",
            hint="pip install 'perfectgym-source[report]'",
        )
