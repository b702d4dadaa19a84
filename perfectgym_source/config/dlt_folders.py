"""Folders below dlt's data folder (`DLT_DATA_DIR`)."""

from __future__ import annotations

from pathlib import Path

import dlt
from dlt.common.pipeline import get_dlt_pipelines_dir


def data_folder() -> Path:
    """Return the folder of this package."""
    return Path(dlt.current.run_context().data_dir) / "perfectgym"


def shown_folder(pipeline_name: str) -> Path:
    """Return the folder in which dlt's own tools look for a pipeline."""
    return Path(get_dlt_pipelines_dir()) / pipeline_name


def claim_of(pipeline_name: str) -> Path:
    """Return the file that says that the pipeline's shown folder was made by this package."""
    return data_folder() / "shown" / pipeline_name


def is_shown(working_folder: Path) -> bool:
    """Return whether a working folder only shows what a run left: no run may go by it."""
    name = working_folder.name
    return working_folder == shown_folder(name) and claim_of(name).exists()
