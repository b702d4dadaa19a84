"""Commands and options of click with sections in their help pages, and one way to set up logs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from ..errors import suggest
from ..pipeline.logs import configure_logs
from ..prerequisites import check_versions
from . import completion

logger = logging.getLogger(__name__)

WIDTH = 100
CONTEXT: dict[str, Any] = {"max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}


@dataclass
class Call:
    """What is known about the call of a command, for its JSON object.

    Attributes:
        command: Name of the command.
        note: What to say about the form of the call.
        pipeline: Name of the pipeline, if the command takes one.
        installation: Name of the installation, if there is one only.
        has_result: Whether the result was printed.
    """

    command: str = ""
    note: str = ""
    pipeline: str | None = None
    installation: str | None = None
    has_result: bool = False


class Option(click.Option):
    """An option that stands in a section of the help page.

    Args:
        section: The section.
    """

    def __init__(self, *arguments: Any, section: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.section = section


class Choice(click.Choice):  # type: ignore[type-arg]  # click 8.1 has no parameter
    """A choice of words that names the nearest one."""

    def convert(
        self, value: Any, parameter: click.Parameter | None, context: click.Context | None
    ) -> str:
        """Return the word."""
        try:
            return str(super().convert(value, parameter, context))
        except click.BadParameter as error:
            near = suggest(str(value), self.choices)
            raise click.BadParameter(
                error.message.rstrip(".") + (near or "") + ".", context, parameter
            ) from None


class Command(click.Command):
    """A command whose examples stand at the end of its help page.

    Args:
        examples: Pairs of arguments and what they do.
        needs_dlt: Whether dlt and DuckDB are used, so that their versions have to fit.
    """

    def __init__(
        self,
        *arguments: Any,
        examples: Iterable[tuple[str, str]] = (),
        needs_dlt: bool = True,
        **options: Any,
    ) -> None:
        options.setdefault("context_settings", CONTEXT)
        super().__init__(*arguments, **options)
        self.examples = tuple(examples)
        self.needs_dlt = needs_dlt

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, by section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None and isinstance(parameter, click.Option):
                # `--help` stands at the end.
                section = getattr(parameter, "section", next(reversed(sections), "Options"))
                sections.setdefault(section, []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        if self.examples:
            path = context.command_path
            with formatter.section("Examples"):
                formatter.write_dl(
                    [(f"{path} {given}".rstrip(), text) for given, text in self.examples],
                    col_max=WIDTH,
                )

    def invoke(self, context: click.Context) -> Any:
        """Set up the logs, name the new form of an old call, and run the command."""
        given = context.params
        if "log_format" in given:
            configure_logs(given["log_format"], given["log_level"], given["quiet"])
        else:
            configure_logs("text", "warning", False)
        call = context.ensure_object(Call)
        if call.note:
            logger.warning("%s", call.note)
        if self.needs_dlt:
            check_versions()
        return super().invoke(context)


class Group(click.Group):
    """The group of all commands, each imported when it is used or named in the help page.

    Args:
        sections: Names of commands by the section of the help page.
    """

    def __init__(
        self, *arguments: Any, sections: Mapping[str, Iterable[str]], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.sections = {name: tuple(commands) for name, commands in sections.items()}

    def list_commands(self, _: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the help page."""
        return [name for commands in self.sections.values() for name in commands]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return the command of a name; None if there is none."""
        if name not in self.list_commands(context):
            return None
        found: click.Command = import_module(f"{__package__}.commands.{name}").command
        return found

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name, and its own arguments."""
        name = arguments[0]
        if self.get_command(context, name) is None and not name.startswith("-"):
            names = [*self.list_commands(context), *completion.pipeline_names()]
            context.fail(f"There is no command {name!r}{suggest(name, names)}.")
        return super().resolve_command(context, arguments)

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands; the epilog has what concerns options."""
        self.format_commands(context, formatter)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, by section."""
        for section, names in self.sections.items():
            commands = [(name, self.get_command(context, name)) for name in names]
            with formatter.section(section):
                formatter.write_dl(
                    [
                        (name, command.get_short_help_str(90))
                        for name, command in commands
                        if command
                    ]
                )
