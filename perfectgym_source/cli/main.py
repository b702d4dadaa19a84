"""The command line: `perfectgym`, and `python pipelines/run.py`, which is `perfectgym load`."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

import click

from ..errors import ConfigurationError, PerfectGymError
from ..pipeline.logs import configure_logs
from ..prerequisites import DISTRIBUTION, check_platform
from .command import CONTEXT, Call, Group
from .commands.load import command as load_command
from .completion import pipeline_names
from .old_forms import in_new_form, note_on
from .rendering.json_output import error_data, failure
from .streams import output_problem, prepare_streams, say, say_error

logger = logging.getLogger(__name__)

SECTIONS = {
    "Begin": ("demo", "init", "check"),
    "Load": ("load", "marts", "verify", "repair", "reset"),
    "Look": ("report", "status", "state", "list", "completion"),
}
"""The commands as the help page shows them."""

COMMANDS = tuple(name for names in SECTIONS.values() for name in names)

RUN = "run.py"

_RESUMED = frozenset(("load", "demo", "repair"))
"""The commands that the next run goes on from."""


@click.group(
    cls=Group,
    sections=SECTIONS,
    context_settings=CONTEXT,
    epilog="COMMAND --help shows options and examples, --version the version.",
    subcommand_metavar="COMMAND [OPTIONS]",
    options_metavar="",
)
@click.version_option(package_name=DISTRIBUTION)
def command() -> None:
    """Load PerfectGym data into DuckDB or another dlt destination."""


def main() -> NoReturn:
    """Run `perfectgym`, and exit with its code."""
    _run("perfectgym", sys.argv[1:])


def load() -> NoReturn:
    """Run `pipelines/run.py`, and exit with its code."""
    _run(RUN, sys.argv[1:])


def _run(program: str, arguments: Sequence[str]) -> NoReturn:
    """Run a program, and exit with its code.

    Args:
        program: Its name.
        arguments: The arguments of the command line.
    """
    _prepare_process()
    call = Call("load" if program == RUN else "")
    try:
        code = _invoke(program, arguments, call)
    except (click.Abort, KeyboardInterrupt):
        text = "Interrupted."
        if call.command in _RESUMED:
            text += " The next run starts where the last complete one ended."
        _report(arguments, call, text, {"type": "Interrupted", "message": text, "hint": None}, 130)
        # A normal exit would wait for threads that wait for the server.
        os._exit(130)
    except Exception as error:
        code = _failed(error, arguments, call)
    if problem := output_problem():
        say(f"Standard output could not be written: {problem}.", err=True)
    gc.freeze()  # the process ends: searching everything for garbage once more frees nothing
    sys.exit(code)


def _prepare_process() -> None:
    # What is imported stays; searching it for garbage takes a tenth of a short command's time.
    gc.disable()
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
    # So does a terminal that is closed, but for `nohup`.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    prepare_streams()


def _invoke(program: str, arguments: Sequence[str], call: Call) -> int:
    """Run the command that the arguments name, and return its exit code."""
    check_platform()
    _check_folder()
    if program == RUN and arguments and arguments[0] in {*COMMANDS} - {*pipeline_names()}:
        raise ConfigurationError(
            f"There is no pipeline {arguments[0]!r}",
            hint=f"The command is `perfectgym {arguments[0]}`: {RUN} is `perfectgym load`.",
        )
    # The first word after run.py is a pipeline.
    words = in_new_form(arguments, COMMANDS if program != RUN else ())
    call.command = words[0] if words and words[0] in COMMANDS else ""
    runs: dict[str, Any] = {"standalone_mode": False, "obj": call}
    if program == RUN and call.command == "load":
        return load_command.main(words[1:], prog_name=RUN, **runs) or 0
    if words != list(arguments):
        call.note = note_on(program, arguments, words)
    # click returns the code of its `Exit`, or the command's own.
    return command.main(words, prog_name="perfectgym", **runs) or 0


def _failed(error: Exception, arguments: Sequence[str], call: Call) -> int:
    """Report an error, and return its exit code."""
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        if context is not None:
            say(f"{context.get_usage()}\nTry {context.command_path} --help.\n", err=True)
        text = error.format_message()
        data: dict[str, Any] = {"type": "UsageError", "message": text, "hint": None}
        return _report(arguments, call, text, data, error.exit_code)
    if not isinstance(error, PerfectGymError):
        from ..error_translation import explain
        from .process import report_bug

        known = explain(error)
        if not isinstance(known, PerfectGymError):
            text = report_bug(error)
            data = {"type": type(error).__name__, "message": text, "hint": None}
            return _report(arguments, call, text, data, PerfectGymError.exit_code)
        error = known
    return _report(arguments, call, str(error), error_data(error), error.exit_code)


def _report(
    arguments: Sequence[str], call: Call, text: str, error: dict[str, Any], code: int
) -> int:
    """Print an error for people or for the log, and with `--json` as JSON too; return the code."""
    if _has(arguments, "--log-format", "json"):
        configure_logs("json", "error", True)
        logger.error("%s", text)
    elif code in (1, 130):
        say(text, err=True)
    else:
        say_error(text)
    if "--json" in arguments and not call.has_result:
        say(failure(call, error, code, "interrupted" if code == 130 else "failed"))
    return code


def _has(arguments: Sequence[str], option: str, value: str) -> bool:
    return f"{option}={value}" in arguments or (option, value) in pairwise(arguments)


def _check_folder() -> None:
    try:
        os.getcwd()
    except FileNotFoundError:
        raise ConfigurationError("The current folder was deleted: change to another one") from None
