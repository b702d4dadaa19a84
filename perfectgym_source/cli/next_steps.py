"""What to do next: after a first load, a failure, a check.

It is for people at a terminal: what is piped or goes into a log has none of it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.pipeline_settings import DEFAULT
from .rendering.style import HEAD, KEEP, styled

if TYPE_CHECKING:
    from ..destination import Options


def after_load(options: Options, tables: Collection[str], demo: str) -> str:
    """Return what to do after a first load.

    Args:
        options: Where the rows are.
        tables: Names of tables that have rows now.
        demo: The options that say which sandbox was loaded, if one was.
    """
    steps = []
    if options.destination == "duckdb" and tables:
        table = "clubs" if "clubs" in tables else next(iter(tables))
        connect = f"db = duckdb.connect('{options.database}', read_only=True)"
        # The connection has a name, because older DuckDB closes one that has none before `show`.
        show = f"db.sql('FROM {options.dataset}.{table} LIMIT 5').show()"
        code = f"import duckdb; {connect}; {show}"
        steps.append(("look at rows", f'{_shown(Path(sys.executable), "python")} -c "{code}"'))
    place = demo.partition(" --demo-size")[0].partition(" --demo-until")[0]
    if options.marts:
        steps.append(("look at charts", _call("report", options.pipeline, place)))
    steps.append(("how fresh is it", _call("status", options.pipeline, place)))
    steps.append(("is it complete", _call("verify", options.pipeline, demo)))
    if demo:
        steps.append(("your own data", f"{command()} init"))
    return _block(steps)


def after_failure(pipeline: str, demo: str) -> str:
    """Return what to do after a load of a pipeline of which something could not be read."""
    return _block([("what works", _call("check", pipeline, demo))])


def after_check(pipeline: str, demo: str) -> str:
    """Return what to do after a check of a pipeline that works."""
    load = _call("load", pipeline, demo)
    return _block([("preview", f"{load} --dry-run"), ("load", load)])


def after_difference(pipeline: str, demo: str) -> str:
    """Return what to do after a comparison that found differences."""
    return _block([("mend them", _call("repair", pipeline, demo))])


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


def _call(name: str, pipeline: str, demo: str) -> str:
    words = [command(), name]
    if pipeline != DEFAULT:
        words.append(pipeline)
    if demo:
        words.append(demo)
    return " ".join(words)


def _block(steps: list[tuple[str, str]]) -> str:
    if not sys.stdout.isatty():
        return ""
    width = max(len(name) for name, _ in steps)
    lines = [f"{KEEP}  {name:<{width}}  {typed}" for name, typed in steps]
    return "\n".join(["", "", styled("Next:", HEAD), *lines])
