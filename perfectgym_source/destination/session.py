"""What can be done in a destination under its lock: dlt's pipeline, and clients beside it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.schema import Schema
from dlt.destinations.sql_client import SqlClientBase

from .dlt_state import adopt_former_state, pending_packages, show, without_values

if TYPE_CHECKING:
    from .base import Destination


@dataclass(frozen=True)
class Session:
    """A destination under its lock.

    Attributes:
        destination: The destination.
        dlt_destination: The same, for `dlt.pipeline`.
    """

    destination: Destination
    dlt_destination: Any

    @contextlib.contextmanager
    def client(self) -> Iterator[SqlClientBase[Any]]:
        """Open a client of the dataset; dlt's working files are neither read nor written."""
        with self._beside() as pipeline, pipeline.sql_client() as client:
            yield client

    @contextlib.contextmanager
    def job_client(self, schema: Schema) -> Iterator[Any]:
        """Open dlt's client of the destination, by which the tables of a schema can be made.

        Args:
            schema: The schema; dlt's working files are neither read nor written.
        """
        with self._beside() as pipeline:
            pipeline.schemas.save_schema(schema)
            with pipeline.destination_client(schema.name) as client:
                yield client

    @contextlib.contextmanager
    def _beside(self) -> Iterator[dlt.Pipeline]:
        """Open a pipeline that has nothing to do with the working files."""
        with tempfile.TemporaryDirectory(prefix="perfectgym-") as folder:
            yield self.destination.make_pipeline(Path(folder), self.dlt_destination)

    @contextlib.contextmanager
    def pipeline(self) -> Iterator[dlt.Pipeline]:
        """Open dlt's pipeline. At the end, its working files are shown to dlt's tools, and removed
        unless a load package is pending."""
        destination = self.destination
        folder, progress = destination.pipelines_dir, destination.options.progress
        pipeline = destination.make_pipeline(folder, self.dlt_destination, progress=progress)
        problem: str | None = None
        try:
            adopt_former_state(pipeline)
            yield pipeline
        except BaseException as error:
            problem = without_values(error, destination.translate_error(error))
            raise
        finally:
            show(pipeline, destination.folder, destination.loaded_database, problem)
            if pending_packages(pipeline):
                os.sync()  # so that they outlive a power failure; dlt leaves it to the system
            else:
                destination.forget_working_files()
