"""What to do next: after a first load, a failure, a check.

It is for people at a terminal: what is piped or goes into a log has none of it.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.pipeline_settings import DEFAULT
from .rendering.style import HEAD, KEEP, styled

if TYPE_CHECKING:
    from ..destination import Options


def after_load(options: Options, is_demo: bool) -> str:
    """Return what to do after a first load."""
    demo = " --demo" if is_demo else ""
    steps = []
    if options.destination == "duckdb":
        query = f"FROM {options.dataset}.clubs LIMIT 5"
        connect = f"duckdb.connect('{options.database}', read_only=True)"
        code = f"import duckdb; {connect}.sql('{query}').show()"
        steps.append(("look at rows", f'{_shown(Path(sys.executable), "python")} -c "{code}"'))
    steps.append(("how fresh is it", f"{command()} status{demo}"))
    steps.append(("is it complete", f"{command()} verify{demo}"))
    if is_demo:
        steps.append(("your own data", f"{command()} init"))
    return _block(steps)


def after_failure(pipeline: str, is_demo: bool) -> str:
    """Return what to do after a load of a pipeline of which something could not be read."""
    return _block([("what works", f"{command()} check{_arguments(pipeline, is_demo)}")])


def after_check(pipeline: str, is_demo: bool) -> str:
    """Return what to do after a check of a pipeline that works."""
    load = f"{command()} load{_arguments(pipeline, is_demo)}"
    return _block([("preview", f"{load} --dry-run"), ("load", load)])


def after_difference(pipeline: str, is_demo: bool) -> str:
    """Return what to do after a comparison that found differences."""
    return _block([("mend them", f"{command()} repair{_arguments(pipeline, is_demo)}")])


def after_init() -> str:
    """Return what to do after the configuration was written."""
    return _block([("test it", f"{command()} check"), ("load", f"{command()} load")])


def command() -> str:
    """Return what to type for `perfectgym`."""
    return _shown(Path(sys.executable).with_name("perfectgym"), "perfectgym")


def _shown(file: Path, name: str) -> str:
    """Return what to type for a program: its name, if a shell finds it in the file's folder."""
    found = shutil.which(name)
    if not file.exists() or (found and Path(found).parent == file.parent):
        return name
    relative = os.path.relpath(file)
    return str(file) if relative.startswith("..") else relative


def _arguments(pipeline: str, is_demo: bool) -> str:
    name = "" if pipeline == DEFAULT else f" {pipeline}"
    return f"{name} --demo" if is_demo else name


def _block(steps: list[tuple[str, str]]) -> str:
    if not sys.stdout.isatty():
        return ""
    width = max(len(name) for name, _ in steps)
    lines = [f"{KEEP}  {name:<{width}}  {typed}" for name, typed in steps]
    return "\n".join(["", "", styled("Next:", HEAD), *lines])
