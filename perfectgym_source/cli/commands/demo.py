"""`perfectgym demo`."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from .. import options
from ..command import Command


@click.command(
    "demo",
    cls=Command,
    examples=[
        ("", "the pipeline marts, which takes seconds"),
        ("members --size tiny", "another pipeline, of a smaller world"),
        ("--api v2.2", "API v2.2, into demo_v22.duckdb"),
    ],
)
@options.pipeline
@options.demo_size
@options.demo_until
@options.demo_api
@options.marts
@options.progress
@options.logs
def command(size: str | None, api: str, until: date | None, **given: Any) -> int:
    """Load a built-in sandbox into demo.duckdb.

    It behaves as PerfectGym does, with a world of its own: no credentials are needed. demo.duckdb
    holds nothing of your own; delete it when you like. Short for: load --demo.
    """
    from .load import command as loading
    from .load import load

    words = ["--demo", "--demo-api", api]
    of_load = loading.make_context("load", words, parent=click.get_current_context())
    return load({**of_load.params, **given, "demo_size": size, "demo_until": until})
