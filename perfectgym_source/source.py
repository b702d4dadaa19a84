"""The dlt source: settings in, one resource for each selected endpoint out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import dlt
from dlt.extract import DltSource

from .extract.report import Report
from .resolving import configured, names_all_settings
from .resources import PerfectGymResource, Reading, make_resource


@dlt.source(name="perfectgym", section="perfectgym", max_table_nesting=0)
@names_all_settings
def perfectgym_source(
    resources: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    full_refresh: Sequence[str] | None = None,
    limit: int | None = None,
    **options: Any,
) -> Iterator[PerfectGymResource]:
    """PerfectGym as a dlt source.

    Every argument that is not given is taken from dlt's configuration (`sources.perfectgym.NAME` in
    `.dlt/config.toml`, `.dlt/secrets.toml`, `SOURCES__PERFECTGYM__NAME` in the environment, or any
    other provider). What is set nowhere has the default that `Settings` names.

    Args:
        resources: Names of the resources to load; by default those of the groups.
        groups: Names of groups to load; by default `company` and `club`.
        full_refresh: Resources to read from the beginning, whatever their cursors say.
        limit: For a sample, how many rows of each resource to read; into a dataset of its own.
        options: The settings of the source by name, such as `base_url`, `username` and `password`:
            all that `config.settings.SETTINGS` describes, and docs/configuration.md.

    Raises:
        ConfigurationError: A setting is missing or wrong, or a resource cannot be read.
    """
    found = configured(resources, groups, full_refresh, limit, **options)
    reading = Reading(found.settings, found.full_refresh, limit)
    for endpoint in found.endpoints:
        yield make_resource(endpoint, reading)


def reading_of(source: DltSource) -> Reading:
    """Return what the resources of a source share: settings and report.

    Raises:
        ValueError: `perfectgym_source` did not make it.
    """
    for resource in source.resources.values():
        if isinstance(resource, PerfectGymResource) and resource.reading is not None:
            return resource.reading
    raise ValueError("Not a source that perfectgym_source made.")


def report_of(source: DltSource) -> Report:
    """Return the report of a source that was loaded.

    Raises:
        ValueError: `perfectgym_source` did not make it.
    """
    return reading_of(source).report
