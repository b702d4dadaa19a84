"""The dlt source: settings in, one resource for each selected endpoint out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import dlt
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltSource

from .catalog import Endpoint
from .catalog.selection import known_resources, selected_endpoints
from .config.settings import Settings, make_settings
from .extract.report import Report
from .resources import PerfectGymResource, Reading, make_resource


@dlt.source(name="perfectgym", section="perfectgym", max_table_nesting=0)
def perfectgym_source(
    resources: Optional[Sequence[str]] = None,
    groups: Optional[Sequence[str]] = None,
    full_refresh: Optional[Sequence[str]] = None,
    limit: Optional[int] = None,
    base_url: Optional[str] = None,
    subdomain: Optional[str] = None,
    username: Optional[TSecretStrValue] = None,
    password: Optional[TSecretStrValue] = None,
    installation: Optional[str] = None,
    shared_dataset: Optional[Any] = None,
    mode: Optional[str] = None,
    start_date: Optional[Any] = None,
    end_date: Optional[Any] = None,
    time_zone: Optional[str] = None,
    deleted_rows: Optional[str] = None,
    on_error: Optional[str] = None,
    pii: Optional[Any] = None,
    pii_key: Optional[TSecretStrValue] = None,
    schema_contract: Optional[str] = None,
    timestamp_overlap: Optional[Any] = None,
    sweep_days: Optional[Any] = None,
    schedule_days: Optional[Any] = None,
    attempts: Optional[Any] = None,
    connect_timeout: Optional[Any] = None,
    read_timeout: Optional[Any] = None,
    concurrency: Optional[Any] = None,
    requests_per_second: Optional[Any] = None,
    retry_wait: Optional[Any] = None,
    max_retry_wait: Optional[Any] = None,
) -> Any:
    """PerfectGym as a dlt source.

    Every argument that is not given comes from dlt's configuration (`sources.perfectgym.NAME` in
    `.dlt/config.toml`, `.dlt/secrets.toml`, `SOURCES__PERFECTGYM__NAME` in the environment, or any
    other provider). What is set nowhere has the default that `settings.Settings` gives.

    Args:
        resources: Names of the resources to load; by default those of the groups.
        groups: Names of groups to load; by default `company` and `club`.
        full_refresh: Resources to read from the beginning, whatever their cursors say.
        limit: For a sample, how many rows of each resource to read; into a dataset of its own.
        base_url: The base address (`https://club.perfectgym.com/Api`).
        subdomain: Or just the subdomain (`club`).
        username: The login's name.
        password: The login's password.
        mode: `employee` or `user`.
        pii: What becomes of personal data: `keep`, `hash` or `drop`, or such a word by kind, by
            `table.column`, for `unknown` fields and as `default`.
        pii_key: The secret key of the hashes, of at least 16 characters.

    The others are described in `settings.Settings`.

    Raises:
        ConfigurationError: A setting is missing or wrong, or a resource cannot be read.
    """
    settings = make_settings(
        base_url=base_url,
        subdomain=subdomain,
        username=username,
        password=password,
        installation=installation,
        shared_dataset=shared_dataset,
        mode=mode,
        start_date=start_date,
        end_date=end_date,
        time_zone=time_zone,
        deleted_rows=deleted_rows,
        on_error=on_error,
        pii=pii,
        pii_key=pii_key,
        schema_contract=schema_contract,
        timestamp_overlap=timestamp_overlap,
        sweep_days=sweep_days,
        schedule_days=schedule_days,
        attempts=attempts,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        concurrency=concurrency,
        requests_per_second=requests_per_second,
        retry_wait=retry_wait,
        max_retry_wait=max_retry_wait,
    )
    selected = selected_endpoints(settings.api, settings.mode, resources, groups)
    names = {entry.name for entry in selected}
    refreshed = known_resources(
        settings.api, [name for name in full_refresh or () if name != "all"]
    )
    if full_refresh and "all" in full_refresh:
        refreshed = names
    reading = Reading(settings, refreshed, limit)
    for endpoint in selected:
        yield make_resource(endpoint, reading)


@dataclass(frozen=True)
class Resolved:
    """What a source would read, and by which settings.

    Attributes:
        settings: The settings.
        endpoints: The selected endpoints, in the catalog's order.
    """

    settings: Settings
    endpoints: list[Endpoint]


def resolve(**arguments: Any) -> Resolved:
    """Return the settings and endpoints of `perfectgym_source(**arguments)`.

    Raises:
        ConfigurationError: A setting is missing or wrong, or a resource cannot be read.
    """
    source = perfectgym_source(**arguments)
    settings = reading_of(source).settings
    return Resolved(settings, [settings.api.endpoints[name] for name in source.resources])


def reading_of(source: DltSource) -> Reading:
    """What the resources of a source that `perfectgym_source` made share: settings and report.

    Raises:
        ValueError: It is not such a source.
    """
    for resource in source.resources.values():
        if isinstance(resource, PerfectGymResource) and resource.reading is not None:
            return resource.reading
    raise ValueError("Not a source that perfectgym_source made.")


def report_of(source: DltSource) -> Report:
    """What the resources of a source that `perfectgym_source` made did, once they have run.

    Raises:
        ValueError: It is not such a source.
    """
    return reading_of(source).report
