"""`perfectgym completion`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from ..command import Choice, Command
from ..streams import say

FILES = {
    "bash": "~/.local/share/bash-completion/completions/perfectgym",
    "zsh": "~/.zfunc/_perfectgym",
    "fish": "~/.config/fish/completions/perfectgym.fish",
}
"""Where each shell looks for the script."""


@click.command(
    "completion",
    cls=Command,
    needs_dlt=False,
    examples=[(f"{shell} >{file}", "") for shell, file in FILES.items()],
)
@click.argument("shell", type=Choice(tuple(FILES)))
def command(shell: str) -> int:
    """Print the script by which a shell completes names.

    Save it where the shell looks for it; it is read when you press Tab after perfectgym, or after
    a path that ends with it. `python pipelines/run.py` cannot be completed: the command is python
    there.
    """
    group = click.get_current_context().find_root().command
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(group, {}, "perfectgym", "_PERFECTGYM_COMPLETE").source()
    own = Path(sys.argv[0]).absolute()
    say(f"{script.rstrip()}\n{_comment(shell, own)}" if shell == "bash" else script.rstrip())
    return 0


def _comment(shell: str, own: Path) -> str:
    return f"""\
# Save this as {FILES[shell]},
# or put into ~/.bashrc, where it does nothing once the command is gone:
# [ -x '{own}' ] && eval "$('{own}' completion {shell})"
"""
