"""`perfectgym marts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import ConfigurationError
from ...text import listed
from .. import options
from ..command import Command
from ..result import Result, finish

if TYPE_CHECKING:
    from ...config.pipelines import NamedPipeline
    from ...destination import Options
    from ...pipeline.runs import PipelineRun
    from ..acting import Work


@click.command(
    "marts",
    cls=Command,
    examples=[
        ("", "those of the pipeline core"),
        ("--docs dictionary.html", "all tables and columns explained, in one file"),
        ("--path", "the dbt project, for the packages.yml of your own"),
    ],
)
@options.pipeline
@options.installation
@options.option(options.WHAT, "--path", is_flag=True, help="Print the folder of the dbt project.")
@options.option(
    options.WHAT,
    "--docs",
    type=click.Path(),
    callback=options.page,
    metavar="FILE",
    help="Write the data dictionary, one HTML file, and build nothing.",
)
@options.demo_flag
@options.place
@options.wait
@options.logs
def command(path: bool, docs: Path | None, **given: Any) -> int:
    """Build all marts of what was loaded, and test them.

    Nothing is requested from the API: no account is needed. Exit code 11 means that a mart could
    not be built: it is as it was before. With marts = true, each load builds those whose tables
    have changed.
    """
    from ..acting import act
    from ..planning import Needs

    if path:
        from ...destination.marts_schemas import PROJECT

        data = {"outcome": "ok", "path": PROJECT, "file": None, "marts": None}
        return finish(Result(str(PROJECT), data), given["as_json"])
    if docs:
        if not docs.absolute().parent.is_dir():
            raise ConfigurationError(f"There is no folder {docs.parent} for --docs")
        work = _once_for_each_dataset(partial(_write_dictionary, docs))
        return act(work, given, Needs.NOTHING, check=_check_is_one_dataset)
    return act(_once_for_each_dataset(_build), given, Needs.NOTHING)


def _once_for_each_dataset(work: Work) -> Work:
    """Return the same work, done once where several installations share a dataset."""
    done: dict[str, Result] = {}

    def once(pipeline: NamedPipeline, of_run: Options) -> Result:
        if before := done.get(of_run.dataset):
            return replace(before, text=f"In the same dataset ({of_run.dataset}): see above.")
        return done.setdefault(of_run.dataset, work(pipeline, of_run))

    return once


def _check_is_one_dataset(planned: Sequence[PipelineRun]) -> None:
    datasets = sorted({run.options.dataset for run in planned})
    if len(datasets) > 1:
        raise ConfigurationError(
            f"A data dictionary is of one dataset, and there are several: {listed(datasets)}",
            hint="Name one installation with --installation.",
        )


def _build(_: NamedPipeline, of_run: Options) -> Result:
    from ...destination import destination_for
    from ...marts.dbt_process import query_of
    from ...pipeline.marts import build_marts
    from ..rendering.marts import as_data, as_text

    record = build_marts(of_run)
    folder = destination_for(of_run).folder
    queries = [str(query_of(name, folder)) for name in record.failed_tests]
    text = "\n".join([as_text(record), *(f"It returns what failed it: {each}" for each in queries)])
    data = {"outcome": record.outcome, "path": None, "file": None, "marts": as_data(record)}
    return Result(text, data, record.exit_code)


def _write_dictionary(file: Path, _: NamedPipeline, of_run: Options) -> Result:
    from ...destination.duckdb.replacement import write_text
    from ...pipeline.marts import data_dictionary

    write_text(file, data_dictionary(of_run))
    return Result(f"Written: {file}", {"outcome": "ok", "path": None, "file": file, "marts": None})
