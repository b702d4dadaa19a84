"""Tells dlt's progress collector how far the lists are: their pages, and how many clubs are done.

The rows of a table are counted by dlt itself when it gets them, which is many at once.
"""

from __future__ import annotations

import time

import dlt
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from dlt.common.runtime.collector import NULL_COLLECTOR
from dlt.common.runtime.collector_base import Collector
from dlt.common.storages.exceptions import CurrentLoadPackageStateNotAvailable

from ..catalog import Endpoint
from .context import ExtractContext
from .report import Report

SECONDS = 0.2
"""The collector is told at such intervals: each time, a bar is drawn anew."""


class Progress:
    """Tells the collector of the pipeline that extracts, if one does.

    Args:
        context: The extraction.
    """

    def __init__(self, context: ExtractContext) -> None:
        self._context = context
        self._endpoints = context.settings.api.endpoints
        self._collector = _collector()
        self._told: dict[str, str] = {}
        self._told_at = 0.0

    def tell(self, is_end: bool = False) -> None:
        """Tell what is new, as the message of each table.

        Args:
            is_end: Whether a list has come to its end, so that there is no time to wait for.
        """
        now = time.monotonic()
        if not is_end and now < self._told_at + SECONDS:
            return
        self._told_at = now
        self._context.record_requests()
        report = self._context.report
        for resource in report.requests:
            text = how_far(self._endpoints[resource], report)
            if self._told.get(resource) != text:
                self._told[resource] = text
                self._collector.update(self._endpoints[resource].table_name, 0, message=text)


def how_far(endpoint: Endpoint, report: Report) -> str:
    """How far the lists of a resource are, in words.

    Args:
        endpoint: The endpoint of the resource.
        report: What was done so far.

    Returns:
        Such as `120 pages, 3 of 8 clubs`.
    """
    resource = endpoint.name
    pages = report.requests[resource] - report.retries[resource]
    text = "1 page" if pages == 1 else f"{pages:,} pages"
    parents = endpoint.parents
    if parents and resource in report.partitions:
        done, partitions = report.partitions_done[resource], report.partitions[resource]
        text += f", {done:,} of {partitions:,} {parents[0].table if len(parents) == 1 else 'lists'}"
    return text


def _collector() -> Collector:
    try:
        dlt.current.load_package_state()
    except CurrentLoadPackageStateNotAvailable:
        return NULL_COLLECTOR
    # `dlt.current.pipeline` would resolve a new pipeline's settings first.
    return Container()[PipelineContext].pipeline().collector
