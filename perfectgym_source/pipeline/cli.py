"""The command line: `python pipelines/run.py`, or `perfectgym`."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ..catalogue import DEFAULT_GROUPS, ENDPOINTS, GROUPS
from ..errors import ApiError, ConfigurationError, PerfectGymError

if TYPE_CHECKING:
    from ..sandbox import Sandbox

EPILOG = """\b
Examples:
  run.py                                   load what is new, as set in .dlt/
  run.py --demo                            the same against a built-in sandbox
  run.py --resources clubs,classes         only these tables
  run.py --group company --group user      whole groups
  run.py --check                           does the login work, may it read everything?
  run.py --from 2026-01-01 --to 2026-02-01 load the classes of a period again
  run.py --full-refresh classes            read a list from its beginning
  run.py --json >summary.json              for machines

\b
Exit codes:
  0  all loaded
  1  a bug in this program
  2  usage or configuration: nothing was requested
  3  sign-in refused
  4  the API failed after retries; what could be read is loaded, the next run asks again
  5  the destination failed; the next run completes what was extracted
  6  another run is loading into the same place: nothing was done
  130  interrupted; the next run starts where the last complete one ended
"""


def _names(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for text in value for name in text.replace(",", " ").split())


@click.command(epilog=EPILOG, context_settings={"max_content_width": 100})
@click.option("--resources", multiple=True, callback=_names, help="Load these, comma-separated.")
@click.option("--group", "groups", multiple=True, callback=_names, help="Load these groups.")
@click.option("--destination", default="duckdb", show_default=True, help="A dlt destination.")
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default="perfectgym.duckdb",
    show_default=True,
    help="The DuckDB file.",
)
@click.option("--dataset", default="perfectgym", show_default=True, help="The dataset (schema).")
@click.option(
    "--full-refresh",
    is_flag=False,
    flag_value="all",
    default="",
    metavar="[RESOURCES]",
    help="Read from the beginning: all, or these. Tables are never empty meanwhile.",
)
@click.option("--from", "start", metavar="DATE", help="Classes from this day on (with --to).")
@click.option("--to", "end", metavar="DATE", help="Classes before this day (with --from).")
@click.option("--demo", is_flag=True, help="Use the built-in sandbox; no credentials needed.")
@click.option(
    "--demo-size",
    type=click.Choice(["tiny", "small", "medium"]),
    default="small",
    show_default=True,
    help="How large the sandbox's world is.",
)
@click.option("--check", "only_check", is_flag=True, help="Say what works; load nothing.")
@click.option("--list", "only_list", is_flag=True, help="Print all resources.")
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON object on stdout.")
@click.option(
    "--progress",
    type=click.Choice(["auto", "tqdm", "log", "off"]),
    default="auto",
    show_default=True,
    help="auto: bars on a terminal, nothing otherwise.",
)
@click.version_option(package_name="perfectgym-source")
def command(**options: Any) -> int:
    """Load PerfectGym data into DuckDB or another dlt destination: what is new since the last run.

    Base URL, login and other settings come from .dlt/config.toml, .dlt/secrets.toml or the
    environment (SOURCES__PERFECTGYM__USERNAME ...): see the README.
    """
    if options["only_list"]:
        click.echo(_listing())
        return 0
    with _demo(options) as arguments:
        arguments.update(_selection(options))
        if options["only_check"]:
            return _check(arguments, options["as_json"])
        return _run(arguments, options)


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    # A connector for personal data reports to nobody unless it is told to.
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    # A scheduler's SIGTERM ends a run as Ctrl-C does: in order, and with the same exit code.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    try:
        # click gives the code of its `Exit`, and what the command returns otherwise.
        sys.exit(command(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. The next run starts where the last complete one ended.", err=True)
        sys.exit(130)
    except PerfectGymError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)


def _run(arguments: dict[str, Any], options: dict[str, Any]) -> int:
    from .runner import Options, run
    from .summary import as_json, as_text

    summary = run(
        Options(
            destination=options["destination"],
            database=options["database"],
            dataset=options["dataset"],
            source={"on_error": "continue", **arguments},
            progress=_progress(options["progress"]),
        )
    )
    if options["as_json"]:
        click.echo(json.dumps(as_json(summary)))
    else:
        click.echo(as_text(summary))
    return ApiError.exit_code if summary.report.failures else 0


def _check(arguments: dict[str, Any], as_json: bool) -> int:
    from ..source import perfectgym_source, reading_of
    from .check import check

    source = perfectgym_source(**arguments)
    selected = [ENDPOINTS[name] for name in source.resources]
    failed = False
    findings = []
    for finding in check(reading_of(source).settings, selected):
        failed |= finding.works is False
        findings.append(finding.__dict__)
        if not as_json:
            mark = {True: "ok", False: "FAILED", None: "-"}[finding.works]
            click.echo(f"{mark:<7} {finding.resource:<24} {finding.text}")
    if as_json:
        click.echo(json.dumps({"findings": findings}))
    return ApiError.exit_code if failed else 0


def _selection(options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of the source that the command line gives."""
    found: dict[str, Any] = {}
    if options["resources"]:
        found["resources"] = list(options["resources"])
    if options["groups"]:
        found["groups"] = list(options["groups"])
    if options["full_refresh"]:
        found["full_refresh"] = options["full_refresh"].replace(",", " ").split()
    if bool(options["start"]) != bool(options["end"]):
        raise ConfigurationError("--from and --to go together.")
    if options["start"]:
        if options["resources"] or options["groups"]:
            raise ConfigurationError("--from and --to load classes: leave --resources out.")
        found.update(
            resources=["classes_window"], start_date=options["start"], end_date=options["end"]
        )
    return found


@contextlib.contextmanager
def _demo(options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not options["demo"]:
        yield {}
        return
    try:
        from ..sandbox import Sandbox
    except ImportError as error:
        raise ConfigurationError(
            f"--demo needs the package {error.name!r}.",
            hint="pip install 'perfectgym-source[sandbox]'",
        ) from None
    sandbox: Sandbox
    with Sandbox(size=options["demo_size"], seed=1) as sandbox:
        yield {
            "base_url": sandbox.base_url,
            "username": sandbox.employee.username,
            "password": sandbox.employee.password,
            "installation": "demo",
            "requests_per_second": 0,
        }


def _progress(choice: str) -> Any:
    from dlt.common.runtime.collector import LogCollector, TqdmCollector

    if choice == "auto":
        choice = "tqdm" if sys.stderr.isatty() else "off"
    if choice == "tqdm":
        return TqdmCollector()
    if choice == "log":
        return LogCollector(log_period=5.0, logger=sys.stderr)
    return None


def _listing() -> str:
    heads = ("resource", "group", "mode", "key", "cursor", "default")
    rows = [heads]
    for entry in ENDPOINTS.values():
        cursor = "-"
        if entry.is_keyset:
            cursor = "timestamp" + (
                f" for each {'|'.join(parent.column for parent in entry.parents)}"
                if entry.parents
                else ""
            )
        default = entry.selectable and entry.group in DEFAULT_GROUPS
        rows.append(
            (
                entry.name,
                entry.group,
                "+".join(entry.modes),
                ",".join(entry.key) or "-",
                cursor,
                "yes" if default else "",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths)).rstrip() for row in rows]
    lines += ["", "Groups, with what they cost:"]
    lines += [f"  {name:<11} {cost}" for name, cost in GROUPS.items()]
    return "\n".join(lines)
