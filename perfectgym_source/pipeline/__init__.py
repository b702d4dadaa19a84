"""Run a named pipeline from Python.

    from perfectgym_source.pipeline import pipeline_runs, run_pipeline

    for planned in pipeline_runs("core"):
        summary = run_pipeline(planned)

`pipeline_runs` returns a `PipelineRun` for each installation, `run_pipeline` returns a `Summary`
and raises the errors of `perfectgym_source.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..prerequisites import check_platform, check_versions

if TYPE_CHECKING:
    from .runner import Summary
    from .runs import PipelineRun, pipeline_runs, run_pipeline

__all__ = ["PipelineRun", "Summary", "pipeline_runs", "run_pipeline"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is used: importing dlt takes a second."""
    if name in __all__:
        check_platform()
        check_versions()
    if name == "Summary":
        from .runner import Summary

        return Summary
    if name in __all__:
        from . import runs

        return getattr(runs, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
