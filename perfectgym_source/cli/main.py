"""The command line: `python pipelines/run.py`, or `perfectgym`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from ..config.pipeline_settings import help_of
from ..errors import ConfigurationError, PerfectGymError
from ..pipeline.logs import LEVELS, configure_logs
from ..prerequisites import check_platform, check_versions
from . import completion
from .streams import output_problem, prepare_streams, say

EPILOG = """\b
Examples:
  run.py                              load new data, as set in .dlt/
  run.py finance                      a named pipeline: see --list-pipelines
  run.py --installation north         one of several installations
  run.py --demo                       the same against a built-in sandbox
  run.py --resources clubs,classes    only these resources
  run.py --group company --group user whole groups
  run.py --check                      test the login and its permissions
  run.py --dry-run                    preview one page of each resource
  run.py --limit 100                  a sample, into a dataset of its own
  run.py --status                     age of each table, for monitoring
  run.py --verify                     compare the tables with the API
  run.py --repair                     load what is missing, delete what is extra
  run.py --from 2026-01-01 --to 2026-02-01  classes of a period again
  run.py --full-refresh classes       read a resource from its beginning
  run.py --json >summary.json         for machines

\b
Exit codes:
  0  all loaded
  1  a bug in this program: the message names the file with the traceback
  2  usage or configuration: nothing was requested
  3  sign-in refused
  4  the API failed after retries; the rest is loaded, the next run asks again
  5  the destination or a local file failed; the next run goes on
  6  another run is loading into the same place: nothing was done
  7  another program has the pipeline's database file open: nothing is lost
  8  --verify, --repair: tables differ from the API
  9  --status: a resource is overdue; --status, --state: a run hangs
  10 a check after loading has failed, and checks.mode is fail
  130  interrupted; the next run starts where the last complete one ended
"""

ACTIONS = {
    "only_list": "--list",
    "list_pipelines": "--list-pipelines",
    "only_check": "--check",
    "dry_run": "--dry-run",
    "verify": "--verify",
    "repair": "--repair",
    "status": "--status",
    "state": "--state",
    "reset": "--reset",
}
"""The options that name a command, by parameter."""

DAY = click.DateTime(["%Y-%m-%d"])


def _split(text: str) -> list[str]:
    names = text.replace(",", " ").split()
    if not names:
        # An unset shell variable would load everything.
        raise click.BadParameter("it names nothing.")
    return names


def _names(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for text in value for name in _split(text))


def _names_or_none(_: click.Context, __: click.Parameter, value: str | None) -> list[str]:
    return [] if value is None else _split(value)


def _not_blank(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty.")
    return value


def _file(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    text = _not_blank(context, parameter, value)
    if text is not None and Path(text).is_dir():
        raise click.BadParameter(f"{text} is a folder: name a file in it.")
    return None if text is None else Path(text)


@click.command(epilog=EPILOG, context_settings={"max_content_width": 100})
@click.argument(
    "pipeline",
    required=False,
    metavar="[PIPELINE]",
    callback=_not_blank,
    shell_complete=completion.pipelines,
)
@click.option(
    "--resources",
    multiple=True,
    callback=_names,
    shell_complete=completion.resources,
    help="Load these, comma-separated.",
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    callback=_names,
    shell_complete=completion.groups,
    help="Load these groups.",
)
@click.option(
    "--installation",
    "installations",
    multiple=True,
    callback=_names,
    shell_complete=completion.installations,
    help="Of several installations, these.  [default: those of the pipeline, or all]",
)
@click.option(
    "--destination",
    callback=_not_blank,
    help=help_of("destination"),
)
@click.option(
    "--database",
    type=click.Path(),
    callback=_file,
    help=help_of("database"),
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help=help_of("wait"),
)
@click.option(
    "--dataset",
    callback=_not_blank,
    help=help_of("dataset"),
)
@click.option(
    "--table-format",
    type=click.Choice(["parquet", "delta", "iceberg"]),
    help=help_of("table_format"),
)
@click.option(
    "--full-refresh",
    is_flag=False,
    flag_value="all",
    metavar="[RESOURCES]",
    callback=_names_or_none,
    shell_complete=completion.resources,
    help="Read from the beginning: all, or these. Tables are never empty meanwhile.",
)
@click.option(
    "--from", "start", type=DAY, metavar="DATE", help="Classes from this day on (with --to)."
)
@click.option(
    "--to", "end", type=DAY, metavar="DATE", help="Classes before this day (with --from)."
)
@click.option("--demo", is_flag=True, help="Use the built-in sandbox; no credentials needed.")
@click.option(
    "--demo-size",
    type=click.Choice(["tiny", "small", "medium"]),
    default="small",
    show_default=True,
    help="How large the sandbox's world is.",
)
@click.option("--check", "only_check", is_flag=True, help="Say what works; load nothing.")
@click.option("--dry-run", is_flag=True, help="Read one page of everything; leave no trace.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="A sample: N rows of each resource, into a dataset of its own (..._sample).",
)
@click.option("--verify", is_flag=True, help="Compare the tables with the API; load nothing.")
@click.option("--repair", is_flag=True, help="Verify, and make the tables equal to the API.")
@click.option("--status", is_flag=True, help="How fresh is each table, what is overdue?")
@click.option("--state", is_flag=True, help="Print the cursors.")
@click.option(
    "--reset",
    multiple=True,
    callback=_names,
    metavar="RESOURCES",
    shell_complete=completion.resources,
    help="Forget the cursors of these, so that they are read again from the beginning.",
)
@click.option("--yes", is_flag=True, help="Do not ask before --reset.")
@click.option("--list", "only_list", is_flag=True, help="Print all resources.")
@click.option("--list-pipelines", is_flag=True, help="Print the named pipelines.")
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON object on stdout.")
@click.option(
    "--progress",
    type=click.Choice(["auto", "bars", "log", "off", "tqdm"]),
    metavar="[auto|bars|log|off]",  # tqdm is the former name of bars
    default="auto",
    show_default=True,
    help="auto: bars on a terminal, a line in the log at intervals otherwise.",
)
@click.option(
    "--progress-seconds",
    type=click.FloatRange(min=0.1),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="The interval of these lines.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The log on standard error: text, or one JSON object a line.",
)
@click.option(
    "--log-level",
    type=click.Choice(LEVELS),
    default="warning",
    show_default=True,
    help="The least level.",
)
@click.option("--quiet", is_flag=True, help="Nothing on standard error but errors.")
@click.version_option(package_name="perfectgym-source")
def command(pipeline: str | None, **options: Any) -> int:
    """Load new PerfectGym data since the last run into DuckDB or another dlt destination.

    PIPELINE is a named pipeline, by default `core`. Base URL, login and other settings come from
    .dlt/config.toml, .dlt/secrets.toml or the environment (SOURCES__PERFECTGYM__USERNAME ...): see
    the README.
    """
    configure_logs(options["log_format"], options["log_level"], options["quiet"])
    action = _action(options)
    # dlt alone takes a second to import.
    if action == "only_list":
        from .rendering.listing import listing

        say(listing())
        return 0
    check_versions()
    from ..config.toml_files import read_toml_files_forgivingly

    read_toml_files_forgivingly()
    if action == "list_pipelines":
        from .rendering.listing import pipeline_listing

        say(pipeline_listing())
        return 0
    from .commands import act

    return act(action, pipeline, options)


def _action(options: Mapping[str, Any]) -> str | None:
    """Return the option that names the command; None for a run.

    Raises:
        ConfigurationError: Options name two commands.
    """
    actions = [name for name in ACTIONS if options[name]]
    if len(actions) > 1:
        names = " and ".join(ACTIONS[name] for name in actions)
        raise ConfigurationError(f"{names} cannot be given together: run one after the other.")
    return actions[0] if actions else None


def main() -> NoReturn:
    """Run the command line, and exit with its code."""
    # Load packages and write-ahead logs hold personal data.
    os.umask(0o077)
    # A connector for personal data sends no telemetry unless it is configured to.
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    # Arrow's own allocator keeps 200 MB more than it needs; this one frees them.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    # dlt's staging tables keep no second copy of the rows.
    os.environ.setdefault("LOAD__TRUNCATE_STAGING_DATASET", "true")
    # SIGTERM from a scheduler ends a run as Ctrl-C does, with the same exit code.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    prepare_streams()
    try:
        check_platform()
        _check_folder()
        # click returns the code of its `Exit`, or the command's own.
        code = command(standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted. The next run starts where the last complete one ended.", err=True)
        # A normal exit would wait for threads that wait for the server.
        os._exit(130)
    except Exception as error:
        code = _report(error)
    if problem := output_problem():
        say(f"Standard output could not be written: {problem}.", err=True)
    sys.exit(code)


def _report(error: Exception) -> int:
    """Print an error, and return its exit code."""
    if not isinstance(error, PerfectGymError):
        from ..error_translation import explain
        from .process import report_bug

        known = explain(error)
        if not isinstance(known, PerfectGymError):
            say(report_bug(error), err=True)
            return PerfectGymError.exit_code
        error = known
    say(f"Error: {error}", err=True)
    return error.exit_code


def _check_folder() -> None:
    try:
        os.getcwd()
    except FileNotFoundError:
        raise ConfigurationError("The current folder was deleted: change to another one") from None
